"""The labels that the texts of a run will only quote, told before it starts."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import ShardList
from mpgi_ray.data.shards import read_shard
from mpgi_ray.errors import InputError
from mpgi_ray.rules.labels import Unknown, unknown_in_words, unknown_labels

_READ = 3  # shards, whole: a vocabulary is the same in all of a source


def labels_in_words(recipe: Recipe, shards: ShardList) -> str:
    """What a user should know of the labels of a few shards, in two lines; empty if all are known."""
    unknown: Counter[Unknown] = Counter()
    chosen = shards.spread(_READ)
    for name in chosen:
        with suppress(InputError):  # the run tells why a shard cannot be read
            entries = read_shard(shards.read(name), shards.files[name], recipe.input.fields)
            unknown.update(unknown_labels(e.annotation for e in entries if isinstance(e, Sample)))
    everything = len(chosen) == len(shards.files)
    return unknown_in_words(unknown, "" if everything else f"{len(chosen)} of {len(shards.files):,} shards")
