"""The client against vLLM's own server, which holds a tiny model with random weights."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpgi_ray.data.image import decode
from mpgi_ray.engines.base import EngineError, Prompt, Reply
from mpgi_ray.engines.connect import check_picture
from mpgi_ray.engines.http.engine import HttpEngine
from mpgi_ray.engines.http.settings import HttpSettings
from support import build

pytestmark = pytest.mark.slow

KEY = "sk-of-this-test-alone"
START_S = 240
TOKENS = (224 // 28) ** 2  # of a picture of 224 × 224
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["harbor", "village"]}},
    "required": ["kind"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server(tiny_mllm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that takes one picture a prompt and wants `KEY`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "model": tiny_mllm,
        "served-model-name": "tiny",
        "host": "127.0.0.1",
        "port": port,
        "dtype": "float32",
        "distributed-executor-backend": "uni",
        "kv-cache-memory-bytes": 1 << 26,
        "max-num-batched-tokens": 4096,
        # random weights would fill JSON with spaces, to the last token
        "structured-outputs-config": '{"backend": "xgrammar", "disable_any_whitespace": true}',
        "limit-mm-per-prompt": '{"image": 1, "video": 0}',
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager", *flags]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {**os.environ, "VLLM_API_KEY": KEY}
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment, start_new_session=True)
    try:
        _wait_for(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its own session: what it left behind


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(START_S):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the server ended: {log.read_text()[-2000:]}")
    pytest.fail(f"the server is not there after {START_S} s: {log.read_text()[-2000:]}")


@pytest.fixture
def engine(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpEngine]:
    monkeypatch.setenv("MPGI_TEST_KEY", KEY)
    engine = HttpEngine(HttpSettings(kind="http", url=server, model="tiny", key_env="MPGI_TEST_KEY"))
    yield engine
    engine.close()


def prompt(text: str, image: int | None = None, **fields: object) -> Prompt:
    picture = None if image is None else decode(build.noise(image, 224))
    sampling = {"temperature": 0.0, "max_tokens": 64}
    system = "You are an analyst of aerial images."
    defaults = {"name": "scene", "seed": "0" * 64, "system": system, "sampling": sampling}
    return Prompt(text=text, picture=picture, **(defaults | fields))


def ask(engine: HttpEngine, *prompts: Prompt) -> list[Reply]:
    return asyncio.run(engine.reply(prompts))


def test_pictures_texts_and_schemas_reach_the_model(engine: HttpEngine) -> None:
    asyncio.run(check_picture(engine))
    questions = ("Describe this image.", "How many objects are there?", "Name the land use.")
    shown = ask(engine, *[prompt(text, image=1) for text in questions])
    (told,) = ask(engine, prompt(questions[0]))
    assert all(reply.fault is None and reply.completion_tokens > 0 for reply in (*shown, told))
    assert shown[0].prompt_tokens - told.prompt_tokens in range(TOKENS, TOKENS + 8)
    (chosen,) = ask(engine, prompt("Which is it?", schema=SCHEMA))
    assert json.loads(chosen.text)["kind"] in ("harbor", "village")
    assert chosen.finish_reason == "stop"


def test_the_server_cuts_and_refuses(engine: HttpEngine) -> None:
    cut, long = ask(
        engine,
        prompt("Describe.", sampling={"temperature": 0.0, "max_tokens": 2, "min_tokens": 2}),
        prompt("word " * 9000),
    )
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 2)
    assert str(long.fault).startswith("endpoint_refused: HTTP 400")
    assert "4096" in str(long.fault)


def test_the_server_wants_the_right_key_and_model(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, model, said in ((KEY, "another", "another"), ("a-wrong-key", "tiny", "MPGI_TEST_KEY")):
        monkeypatch.setenv("MPGI_TEST_KEY", key)
        engine = HttpEngine(HttpSettings(kind="http", url=server, model=model, key_env="MPGI_TEST_KEY"))
        with pytest.raises(EngineError, match=said):
            ask(engine, prompt("Describe."))
        engine.close()
