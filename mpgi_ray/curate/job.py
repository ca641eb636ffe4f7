"""The curation job: plan, two rounds of tasks, and the files that describe the result.

Memory holds one source shard or one final shard a task. What is done is skipped when the job runs again;
the summary is written last: with it, and with all it speaks of, the job is done.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from mpgi_ray.curate.tasks import WORK, Job, Source, final_name, merge, split
from mpgi_ray.data.caption import Status
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId, complete_shards
from mpgi_ray.data.shard_list import INDEX, find_shards
from mpgi_ray.data.shards import ShardFields, encode_json
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.fan_out import fan_out

SUMMARY = "summary.json"
_PLAN = "curate.json"
_CSV = "captions.csv"


@dataclass(frozen=True, slots=True)
class Curation:
    """What to curate.

    Attributes:
        captions: a caption run's folder.
        shards: the source shards, if they moved since they were captioned.
        shard_size: about how many samples a final shard holds.
        partial: take what is captioned so far; the rest is dropped as ``not_captioned``.
    """

    captions: str
    output: str
    shards: str | None = None
    shard_size: int = 1000
    seed: int = 0
    partial: bool = False


def curate(config: Curation) -> dict[str, Any]:
    """Publish final shards, ``index.parquet``, ``captions.csv`` and ``summary.json``.

    Returns:
        The summary: ``samples_in`` = ``kept`` + the sum of ``dropped``; ``texts``, ``shards``, ``seed``.
        ``nothing_to_do`` is set when all was there already.

    Raises:
        InputError: captions or shards are missing, unfinished, or do not belong together.
        OutputError: the output holds another curation, or cannot be written.
    """
    config = replace(config, captions=absolute(config.captions), output=absolute(config.output))
    output = Storage(config.output)
    folder = CaptionFolder(config.captions)
    manifest = folder.manifest()
    chunks = folder.chunks() if config.partial else sorted(folder.integrated.done())
    if not config.partial:
        _require_complete(manifest, chunks)
    survey = _survey(folder, chunks, manifest["texts"][0])
    _continue_or_refuse(output, config, manifest, survey)
    if done := _finished(output):
        return done | {"nothing_to_do": True}
    job = _job(config, manifest, survey)
    with ray_session(cpus_held=0):
        splits = fan_out(split, [(job, source) for source in _sources(config, manifest, chunks)])
        slices: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        for result in sorted(splits, key=lambda row: str(row["shard"])):
            for bucket, start, end in result["ranges"]:
                slices[bucket].append((result["shard"], start, end))
        merges = fan_out(merge, [(job, bucket, slices[bucket]) for bucket in range(job.buckets)])
    return _finish(output, job, splits, sorted(merges, key=lambda row: str(row["shard"])))


def _require_complete(manifest: dict[str, Any], chunks: Sequence[ChunkId]) -> None:
    undone = sorted(set(manifest["shards"]) - complete_shards(chunks))
    if undone:
        raise InputError(
            f"{len(undone)} of {len(manifest['shards'])} shards are not fully captioned "
            f"({', '.join(undone[:3])}): finish `mpgi caption`, or take what is there with --partial"
        )


def _continue_or_refuse(output: Storage, config: Curation, manifest: dict[str, Any], survey: _Survey) -> None:
    plan = {
        "captions": survey.digest,
        "seed": config.seed,
        "shard_size": config.shard_size,
        "partial": config.partial,
    } | {f"recipe.{key}": value for key, value in manifest["identity"].items()}
    if output.exists(_PLAN):
        before = json.loads(output.read(_PLAN))
        for key in sorted(before.keys() | plan.keys()):
            if before.get(key) != plan.get(key):
                raise OutputError(
                    f"{output.url} holds another curation: {key} was {before.get(key)!r}, "
                    f"is {plan.get(key)!r}; give another output folder"
                )
    else:
        output.publish(_PLAN, encode_json(plan))


@dataclass(frozen=True, slots=True)
class _Survey:
    """The captions at a glance: how many samples have the main text, and a digest of all there is."""

    kept: int
    digest: str


def _survey(folder: CaptionFolder, chunks: Sequence[ChunkId], main_text: str) -> _Survey:
    kept, digest = 0, hashlib.sha256()
    for chunk in chunks:
        table = folder.table(chunk)
        rows = zip(table["perspective"].to_pylist(), table["status"].to_pylist(), strict=True)
        kept += sum(row == (main_text, Status.OK.value) for row in rows)
        for column in ("caption_id", "index", "status", "text"):
            digest.update(repr(table[column].to_pylist()).encode())
        digest.update(f"{chunk.file_name}{folder.shard_sha256(chunk)}".encode())
    return _Survey(kept, f"{len(chunks)} chunks, {digest.hexdigest()[:16]}")


def _job(config: Curation, manifest: dict[str, Any], survey: _Survey) -> Job:
    return Job(
        captions=config.captions,
        output=config.output,
        root=_shards(config, manifest).root.url,
        fields=ShardFields.model_validate(manifest["recipe"]["input"]["fields"]),
        main_text=manifest["texts"][0],
        buckets=max(1, -(-survey.kept // config.shard_size)),
        seed=config.seed,
    )


def _sources(config: Curation, manifest: dict[str, Any], chunks: Sequence[ChunkId]) -> list[Source]:
    files = _shards(config, manifest).files
    if absent := sorted(set(manifest["shards"]) - set(files)):
        raise InputError(
            f"captioned shards are missing: {', '.join(absent[:5])}; say where they are with --shards"
        )
    by_shard: dict[str, list[ChunkId]] = defaultdict(list)
    for chunk in chunks:
        by_shard[chunk.shard].append(chunk)
    return [Source(name, files[name], by_shard[name]) for name in sorted(manifest["shards"])]


def _shards(config: Curation, manifest: dict[str, Any]) -> Any:
    return find_shards(config.shards or manifest["recipe"]["input"]["shards"])


def _finish(
    output: Storage, job: Job, splits: list[dict[str, Any]], merges: list[dict[str, Any]]
) -> dict[str, Any]:
    dropped: Counter[str] = Counter()
    for result in splits:
        dropped.update(result["dropped"])
    summary = {
        "samples_in": sum(result["samples"] for result in splits),
        "kept": sum(result["samples"] for result in merges),
        "dropped": dict(sorted(dropped.items())),
        "texts": sum(result["texts"] for result in merges),
        "shards": len(merges),
        "seed": job.seed,
        "unreadable_shards": sorted(result["shard"] for result in splits if result.get("unreadable")),
    }
    output.publish(_CSV, _csv(job))
    publish_table(output, INDEX, pa.Table.from_pylist(merges))
    output.publish(SUMMARY, encode_json(summary))
    job.work.delete("")
    return summary


def _finished(output: Storage) -> dict[str, Any] | None:
    """The summary of a finished job, unless one of its files is gone: then all begins anew."""
    if not output.exists(SUMMARY):
        return None
    output.delete(WORK)  # a job killed at its very end leaves it, perhaps in parts that nothing can build on
    there = set(output.list(".tar", _CSV, INDEX))
    if there >= {_CSV, INDEX}:
        shards = read_table(output, INDEX)["shard"].to_pylist()
        if there >= {f"{shard}.tar" for shard in shards}:
            summary: dict[str, Any] = json.loads(output.read(SUMMARY))
            return summary
    output.delete(SUMMARY)
    return None


def _csv(job: Job) -> Iterator[bytes]:
    yield b"filepath,caption\n"
    for bucket in range(job.buckets):
        yield job.work.read(f"{final_name(bucket)}.csv")
