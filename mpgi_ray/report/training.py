"""A training run, as the page shows it: its curves, and what its model finds. Only this part needs torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import CONFIG, LAST, LOG, RUN, is_whole, read_log, seen_by
from mpgi_ray.report.curves import Curve, curves
from mpgi_ray.report.neighbours import Neighbours, neighbours


@dataclass(frozen=True, slots=True)
class Training:
    """What is known of a run folder, or of a checkpoint that came without its run.

    Attributes:
        recipe: what the run was told; empty for a mere checkpoint.
        steps: logged so far.
        finished: whether the model is there.
        knows_seen: whether it says which samples it was trained on.
        neighbours: None without a model, without final shards, or if the model has seen all of these.
    """

    name: str
    recipe: Mapping[str, Any]
    steps: int
    finished: bool
    knows_seen: bool
    curves: Sequence[Curve]
    neighbours: Neighbours | None


def training(model: str, final: str | None = None) -> Training:
    """Look into the folder of a training run, finished or not, or of a checkpoint.

    Args:
        final: folder of final shards, for pictures and texts to find; without it none are shown.

    Raises:
        InputError: the folder holds neither a log nor a checkpoint, or something in it cannot be read.
    """
    storage = Storage(model)
    log, finished = read_log(model), is_whole(storage)
    if not log and not finished:
        raise InputError(f"{model} holds neither {LOG} nor {LAST[0]}: expected the output of `mpgi train`")
    seen = seen_by(model)
    samples = frozenset(seen.samples if seen else ())
    has_features = finished and storage.exists(CONFIG)  # else it answers, or scores
    found = neighbours(model, final, samples) if has_features and final is not None else None
    return Training(
        name=storage.path("").rpartition("/")[2],
        recipe=_recipe(storage),
        steps=log[-1]["step"] if log else 0,
        finished=finished,
        knows_seen=seen is not None,
        curves=curves(log) if log else [],
        neighbours=found,
    )


class _Run(BaseModel):
    recipe: dict[str, Any]


def _recipe(storage: Storage) -> dict[str, Any]:
    if not storage.exists(RUN):
        return {}
    return read_record(storage, RUN, _Run, "train", "restore it, or delete it to see the rest").recipe
