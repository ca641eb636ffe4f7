"""What the benchmark of captions trains on: pictures with a text for every arm, as final shards."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.final import Record, list_shards, read_records
from mpgi_ray.data.sample import Annotation
from mpgi_ray.data.shards import encode_json, sample_members
from mpgi_ray.data.tar import group_members, read_members, write_members
from mpgi_ray.demo import scene
from mpgi_ray.ingest import IngestConfig, ingest, load_source, manifest
from mpgi_ray.rules import gather, sentences

SIX = ("objects", "layout", "scene", "attributes", "short", "long")
CAPTIONS = tuple(f"caption-{number}" for number in range(5))
ARMS = {
    "class": ("class",),
    "rules": ("rules",),
    **{name: (name,) for name in SIX},
    "six": SIX,
    "captions": CAPTIONS,
}
SIDE = 128  # pixels of a scene; the model sees 64
SHARD = 250


def draw(shards: Path, count: int) -> None:
    """Shards of generated scenes; those that are there already stay."""
    shards.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, SHARD):
        path = shards / f"{start:06d}.tar"
        if not path.exists():
            drawn = (scene(number, size=SIDE) for number in range(start, min(start + SHARD, count)))
            publish(path, write_members(map(sample_members, drawn)))


def take_in(shards: Path, root: Path, names: Iterable[str]) -> None:
    """Shards of data sets with a manifest, by the preset of each."""
    for name in names:
        source = load_source(name.removesuffix("_examples"))
        ingest(
            manifest(str(root / name / "manifest.jsonl")),
            IngestConfig(output=str(shards / name), source=source),
        )


def finals(folder: Path) -> Path:
    """Final shards of ``folder/shards`` by the template engine, with a text for every arm."""
    captions, plain, ready = (folder / name for name in ("captions", "final", "arms"))
    caption(load_recipe("template", {"input.shards": str(folder / "shards"), "output": str(captions)}, []))
    curate(Curation(captions=str(captions), output=str(plain), shard_size=SHARD))
    ready.mkdir(exist_ok=True)
    for shard in sorted(plain.glob("*.tar")):
        groups = group_members(read_members(shard.read_bytes(), shard.name), shard.name, None)
        samples = ((g.key, {**g.fields, "json": with_arms(g.fields["json"])}) for g in groups)
        publish(ready / shard.name, write_members(samples))
    return ready


def with_arms(record: bytes) -> bytes:
    """A final sample's JSON with the texts of the arms that are not perspectives.

    The rules' text is without absences and metadata: those are for prompts; a caption of what is not there
    would teach the opposite.
    """
    note = json.loads(record)
    annotation, seed = Annotation.model_validate(note["annotation"]), note["sample_id"]
    facts = gather(annotation)
    told = sentences.tell((*sentences.WHAT, *sentences.WHERE), facts, seed)
    own = {"class": sentences.scene(facts, seed), "rules": " ".join(told)}
    own |= dict(zip(CAPTIONS, annotation.captions, strict=False))
    note["texts"] |= {name: text for name, text in own.items() if text}
    return encode_json(note)


def publish(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)


def records_of(shards: Path, *, held_out: bool) -> list[Record]:
    found = read_records(list_shards(shards))
    return [record for record in found if (record.annotation.get("split") != "train") == held_out]


def closed_world(record: Record) -> Record:
    """The record with every countable class of its vocabulary called exhaustive."""
    note = dict(record.annotation)
    known = {label: {**kind, "exhaustive": True} for label, kind in note.get("vocabulary", {}).items()}
    return Record(record.shard, record.key, record.sample_id, {}, {**note, "vocabulary": known}, record.image)
