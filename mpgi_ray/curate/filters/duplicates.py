"""Pictures of which a better copy is there."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import AfterValidator, computed_field

from mpgi_ray.config import Config
from mpgi_ray.curate.duplicates.merged import digest_of
from mpgi_ray.curate.select import Captioned
from mpgi_ray.data.sample import Annotation
from mpgi_ray.data.searches import GROUPS, MERGED
from mpgi_ray.data.storage import absolute
from mpgi_ray.data.tables import read_table, table_at
from mpgi_ray.errors import InputError


class Filter(Config):
    """Keep one picture of each group that `mpgi duplicates` found; the others are ``duplicate``.

    Pictures are known by their identity, so they may lie in other shards than those that were compared. Of
    several with one identity that one stays that lies where the kept one lay.

    Attributes:
        groups: the output folder of `mpgi duplicates`, or its ``groups.parquet``.
        merge: hand on with what exact duplicates say of the picture, as ``merged.parquet`` beside it has it.
    """

    groups: Annotated[str, AfterValidator(absolute)]
    merge: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def content(self) -> str:
        """A digest of the groups, and of what is merged: a part of the curation's identity."""
        dropped, kept = _groups(self.groups)
        told = [sorted(dropped), sorted(kept.items())]
        if self.merge:
            told.append(sorted(_merged(self.groups).items()))
        return hashlib.sha256(repr(tuple(told)).encode()).hexdigest()[:16]

    def keep(self, sample: Captioned) -> str | Captioned | None:
        dropped, kept = _groups(self.groups)
        sample_id = sample.sample.sample_id
        if sample_id in dropped:
            return "duplicate"
        places = kept.get(sample_id)
        here = sample.shard, sample.sample.index
        if places is not None and not any(_is_same(here, place) for place in places):
            return "duplicate"
        told = _merged(self.groups).get(sample_id) if self.merge else None
        return None if told is None else _with(sample, *told)


@lru_cache(1)
def _groups(path: str) -> tuple[frozenset[str], dict[str, list[tuple[str, int]]]]:
    """The identities of pictures that go, and where those stay that have exact duplicates.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    storage, name = table_at(path, GROUPS)
    table = read_table(storage, name, ("shard", "index", "sample_id", "keep", "reason"))
    rows = table.to_pylist()
    kept = {row["sample_id"] for row in rows if row["keep"]}
    twice = {row["sample_id"] for row in rows if not row["keep"]} & kept
    places = defaultdict(list)
    for row in rows:
        if row["keep"] and row["sample_id"] in twice:
            places[row["sample_id"]].append((row["shard"], row["index"]))
    return frozenset(row["sample_id"] for row in rows) - kept, dict(places)


def _with(sample: Captioned, before: str, merged: str) -> Captioned:
    """A sample with the merged annotation, if it still says what was merged."""
    if digest_of(sample.sample.annotation) != before:
        raise InputError(
            f"{sample.shard}/{sample.sample.key} is annotated otherwise than when its duplicates were "
            "searched: search again in these shards, with the same fields, or leave merge out"
        )
    annotation = Annotation.model_validate_json(merged)
    return replace(sample, sample=replace(sample.sample, annotation=annotation))


@lru_cache(1)
def _merged(path: str) -> dict[str, tuple[str, str]]:
    """For each picture that more is said of the digest of its annotation, and the merged one.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    storage, _ = table_at(path, GROUPS)
    rows = read_table(storage, MERGED, ("sample_id", "before", "annotation", "taken")).to_pylist()
    return {row["sample_id"]: (row["before"], row["annotation"]) for row in rows if row["taken"]}


def _is_same(here: tuple[str, int], there: tuple[str, int]) -> bool:
    """Whether two places are one; shards are named below the folder that a command was given."""
    short, long = sorted((here[0], there[0]), key=len)
    return here[1] == there[1] and (short == long or long.endswith(f"/{short}"))
