"""What can go wrong between a job and storage: what may pass is waited out, what stays is told in one line.

Libraries of object stores raise errors of their own, most of which are not `OSError`. They are optional here,
so their errors are known by what the store answered and by the names of their classes.
"""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from mpgi_ray.errors import InputError, MpgiError, StorageError

GIVE_UP_S = 120.0  # an object store that stays away so long ends the job; a last request may take a minute
LOCAL_GIVE_UP_S = 10.0  # and a disk or mounted folder whose errors might pass
LONGEST_WAIT_S = 10.0  # between two tries

T = TypeVar("T")

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_FINAL = (*_ABSENT, PermissionError, FileExistsError)
_PASSING_ERRNOS = {
    *(errno.EIO, errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ENOTEMPTY, errno.EPIPE, errno.ESTALE),
    *(errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.ENOTCONN),
    *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH),
}
_PASSING_CODES = {  # of answers that are not a fault of the server by their status
    *("BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "RequestTimeout", "NoSuchUpload"),
    *("OperationAborted", "ConditionalRequestConflict", "SlowDown", "Throttling", "ThrottlingException"),
    *("TooManyRequests", "RequestLimitExceeded", "BandwidthLimitExceeded", "InternalError"),
}
_PASSING_KINDS = {  # classes of botocore, aiohttp and urllib3: connections, damaged and broken answers
    *(
        "HTTPClientError",
        "ConnectionError",
        "ClientConnectionError",
        "ClientPayloadError",
        "HttpProcessingError",
    ),
    *("ChecksumError", "FlexibleChecksumError", "AwsChunkedWrapperError"),
    *("IncompleteReadError", "IncompleteRead", "ResponseParserError", "ProtocolError"),
}
_REASONS = (  # codes of answers and names of classes; what is wrong, and how to mend it
    (("NoSuchBucket",), "there is no such bucket; create it, or correct the URL"),
    (
        ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"),
        "there are no credentials for it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    ),
    (
        (
            *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"),
            *("SSOError", "TokenRetrievalError", "LoginError"),
        ),
        "the session has expired; sign in again (AWS_SESSION_TOKEN), then run the same command again",
    ),
    (
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity", "401"),
        "the access key is not valid there; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
        "AWS_ENDPOINT_URL",
    ),
    (
        ("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"),
        "access is denied; give the key in use the rights to list, read, write and delete there",
    ),
    (
        ("400",),
        "the request is refused without a reason, as it is for a session that has expired and for a wrong "
        "region; sign in again, or check AWS_DEFAULT_REGION",
    ),
    (
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"),
        "the bucket lies in another region; set AWS_DEFAULT_REGION to that one",
    ),
    (("RequestTimeTooSkewed",), "the clock of this machine is wrong; set it"),
)


class Silence:
    """Since when a store has answered no call of this process; all that use one store share it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def lasts(self) -> float:
        """A call has failed: seconds since the first one that did, with no answer to any since."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        return now - self._since

    def is_over(self) -> None:
        """The store has answered."""
        self._since = None

    def is_final(self) -> None:
        """A call has given up: until the store answers again, each is tried once."""
        self._since = -math.inf


def retried(call: Callable[[], T], give_up_s: float, silence: Silence) -> T:
    """Call until it succeeds, or its error is one that stays, or trouble has lasted for so many seconds.

    These are the call's own, or those of the store's silence: a job that ends because its store is away does
    not wait anew for each thing that it tidies up.
    """
    first: Exception | None = None
    try:  # as most calls: what waits and counts is many times as much work as reading a small file
        result = call()
    except Exception as error:
        if not passes(error):
            silence.is_over()
            raise
        first = error
    else:
        silence.is_over()
        return result

    def tried() -> T:
        nonlocal first
        if first is not None:
            told, first = first, None
            raise told
        return call()

    late = stop_before_delay(give_up_s)
    retrying = Retrying(
        retry=retry_if_exception(passes),
        stop=lambda state: late(state) or silence.lasts() + state.upcoming_sleep >= give_up_s,
        wait=wait_random_exponential(0.1, LONGEST_WAIT_S),
        reraise=True,
    )
    try:
        result = retrying(tried)
    except Exception as error:
        (silence.is_final if passes(error) else silence.is_over)()
        raise
    silence.is_over()
    return result


def passes(error: BaseException) -> bool:
    """Whether another try may succeed: connections, damaged answers, faults of a server, throttling."""
    code, status = answer(error)
    if code or status:
        fault = status in (408, 429) or (status >= 500 and status != 501)
        return fault or code in _PASSING_CODES
    if isinstance(error, OSError):
        return not isinstance(error, _FINAL) and (error.errno is None or error.errno in _PASSING_ERRNOS)
    return not _names(error).isdisjoint(_PASSING_KINDS)


def holds(read: Callable[[str], bytes], name: str, data: bytes) -> bool:
    """Whether the file that a writer found in its way holds what it was to write.

    Raises:
        OSError: it was deleted meanwhile, which another try settles.
    """
    try:
        return read(name) == data
    except FileNotFoundError as error:
        raise OSError(errno.EAGAIN, "it was deleted while it was written") from error


def answer(error: BaseException) -> tuple[str, int]:
    """Code and HTTP status of a store's answer, which s3fs keeps as the cause; empty and 0 without one."""
    for one in (error, error.__cause__):
        response = getattr(one, "response", None)
        if isinstance(response, dict) and "Error" in response:
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return str(response["Error"].get("Code", "")), int(status)
    return "", 0


def is_of_storage(error: Exception) -> bool:
    """Whether an error is one of the system or of a library for storage, and no defect of this program."""
    ours = isinstance(error, MpgiError | ImportError)
    return isinstance(error, OSError | ValueError) or not (ours or type(error).__module__ == "builtins")


def told(error: Exception, doing: str, otherwise: type[MpgiError]) -> MpgiError:
    """What a person is told.

    Args:
        doing: ``cannot read s3://bucket/name``.
        otherwise: the class of an error that is one file's, while its storage answers.
    """
    names = _names(error)
    for known, reason in _REASONS:
        if not names.isdisjoint(known):
            return StorageError(f"{doing}: {reason}")
    if isinstance(error, FileNotFoundError) and otherwise is InputError:
        return otherwise(f"{doing}: there is no such file")
    code, _ = answer(error)
    late = "it did not answer in time" if isinstance(error, TimeoutError) else ""
    what = (isinstance(error, OSError) and error.strerror) or str(error) or late or type(error).__name__
    what = " ".join((f"{code}: {what}" if code and code not in what else what).rstrip(".").split())
    if passes(error):
        return StorageError(
            f"{doing}: {what}, also when tried again for a while; check that the storage answers, then run "
            "the same command again"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return otherwise(f"{doing}: {what}; make room there, then run the same command again")
    kind = otherwise if isinstance(error, OSError | ValueError) and not code else StorageError
    return kind(f"{doing}: {what}; check the path and its rights")


def _names(error: BaseException) -> set[str]:
    """The code of the store's answer, and the classes of the error and of its cause."""
    kinds = [kind for one in (error, error.__cause__) if one for kind in type(one).__mro__]
    # Python's own, such as its ConnectionError, are known by their numbers
    return {answer(error)[0]} | {kind.__name__ for kind in kinds if kind.__module__ != "builtins"}
