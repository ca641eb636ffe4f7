"""Records of a caption run as models would have written them, and their parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mpgi_ray.data.caption import Caption, Stage, Status, to_table
from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.caption_metrics import metrics
from mpgi_ray.data.ledger import figures_of, survey
from mpgi_ray.data.parts import ChunkId, Part

ENGINES = {"big": "vllm", "small": "http", "merger": "vllm"}


def question(
    place: Caption,
    model: str,
    names: Sequence[str],
    answers: Sequence[tuple[str, Status]],
    coverage: float = 0,
) -> list[Caption]:
    """The rows of one question: an answer is its fault's code and what became of it.

    A request takes 100 prompt tokens, 60 of them cached, 20 completion tokens and as many seconds as its
    attempt's number.
    """
    stage = Stage.INTEGRATED if len(names) > 1 else Stage.PERSPECTIVE
    rows = []
    for attempt, (code, status) in enumerate(answers, start=1):
        asked = "integrate" if len(names) > 1 else names[0]
        for at, name in enumerate([asked] if status is Status.RETRIED else names):
            count = 1 if at == 0 else 0
            ok = status is Status.OK
            row = Caption(
                caption_id=f"{place.key} {model} {name} {attempt}",
                sample_id=place.sample_id,
                shard=place.shard,
                index=place.index,
                key=place.key,
                stage=stage.value,
                perspective=name,
                status=status.value,
                reason="" if ok else code,
                detail="" if ok else f"reply {attempt} of {model}: no good",
                text=f"A {name} text by {model}." if ok else "",
                raw=f"Reply {attempt} of {model}.",
                engine=ENGINES[model],
                model=model,
                revision="r1",
                prompt_hash=f"hash of {asked}",
                attempt=attempt,
                finish_reason="stop",
                prompt_tokens=100 * count,
                cached_tokens=60 * count,
                completion_tokens=20 * count,
                seconds=float(attempt * count),
                scores=json.dumps({"coverage": coverage + at / 10}) if ok and len(names) > 1 else "{}",
            )
            rows.append(row)
    return rows


def scene(place: Caption, model: str, *faults: tuple[str, Status], good: bool = True) -> list[Caption]:
    return question(place, model, ["scene"], [*faults, *([("", Status.OK)] if good else [])])


def merged(place: Caption, *faults: tuple[str, Status], coverage: float | None = None) -> list[Caption]:
    answers = [*faults, *([] if coverage is None else [("", Status.OK)])]
    return question(place, "merger", ["short", "long"], answers, coverage or 0)


def sample(number: int) -> Caption:
    return Caption(
        caption_id=f"{number}",
        sample_id=f"sample {number}",
        shard="a",
        index=number,
        key=f"key-{number}",
        stage=Stage.INPUT.value,
    )


def begin(folder: CaptionFolder, stage1: Sequence[Sequence[str]] = (["objects"],), **others: Any) -> None:
    """Write ``run.json`` as a run does that describes images by these perspectives."""
    record = {
        "recipe": {"input": {"shards": folder.storage.url, "fields": {}}},
        "identity": {},
        "stage1": stage1,
        "texts": ["short", "long"],
        "prompts": {},
        "versions": {},
        "shards": {},
    }
    folder.storage.publish_json(RUN, record | others)


def publish(folder: CaptionFolder, chunk: ChunkId, rows: list[Caption], *, pilot: bool = False) -> None:
    """Each record to the part of its stage and model; refused samples stand with the first model."""
    authors = dict.fromkeys(row.model for row in rows if row.stage == Stage.PERSPECTIVE)
    places = {model: place for place, model in enumerate(authors)}
    parts = [
        [row for row in rows if row.stage != Stage.INTEGRATED and places.get(row.model, 0) == place]
        for place in range(len(folder.stage1))
    ]
    parts.append([row for row in rows if row.stage == Stage.INTEGRATED])
    for stage, part in zip((*folder.stage1, folder.stage2), parts, strict=True):
        (stage.pilot if pilot else stage.full).publish(chunk, Part(to_table(part), ""))


def run_metrics(folder: CaptionFolder) -> dict[str, Any]:
    """What ``metrics.json`` holds at the end of a start."""
    return metrics(figures_of(survey(folder).merged()), folder.log())
