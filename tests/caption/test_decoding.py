"""How often pictures are decoded on their way to a model: once, but for two exceptions."""

from __future__ import annotations

import asyncio
import base64
import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from mpgi_ray.caption import chunks
from mpgi_ray.caption.chunks import read_chunks
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.caption.stages import Describe
from mpgi_ray.caption.todo import left_to_do
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.http.engine import HttpEngine
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.engines.vllm import engine as vllm
from support.build import png, tar
from support.caption_runs import recipe
from support.endpoint import Endpoint

BUDGET = 60 * 60
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8))


def encoded(image: Image.Image, kind: str) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind)
    return sink.getvalue()


SMALL_AND_PLAIN = {"a.jpg": encoded(NOISE, "JPEG"), "b.png": encoded(NOISE.convert("L"), "PNG")}
OTHERS = {
    "c.jpg": encoded(NOISE.resize((300, 200)), "JPEG"),
    "d.png": encoded(NOISE.convert("RGBA"), "PNG"),
    "e.jpg": encoded(NOISE.convert("CMYK"), "JPEG"),
    "f.tif": encoded(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)), "TIFF"),
    "g.webp": encoded(NOISE.resize((300, 200)), "WEBP"),
}
SIZES = [(60, 50)] * 2 + [(56, 28), (60, 50), (60, 50), (30, 20), (56, 28)]
ONCE = ["JPEG"] * 3 + ["PNG"] * 2 + ["TIFF", "WEBP"]


class InProcess:
    """Takes what vLLM is given, as a request of four prompts about a picture, and its pixels."""

    kind = model = "vllm"
    revision = ""
    trusted = False

    def __init__(self) -> None:
        self.shown: list[Image.Image] = []

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        parts = [vllm._chat(prompt)[1]["content"][0]["image_pil"] for prompt in prompts]
        assert all(part.tobytes() == parts[0].tobytes() for part in parts)
        self.shown.append(parts[0])
        return [Reply("") for _ in prompts]

    def close(self) -> None:
        pass


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The formats of the pictures that Pillow decodes, one entry each time."""
    formats: list[str | None] = []
    load = ImageFile.ImageFile.load

    def counted(image: ImageFile.ImageFile) -> Any:
        if image.tile:
            formats.append(image.format)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", counted)
    return formats


def describe(
    tmp_path: Path,
    engine: Engine,
    pictures: Mapping[str, bytes] = SMALL_AND_PLAIN | OTHERS,
    **settings: object,
) -> None:
    """Read the pictures and ask the engine about each, one after the other and once."""
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*pictures.items()))
    block = {"engine": {"max_pixels": BUDGET, "model": "m", **settings}, "attempts": [{}]}
    run = recipe(tmp_path, "captions", generate=block)
    shards, folder = find_shards(run.input.shards), CaptionFolder(run.output)
    templates = open_run(folder, run, shards).templates
    stage = Describe(run, templates, 0, engine, 1, lambda _: None)
    (task,) = left_to_do(run, shards, folder, None)

    async def each() -> None:
        for row in read_chunks(task):
            await stage.chunk(pickle.loads(row["work"]))

    asyncio.run(each())


def test_one_decode_a_picture_for_vllm(tmp_path: Path, decoded: list[str | None]) -> None:
    engine = InProcess()
    describe(tmp_path, engine, kind="vllm")
    assert sorted(map(str, decoded)) == ONCE
    assert [image.size for image in engine.shown] == SIZES


def test_one_decode_a_picture_for_an_endpoint(tmp_path: Path, decoded: list[str | None]) -> None:
    with Endpoint() as endpoint:
        engine = HttpEngine(HttpSettings(kind="http", url=endpoint.url, model="m"))
        describe(tmp_path, engine, kind="http", url=endpoint.url)
        engine.close()
    assert sorted(map(str, decoded)) == ONCE
    urls = [request.body["messages"][1]["content"][0]["image_url"]["url"] for request in endpoint.requests]
    sent = [base64.b64decode(url.partition(",")[2]) for url in dict.fromkeys(urls)]
    assert sent[:2] == list(SMALL_AND_PLAIN.values())
    assert [Image.open(io.BytesIO(data)).size for data in sent] == SIZES


def test_two_decodes_of_sixteen_bit_colour(tmp_path: Path, decoded: list[str | None]) -> None:
    engine = InProcess()
    rows = (b"\0" + bytes(range(6 * 30))) * 20
    describe(tmp_path, engine, {"a.png": png(30, 20, 16, 2, rows)}, kind="vllm")
    assert decoded == ["PNG"] * 2
    assert [image.size for image in engine.shown] == [(30, 20)]


def test_one_more_decode_of_pictures_beyond_the_bound_of_a_chunk(
    tmp_path: Path, decoded: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "_ROOM", 3 * 60 * 50)  # for c of the chunk a … d, for e of e … g
    engine = InProcess()
    describe(tmp_path, engine, kind="vllm")
    beyond = ["PNG", "PNG", "JPEG"]  # how d, f and g travel
    assert sorted(map(str, decoded)) == sorted(ONCE + beyond)
    assert [image.size for image in engine.shown] == SIZES
