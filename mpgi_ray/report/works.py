"""What a job has published of its work, by a listing of its folder and a few small files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mpgi_ray.data.answers import ANSWERS
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.index import INDEX
from mpgi_ray.data.instructions import INSTRUCTIONS
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.release import RELEASE
from mpgi_ray.data.searches import HASHES
from mpgi_ray.data.storage import Storage
from mpgi_ray.models.model_folder import LAST, LOG, RUN, read_log
from mpgi_ray.report.activity import Work, work
from mpgi_ray.report.kinds import Kind

Times = Mapping[str, float]  # of the last change, by name
PILOT = "pieces of a pilot"
_SUMMARY = "summary.json"
_STEPS = 50  # the newest ones, which tell the rate of a training


def works_of(kind: Kind, storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    """The pieces of a job's work; empty for a job that has none.

    Args:
        total: how many pieces there are in all, if the job that runs, or ran, said so in its lease.
    """
    return _WORKS[kind](storage, times, total)


def is_finished(kind: Kind, storage: Storage, times: Times, works: Sequence[Work]) -> bool:
    """Whether what the job writes last is there."""
    match kind:
        case Kind.CAPTIONS:
            done = works[-1]
            return done.total is not None and not done.estimated and done.left == 0
        case Kind.TRAINING:
            return _is_trained(times)
        case Kind.SHARDS:
            return INDEX in times
        case Kind.BENCHMARK:
            return INSTRUCTIONS in times
        case _:
            return _SUMMARY in times


def _captions(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    folder = CaptionFolder(storage.url)
    record = folder.run_record()
    stages = [(f"chunks described by {_model(record, n)}", one) for n, one in enumerate(folder.stage1)]
    stages.append(("chunks done", folder.stage2))
    found = [(what, _parts(storage, stage.full.storage, times)) for what, stage in stages]
    known = {chunk.shard: chunk.total for _, parts in found for chunk in parts}
    shards = set(record["shards"]) | set(known)
    unknown = len(shards) - len(known)
    chunks = None
    if known:  # shards that are not begun are taken to be as long as those that are
        chunks = sum(known.values()) + round(unknown * sum(known.values()) / len(known))
    works = [work(what, [*parts.values()], chunks, estimated=unknown > 0) for what, parts in found]
    pieces = [time for name, time in times.items() if name.startswith("pilot/integrated/")]
    return (*([work(PILOT, pieces)] if pieces else []), *works)


def _model(record: Mapping[str, Any], place: int) -> str:
    blocks = record["recipe"].get("generate", ())
    engine = blocks[place].get("engine", {}) if place < len(blocks) else {}
    return str(engine.get("model") or engine.get("kind") or f"model {place + 1}")


def _parts(root: Storage, folder: Storage, times: Times) -> dict[ChunkId, float]:
    place = f"{folder.url.removeprefix(root.url).lstrip('/')}/"
    inside = {name.removeprefix(place): time for name, time in times.items() if name.startswith(place)}
    return {ChunkId.parse(name): time for name, time in inside.items() if name.endswith(".parquet")}


def _ingest(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    shards = [time for name, time in times.items() if name.endswith(".tar")]
    return (work("shards written", shards, len(shards) if INDEX in times else None),)


def _curation(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    if _SUMMARY in times:  # what was kept of the source shards is gone
        return _ingest(storage, times, total)
    ends = (".split.json", ".tar")
    pieces = [time for name, time in times.items() if name.endswith(ends)]
    return (work("source shards joined and final shards written", pieces, total),)


def _scores(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    tables = [time for name, time in times.items() if name.startswith("scores/")]
    return (work("shards scored", tables, len(tables) if _SUMMARY in times else total),)


def _hashes(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    hashed = [time for name, time in times.items() if name.startswith(f"{HASHES}/")]
    record = next(name for name in map(record_of, ("duplicates", "leaks")) if storage.exists(name))
    told = storage.read_json(record)
    # each side of a search says there "12 shards: " and a hash
    sides = (re.match(r"(\d+) shards: ", side) for side in told.values() if isinstance(side, str))
    return (work("shards hashed", hashed, sum(int(side[1]) for side in sides if side)),)


def _steps(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    recipe = storage.read_json(RUN).get("recipe", {})
    log = read_log(storage.url) if LOG in times else []
    done, batch = log[-1]["step"] if log else 0, recipe.get("batch")
    speeds = [step["samples_per_second"] for step in log[-_STEPS:] if step.get("samples_per_second")]
    per_second = len(speeds) / sum(batch / speed for speed in speeds) if speeds and batch else None
    if _is_trained(times):
        total = done
    return (Work("steps learned", done, recipe.get("steps") or total, per_second=per_second),)


def _is_trained(times: Times) -> bool:
    return any(name in times for name in LAST)


def _tables(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    parts = [time for name, time in times.items() if name.startswith("data/")]
    identity = storage.read_json(RELEASE).get("identity", {})
    return (work("final shards published", parts, identity.get("made", {}).get("shards")),)


def _instructions(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    record = record_of("instruct")
    told = storage.read_json(record) if record in times else {}  # another program left none
    shards = len(told["shards"]) if "shards" in told else None
    asked = [time for name, time in times.items() if name.startswith("parts/")]
    works = [work("shards asked about", asked, shards)]
    if told.get("engine"):
        worded = [time for name, time in times.items() if name.startswith("reworded/")]
        works.append(work("shards worded by the model", worded))
    return tuple(works)


def _benchmark(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    pictures = [time for name, time in times.items() if name.startswith("pictures/")]
    return (work("pictures written", pictures),) if pictures else ()


def _answers(storage: Storage, times: Times, total: int | None) -> tuple[Work, ...]:
    parts = [time for name, time in times.items() if name.startswith(f"{ANSWERS}/")]
    return (work("parts answered", parts, len(parts) if _SUMMARY in times else total),)


_WORKS: Mapping[Kind, Callable[[Storage, Times, int | None], tuple[Work, ...]]] = {
    Kind.CAPTIONS: _captions,
    Kind.SHARDS: _ingest,
    Kind.FINAL: _curation,
    Kind.SCORES: _scores,
    Kind.DUPLICATES: _hashes,
    Kind.LEAKS: _hashes,
    Kind.TRAINING: _steps,
    Kind.RELEASE: _tables,
    Kind.INSTRUCTIONS: _instructions,
    Kind.BENCHMARK: _benchmark,
    Kind.ANSWERS: _answers,
}
CAN_TELL = frozenset(_WORKS)
