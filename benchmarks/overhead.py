"""How much of a bare vLLM engine's speed the caption job keeps.

The whole job runs, on Ray: shards are read, stage 1 and stage 2 are asked of the one replica's engine
(``integrate.engine.kind: same``, or ``template`` for stage 1 alone), records are published. Before its first
chunk the replica asks its own engine, without the job, exactly the same prompts: pictures decoded,
prompts rendered, the same sampling, at most as many images at once. Then vLLM's caches are emptied. So every
start of the engine gives one pair, bare and job, from the same process and the same minutes.

Every reply has a fixed number of tokens, and what the job reads in its place is a fixed text that passes all
checks: random weights write no English, and so both sides make the same requests. On both sides the clock
runs from the first request's submission to the last one's end; starts of Ray and of the engine are left out.

``idle`` is the share of the time, from the first finished request to the submission of the last image's, in
which vLLM has fewer than ``max_num_seqs`` requests, from the times of all submissions and ends. The last line
is one JSON object with all figures; the requests behind them are written to ``--rows``.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import vllm
from tiny import Request, Watched, engine_options, engine_settings, load, read_samples, write_shards

from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.caption import Caption, Stage
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.engines.template.settings import TemplateSettings
from mpgi_ray.engines.vllm.engine import VllmEngine
from mpgi_ray.engines.vllm.settings import VllmSettings

TEXTS = {
    "objects": "Several ships and a few airplanes are visible beside some vehicles.",
    "layout": "The ships lie near the left edge and the airplanes stand in the upper right part.",
    "scene": "Dense built-up blocks with paved surfaces cover most of the picture in a regular pattern.",
    "attributes": "The surfaces are mostly grey and brown with long dark roofs and a coarse texture.",
}
MERGED = json.dumps({"short": " ".join(list(TEXTS.values())[:2]), "long": " ".join(TEXTS.values())})


class Measured:
    """An engine whose requests are watched, and whose replies are read as fixed texts."""

    kind = "vllm"
    trusted = False

    def __init__(self, engine: VllmEngine, file: Path) -> None:
        self.model, self.revision = engine.model, engine.revision
        self.engine, self.watched, self.file = engine, Watched(engine), file

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if prompts[0].name not in (*TEXTS, "integrate"):  # the replica's own check of a picture
            replies = await self.engine.reply(prompts)
            self.watched.requests.clear()
            return replies
        # a reply that follows a schema ends when its JSON does
        replies = await self.engine.reply([replace(prompt, schema=None) for prompt in prompts])
        if not self.watched.in_flight:  # at the end of a run, and perhaps before
            self.file.write_bytes(pickle.dumps(self.watched.requests))
        texts = [TEXTS.get(prompt.name, MERGED) for prompt in prompts]
        return [
            reply if reply.fault else replace(reply, text=text, finish_reason="stop")
            for reply, text in zip(replies, texts, strict=True)
        ]

    def close(self) -> None:
        self.engine.close()


@dataclass(frozen=True)
class Start:
    """Starts an engine in the replica, and measures it before the job uses it."""

    recipe: Recipe
    bare: Path
    job: Path

    def __call__(self, config: TemplateSettings | VllmSettings) -> Engine:
        if isinstance(config, TemplateSettings):
            return TemplateEngine()
        engine = Measured(VllmEngine(config, multimodal=True), self.bare)
        shards = self.recipe.input.shards
        assert isinstance(shards, str)
        samples = list(read_samples(shards))
        same = self.recipe.merger is None
        asyncio.run(self._bare(engine, samples[: config.images_in_flight], config, same))  # warms up
        engine.watched.requests.clear()
        asyncio.run(self._bare(engine, samples, config, same))
        engine.watched.requests.clear()
        engine.file = self.job
        return engine

    async def _bare(
        self, engine: Measured, samples: Sequence[Sample], config: VllmSettings, same: bool
    ) -> None:
        asked = [self._prompts(engine, sample) for sample in samples]
        slots = [asyncio.Semaphore(config.images_in_flight) for _ in range(2)]  # as each stage of the job has

        async def ask(prompts: Sequence[Prompt], stage: int) -> None:
            async with slots[stage]:
                await engine.reply(prompts)

        calls = [ask(first, 0) for first, _ in asked]
        calls += [ask([second], 1) for _, second in asked] if same else []
        await asyncio.gather(*calls)
        forgotten = asyncio.run_coroutine_threadsafe(engine.watched.forget(), engine.engine._loop)
        await asyncio.wrap_future(forgotten)

    def _prompts(self, engine: Engine, sample: Sample) -> tuple[list[Prompt], Prompt]:
        """What the job asks about a sample: in stage 1, and in stage 2."""
        limits = self.recipe.facts
        picture = decode(sample.image)
        facts = facts_of(sample.annotation, picture, limits)
        templates = read_templates(self.recipe)
        stage1 = Perspectives(engine, self.recipe.generate[0], limits, templates.stage1[0])
        usable = [
            Caption(
                caption_id="",
                sample_id=sample.sample_id,
                shard="",
                index=sample.index,
                key=sample.key,
                stage=Stage.PERSPECTIVE.value,
                perspective=name,
                text=text,
            )
            for name, text in TEXTS.items()
        ]
        stage2 = Integration(engine, self.recipe.integrate, limits, templates.stage2)
        return (
            stage1.prompts(sample, picture, facts),
            stage2.prompt(sample.sample_id, usable, facts),
        )


def measured(requests: Sequence[Request], seqs: int) -> dict[str, float]:
    """Completion tokens a second, and the share of the time with too few requests in flight."""
    if any(not request.finished for request in requests):
        raise SystemExit("some requests failed: the figures would mean nothing")
    first = min(request.submitted for request in requests)
    last = max(request.finished for request in requests)
    opened = min(request.finished for request in requests)
    closed = max(request.submitted for request in requests if request.pictures)
    changes = sorted(
        [(request.submitted, 1) for request in requests] + [(request.finished, -1) for request in requests]
    )
    idle, mean, flying = 0.0, 0.0, 0
    for (at, change), (until, _) in pairwise(changes):
        flying += change
        span = max(0.0, min(until, closed) - max(at, opened))
        idle += span * (flying < seqs)
        mean += span * flying
    tokens = sum(request.completion for request in requests)
    return {
        "requests": len(requests),
        "completion_tokens": tokens,
        "prompt_tokens": sum(len(request.tokens) for request in requests),
        "cached_tokens": sum(request.cached for request in requests),
        "seconds": last - first,
        "tokens_per_second": tokens / (last - first),
        "idle": idle / (closed - opened),
        "mean_in_flight": mean / (closed - opened),
    }


def main() -> None:
    parser = engine_options(__doc__)
    parser.add_argument("--images", type=int, default=128, help="of generated shards")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96, help="of a reply")
    parser.add_argument("--max-num-seqs", type=int, default=32)
    parser.add_argument("--images-in-flight", type=int, default=16)
    parser.add_argument("--chunk-size", type=int, default=32)
    parser.add_argument("--integrate", choices=["same", "template"], default="same")
    parser.add_argument("--rows", type=Path, default=Path("build/overhead.jsonl"))
    options = parser.parse_args()
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    options.engine_args = {"max_num_seqs": options.max_num_seqs, **options.engine_args}
    pairs = []
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name, options.rows.open("w") as file:
        scratch = Path(name)
        shards = options.input or str(scratch / "shards")
        if options.input is None:
            write_shards(scratch / "shards", options.images)
        settings = engine_settings(options, scratch) | {"images_in_flight": options.images_in_flight}
        sampling = {"temperature": 0.0, "max_tokens": options.tokens, "min_tokens": options.tokens}
        stage = {"sampling": sampling, "attempts": [{}]}
        print(f"{'repeat':>6} {'bare tok/s':>10} {'job tok/s':>10} {'ratio':>6} {'idle':>6} {'load':>20}")
        for repeat in range(options.repeats):
            recipe = Recipe.model_validate(
                {
                    "input": {"shards": shards},
                    "output": str(scratch / f"captions-{repeat}"),
                    "chunk_size": options.chunk_size,
                    "generate": {"engine": settings, **stage},
                    "integrate": {"engine": {"kind": options.integrate}, **stage},
                }
            )
            files = {side: scratch / f"{side}-{repeat}" for side in ("bare", "job")}
            caption(recipe, connect=Start(recipe, **files))
            requests = {side: pickle.loads(path.read_bytes()) for side, path in files.items()}
            pair = {side: measured(made, options.max_num_seqs) for side, made in requests.items()}
            bare, job = pair["bare"], pair["job"]
            if any(bare[name] != job[name] for name in ("requests", "completion_tokens", "prompt_tokens")):
                raise SystemExit(f"the sides did not make the same requests: {pair}")
            pairs.append(pair)
            row = {"repeat": repeat, "load": load(), **pair}
            times = {
                side: [[r.submitted, r.finished, len(r.tokens), r.cached] for r in made]
                for side, made in requests.items()
            }
            file.write(json.dumps(row | {"requests": times}, separators=(",", ":")) + "\n")
            ratio = job["tokens_per_second"] / bare["tokens_per_second"]
            print(
                f"{repeat:>6} {bare['tokens_per_second']:>10.0f} {job['tokens_per_second']:>10.0f} "
                f"{ratio:>6.3f} {job['idle']:>6.3f} {load():>20}",
                flush=True,
            )
    ratios = [pair["job"]["tokens_per_second"] / pair["bare"]["tokens_per_second"] for pair in pairs]
    figures = {
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "idle": statistics.median(pair["job"]["idle"] for pair in pairs),
        "bare_idle": statistics.median(pair["bare"]["idle"] for pair in pairs),
        "max_num_seqs": options.max_num_seqs,
        "images_in_flight": options.images_in_flight,
        "chunk_size": options.chunk_size,
        "integrate": options.integrate,
        "vllm": vllm.__version__,
        "pairs": pairs,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
