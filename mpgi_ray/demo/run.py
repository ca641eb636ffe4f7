"""The demo: generated scenes through every job, on one machine, in a few minutes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import complete_shards
from mpgi_ray.data.storage import Storage
from mpgi_ray.demo.draw import SHARD, draw, shard_name
from mpgi_ray.demo.reconcile import reconcile, show
from mpgi_ray.demo.writer import MODEL, ImperfectWriter
from mpgi_ray.errors import OutputError, UnfinishedError
from mpgi_ray.evaluate.config import EvaluateConfig
from mpgi_ray.evaluate.job import METRICS, evaluate
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.report import write_report
from mpgi_ray.report.evaluation import print_evaluation
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.trainer import train

# several texts of each picture in a step teach more, in the same time, than more pictures with one; half of
# them as one sentence, so that each fact is learned for itself; places are learned last, so what tells them
# comes more often, and so does what tells classes and numbers
_CLIP: dict[str, Any] = {
    "epochs": 20,
    "batch": 64,
    "context": 48,
    "texts_per_step": 3,
    "single_sentences": 0.5,
    "texts": {"layout": 2.5, "objects": 2.0},
    "lr": 2e-3,
}
# of all texts, those about places differ most between pictures of a class, and are worded most alike
_COCA: dict[str, Any] = {
    "model": "small-coca",
    "epochs": 12,
    "batch": 32,
    "context": 112,
    "texts": {"*": 0.0, "layout": 1.0},
    "lr": 1.2e-3,
}
_LOG = "writer.jsonl"
_REJECTS = 0.2  # of the scenes; with the faults planted by default some 6 % have a text that no retry mended
_ALARMS = 0.01  # of the answers without a fault; what is held against the facts is read, and reading errs


def run_demo(folder: Path, count: int, seed: int, *, imperfect: bool = False, coca: bool = False) -> str:
    """Take ``count`` scenes through every job below ``folder``; what is done already is not done again.

    The scenes lie in ``folder/shards``, what is made of them in a folder for each writer.

    Args:
        imperfect: captions come from a chat server that makes mistakes at known rates.
        coca: train a small model that writes captions, in place of the small CLIP.

    Returns:
        The path of the report.

    Raises:
        OutputError: the folder holds other scenes, or captions of the imperfect writer that were interrupted.
        UnfinishedError: what the imperfect writer planted is not what was found.
    """
    folder = folder.absolute()  # workers run in folders of their own
    mine = folder / ("imperfect" if imperfect else "template")
    kind = "coca" if coca else "clip"
    shards = folder / "shards"
    captions, final, model = mine / "captions", mine / "final", mine / kind
    metrics, report = mine / f"{kind}-metrics", mine / "report.html"
    written = imperfect and _written(captions, mine / _LOG, count)
    with ray_session(cpus_held=2):
        with _step(f"scenes: {count} drawn and annotated", shards):
            draw(Storage(str(shards)), count, seed, fan_out)
        with _step("captions: six texts for every scene", captions):
            if imperfect:
                if not written:
                    _caption_imperfectly(mine / _LOG, shards, captions, seed)
                _reconcile(captions, mine / _LOG)
            else:
                caption(load_recipe("template", {"input.shards": str(shards), "output": str(captions)}, []))
        with _step("final shards: a global random order", final):
            curate(Curation(captions=str(captions), output=str(final), shard_size=SHARD))
        with _step(f"training: a small {'CoCa' if coca else 'CLIP'} on the train split", model):
            settings = _COCA if coca else _CLIP
            batch = min(settings["batch"], count // 2)  # of the scenes 80 % are to train on
            where = {"shards": str(final), "output": str(model), "split": "train", "seed": seed}
            train(TrainConfig.model_validate(where | settings | {"batch": batch}))
        with _step("evaluation on scenes held out", metrics):
            measured = evaluate(
                EvaluateConfig(
                    models=(str(model),),
                    shards=str(final),
                    output=str(metrics),
                    split="test",
                    texts=("layout" if coca else "short",),
                    protocol=Protocol.REPEATED,
                    seed=seed,
                )
            )
        print_evaluation(measured.record(), Console())
        with _step("report", report):
            write_report(
                str(captions),
                str(report),
                curated=str(final),
                metrics=str(metrics / METRICS),
                model=str(model),
            )
    print(f"\nopen the report: {report.resolve().as_uri()}")
    return str(report)


def _caption_imperfectly(log: Path, shards: Path, captions: Path, seed: int) -> None:
    """Captions by the imperfect writer, over HTTP."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with ImperfectWriter(log, seed) as server:
        where = {"input.shards": str(shards), "output": str(captions)}
        where |= {"generate.engine.url": server.url, "generate.engine.model": MODEL}
        caption(load_recipe("endpoint", where, [f"max_reject_rate={_REJECTS}"]))


def _reconcile(captions: Path, log: Path) -> None:
    """What was planted against what was found, as a table."""
    result = reconcile(CaptionFolder(str(captions)), log)
    Console().print(show(result))
    if result.coverage:
        mean = sum(result.coverage) / len(result.coverage)
        print(f"  long texts keep {mean:.1%} of their sources' words, at least {min(result.coverage):.1%}")
    if result.unmatched or result.unlike or result.alarms > _ALARMS * result.planted[""]:
        raise UnfinishedError(f"planted and found differ: see {log} and the table above")


def _written(captions: Path, log: Path, count: int) -> bool:
    """Whether the imperfect writer's captions are all there.

    After an interruption, earlier answers cannot be told from those that it would give now: its log must come
    from a single run.

    Raises:
        OutputError: some of them are there.
    """
    made = CaptionFolder(str(captions))
    published = made.integrated.done()
    whole = {shard_name(start) for start in range(0, count, SHARD)} <= complete_shards(published)
    if whole and log.exists():
        return True
    if published or made.described():
        raise OutputError(
            f"{captions} holds captions of an interrupted run, whose log cannot be continued: "
            f"give another --out, or delete {captions.parent}"
        )
    return False


@contextmanager
def _step(title: str, where: Path) -> Iterator[None]:
    print(f"{title} → {where}", flush=True)
    started = time.monotonic()
    yield
    print(f"  {time.monotonic() - started:.0f} s", flush=True)
