"""What a replica of the endpoint does: it answers requests, and scores several at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import perf_counter

from ray import serve
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from mpgi_ray.reward.batch import Rewards, score_batch
from mpgi_ray.reward.key import require_key
from mpgi_ray.reward.request import Request, RequestError, answer, parse_request, require_length
from mpgi_ray.runtime.export import count, observe
from mpgi_ray.runtime.metrics import REWARD_BATCH, REWARD_REQUESTS, REWARD_SECONDS

PATH, HEALTH = "/v1/rewards", "/health"
RETRY_AFTER = 1  # seconds that a client is told to wait when the queue is full
_METHODS = {PATH: "POST", HEALTH: "GET"}
_BODY_SECONDS = 60  # in which a body must have come
_OUTCOMES = {401: "unauthorized", 429: "full"}


class Endpoint:
    """A replica.

    Args:
        run: the folder of the scorer.
        gpu: whether it computes on one.
        hashed: of the key that requests must have.
        batch: requests that are scored together at most.
        wait: seconds that a request waits for others.
        queue: requests that are held at most.
    """

    def __init__(
        self, run: str, *, gpu: bool, hashed: bytes | None, batch: int, wait: float, queue: int
    ) -> None:
        from mpgi_ray.models.scorers import load_scorer  # takes seconds, and only replicas need it

        self._scorer = load_scorer(run, gpu)
        self._served = run.rstrip("/").rpartition("/")[2]
        self._hashed, self._queue, self._held = hashed, queue, 0
        self._rewards = serve.batch(max_batch_size=batch, batch_wait_timeout_s=wait)(self._scored)

    async def __call__(self, http: HttpRequest) -> Response:
        """The answer to any request: never an exception."""
        if (http.url.path, http.method) == (HEALTH, "GET"):
            return JSONResponse({"status": "ok", "model": self._served})
        began = perf_counter()
        try:
            response: Response = JSONResponse(await self._answer(http))
            outcome = "scored"
            observe(REWARD_SECONDS, perf_counter() - began)
        except RequestError as refused:
            response = _refusal(refused, http.url.path)
            outcome = _OUTCOMES.get(refused.status, "refused")
        except Exception as error:  # of the scorer, or a defect: its traceback is for the log alone
            logging.getLogger(__name__).exception("a request failed")
            told = f"the scorer failed ({type(error).__name__}): the log of its replica has the reason"
            response, outcome = JSONResponse({"error": told}, 500), "failed"
        count(REWARD_REQUESTS, outcome=outcome)
        return response

    async def _answer(self, http: HttpRequest) -> dict[str, object]:
        require_key(http.headers.get("authorization"), self._hashed)
        _require_route(http)
        if self._held >= self._queue:
            raise RequestError(f"{self._held} requests wait, which is the limit: try again later", 429)
        self._held += 1
        try:
            needed = self._scorer.needs_pictures
            request = await asyncio.to_thread(parse_request, await _body(http), needs_picture=needed)
            result: Rewards | Exception = await self._rewards(request)
        finally:
            self._held -= 1
        if isinstance(result, Exception):
            raise result
        return answer(request, self._served, result)

    async def _scored(self, requests: Sequence[Request]) -> list[Rewards | Exception]:
        observe(REWARD_BATCH, len(requests))
        return await asyncio.to_thread(score_batch, self._scorer, requests)


async def _body(http: HttpRequest) -> bytes:
    said = http.headers.get("content-length", "")
    require_length(int(said) if said.isdecimal() else 0)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in http.stream():
                body += part
                require_length(len(body))
    except TimeoutError:
        raise RequestError(
            f"the body did not come within {_BODY_SECONDS} seconds: send it again", 408
        ) from None
    except ClientDisconnect:
        raise RequestError("the client is gone") from None
    return bytes(body)


def _require_route(http: HttpRequest) -> None:
    expected = _METHODS.get(http.url.path)
    if expected is None:
        raise RequestError(f"there is nothing at this path: expected POST {PATH} or GET {HEALTH}", 404)
    if http.method != expected:
        raise RequestError(f"{http.method} is not answered here: expected {expected}", 405)


def _refusal(refused: RequestError, path: str) -> Response:
    headers = {
        401: {"WWW-Authenticate": "Bearer"},
        405: {"Allow": _METHODS.get(path, "")},
        429: {"Retry-After": str(RETRY_AFTER)},
    }
    return JSONResponse({"error": str(refused)}, refused.status, headers.get(refused.status))
