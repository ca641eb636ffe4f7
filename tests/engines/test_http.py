"""The client of a chat endpoint, against one on loopback that misbehaves in every way that endpoints do."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from PIL import Image

from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.data.image import decode
from mpgi_ray.engines.base import EngineError, Prompt, Reply
from mpgi_ray.engines.http.chat import LEVELS
from mpgi_ray.engines.http.engine import HttpEngine
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.errors import RecipeError
from support.endpoint import Answer, Endpoint, Request, completion, echo, refusal

KEY = "sk-loopback/0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"short": {"type": "string"}},
    "required": ["short"],
    "additionalProperties": False,
}
TRIES = 3


class Waits(list[float]):
    """Stands in for the clock: notes how long the engine wanted to wait, and lets it go on."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPGI_TEST_KEY", KEY + "\n")


@contextmanager
def connected(url: str, waits: Waits | None = None, **settings: Any) -> Iterator[HttpEngine]:
    values = {"model": "tiny", "key_env": "MPGI_TEST_KEY", "tries": TRIES, **settings}
    engine = HttpEngine(
        HttpSettings(kind="http", url=url, **values),
        sleep=Waits().sleep if waits is None else waits.sleep,
    )
    try:
        yield engine
    finally:
        engine.close()


def prompt(text: str = "What is there?", **fields: Any) -> Prompt:
    return Prompt(**{"name": "scene", "text": text, "seed": "0" * 64, **fields})


def ask(engine: HttpEngine, *prompts: Prompt) -> list[Reply]:
    return asyncio.run(engine.reply(prompts))


def picture_bytes(kind: str) -> bytes:
    sink = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(sink, kind)
    return sink.getvalue()


def test_the_server_reads_system_then_picture_then_text_and_every_setting() -> None:
    jpeg, tiff = picture_bytes("JPEG"), picture_bytes("TIFF")
    sampling = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 300}
    body = {
        "max_tokens": None,
        "max_completion_tokens": 400,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    with Endpoint() as endpoint, connected(endpoint.url + "/", body=body) as engine:
        shown = prompt("first", system="You see from above.", picture=decode(jpeg), sampling=sampling)
        ask(engine, shown)
        ask(engine, prompt("second", picture=decode(tiff)))
        ask(engine, prompt("third"))
    full, converted, text_only = endpoint.requests
    assert full.path == "/v1/chat/completions"
    assert full.headers["Authorization"] == f"Bearer {KEY}"
    url = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    assert full.body == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "You see from above."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "text", "text": "first"},
                ],
            },
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_completion_tokens": 400,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    (user,) = converted.body["messages"]
    kind, _, data = user["content"][0]["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.tobytes() == decode(tiff).pixels.tobytes()
    assert text_only.body["messages"] == [{"role": "user", "content": "third"}]


def test_a_reply_carries_what_the_server_says() -> None:
    answers = {
        "plain": completion("a harbor", reasoning_content="let me think"),
        "cut": completion("a har", "length"),
        "filtered": completion(None, "content_filter"),
        "refused": completion(None, refusal="I cannot help with that."),
        "uncounted": Answer(body={"choices": [{"message": {"content": "a pier"}, "finish_reason": "stop"}]}),
        "half a pair": completion("a pier \ud83d"),
        "in parts": completion(
            None,
            content=[
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "a pier"},
                {"type": "text", "text": " of stone"},
            ],
        ),
    }
    with Endpoint(lambda request: answers[request.text]) as endpoint, connected(endpoint.url) as engine:
        replies = ask(engine, *map(prompt, answers))
    assert [(reply.text, reply.finish_reason, reply.fault) for reply in replies] == [
        ("a harbor", "stop", None),
        ("a har", "length", None),
        ("", "content_filter", None),
        ("I cannot help with that.", "stop", None),
        ("a pier", "stop", None),
        ("a pier ?", "stop", None),
        ("a pier of stone", "stop", None),
    ]
    tokens = [(reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens) for reply in replies]
    assert tokens == [(11, 4, 7)] * 4 + [(0, 0, 0)] + [(11, 4, 7)] * 2
    assert all(reply.seconds > 0 for reply in replies)


GOOD = json.dumps(completion("fine").body).encode()
PASSING = {
    **{f"HTTP {status}": refusal(status, "busy") for status in (408, 409, 425, 429, 500, 502, 503, 504)},
    "reset": Answer(reset=True),
    "cut connection": Answer(body=GOOD, cut=20),
    "cut JSON": Answer(body=GOOD[:-20]),
    "no JSON": Answer(body=b"<html>bad gateway</html>"),
    "no text": Answer(body=b"\xff\xfe"),
    "too deep": Answer(body=b"[" * 100_000),
    "another schema": Answer(body={"choices": [], "usage": {"prompt_tokens": 1}}),
    "wrong types": Answer(body={"choices": [{"message": {"content": [1]}}], "usage": "none"}),
    "an error after all": refusal(200, "upstream is gone"),
}


@pytest.mark.parametrize("trouble", PASSING)
def test_a_passing_trouble_costs_one_more_try(trouble: str) -> None:
    waits = Waits()
    with (
        Endpoint(lambda request: echo(request) if request.number else PASSING[trouble]) as endpoint,
        connected(endpoint.url, waits) as engine,
    ):
        (reply,) = ask(engine, prompt("anything"))
    assert (reply.text, reply.fault) == ("answer to anything", None)
    assert len(endpoint.requests) == 2
    assert len(waits) == 1
    assert 0 <= waits[0] <= 1


@pytest.mark.parametrize("trouble", PASSING)
def test_used_up_tries_are_one_prompts_fault_while_others_get_answers(trouble: str) -> None:
    def script(request: Request) -> Answer:
        return PASSING[trouble] if request.text == "cursed" else echo(request)

    texts = ["one", "cursed", "two", "three"]
    with Endpoint(script) as endpoint, connected(endpoint.url) as engine:
        replies = ask(engine, *map(prompt, texts))
    assert [reply.text for reply in replies] == ["answer to one", "", "answer to two", "answer to three"]
    assert re.match(r"endpoint_failed: 3 tries failed, the last with .+", str(replies[1].fault))
    assert "\n" not in str(replies[1].fault)
    assert sorted(request.text for request in endpoint.requests) == sorted([*texts, "cursed", "cursed"])


def test_a_body_beyond_the_limit_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.engines.http.answer.MAX_BODY", 100_000)
    flood = Answer(body=b"x" * 5_000_000)
    with (
        Endpoint(lambda request: flood if request.text == "cursed" else echo(request)) as endpoint,
        connected(endpoint.url) as engine,
    ):
        flooded, fine = ask(engine, prompt("cursed"), prompt("fine"))
    assert "the answer has more than 100,000 bytes" in str(flooded.fault)
    assert fine.text == "answer to fine"


def test_a_body_that_never_ends_is_cut_off_by_the_timeout() -> None:
    def script(request: Request) -> Answer:
        return Answer(body=GOOD, stall=True) if request.text == "slow" else echo(request)

    with Endpoint(script) as endpoint, connected(endpoint.url, timeout_s=0.5, tries=2) as engine:
        slow, quick = ask(engine, prompt("slow"), prompt("quick"))
    assert "timeout_s = 0.5" in str(slow.fault)
    assert str(slow.fault).startswith("endpoint_failed: 2 tries")
    assert quick.text == "answer to quick"
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        ("7", 7.0),
        ("86400", 120.0),
        (format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True), 120.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", 0.0),
        ("9" * 400, 120.0),
    ],
    ids=["seconds", "a day", "a date to come", "a date gone by", "a word", "a huge number"],
)
def test_the_server_says_how_long_to_wait(asked: str, least: float) -> None:
    def script(request: Request) -> Answer:
        return echo(request) if request.number else refusal(429, "slow down", Retry_After=asked)

    waits = Waits()
    with Endpoint(script) as endpoint, connected(endpoint.url, waits) as engine:
        (reply,) = ask(engine, prompt())
    assert not reply.fault
    assert len(waits) == 1
    assert least <= waits[0] <= least + 1  # and the random part of a first wait


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_prompt_is_not_asked_again(status: int) -> None:
    def script(request: Request) -> Answer:
        return refusal(status, "far too long: " + "x " * 5000) if request.text == "long" else echo(request)

    with Endpoint(script) as endpoint, connected(endpoint.url) as engine:
        replies = ask(engine, *map(prompt, ["one", "long", "two"]))
    assert [reply.text for reply in replies] == ["answer to one", "", "answer to two"]
    assert str(replies[1].fault).startswith(f"endpoint_refused: HTTP {status}: ")
    assert "far too long" in str(replies[1].fault)
    assert len(str(replies[1].fault)) < 240
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (refusal(401, "who are you?"), "MPGI_TEST_KEY holds no valid one"),
        (refusal(403, "not you"), "MPGI_TEST_KEY holds no valid one"),
        (refusal(404, "no model tiny"), "no model tiny"),
        (refusal(307, "over there", Location="http://127.0.0.1:9/v1"), "HTTP 307"),
    ],
)
def test_what_would_fail_every_prompt_stops_the_engine_at_once(answer: Answer, named: str) -> None:
    with Endpoint(lambda _: answer) as endpoint, connected(endpoint.url) as engine:
        with pytest.raises(EngineError, match=re.escape(named)) as error:
            ask(engine, prompt("one"), prompt("two"))
        assert endpoint.url in str(error.value)
        assert str(answer.status) in str(error.value)
        assert len(endpoint.requests) <= 2


def test_an_unset_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPGI_TEST_KEY")
    with (
        Endpoint(lambda _: refusal(401, "a key, please")) as endpoint,
        connected(endpoint.url) as engine,
        pytest.raises(EngineError, match="MPGI_TEST_KEY is not set"),
    ):
        ask(engine, prompt())
    assert "Authorization" not in endpoint.requests[0].headers


def test_an_endpoint_that_answers_no_image_stops_the_engine() -> None:
    with Endpoint(lambda _: refusal(503, "loading")) as endpoint, connected(endpoint.url) as engine:
        for _ in range(2):
            (reply,) = ask(engine, prompt())
            assert str(reply.fault).startswith("endpoint_failed: ")
        with pytest.raises(EngineError, match=r"does not answer: 9 consecutive tries .* HTTP 503.*loading"):
            ask(engine, prompt())
    assert len(endpoint.requests) == 3 * TRIES


def test_one_image_that_breaks_the_server_is_not_the_endpoints_fault() -> None:
    def script(request: Request) -> Answer:
        return echo(request) if request.text == "sane" else refusal(500, "broken picture")

    with Endpoint(script) as endpoint, connected(endpoint.url) as engine:
        replies = ask(engine, *[prompt(f"cursed {number}") for number in range(8)])
        assert all(str(reply.fault).startswith("endpoint_failed: ") for reply in replies)
        assert ask(engine, prompt("sane"))[0].text == "answer to sane"
        for _ in range(2):
            assert str(ask(engine, prompt("cursed"))[0].fault).startswith("endpoint_failed: ")
    assert len(endpoint.requests) == (8 + 2) * TRIES + 1


def test_nobody_there() -> None:
    with Endpoint() as endpoint:
        url = endpoint.url  # and nobody listens there afterwards
    with connected(url) as engine:

        async def images() -> list[list[Reply] | BaseException]:
            calls = [engine.reply([prompt(), prompt()]) for _ in range(3)]
            return await asyncio.gather(*calls, return_exceptions=True)

        outcomes = asyncio.run(images())
    assert any(isinstance(outcome, EngineError) for outcome in outcomes)
    assert "ClientConnectorError" in str(outcomes)


def test_as_many_requests_are_open_as_allowed_and_no_more() -> None:
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def script(request: Request) -> Answer:
        arrived.release()
        go_on.wait()
        return echo(request)

    async def images(engine: HttpEngine, other: HttpEngine) -> list[list[Reply]]:
        calls = [engine.reply([prompt(f"{image}.{number}") for number in range(4)]) for image in range(6)]
        replies = asyncio.gather(*calls)
        for _ in range(4):
            await asyncio.to_thread(arrived.acquire)
        await other.reply([prompt()] * 50)  # a fifth request would come meanwhile
        assert len(endpoint.requests) == 4
        go_on.set()
        return await replies

    with (
        Endpoint(script) as endpoint,
        Endpoint() as elsewhere,
        connected(endpoint.url, requests_in_flight=4) as engine,
        connected(elsewhere.url) as other,
    ):
        replies = asyncio.run(images(engine, other))
    assert endpoint.peak == 4
    assert [[reply.text for reply in image] for image in replies] == [
        [f"answer to {image}.{number}" for number in range(4)] for image in range(6)
    ]
    assert len(endpoint.requests) == 24


def ask_shaped(refused: Callable[[str, str], str], *texts: str) -> tuple[list[Reply], list[str]]:
    """Ask for JSON about a sample each, one after the other.

    Args:
        refused: why a text is refused in a response format; empty if it is not.

    Returns:
        The replies, and all requests as ``text: response format``.
    """

    def format_of(request: Request) -> str:
        return str(request.body.get("response_format", {}).get("type", "text"))

    def script(request: Request) -> Answer:
        why = refused(request.text, format_of(request))
        return refusal(400, why) if why else echo(request)

    with Endpoint(script) as endpoint, connected(endpoint.url) as engine:
        replies = [ask(engine, prompt(text, seed=text, schema=SCHEMA))[0] for text in texts]
    return replies, [f"{request.text}: {format_of(request)}" for request in endpoint.requests]


@pytest.mark.parametrize("taken", [LEVELS, LEVELS[1:], LEVELS[2:]], ids=lambda levels: str(levels[0]))
@pytest.mark.parametrize("named", [True, False], ids=["and says so", "and does not say so"])
def test_a_server_without_schemas_is_asked_in_the_form_it_takes(taken: Sequence[str], named: bool) -> None:
    why = "'response_format' of this type is not supported" if named else "unsupported"

    def refused(text: str, level: str) -> str:
        return "too long" if text == "bad" else "" if level in taken else why

    replies, asked = ask_shaped(refused, "bad", "one", "two", "bad", "three")
    assert [bool(reply.fault) for reply in replies] == [True, False, False, True, False]
    search = LEVELS[: LEVELS.index(taken[0]) + 1]
    assert asked == [
        *(f"bad: {level}" for level in LEVELS),
        *(f"one: {level}" for level in search),
        *(f"two: {level}" for level in (taken[:1] if named else search)),
        *(f"{text}: {taken[0]}" for text in ("bad", "three")),
    ]


def test_what_a_content_policy_refuses_takes_the_schema_from_no_other_prompt() -> None:
    def refused(text: str, level: str) -> str:
        return "against our policy" if text == "war" and level == "json_schema" else ""

    replies, asked = ask_shaped(refused, "war", "war", "peace")
    assert [reply.text for reply in replies] == ["answer to war", "answer to war", "answer to peace"]
    assert asked == [*["war: json_schema", "war: json_object"] * 2, "peace: json_schema"]


def test_the_schema_is_sent_as_it_is() -> None:
    with Endpoint() as endpoint, connected(endpoint.url) as engine:
        ask(engine, Prompt(name="integrate in two lengths", text="merge", seed="0", schema=SCHEMA))
    wanted = {"name": "integrate_in_two_lengths", "schema": SCHEMA, "strict": True}
    assert endpoint.requests[0].body["response_format"] == {"type": "json_schema", "json_schema": wanted}


def secrets(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield "".join(traceback.format_exception(error))
        yield repr(error) + repr(error.args) + repr(vars(error))
        error = error.__cause__ or error.__context__


def test_the_key_shows_up_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    escaped = KEY.replace("/", "\\/").encode()
    hostile = [
        refusal(400, f"Incorrect header Bearer {KEY}"),
        refusal(500, "x" * 160 + KEY),
        Answer(400, b'{"error": "' + escaped),
        Answer(500, headers={f"bad {KEY}": "x"}),
        Answer(body=f"<p>{KEY}</p>".encode()),
        completion(f"You sent {KEY}", finish_reason=KEY),
        refusal(401, KEY),
        refusal(403, KEY[:12]),
        refusal(404, f"no model for {KEY}"),
        refusal(302, "moved", Location=f"http://127.0.0.1:9/{KEY}"),
    ]
    seen = []
    for answer in hostile:
        with (
            Endpoint(lambda _, answer=answer: answer) as endpoint,
            connected(endpoint.url, tries=1) as engine,
        ):
            seen += [repr(engine), str(engine)]
            for _ in range(3):
                try:
                    seen.append(repr(ask(engine, prompt())))
                except EngineError as error:
                    seen += secrets(error)
            assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    said = "\n".join([*seen, caplog.text])
    assert "endpoint_refused" in said
    assert "does not answer" in said
    assert "[key]" in said
    assert "sk-loopback" not in said
    assert "0123456789" not in said


def test_one_engine_serves_many_loops_and_closes_once() -> None:
    with Endpoint() as endpoint, connected(endpoint.url) as engine:
        assert [ask(engine, prompt(text))[0].text for text in "ab"] == ["answer to a", "answer to b"]
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match="closed"):
            ask(engine, prompt())
    assert len(endpoint.requests) == 2


def test_closing_ends_calls_in_flight() -> None:
    arrived = threading.Event()

    def script(_: Request) -> Answer:
        arrived.set()
        return Answer(body=GOOD, stall=True)

    with Endpoint(script) as endpoint, connected(endpoint.url) as engine:

        async def close_meanwhile() -> None:
            call = asyncio.ensure_future(engine.reply([prompt(), prompt()]))
            await asyncio.to_thread(arrived.wait)
            await asyncio.to_thread(engine.close)
            await call

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(close_meanwhile())


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2@127.0.0.1/v1",
        "http://127.0.0.1/v1?api-key=hunter2",
        "http:///v1",
        "http://127.0.0.1/v1#hunter2",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused_without_being_shown(url: str) -> None:
    where = {"input.shards": "s", "output": "o", "generate.engine.url": url}
    with pytest.raises(RecipeError, match=r"generate\.engine\.url") as error:
        load_recipe("endpoint", where, [])
    assert "hunter2" not in str(error.value)
