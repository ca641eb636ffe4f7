"""What the benchmarks of engines share: a model and its settings, pictures, prompts, a view of requests.

Unless the user names a model, it is a tiny one with random weights, made on the spot. Its texts mean
nothing, but tokens, caches and schedules are those of a real model.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard, sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.engines.vllm.engine import VllmEngine

SIDE = 448  # pixels: 256 image tokens of the tiny model
SHARD_SIZE = 64
_CLASSES = ("ship", "airplane", "vehicle", "storage tank", "bridge")

RELAY = {
    "numbers": "Say which kinds of things are in the image and how many of each, the most prominent first. "
    "Take the numbers from the facts alone. Do not describe where things lie. Write one to four sentences.",
    "places": "Say where things lie: in the centre or near the edges, in which part of the image, and what "
    "lies beside what. Use positions in the image, never compass directions. Write two to five sentences.",
    "groups": "Say which things stand close together and which stand alone, and how large they are in the "
    "picture. Take the things from the facts. Write one to three sentences.",
}
FREE = {
    "surface": "Say what kind of land cover or built-up structure the image shows and how the parts go "
    "together: dense or sparse, regular or irregular, open or enclosed. Write two to four sentences.",
    "look": "Describe how the visible things look: their colours, shapes, relative sizes, textures, light "
    "and shadow. Do not count things and give no sizes in metres. Write two to four sentences.",
    "lines": "Follow the roads, shores, rivers and borders that are plain to see: where they enter the "
    "image, how they run and where they leave it. If there are none, say so. Write one to three sentences.",
}


def engine_options(description: str | None) -> argparse.ArgumentParser:
    """A command line with the options that `engine_settings` reads."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=description, formatter_class=form)
    parser.add_argument("--model", help="a hub id or a folder; by default a tiny random one, on CPU")
    parser.add_argument("--gpus", type=float, default=1, help="of the engine, with --model")
    parser.add_argument(
        "--engine-args", type=json.loads, default={}, help="JSON of vLLM's AsyncEngineArgs, with or without"
    )
    parser.add_argument("--input", help="shards of your own instead of generated ones")
    return parser


def engine_settings(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """A recipe's ``engine``: the model that was asked for, or the tiny one, made in ``scratch``."""
    if options.model:
        model, gpus, ours = options.model, options.gpus, {"max_num_batched_tokens": 8192}
    else:
        model, gpus, ours = str(scratch / "model"), 0, _tiny(scratch / "model")
    args = {**ours, **options.engine_args}
    return {"kind": "vllm", "model": model, "gpus": gpus, "cpus": 0.5, "engine_args": args}


def _tiny(folder: Path) -> dict[str, Any]:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))  # they know how to make the tiny model
    from support.engines_fixtures import TINY
    from support.tiny_models import make_mllm

    folder.mkdir()
    make_mllm(folder)
    room = {"kv_cache_memory_bytes": 1 << 29, "max_num_batched_tokens": 8192, "mm_processor_cache_gb": 1}
    # the smallest block of vLLM's attention on a CPU; with its default of 128 tokens less is shared
    return {**TINY, **room, "block_size": 32}


def write_shards(folder: Path, images: int) -> None:
    """Shards of distinct pictures of 448 × 448 with boxes of up to twelve objects."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, images, SHARD_SIZE)):
        samples = map(_sample, range(start, min(start + SHARD_SIZE, images)))
        (folder / f"{number:05d}.tar").write_bytes(write_members(map(sample_members, samples)))


def read_samples(shards: str) -> Iterator[Sample]:
    """The samples of some shards that can be used, in order, a shard at a time."""
    found = find_shards(shards)
    for shard in found.files:
        yield from (entry for entry in read_shard(found.read(shard), shard) if isinstance(entry, Sample))


def write_prompts(folder: Path) -> list[str]:
    """Six prompt files, relay prompts first; their paths."""
    folder.mkdir()
    for kind, texts in (("relay", RELAY), ("free", FREE)):
        for name, text in texts.items():
            (folder / f"{name}.j2").write_text(f"---\nkind: {kind}\nwords: [5, 120]\n---\n{text}\n")
    return [str(folder / f"{name}.j2") for name in (*RELAY, *FREE)]


def _sample(number: int) -> Sample:
    random = np.random.default_rng(number)
    base = np.kron(random.integers(40, 200, (14, 14, 3)), np.ones((32, 32, 1)))
    pixels = np.clip(base + random.normal(0, 12, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=80)
    objects = []
    for _ in range(random.integers(1, 13)):
        x, y = random.integers(0, SIDE - 64, 2)
        width, height = random.integers(16, 64, 2)
        label = str(random.choice(_CLASSES))
        objects.append(Object(label=label, box=Box(x, y, x + width, y + height)))
    annotation = Annotation(
        width=SIDE,
        height=SIDE,
        vocabulary={name: LabelClass(exhaustive=True) for name in _CLASSES},
        objects=tuple(objects),
    )
    key = f"{number:06d}"
    return Sample(key, number, sink.getvalue(), "jpg", annotation, key)


@dataclass
class Request:
    """What went into an engine and came out of it.

    Attributes:
        tokens: ids of the prompt's tokens.
        pictures: offset, length and identity of each picture's run of tokens in the prompt.
        cached: tokens of the prompt that were not computed.
        submitted, finished: seconds on the clock of `perf_counter`; ``finished`` is 0 for one that failed.
    """

    tokens: list[int]
    pictures: list[tuple[int, int, str]]
    submitted: float
    finished: float = 0.0
    cached: int = 0
    completion: int = 0

    def keys(self) -> list[Hashable]:
        """The prompt's tokens, those of a picture told apart from those of any other."""
        keys: list[Hashable] = list(self.tokens)
        for offset, length, name in self.pictures:
            keys[offset : offset + length] = [(name, i) for i in range(length)]
        return keys


class Watched:
    """Wraps an engine's ``AsyncLLM`` and keeps its requests, in the order of submission.

    Attributes:
        requests: may be emptied at any time.
        in_flight: requests submitted and not finished.
    """

    def __init__(self, engine: VllmEngine) -> None:
        self._engine = engine._engine
        self.requests: list[Request] = []
        self.in_flight = 0
        engine._engine = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def forget(self) -> None:
        """Empty all caches of the engine, on whose event loop this must run."""
        await self._engine.reset_prefix_cache()
        await self._engine.reset_mm_cache()
        await self._engine.reset_encoder_cache()

    async def generate(self, prompt: Any, sampling: Any, number: str) -> AsyncIterator[Any]:
        runs = prompt.get("mm_placeholders", {}).get("image", [])
        names = prompt.get("mm_hashes", {}).get("image", [])
        pictures = [(run.offset, run.length, name) for run, name in zip(runs, names, strict=True)]
        request = Request(prompt["prompt_token_ids"], pictures, perf_counter())
        self.requests.append(request)
        self.in_flight += 1
        try:
            async for output in self._engine.generate(prompt, sampling, number):
                request.cached = output.num_cached_tokens or 0
                request.completion = len(output.outputs[0].token_ids)
                yield output
            request.finished = perf_counter()
        finally:
            self.in_flight -= 1


class UnboundedCache:
    """A prefix cache that never forgets, with the engine's blocks: no cache with these can do better."""

    def __init__(self, block: int) -> None:
        self.block = block
        self._known: set[int] = set()

    def left(self, prompt: Sequence[Hashable]) -> int:
        """Tokens of a prompt that are left to compute; its blocks are known afterwards."""
        blocks, chain = [], 0
        for end in range(self.block, len(prompt) + 1, self.block):
            chain = hash((chain, *prompt[end - self.block : end]))
            blocks.append(chain)
        # the last token is always computed, as the first one of the reply comes from it
        usable = blocks[: (len(prompt) - 1) // self.block]
        held = next((i for i, block in enumerate(usable) if block not in self._known), len(usable))
        self._known.update(blocks)
        return len(prompt) - held * self.block


def shared(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """How many tokens are the same at the beginning of two prompts."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def spread(values: Sequence[float]) -> dict[str, float]:
    """The least, the middle and the largest of some values."""
    points = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 3) for name, value in points.items()}


def load() -> str:
    """The machine's load average over a minute, beside its cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
