"""Final shards of generated scenes with texts of the rules, without the jobs that make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mpgi_ray.data.final import Record, read_records
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo import scene
from mpgi_ray.rules import gather, rule_text


def final_scenes(folder: Path, numbers: Sequence[int], shards: int = 2, **annotation: object) -> list[Record]:
    """Write the shards; what is in them.

    Args:
        annotation: what is changed in each annotation.
    """
    write_final(folder, [scene(number) for number in numbers], shards, **annotation)
    return list(read_records(sorted(map(str, folder.glob("*.tar")))))


def write_final(folder: Path, samples: Sequence[Sample], shards: int = 2, **annotation: object) -> None:
    """As `final_scenes`, of samples that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(shards):
        members = [_members(_changed(one, annotation)) for one in samples[place::shards]]
        (folder / f"shard-{place:06d}.tar").write_bytes(write_members(members))


def _changed(sample: Sample, annotation: dict[str, object]) -> Sample:
    return replace(sample, annotation=sample.annotation.model_copy(update=annotation))


def _members(sample: Sample) -> tuple[str, dict[str, bytes]]:
    told = rule_text(gather(sample.annotation), sample.sample_id)
    texts = {"short": told[0], "long": " ".join(told)}
    note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
    record = {"mpgi": 1, "sample_id": sample.sample_id, "texts": texts, "annotation": note}
    return sample.key, {"jpg": sample.image, "json": encode_json(record), "txt": told[0].encode()}
