"""Whether Ray's head is there: before a driver connects, as Ray takes minutes to give up, and meanwhile."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mpgi_ray.errors import ResourceError

_TRIES = 3
_WAIT = 5.0  # seconds of a try, and between two looks
_GONE = 4  # looks in a row that found nobody: Ray itself ends the process after a minute, without a word


def require_reachable(address: str) -> None:
    """Hold ``RAY_ADDRESS`` against what listens there; names without a port, such as ``auto``, are Ray's.

    Raises:
        ResourceError: nobody listens.
    """
    for _ in range(_TRIES):
        reason = _nobody_at(address)
        if reason is None:
            return
    raise ResourceError(
        f"nobody answers at RAY_ADDRESS {address} ({reason}): start the cluster (`ray start --head`), or "
        "correct or unset RAY_ADDRESS"
    )


@contextmanager
def watched(address: str) -> Iterator[None]:
    """End this process with one line if the head that it works with is gone."""
    end = threading.Event()
    thread = threading.Thread(target=_watch, args=(address, end), daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()


def _watch(address: str, end: threading.Event) -> None:
    gone = 0
    while not end.wait(_WAIT):
        gone = gone + 1 if _nobody_at(address) else 0
        if gone == _GONE and not end.is_set():
            print(
                f"error: Ray's head at {address} is gone: what is published stays; start the cluster and run "
                "the same command again",
                file=sys.stderr,
                flush=True,
            )
            os._exit(1)  # nothing that asks Ray for anything returns any more


def _nobody_at(address: str) -> str | None:
    """Why nobody can be reached there; None if somebody is, or if the address names no port."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return None
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_WAIT).close()
    except (OSError, OverflowError) as error:
        return str(error)
    return None
