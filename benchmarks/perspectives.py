"""What six perspectives of an image cost, beside one.

Stage 1 of the caption job (`Describe`, without Ray) works on two chunks at a time with one vLLM engine. Every
image is asked about by three relay prompts, which begin with its facts, and three free ones. The following is
counted exactly, for every image, from the requests as they reached vLLM:

- pictures processed: misses of the processor cache, which vLLM asks once a prompt;
- prompt tokens computed (``prompt - cached``), beside ``own``: the nodes of the prefix tree of the image's
  prompts from the picture on, which is what a cache without blocks computes once the system text is known
  (what all six share, what the relay prompts share, and six private ends). At most one KV block a prompt may
  come on top of it, in 99 % of the images;
- the same, beside the minimum: what a cache of unbounded size with blocks of the engine's size would leave
  to compute if the prompts of the whole run came one after the other.

Three ways are timed in turn on the one engine, each time on images that it has not seen: one perspective,
six, and six that share nothing (each prompt's picture has an identity of its own and the prefix cache is not
read). The last line is one JSON object with all figures; the rows behind them are written to ``--rows``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import vllm
from tiny import (
    RELAY,
    Request,
    UnboundedCache,
    Watched,
    engine_options,
    engine_settings,
    load,
    read_samples,
    shared,
    spread,
    write_prompts,
    write_shards,
)

from mpgi_ray.caption.chunks import ChunkWork
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.stages import Describe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.parts import split_chunks
from mpgi_ray.data.sample import Sample
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.vllm.engine import VllmEngine

CHUNKS_AT_ONCE = 2
WAYS = ("one", "six", "six unshared")
WARM_UP = 16  # images


class Unshared:
    """The engine, asked so that it can share nothing between the prompts of an image."""

    def __init__(self, engine: Engine) -> None:
        self.kind, self.model, self.revision, self.trusted = engine.kind, engine.model, engine.revision, False
        self.engine = engine

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        sampling = {**prompts[0].sampling, "skip_reading_prefix_cache": True}
        alone = [replace(p, seed=f"{p.seed}-{place}", sampling=sampling) for place, p in enumerate(prompts)]
        return await self.engine.reply(alone)

    def close(self) -> None:
        pass


class Pass(NamedTuple):
    """Samples described in one way: its replies' length, time, pictures processed, and a row an image."""

    way: str
    tokens: int
    seconds: float
    processed: int
    images: list[dict[str, Any]]


class Bench:
    """One engine and some samples, to be described again and again as if they were new."""

    def __init__(self, engine: VllmEngine, values: dict[str, Any], samples: Sequence[Sample]) -> None:
        self.engine, self.watched = engine, Watched(engine)
        self.values, self.samples = values, samples
        self.numbers = count()
        self.unbounded = UnboundedCache(int(self.watched.vllm_config.cache_config.block_size))

    def describe(self, way: str, tokens: int, images: int | None = None) -> Pass:
        """One pass over the samples, or the first of them, with replies of so many tokens."""
        generate = dict(self.values["generate"])
        generate["sampling"] = {"temperature": 0.0, "max_tokens": tokens, "min_tokens": tokens}
        if way == "one":
            generate["perspectives"] = generate["perspectives"][:1]
        recipe = Recipe.model_validate({**self.values, "generate": generate})
        number = next(self.numbers)
        # bytes after a picture's end: decoders stop before them, and every identity is a new one
        new = [replace(s, image=s.image + number.to_bytes(4, "big")) for s in self.samples[:images]]
        chunks = list(split_chunks(f"pass-{number}", new, recipe.chunk_size))
        work = [ChunkWork(place, part, len(chunks), "", pilot=False) for place, part in chunks]
        engine = Unshared(self.engine) if way == "six unshared" else self.engine
        before, started = self._processed(), time.perf_counter()
        asyncio.run(_describe(recipe, engine, work))
        seconds = time.perf_counter() - started
        requests = list(self.watched.requests)
        self.watched.requests.clear()
        if way == "six unshared" and any(request.cached for request in requests):
            raise SystemExit("prompts that must share nothing read the prefix cache")
        if [r.completion for r in requests] != [tokens] * len(new) * len(generate["perspectives"]):
            raise SystemExit(f"expected {tokens} tokens in every reply: some prompts were refused")
        return Pass(way, tokens, seconds, self._processed() - before, self._images(requests))

    def _processed(self) -> int:
        cache = self.watched.renderer.mm_processor_cache.make_stats()
        return int(cache.total - cache.hits)

    def _images(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """One row an image: its prompts, what was computed of them, and what had to be."""
        asked: dict[str, list[tuple[Request, int]]] = defaultdict(list)
        for request in requests:
            asked[request.pictures[0][2]].append((request, self.unbounded.left(request.keys())))
        rows = []
        for name, pairs in asked.items():
            keys = [request.keys() for request, _ in pairs]
            start = pairs[0][0].pictures[0][0]
            rows.append(
                {
                    "image": name,
                    "prompts": [len(prompt) for prompt in keys],
                    "cached": [request.cached for request, _ in pairs],
                    "shared_by_all": min(shared(keys[0], prompt) for prompt in keys),
                    "shared_by_relay": min(shared(keys[0], prompt) for prompt in keys[: len(RELAY)]),
                    "own": sum(map(UnboundedCache(1).left, (prompt[start:] for prompt in keys))),
                    "computed": sum(len(request.tokens) - request.cached for request, _ in pairs),
                    "minimum": sum(least for _, least in pairs),
                }
            )
        return rows


async def _describe(recipe: Recipe, engine: Engine, work: Sequence[ChunkWork]) -> None:
    at_once = recipe.generate[0].engine.images_in_flight
    stage = Describe(recipe, read_templates(recipe), 0, engine, at_once, lambda rows: None)
    slots = asyncio.Semaphore(CHUNKS_AT_ONCE)

    async def one(chunk: ChunkWork) -> None:
        async with slots:
            await stage.chunk(chunk)

    await asyncio.gather(*map(one, work))


def counters(passes: Sequence[Pass], block: int) -> dict[str, Any]:
    """Of all passes with six perspectives that may share."""
    rows = [row for each in passes for row in each.images]
    within = [row["computed"] <= row["own"] + block * len(row["prompts"]) for row in rows]
    names = ("shared_by_all", "shared_by_relay", "own", "computed", "minimum")
    means = {name: statistics.mean(row[name] for row in rows) for name in names}
    prompt = statistics.mean(sum(row["prompts"]) for row in rows)
    return {
        "images_counted": len(rows),
        "processed_an_image": sum(each.processed for each in passes) / len(rows),
        "kv_block": block,
        "prompt_tokens": round(prompt, 1),
        **{name: round(value, 1) for name, value in means.items()},
        "within_bound": round(statistics.mean(within), 4),
        "computed_over_minimum": round(means["computed"] / means["minimum"], 4),
        "computed_over_prompt": round(means["computed"] / prompt, 4),
    }


def times(passes: Sequence[Pass], tokens: int) -> dict[str, dict[str, float]]:
    """Of passes with replies of so many tokens: by way, and six perspectives over another way, in turn."""
    figures = {}
    took = {way: [p.seconds for p in passes if p[:2] == (way, tokens)] for way in WAYS}
    for way in WAYS:
        figures[f"seconds {way}, {tokens}"] = spread(took[way])
    for way in ("one", "six unshared"):
        ratios = [six / other for six, other in zip(took["six"], took[way], strict=True)]
        figures[f"six over {way}, {tokens}"] = spread(ratios)
    return figures


def main() -> None:
    parser = engine_options(__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--timed", type=int, default=64, help="images of each timed pass")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 96], help="of a reply")
    parser.add_argument("--images-in-flight", type=int, default=64)
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
            "chunk_size": options.images_in_flight,
            "generate": {
                "engine": settings,
                "perspectives": write_prompts(scratch / "prompts"),
                "attempts": [{}],  # texts of random weights pass no check, and are not asked for again
            },
        }
        config = Recipe.model_validate(values).generate[0].engine
        engine = VllmEngine(config, multimodal=True)
        bench = Bench(engine, values, list(islice(read_samples(shards), options.images)))
        passes = [bench.describe("six", 1)]  # counts all images; it and three short ones warm up
        file.write(json.dumps({"repeat": -1, "load": load(), **passes[0]._asdict()}) + "\n")
        for way in WAYS:
            bench.describe(way, 1, WARM_UP)
        print(" repeat tokens          way        s processed                 load", flush=True)
        for repeat in range(options.repeats):
            for tokens in options.tokens:
                for way in WAYS[repeat % 3 :] + WAYS[: repeat % 3]:
                    made = bench.describe(way, tokens, options.timed)
                    passes.append(made)
                    file.write(json.dumps({"repeat": repeat, "load": load(), **made._asdict()}) + "\n")
                    line = f"{repeat:>7} {tokens:>6} {way:>12} {made.seconds:>8.2f} {made.processed:>9}"
                    print(f"{line} {load():>20}", flush=True)
        engine.close()
    figures = counters([each for each in passes if each.way == "six"], bench.unbounded.block)
    for tokens in options.tokens:
        figures |= times(passes[1:], tokens)
    figures |= {
        "images": len(bench.samples),
        "timed": options.timed,
        "repeats": options.repeats,
        "vllm": vllm.__version__,
    }
    for name, value in figures.items():
        print(f"{name:>26}  {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
