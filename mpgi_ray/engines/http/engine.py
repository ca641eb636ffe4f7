"""Any OpenAI-compatible chat endpoint: a vLLM server, Ollama, a cloud.

Causes of failure: a request that the endpoint refuses gives that prompt a reply with a fault. A wrong key,
model or address would fail every prompt: `EngineError` at once. All else (busy, broken, slow, cut off) is
tried again; when all tries are used up, the reply has a fault for as long as other images get answers.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any

import aiohttp
import tenacity

from mpgi_ray.engines.base import EngineError, Fault, Prompt, Reply
from mpgi_ray.engines.http.answer import read_body, read_completion
from mpgi_ray.engines.http.chat import LEVELS, data_url, messages, response_format
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.errors import RecipeError

_REFUSED = "endpoint_refused"
_REFUSALS = (400, 413, 422)
_OF_FORMAT = re.compile("response_format|schema|guided|structured", re.IGNORECASE)
_TRANSIENT = (408, 409, 425, 429)  # and all from 500 up
_MIN_SECRET = 8  # characters; a shorter key is a dummy, such as EMPTY, and may be a word of any text
_MAX_QUOTE = 200  # characters of a server's words in an error
_MAX_BACKOFF_S = 30
_MAX_RETRY_AFTER_S = 120
_KEEP_ALIVE_S = 4  # below the 5 s of uvicorn: no request goes out on a connection that is being closed
_SILENT_CALLS = 3  # consecutive images without an answer: then the endpoint is the cause, not an image


class _Trouble(Exception):
    """A try that failed and may go better next time; ``after``: seconds that the endpoint asks to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class HttpEngine:
    """A client of one endpoint.

    Keys of ``config.body`` win over a prompt's sampling; one that is null leaves the request, as for models
    that want ``max_completion_tokens`` in place of ``max_tokens``.
    """

    kind = "http"
    revision = ""  # the protocol does not give it
    trusted = False

    def __init__(
        self, config: HttpSettings, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Start the client; nothing is sent yet. ``sleep`` waits so many seconds between two tries.

        Raises:
            RecipeError: the key cannot be sent in a header.
        """
        self.model = config.model
        self._config, self._sleep, self._closed = config, sleep, False
        self._url = config.url.rstrip("/")
        self._key = os.environ.get(config.key_env or "", "").strip()  # keys read from files end in a newline
        if not (self._key.isascii() and self._key.isprintable()):
            raise RecipeError(f"environment variable {config.key_env}: expected printable ASCII characters")
        self._silence: list[object] = []  # the calls of the failed tries since the last answer
        self._levels: Sequence[str] = LEVELS  # that the endpoint may take; one, once known
        self._relaxed = ""  # seed of the last prompt that got an answer below the strictest
        started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(started)), daemon=True)
        self._thread.start()
        started.result()

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order; from any event loop, many calls at a time.

        A prompt that the endpoint refuses gets ``endpoint_refused`` as its fault, one whose tries are used up
        ``endpoint_failed``, and the others are answered.

        Raises:
            EngineError: the endpoint answers nothing or not to this key, model or address, or it is closed.
        """
        if self._closed:
            raise EngineError(f"the engine of {self.model!r} is closed")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._answer(prompts), self._loop))

    def close(self) -> None:
        """Close all connections. Calls in flight are cancelled; a second close does nothing."""
        if not self._closed:
            self._closed = True
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    async def _live(self, started: Future[None]) -> None:
        """Run on an event loop of its own: so it can be asked from any loop and closed from none."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._slots = asyncio.Semaphore(self._config.requests_in_flight)
        async with aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else None,
            timeout=aiohttp.ClientTimeout(total=self._config.timeout_s),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),  # `_slots` is the limit
        ) as self._session:
            started.set_result(None)
            await self._end.wait()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    async def _answer(self, prompts: Sequence[Prompt]) -> list[Reply]:
        call = object()
        pictures = {id(prompt.picture): prompt.picture for prompt in prompts if prompt.picture is not None}
        urls = {key: await asyncio.to_thread(data_url, picture) for key, picture in pictures.items()}
        tasks = [asyncio.create_task(self._ask(call, p, urls.get(id(p.picture)))) for p in prompts]
        try:
            return await asyncio.gather(*tasks)
        except EngineError as error:
            raise EngineError(str(error), [_answered(task) for task in tasks]) from None
        finally:
            for task in tasks:
                task.cancel()

    async def _ask(self, call: object, prompt: Prompt, picture_url: str | None) -> Reply:
        """Ask in the response format that the endpoint takes; until one is known, in each of them.

        A form is not taken if its refusal says so, or if the prompts of two samples are refused in it: what a
        content policy refuses, with the same status, is one prompt.
        """
        body = {**prompt.sampling, **self._config.body}
        body = {key: value for key, value in body.items() if value is not None}
        body |= {"model": self.model, "messages": messages(prompt, picture_url)}
        refusals = []
        async with self._slots:  # kept while waiting: an endpoint that is busy gets fewer requests
            for level in self._levels if prompt.schema else LEVELS[-1:]:
                reply = await self._tried(call, body | response_format(prompt)[level])
                if reply.fault is None or reply.fault.code != _REFUSED:
                    break
                refusals.append(reply.fault.detail)
        if prompt.schema and not reply.fault and len(self._levels) > 1:
            if all(map(_OF_FORMAT.search, refusals)) or self._relaxed not in ("", prompt.seed):
                self._levels = (level,)
            self._relaxed = prompt.seed
        return reply

    async def _tried(self, call: object, body: Mapping[str, Any]) -> Reply:
        retrying = tenacity.AsyncRetrying(  # one for each request: it keeps the state of its call
            sleep=self._sleep,
            stop=tenacity.stop_after_attempt(self._config.tries),
            wait=_wait,  # what the endpoint asks for, and a random part that doubles
            after=lambda _: self._silence.append(call),
            retry=tenacity.retry_if_exception_type(_Trouble),
            reraise=True,
        )
        try:
            reply: Reply = await retrying(self._post, body)
            self._silence.clear()  # a refusal is an answer too
            return reply
        except _Trouble as trouble:
            silent = len(self._silence)
            if silent >= _SILENT_CALLS * self._config.tries and len(set(self._silence)) >= _SILENT_CALLS:
                failed = f"{silent} consecutive tries failed, the last with {trouble}"
                raise EngineError(f"the endpoint at {self._url} does not answer: {failed}") from None
            failed = f"{self._config.tries} tries failed, the last with {trouble}"
            return Reply("", finish_reason="", fault=Fault("endpoint_failed", failed))

    async def _post(self, body: Mapping[str, Any]) -> Reply:
        start, url, trouble = perf_counter(), f"{self._url}/chat/completions", ""
        try:  # a redirect would make a GET of it, or take the key elsewhere
            async with self._session.post(url, json=body, allow_redirects=False) as response:
                status, after = response.status, response.headers.get("Retry-After", "")
                data = await read_body(response)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError among them
            reason = (
                str(error) or f"there was no complete answer within timeout_s = {self._config.timeout_s:g}"
            )
            trouble = self._quote(f"{type(error).__name__}: {reason}")
        if trouble:  # raised out here: aiohttp's errors carry the request's headers, and so the key
            raise _Trouble(trouble)
        said = f"HTTP {status}: {self._quote(data.decode('utf-8', 'replace'))}"
        if status == 200:
            reply = read_completion(data, perf_counter() - start, self._clean)
            if reply is not None:
                return reply
            raise _Trouble(f"there is no chat completion in {len(data)} bytes of {said}")
        if status in _REFUSALS:
            return Reply("", finish_reason="", fault=Fault(_REFUSED, said))
        if status in _TRANSIENT or status >= 500:
            raise _Trouble(said, _seconds(after))
        if status in (401, 403):  # the server's words often hold a part of the key
            said = f"HTTP {status}: it requires a key, and {self._key_state()}"
        raise EngineError(f"{self._url} answers {said}; check url (it often ends in /v1), model and key_env")

    def _key_state(self) -> str:
        if not self._config.key_env:
            return "key_env names no environment variable that holds one"
        state = "holds no valid one" if self._key else "is not set where the engine runs"
        return f"environment variable {self._config.key_env} {state}"

    def _clean(self, text: str) -> str:
        """Without the key, and without halves of surrogate pairs, which no file can hold."""
        if len(self._key) >= _MIN_SECRET:
            text = text.replace(self._key, "[key]")
        return text.encode("utf-8", "replace").decode("utf-8")

    def _quote(self, text: str) -> str:
        # JSON may write a slash of the key with a backslash
        return " ".join(self._clean(text.replace("\\/", "/")).split())[:_MAX_QUOTE]


def _answered(task: asyncio.Task[Reply]) -> Reply | None:
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


def _wait(state: tenacity.RetryCallState) -> float:
    asked: float = getattr(state.outcome and state.outcome.exception(), "after", 0.0)
    longest = tenacity.wait_exponential(max=_MAX_BACKOFF_S)(state)
    # half of it is sure: 12 tries then outlast a minute's outage, and never by luck alone
    return asked + random.uniform(longest / 2, longest)


def _seconds(retry_after: str) -> float:
    """Seconds to wait by a ``Retry-After`` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    try:
        date = None if retry_after.isdigit() else parsedate_to_datetime(retry_after).replace(tzinfo=UTC)
        wait = (date - datetime.now(UTC)).total_seconds() if date else float(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _MAX_RETRY_AFTER_S)
