"""A proxy before an S3 server on loopback that answers some requests wrongly, by a seed, and counts them."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("slow_down", "reset_before", "reset_after", "cut", "wrong_length", "damaged", "stall")
_SLOW_DOWN = "SlowDown", "Please reduce your request rate."
_BAD_DIGEST = "BadDigest", "The checksum did not match what we received."
_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}


class FaultyS3:
    """What a proxy does to requests, from now on.

    Attributes:
        share: of requests that meet a fault; may be changed at any time.
        kinds: the faults that are drawn, each as likely.
        keeps_conditions: False drops ``If-None-Match``, as of a store that does not know it.
        refusal: the status and code that answer every request, if any.
        faults: number of each kind that happened.
        requests: number of all requests.
        writes: number of those that were to write an object.
    """

    def __init__(self, upstream: str, seed: int) -> None:
        self.upstream = upstream.removeprefix("http://")
        self.share, self.kinds, self.keeps_conditions = 0.0, FAULTS, True
        self.refusal: tuple[int, str] | None = None
        self.faults, self.requests, self.writes = Counter[str](), 0, 0
        self._random, self._lock = random.Random(seed), threading.Lock()

    def draw(self, possible: set[str]) -> str | None:
        """The fault of the next request, of those that it can show."""
        with self._lock:
            self.requests += 1
            kinds = [kind for kind in self.kinds if kind in possible]
            if not kinds or self._random.random() >= self.share:
                return None
            kind = self._random.choice(kinds)
            self.faults[kind] += 1
            return kind


@contextlib.contextmanager
def faulty_s3(upstream: str, seed: int) -> Iterator[tuple[str, FaultyS3]]:
    """The URL of a proxy before ``upstream``, and what it does: nothing wrong at first."""
    state = FaultyS3(upstream, seed)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that went away is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: FaultyS3

    def _handle(self) -> None:
        sent = self._body()
        fault = self.state.draw(self._possible())
        self.state.writes += self.command == "PUT"
        if self.state.refusal:
            self._refuse(*self.state.refusal, "")
        elif fault == "stall":
            self.connection.recv(1)  # until the client's patience ends
            self.close_connection = True
        elif fault == "slow_down":
            self._refuse(503, *_SLOW_DOWN)
        elif fault == "reset_before":
            self._reset()
        elif fault == "damaged" and self.command == "PUT":
            self._refuse(400, *_BAD_DIGEST)
        else:
            self._answer(sent, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle

    def _possible(self) -> set[str]:
        """Damage shows only where S3 sends a checksum: in whole objects, and in uploads."""
        possible = {"slow_down", "reset_before", "reset_after", "stall"}
        if self.command == "GET":
            possible |= {"cut"}
        if self.command == "GET" and "list-type" not in self.path:
            possible |= {"wrong_length"}
        if self.command == "PUT" or (possible >= {"wrong_length"} and "Range" not in self.headers):
            possible |= {"damaged"}
        return possible

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(self, sent: bytes, fault: str | None) -> None:
        dropped = _HOP if self.state.keeps_conditions else {*_HOP, "if-none-match"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        upstream = http.client.HTTPConnection(self.state.upstream)
        with contextlib.closing(upstream):
            upstream.request(self.command, self.path, sent, headers | {"Content-Length": str(len(sent))})
            answer = upstream.getresponse()
            body = answer.read()
        if fault == "reset_after":
            self._reset()
            return
        length = int(answer.headers.get("Content-Length") or len(body))
        if fault == "damaged" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        elif fault == "cut":
            body = body[: len(body) // 2]
        elif fault == "wrong_length":
            body = body[: len(body) // 2]
            length = len(body)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = fault is not None

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
