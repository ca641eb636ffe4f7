"""What six perspectives of an image cost, beside one.

Stage 1 of the caption job (`Describe`, without Ray) works on chunks, two at a time, with one vLLM engine. Six
prompts are asked about every image: three relay prompts, which begin with the facts of the image, and three
free ones. Counted exactly, for every image, from the requests as they reached vLLM:

- pictures processed: misses of the processor cache, which vLLM asks once a prompt;
- prompt tokens computed (``prompt - cached``), beside ``distinct``, the number of nodes in the prefix tree of the
  image's prompts: what a cache without blocks would compute. A picture's tokens are its own. At most one KV
  block a prompt may come on top of it;
- the same, beside the minimum: what a cache of unbounded size with blocks of the engine's size would leave
  to compute if the prompts of the whole run came one after the other.

Timed are three ways in turn on the one engine, each time on images that it has not seen: one perspective,
six, and six that share nothing (each prompt's picture has an identity of its own and the prefix cache is not
read). The last line is one JSON object with all figures; the rows behind them are written to ``--rows``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import vllm
from tiny import Request, Watched, engine_options, engine_settings, load, read_samples, write_shards

from mpgi_ray.data.parts import split_chunks
from mpgi_ray.data.sample import Sample
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.vllm import VllmEngine
from mpgi_ray.reading import ChunkWork
from mpgi_ray.recipe import Recipe
from mpgi_ray.work import Describe

CHUNKS_AT_ONCE = 2
WAYS = ("one", "six", "six unshared")
RELAY = {
    "numbers": "Say which kinds of things are in the image and how many of each, the most prominent first. "
    "Take the numbers from the facts alone. Do not describe where things lie. Write one to four sentences.",
    "places": "Say where things lie: in the centre or near the edges, in which part of the image, and what lies "
    "beside what. Use positions in the image only, never compass directions. Write two to five sentences.",
    "groups": "Say which things stand close together and which stand alone, and how large they are in the picture. "
    "Take the things from the facts. Write one to three sentences.",
}
FREE = {
    "surface": "Say what kind of land cover or built-up structure the image shows and how the parts go together: "
    "dense or sparse, regular or irregular, open or enclosed. Do not count. Write two to four sentences.",
    "look": "Describe how the visible things look: their colours, shapes, relative sizes, textures and patterns, "
    "light and shadow. Do not count things and give no sizes in metres. Write two to four sentences.",
    "lines": "Follow the roads, shores, rivers and borders that are plain to see: where they enter the image, how "
    "they run and where they leave it. If there are none, say so. Write one to three sentences.",
}


class Unshared:
    """The engine, asked so that it can share nothing between the prompts of an image."""

    def __init__(self, engine: Engine) -> None:
        self.kind, self.model, self.revision, self.trusted = engine.kind, engine.model, engine.revision, False
        self.engine = engine

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        return await self.engine.reply(
            [
                replace(
                    prompt,
                    seed=f"{prompt.seed}-{number}",
                    sampling={**prompt.sampling, "skip_reading_prefix_cache": True},
                )
                for number, prompt in enumerate(prompts)
            ]
        )

    def close(self) -> None:
        pass


def write_prompts(folder: Path) -> list[str]:
    """Six prompt files, relay prompts first; their paths."""
    folder.mkdir()
    for kind, texts in (("relay", RELAY), ("free", FREE)):
        for name, text in texts.items():
            (folder / f"{name}.j2").write_text(f"---\nkind: {kind}\nwords: [5, 120]\n---\n{text}\n")
    return [str(folder / f"{name}.j2") for name in (*RELAY, *FREE)]


class Bench:
    """One engine and some samples, to be described again and again as if they were new."""

    def __init__(self, engine: VllmEngine, values: dict[str, Any], samples: Sequence[Sample]) -> None:
        self.engine, self.watched = engine, Watched(engine)
        self.values, self.samples = values, samples
        self.numbers = count()
        self.known: set[int] = set()  # KV blocks that a cache of unbounded size would hold by now

    def describe(self, way: str, tokens: int) -> tuple[float, list[Request], int]:
        """Seconds, requests and pictures processed of one pass over all samples.

        Args:
            tokens: of every reply.
        """
        generate = dict(self.values["generate"])
        generate["sampling"] = {"temperature": 0.0, "max_tokens": tokens, "min_tokens": tokens}
        if way == "one":
            generate["perspectives"] = generate["perspectives"][:1]
        recipe = Recipe.model_validate({**self.values, "generate": generate})
        number = next(self.numbers)
        # bytes after a picture's end: decoders stop before them, and every identity is a new one
        new = [replace(s, image=s.image + number.to_bytes(4, "big")) for s in self.samples]
        chunks = list(split_chunks(f"pass-{number}", new, recipe.chunk_size))
        work = [ChunkWork(place, part, len(chunks), "", pilot=False) for place, part in chunks]
        engine = Unshared(self.engine) if way == "six unshared" else self.engine
        before = self._processed()
        started = time.perf_counter()
        asyncio.run(_describe(recipe, engine, work))
        seconds = time.perf_counter() - started
        requests = list(self.watched.requests)
        self.watched.requests.clear()
        expected = len(new) * len(generate["perspectives"])
        if len(requests) != expected or any(r.completion != tokens for r in requests):
            raise SystemExit(f"expected {expected} replies of {tokens} tokens: some prompts were refused")
        return seconds, requests, self._processed() - before

    def _processed(self) -> int:
        cache = self.watched.renderer.mm_processor_cache.make_stats()
        return int(cache.total - cache.hits)

    def minima(self, requests: Sequence[Request], block: int) -> list[int]:
        """Tokens that the unbounded cache would leave to compute, for each request, after all before it."""
        least = []
        for request in requests:
            keys = request.keys()
            blocks, chain = [], 0
            for end in range(block, len(keys) + 1, block):
                chain = hash((chain, *keys[end - block : end]))
                blocks.append(chain)
            # the last token is always computed, as the first one of the reply comes from it
            usable = blocks[: (len(keys) - 1) // block]
            held = next((i for i, name in enumerate(usable) if name not in self.known), len(usable))
            least.append(len(keys) - held * block)
            self.known.update(blocks)
        return least


async def _describe(recipe: Recipe, engine: Engine, work: Sequence[ChunkWork]) -> None:
    stage = Describe(recipe, 0, engine, recipe.generate[0].engine.images_in_flight, lambda rows: None)
    slots = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def one(chunk: ChunkWork) -> None:
        async with slots:
            await stage.chunk(chunk)

    await asyncio.gather(*map(one, work))


def distinct(prompts: Sequence[Sequence[Hashable]]) -> int:
    """The number of nodes in the prefix tree of some prompts."""
    nodes = 0
    for number, prompt in enumerate(prompts):
        nodes += len(prompt) - max((_shared(prompt, other) for other in prompts[:number]), default=0)
    return nodes


def _shared(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def counted(bench: Bench, requests: Sequence[Request], processed: int, block: int) -> list[dict[str, Any]]:
    """One row an image: its six prompts, what was computed of them, and what had to be."""
    images: dict[str, list[tuple[Request, int]]] = defaultdict(list)
    for request, least in zip(requests, bench.minima(requests, block), strict=True):
        images[request.pictures[0][2]].append((request, least))
    rows = []
    for name, asked in images.items():
        prompts = [request.keys() for request, _ in asked]
        computed = sum(len(request.tokens) - request.cached for request, _ in asked)
        rows.append(
            {
                "image": name,
                "prompts": [len(prompt) for prompt in prompts],
                "cached": [request.cached for request, _ in asked],
                "shared_by_all": min(_shared(prompts[0], prompt) for prompt in prompts),
                "distinct": distinct(prompts),
                "computed": computed,
                "minimum": sum(least for _, least in asked),
            }
        )
    return rows


def spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def judged(rows: Sequence[dict[str, Any]], processed: int, block: int) -> dict[str, Any]:
    """The counters of all passes with six perspectives that may share."""
    within = sum(row["computed"] <= row["distinct"] + block * len(row["prompts"]) for row in rows)
    total = {name: sum(row[name] for row in rows) for name in ("distinct", "computed", "minimum")}
    prompt = sum(sum(row["prompts"]) for row in rows)
    return {
        "images_counted": len(rows),
        "processed_an_image": round(processed / len(rows), 4),
        "kv_block": block,
        "prompt_tokens_an_image": round(prompt / len(rows), 1),
        "shared_by_all": round(statistics.mean(row["shared_by_all"] for row in rows), 1),
        **{f"{name}_an_image": round(value / len(rows), 1) for name, value in total.items()},
        "within_bound": round(within / len(rows), 4),
        "computed_over_minimum": round(total["computed"] / total["minimum"], 4),
        "computed_over_prompt": round(total["computed"] / prompt, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    engine_options(parser)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 96], help="of a reply")
    parser.add_argument("--images-in-flight", type=int, default=64)
    parser.add_argument("--chunk-size", type=int, default=64)
    parser.add_argument("--rows", type=Path, default=Path("build/perspectives.jsonl"))
    options = parser.parse_args()
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name, options.rows.open("w") as file:
        scratch = Path(name)
        shards = options.input or str(scratch / "shards")
        if options.input is None:
            write_shards(scratch / "shards", options.images)
        settings = engine_settings(options, scratch) | {"images_in_flight": options.images_in_flight}
        values = {
            "input": {"shards": shards},
            "output": str(scratch / "captions"),
            "chunk_size": options.chunk_size,
            "generate": {
                "engine": settings,
                "perspectives": write_prompts(scratch / "prompts"),
                "attempts": [{}],  # texts of random weights pass no check, and are not asked for again
            },
        }
        config = Recipe.model_validate(values).generate[0].engine
        engine = VllmEngine(config, multimodal=True)
        bench = Bench(engine, values, read_samples(shards, options.images))
        block = bench.watched.vllm_config.cache_config.block_size
        rows: list[dict[str, Any]] = []
        processed = 0
        seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
        print(
            f"{'repeat':>6} {'tokens':>6} {'way':>12} {'s':>8} {'processed':>9} {'computed':>9} {'load':>6}"
        )
        for repeat in range(options.repeats + 1):  # the first one warms up; it is counted, not timed
            for tokens in options.tokens:
                for way in WAYS[repeat % 3 :] + WAYS[: repeat % 3]:
                    took, requests, seen = bench.describe(way, tokens)
                    computed = sum(len(request.tokens) - request.cached for request in requests)
                    made = counted(bench, requests, seen, block)
                    if way == "six":
                        rows += made
                        processed += seen
                    if way == "six unshared" and any(request.cached for request in requests):
                        raise SystemExit("prompts that must share nothing read the prefix cache")
                    if repeat:
                        seconds[way, tokens].append(took)
                    row = {
                        "repeat": repeat,
                        "tokens": tokens,
                        "way": way,
                        "seconds": took,
                        "processed": seen,
                        "computed": computed,
                        "load": load(),
                    }
                    file.write(
                        json.dumps(row | {"images": made if way == "six" else []}, separators=(",", ":"))
                        + "\n"
                    )
                    print(
                        f"{repeat:>6} {tokens:>6} {way:>12} {took:>8.2f} {seen:>9} {computed:>9} {load():>6}",
                        flush=True,
                    )
        engine.close()
    figures = judged(rows, processed, block) | {"vllm": vllm.__version__, "repeats": options.repeats}
    for tokens in options.tokens:
        one, six, unshared = (seconds[way, tokens] for way in WAYS)
        figures[f"seconds_{tokens}"] = {way: spread(seconds[way, tokens]) for way in WAYS}
        figures[f"six_over_one_{tokens}"] = spread([a / b for a, b in zip(six, one, strict=True)])
        figures[f"six_over_unshared_{tokens}"] = spread([a / b for a, b in zip(six, unshared, strict=True)])
    for name, value in figures.items():
        print(f"{name:>26}  {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
