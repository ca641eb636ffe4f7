"""Final shards of generated scenes, without the jobs that lead to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo import scene


def scenes_of(numbers: Iterable[int], size: int = 96) -> list[Sample]:
    """Scenes of this size in pixels."""
    return [scene(number, size=size) for number in numbers]


def write_final(folder: Path, samples: Iterable[Sample], *, per_shard: int = 100, **note: object) -> None:
    """Final shards of samples.

    Args:
        note: replaces what their annotations say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    everything = list(samples)
    for start in range(0, len(everything), per_shard):
        members = (_members(one, note) for one in everything[start : start + per_shard])
        (folder / f"shard-{start // per_shard:06d}.tar").write_bytes(write_members(members))


def _members(sample: Sample, note: dict[str, object]) -> tuple[str, dict[str, bytes]]:
    annotation = sample.annotation.model_dump(mode="json", exclude_defaults=True) | note
    texts = {"short": sample.annotation.captions[0]}
    record = {"mpgi": 1, "sample_id": sample.sample_id, "texts": texts, "annotation": annotation}
    return sample.key, {
        "jpg": sample.image,
        "json": json.dumps(record).encode(),
        "txt": texts["short"].encode(),
    }
