"""A chat endpoint on loopback that behaves as a test wants: well, busy, broken, slow or hostile."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint sends.

    Attributes:
        body: JSON, or bytes as they are.
        cut: leave so many bytes off the end of what the header announces.
        reset: reset the connection instead of answering.
        stall: send half of the body, and the rest never.
    """

    status: int = 200
    body: Mapping[str, Any] | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    reset: bool = False
    stall: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: its number from 0, its path, its headers and its JSON body."""

    number: int
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The text part of the user message."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else str(content[-1]["text"])


def completion(text: str | None, finish_reason: str = "stop", **message: Any) -> Answer:
    """A good answer: 11 prompt tokens, 4 of them cached, and 7 of the reply."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}
    return Answer(body={"choices": [choice | {"finish_reason": finish_reason}], "usage": usage})


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error in OpenAI's form; header names are written with ``_``."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"message": message, "type": "test"}}, names)


def echo(request: Request) -> Answer:
    """Answers with what was asked, so that replies can be told apart."""
    return completion(f"answer to {request.text}")


class Endpoint:
    """A context manager that serves ``script`` under `url`; keeps all requests and the peak of open ones."""

    def __init__(self, script: Callable[[Request], Answer] = echo) -> None:
        self.requests: list[Request] = []
        self.peak = 0
        self._script = script
        self._open = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                endpoint._serve(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass  # clients that went away are part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            request = Request(len(self.requests), handler.path, dict(handler.headers), body)
            self.requests.append(request)
            self._open += 1
            self.peak = max(self.peak, self._open)
        try:
            answer = self._script(request)
        finally:
            with self._lock:  # before the first byte: the client may ask again as soon as it has the last
                self._open -= 1
        self._send(handler, answer)

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer.reset:
            # closing with unsent data thrown away makes the kernel send a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[: len(data) // 2 if answer.stall else len(data) - answer.cut])
        if answer.stall:
            self._ended.wait()
        handler.close_connection = handler.close_connection or answer.cut > 0
