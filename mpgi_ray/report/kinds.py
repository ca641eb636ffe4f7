"""What a path holds: which job's output, or shards, by the files that each job writes first."""

from __future__ import annotations

from enum import StrEnum

from mpgi_ray.data.caption_folder import METRICS, RUN
from mpgi_ray.data.claim import record_of
from mpgi_ray.data.instructions import INSTRUCTIONS
from mpgi_ray.data.release import RELEASE
from mpgi_ray.data.shard_list import SUFFIXES, find_shards
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import CONFIG, SAFE_WEIGHTS, WEIGHTS


class Kind(StrEnum):
    """What a path holds, as messages name it."""

    CAPTIONS = "a caption folder"
    SHARD = "a shard"
    SHARDS = "shards"
    FINAL = "final shards"
    DUPLICATES = "the output of mpgi duplicates"
    LEAKS = "the output of mpgi leaks"
    SCORES = "the output of mpgi score"
    RELEASE = "a release"
    TRAINING = "a training run"
    MODEL = "a model"
    EVALUATION = "an evaluation"
    INSTRUCTIONS = "instructions"
    BENCHMARK = "a benchmark"
    ANSWERS = "answers of an engine"


QUESTIONS = (Kind.INSTRUCTIONS, Kind.BENCHMARK)
_RECORDS = {
    record_of("duplicates"): Kind.DUPLICATES,
    record_of("leaks"): Kind.LEAKS,
    record_of("score"): Kind.SCORES,
    record_of("instruct"): Kind.INSTRUCTIONS,
    record_of("benchmark"): Kind.BENCHMARK,
    record_of("asked"): Kind.ANSWERS,
    RELEASE: Kind.RELEASE,
    record_of("curate"): Kind.FINAL,
    record_of("ingest"): Kind.SHARDS,
}


def recognise(path: str) -> Kind:
    """What lies at a path: a folder, a shard, a glob or a brace range of shards, or a ``metrics.json``.

    Raises:
        InputError: nothing that can be looked into.
    """
    if any(mark in path for mark in "*?[{") and not _has(path, RUN, *_RECORDS):
        return Kind.SHARDS
    if path.endswith(SUFFIXES):
        return Kind.SHARD
    if path.endswith(".json"):
        return _of_metrics(path)
    storage = Storage(path)
    for record, kind in _RECORDS.items():
        if storage.exists(record):
            return kind
    if storage.exists(RUN):
        return Kind.TRAINING if "identity" not in storage.read_json(RUN) else Kind.CAPTIONS
    if storage.exists(CONFIG) and _has(path, WEIGHTS, SAFE_WEIGHTS):
        return Kind.MODEL
    if storage.exists(INSTRUCTIONS):  # of another program
        return Kind.INSTRUCTIONS
    if storage.exists(METRICS):
        return _of_metrics(f"{path.rstrip('/')}/{METRICS}")
    try:
        find_shards(path)
    except InputError as error:
        if not str(error).startswith("there are no shards"):
            raise
        raise InputError(
            f"{error}, and it is no output of mpgi: expected the output folder of a command, a shard, or a "
            "folder or glob of shards"
        ) from error
    return Kind.SHARDS


def is_one_of(path: str, *kinds: Kind) -> bool:
    """Whether a path holds one of these; False if it holds nothing."""
    try:
        return recognise(path) in kinds
    except InputError:
        return False


def _has(path: str, *names: str) -> bool:
    storage = Storage(path)
    return any(storage.exists(name) for name in names)


def _of_metrics(path: str) -> Kind:
    storage, name = split_url(path)
    told = storage.read_json(name)
    if {"shards", "split", "status"} <= told.keys() or {"suite", "sets"} <= told.keys():
        return Kind.EVALUATION
    what = "a caption run, whose folder is to be given" if "models" in told else "no evaluation"
    raise InputError(f"{path} is of {what}: expected the metrics.json of `mpgi evaluate`")
