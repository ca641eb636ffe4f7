"""What the benchmark of captions trains on: pictures with a text for every arm, as final shards.

Texts are those of the caption job by the embedded recipe, asked for in this process: no Ray, so a few scenes
take a second, and several processes may prepare the same folder at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import mpgi_ray
from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.final import Record, list_shards, read_records
from mpgi_ray.data.image import decode, to_plain, to_view
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo import scene
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.ingest import load_source, manifest
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load
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
CODE = ("rules", "engines/template", "caption", "demo/scenes")  # what decides the texts of a picture
SIDE = 128  # pixels of a scene; the model sees 96
SHOWN = 256 * 256  # pixels of a picture that every model is asked about
SHARD = 250
Members = tuple[str, dict[str, bytes]]  # of a sample: its key, and what lies under it
_COMPLETE = "complete"  # the last file beside the shards


def drawn(numbers: Iterable[int]) -> Iterator[Sample]:
    """Generated scenes."""
    return (scene(number, size=SIDE) for number in numbers)


def taken_in(root: Path, names: Iterable[str]) -> Iterator[Sample]:
    """The samples of data sets with a manifest, by the preset of each; what cannot be used is left out."""
    for name in names:
        source = load_source(name.removesuffix("_examples"))
        entries = enumerate(manifest(str(root / name / "manifest.jsonl")))
        found = (load(entry, source, index) for index, entry in entries if isinstance(entry, Item))
        yield from (sample for samples in found for sample in samples if isinstance(sample, Sample))


class Writer:
    """The six texts of a sample, and those of the other arms."""

    def __init__(self) -> None:
        where = {"input.shards": "shards", "output": "captions"}  # neither is read or written
        recipe, engine = load_recipe("template", where, []), TemplateEngine()
        self.limits = recipe.facts
        templates = read_templates(recipe)
        self.describe = Perspectives(engine, recipe.generate[0], recipe.facts, templates.stage1[0])
        self.integrate = Integration(engine, recipe.integrate, recipe.facts, templates.stage2)

    def final(self, sample: Sample) -> Members:
        """The members of a final sample, with a text for every arm."""
        texts = asyncio.run(self.six(sample)) | beside(sample.annotation, sample.sample_id)
        return final(sample, texts)

    async def six(self, sample: Sample) -> dict[str, str]:
        picture = decode(sample.image)
        facts = facts_of(sample.annotation, picture, self.limits)
        described = await self.describe.describe("", sample, facts, picture)
        rows = [*described, *await self.integrate.merge(described, facts)]
        return {row.perspective: row.text for row in rows if row.text}


def final(sample: Sample, texts: Mapping[str, str]) -> Members:
    """The members of a final sample with these texts."""
    image, suffix, _ = to_plain(sample.image)
    note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
    record = {"sample_id": sample.sample_id, "annotation": note, "texts": texts}
    return sample.key, {suffix: image, "json": encode_json(record)}


def beside(annotation: Annotation, seed: str) -> dict[str, str]:
    """The texts of the arms that are not perspectives.

    The rules' text is without metadata, which is for prompts.
    """
    facts = gather(annotation)
    told = sentences.tell((*sentences.WHAT, *sentences.WHERE), facts, seed)
    own = {"class": sentences.scene(facts, seed), "rules": " ".join(told)}
    own |= dict(zip(CAPTIONS, annotation.captions, strict=False))
    return {name: text for name, text in own.items() if text}


def finals(samples: Callable[[], Iterator[Sample]], folder: Path) -> Path:
    """Final shards of the samples, in ``shards`` of the folder that is returned.

    That folder lies below ``folder`` and is named by the code that writes texts and draws scenes, so texts
    that have changed are not taken for those of before. Its shards are made once.
    """
    writer = Writer()
    output = folder / f"texts-{code(*CODE)}"
    publish(map(writer.final, samples()), output / "shards")
    return output


def publish(finals: Iterator[Members], shards: Path) -> None:
    """Write final samples as shards, unless all of them are there."""
    storage = Storage(str(shards))
    if storage.exists(_COMPLETE):
        return
    for number in count():
        members = list(islice(finals, SHARD))
        if not members:
            break
        storage.publish(f"shard-{number:06d}.tar", write_members(members))
    storage.publish(_COMPLETE, b"")


def code(*folders: str) -> str:
    """Eight digits that change with the package's code in these folders, or with this module."""
    package = Path(mpgi_ray.__file__).parent
    files = sorted(f for name in folders for f in (package / name).rglob("*.*") if f.suffix != ".pyc")
    return hashlib.sha256(b"".join(f.read_bytes() for f in (*files, Path(__file__)))).hexdigest()[:8]


def records(shards: Path, *, held_out: bool) -> list[Record]:
    """Those of the train split, or the others."""
    found = read_records(list_shards(shards))
    return [record for record in found if record.in_split("train") != held_out]


def shown(sample: Sample) -> Record:
    """A sample that models are asked about and never learn: without texts, a large picture scaled down."""
    view = to_view(sample.image, SHOWN)
    note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
    image = sample.image if view is None else view.encoded()
    return Record("", sample.key, sample.sample_id, {}, note, image)


def closed_world(record: Record) -> Record:
    """The record with every countable class of its vocabulary called exhaustive."""
    note = dict(record.annotation)
    known = {label: {**kind, "exhaustive": True} for label, kind in note.get("vocabulary", {}).items()}
    return replace(record, annotation={**note, "vocabulary": known})
