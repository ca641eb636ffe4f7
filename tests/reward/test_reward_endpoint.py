"""What a replica of the endpoint answers, without a Ray: status, reason, and how much of a body it reads."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response

from mpgi_ray.errors import RecipeError, ResourceError
from mpgi_ray.models import scorers
from mpgi_ray.reward import endpoint
from mpgi_ray.reward.endpoint import Endpoint
from mpgi_ray.reward.key import KEY, key_hash
from mpgi_ray.reward.request import MAX_BODY
from mpgi_ray.reward.serve import ServeConfig, serving

ASKED = {"authorization": "Bearer s3cret"}


class Held:
    """Scores once it is allowed to; every text has its length as its score."""

    needs_pictures = True

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[Any] = []

    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        self.go.wait()
        self.asked.append((list(pictures), questions))
        if any("crash" in one for one in texts):
            raise RuntimeError("line 7 of a secret file")
        return [np.array([len(text) for text in one], np.float32) for one in texts]


def alone(
    **_: Any,
) -> Callable[[Callable[[list[Any]], Awaitable[list[Any]]]], Callable[[Any], Awaitable[Any]]]:
    """In place of Ray Serve's batches: one request each."""

    def wrap(call: Callable[[list[Any]], Awaitable[list[Any]]]) -> Callable[[Any], Awaitable[Any]]:
        async def one(item: Any) -> Any:
            return (await call([item]))[0]

        return one

    return wrap


@pytest.fixture
def scorer() -> Held:
    return Held()


@pytest.fixture
def replica(scorer: Held, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setattr(scorers, "load_scorer", lambda folder, gpu: scorer)
    monkeypatch.setattr(endpoint.serve, "batch", alone)
    return Endpoint("/runs/scorer", gpu=False, hashed=key_hash({KEY: "s3cret"}), batch=4, wait=0, queue=2)


class Body:
    """A body that comes in parts.

    Attributes:
        read: how many were taken.
        taken: set once one was.
    """

    def __init__(self, *parts: bytes) -> None:
        self._parts, self.read, self.taken = parts, 0, asyncio.Event()

    async def __call__(self) -> dict[str, Any]:
        self.read += 1
        self.taken.set()
        last = self.read == len(self._parts)
        return {"type": "http.request", "body": self._parts[self.read - 1], "more_body": not last}


def request(*texts: str) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (8, 6)).save(sink, "PNG")
    picture = "data:image/png;base64," + b64encode(sink.getvalue()).decode()
    return json.dumps({"image_data": picture, "completions": texts}).encode()


async def ask(
    replica: Endpoint,
    body: Body,
    method: str = "POST",
    path: str = "/v1/rewards",
    headers: dict[str, str] = ASKED,
) -> tuple[Response, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
    response = await replica(Request(scope, body))
    return response, json.loads(response.body)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "header"),
    [
        ("POST", "/v1/rewards", {}, 401, ("www-authenticate", "Bearer")),
        ("GET", "/", {}, 401, ("www-authenticate", "Bearer")),
        ("GET", "/", ASKED, 404, None),
        ("GET", "/v1/rewards", ASKED, 405, ("allow", "POST")),
        ("POST", "/health", ASKED, 405, ("allow", "GET")),
        ("POST", "/v1/rewards", ASKED, 400, None),
    ],
)
def test_what_is_refused_has_a_status_and_a_reason(
    replica: Endpoint,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    header: tuple[str, str] | None,
) -> None:
    response, told = asyncio.run(ask(replica, Body(b"{"), method, path, headers))
    assert response.status_code == status
    assert list(told) == ["error"]
    if header:
        assert response.headers[header[0]] == header[1]


def test_a_scorer_that_needs_no_picture_is_asked_without_one(replica: Endpoint, scorer: Held) -> None:
    scorer.go.set()
    told = {"problem_description": "What is here?", "completions": ["Sand."]}
    refused, why = asyncio.run(ask(replica, Body(json.dumps(told).encode())))
    assert (refused.status_code, "image_data is missing or null" in why["error"]) == (400, True)
    scorer.needs_pictures = False
    answered, _ = asyncio.run(ask(replica, Body(json.dumps(told).encode())))
    assert (answered.status_code, scorer.asked) == (200, [([None], ["What is here?"])])


def test_a_body_that_is_too_long_is_not_read_to_its_end(replica: Endpoint) -> None:
    said = Body(b"x")
    response, told = asyncio.run(ask(replica, said, headers=ASKED | {"content-length": str(MAX_BODY + 1)}))
    assert (response.status_code, said.read) == (413, 0)
    assert "expected at most 16,777,216" in told["error"]
    endless = Body(*[bytes(1 << 20)] * 100)
    response, told = asyncio.run(ask(replica, endless))
    assert (response.status_code, endless.read) == (413, 17)


def test_requests_beyond_the_queue_are_sent_away_unread(replica: Endpoint, scorer: Held) -> None:
    async def many() -> None:
        bodies = [Body(request("a", "bcd")) for _ in range(2)]
        held = [asyncio.create_task(ask(replica, body)) for body in bodies]
        await asyncio.gather(*(body.taken.wait() for body in bodies))
        late = Body(request("a"))
        response, told = await ask(replica, late)
        assert response.status_code == 429
        assert late.read == 0
        assert response.headers["retry-after"] == "1"
        assert "2 requests wait" in told["error"]
        health, told = await ask(replica, Body(), "GET", "/health", {})
        assert (health.status_code, told) == (200, {"status": "ok", "model": "scorer"})
        scorer.go.set()
        for response, told in await asyncio.gather(*held):
            assert response.status_code == 200
            assert [one["score"] for one in told["scores"]] == [1, 3]
        response, _ = await ask(replica, Body(request("a")))
        assert response.status_code == 200

    asyncio.run(many())


def test_an_address_that_is_taken_or_open_to_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = ServeConfig(run="/runs/scorer", port=other.getsockname()[1])
        with pytest.raises(ResourceError, match="name another --port"), serving(config):
            pass
    open_to_all = ServeConfig(run="/runs/scorer", host="0.0.0.0")
    with pytest.raises(RecipeError, match="MPGI_REWARD_KEY is not set"), serving(open_to_all):
        pass


def test_a_scorer_that_fails_is_told_without_its_traceback(replica: Endpoint, scorer: Held) -> None:
    scorer.go.set()
    response, told = asyncio.run(ask(replica, Body(request("crash"))))
    assert response.status_code == 500
    assert told == {"error": "the scorer failed (RuntimeError): the log of its replica has the reason"}
