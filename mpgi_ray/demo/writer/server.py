"""The writer as a chat server on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from aiohttp import web

from mpgi_ray.demo.writer.answer import Answer, write
from mpgi_ray.demo.writer.faults import Faults, chance
from mpgi_ray.demo.writer.grammar import Change
from mpgi_ray.demo.writer.known import identity
from mpgi_ray.demo.writer.look import BadPicture
from mpgi_ray.demo.writer.request import BadRequest, Request, parse

MODEL = "imperfect-writer"
_LARGEST_BODY = 64 * 1024 * 1024  # bytes
_START_S = 30


class ImperfectWriter:
    """A context manager that serves an imperfect model under `url`, in a thread of its own.

    An answer depends on the seed, on what is asked, and on how often just that was asked before: neither on
    the order of the requests nor on how many are open. Every answered request is a line of JSON in ``log``,
    which is started anew:

    - ``ordinal``, from 0; ``stage`` (``perspective``, ``integrated``); ``perspective``, empty for stage 2;
    - ``attempt``, from 1, as the prompt tells it; ``asked``: how often the same content came before;
    - ``fault``: the kind planted, empty for none; ``variant`` of a fault of form; ``change`` of a fault of
      content, else null: the ``identity`` of the false sentence, its ``kind``, what is true (``before``) and
      what is claimed (``after``), and the ``sentence`` as written;
    - ``about``: the identity of what the prompt says of the image; the same in all prompts that say it;
    - ``false``: by text, the changes that made something in it false: of this answer or of an earlier one
      among its sources; ``numbers``: by text, those that it tells of things, by class;
    - ``text``, the reply; ``finish_reason``.
    """

    def __init__(self, log: Path, seed: int = 0, faults: Faults = Faults()) -> None:  # noqa: B008 frozen
        self.url = ""
        self._log_path = log
        self._seed = seed
        self._faults = faults
        self._asked: Counter[bytes] = Counter()
        self._falsehoods: dict[str, Change] = {}
        self._ordinal = 0

    def __enter__(self) -> Self:
        self._log: TextIO = self._log_path.open("w", encoding="utf-8", buffering=1)  # line by line
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=MODEL, daemon=True)
        self._thread.start()
        try:
            self._runner, port = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(_START_S)
        except BaseException:
            self._end()
            raise
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(_START_S)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._log.close()

    async def _serve(self) -> tuple[web.AppRunner, int]:
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "mpgi"}]}
        )

    async def _complete(self, http: web.Request) -> web.Response:
        try:
            request = parse(json.loads(await http.read()))
            asked = self._asked[request.content]
            kind = self._faults.choose(request, self._seed, asked)
            believes = self._faults.believing(request, chance(self._seed, request.content, asked, "trust"))
            wording = chance(self._seed, request.content, asked, "wording")
            answer = write(request, kind, wording, self._falsehoods, believes=believes)
        except (BadRequest, BadPicture, ValueError, RecursionError) as error:
            problem = {"message": str(error), "type": "invalid_request_error", "code": 400}
            return web.json_response({"error": problem}, status=400)
        self._asked[request.content] += 1
        if answer.change and answer.change.identity:
            self._falsehoods[answer.change.identity] = answer.change
        self._note(request, asked, answer)
        return web.json_response(self._completion(request, answer))

    def _note(self, request: Request, asked: int, answer: Answer) -> None:
        line = {
            "ordinal": self._ordinal,
            "stage": request.stage,
            "perspective": request.perspective,
            "attempt": request.attempt,
            "asked": asked,
            "fault": answer.fault,
            "variant": answer.variant,
            "change": asdict(answer.change) if answer.change else None,
            "about": identity(request.about, ""),
            "false": {text: list(map(asdict, changes)) for text, changes in answer.false.items()},
            "numbers": answer.numbers,
            "text": answer.text,
            "finish_reason": answer.finish_reason,
        }
        self._ordinal += 1
        self._log.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _completion(self, request: Request, answer: Answer) -> dict[str, Any]:
        told = len(answer.text.split())
        return {
            "id": f"chatcmpl-{self._ordinal}",
            "object": "chat.completion",
            "created": 0,
            "model": request.model or MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": answer.text},
                    "finish_reason": answer.finish_reason,
                }
            ],
            "usage": {
                "prompt_tokens": request.prompt_tokens,
                "completion_tokens": told,
                "total_tokens": request.prompt_tokens + told,
            },
        }
