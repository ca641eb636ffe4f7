"""The final sample, as curation publishes it and as every later job reads it.

It is a picture that every trainer decodes alike (8-bit grey or RGB), a ``.json`` with all that is known of it
and its texts by perspective, and a ``.txt`` with the main text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from PIL import Image
from pydantic import BaseModel, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.image import CONVERSION_VERSION, ImageError, decode, to_plain
from mpgi_ray.data.sample import SCHEMA_VERSION, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import encode_json
from mpgi_ray.data.storage import absolute, split_url
from mpgi_ray.data.tar import Group, group_members, read_members
from mpgi_ray.data.text import Text, decode_json
from mpgi_ray.errors import InputError

PICTURES = ("jpg", "png")
CAPTIONS = "captions"  # name of the texts that people wrote for a picture in the source


@dataclass(frozen=True, slots=True)
class Final:
    """A final sample on its way into a shard.

    Attributes:
        shard, index: where the source has it.
        suffix: of the picture, ``jpg`` or ``png``: 8-bit grey or RGB.
        record: the ``.json``.
        text: the caption for ``.txt``.
        texts: one row each in ``captions.csv``.
    """

    shard: str
    index: int
    sample_id: str
    suffix: str
    image: bytes
    record: bytes
    text: str
    texts: tuple[str, ...]

    @classmethod
    def of(
        cls, shard: str, sample: Sample, captions: Sequence[Caption], main_text: str, people: bool = False
    ) -> Self:
        """The final sample of a source sample.

        Args:
            shard: the source shard's name.
            captions: those that are ok.
            main_text: name of the text for ``.txt``; the sample has it. Of people's, the first is taken.
            people: whether ``captions.csv`` lists the captions of the source, too.

        Raises:
            ImageError: the picture cannot be made 8-bit grey or RGB.
        """
        image, suffix, converted = to_plain(sample.image)
        texts = {row.perspective: row.text for row in captions}
        annotation = sample.annotation.model_copy(update={"captions": people_of(sample)})
        record: dict[str, Any] = {
            "mpgi": SCHEMA_VERSION,
            "name": sample.name,
            "sample_id": sample.sample_id,
            "shard": shard,
            "index": sample.index,
            "annotation": annotation.model_dump(mode="json", exclude_defaults=True),
            "texts": texts,
            "captions": [_provenance(row) for row in captions],
        }
        if converted:
            record["converted"] = {"from": sample.suffix, "version": CONVERSION_VERSION}
        listed = (*texts.values(), *(annotation.captions if people else ()))
        text = annotation.captions[0] if main_text == CAPTIONS else texts[main_text]
        written = suffix, image, encode_json(record), text, listed
        return cls(shard, sample.index, sample.sample_id, *written)

    def fields(self) -> dict[str, bytes]:
        """The members under the sample's key, by suffix."""
        return {self.suffix: self.image, "json": self.record, "txt": self.text.encode()}


@dataclass(frozen=True, slots=True)
class Record:
    """A final sample as it is read.

    Attributes:
        texts: the captions that are there, by perspective.
        annotation: what the source says, as JSON.
        image: the encoded picture; empty when only texts were asked for.
    """

    shard: str
    key: str
    sample_id: str
    texts: Mapping[str, str]
    annotation: Mapping[str, Any]
    image: bytes

    @property
    def source(self) -> str:
        """The data set that the picture is of; empty if it names none."""
        return self.annotation.get("source") or ""

    @property
    def captions(self) -> tuple[str, ...]:
        """What people wrote for the picture in the source: one text, `CAPTIONS`, in several wordings."""
        return tuple(text for text in self.annotation.get(CAPTIONS, ()) if text.strip())

    def with_people(self, place: float = 0) -> Mapping[str, str]:
        """The texts and, as `CAPTIONS`, one of people's: the one at ``place`` among them, from 0 up to 1."""
        if not self.captions:
            return self.texts
        return {**self.texts, CAPTIONS: self.captions[int(place * len(self.captions))]}

    def in_split(self, split: str | None) -> bool:
        """Whether the sample belongs to this split; None means any."""
        return split is None or self.annotation.get("split") == split


def people_of(sample: Sample) -> tuple[str, ...]:
    """What people wrote for a picture in the source, without blank texts."""
    return tuple(text for text in sample.annotation.captions if text.strip())


def short_id(sample_id: str) -> str:
    """Enough of a sample's id to recognise it among millions."""
    return sample_id[:16]


def splits_in_words(splits: Iterable[str | None]) -> str:
    """What splits there are, for a message about one that is not there."""
    found = set(splits)
    if found == {None}:
        return "name no split: leave --split out"
    named = sorted(name for name in found if name is not None)
    return f"hold splits {', '.join(named) or 'none'}{' and samples without one' * (None in found)}"


def list_shards(spec: str | Path | Sequence[str]) -> tuple[str, ...]:
    """The files of final shards: a folder, a glob, a brace range or a list, local or ``s3://…``.

    Raises:
        InputError: as `find_shards`, or a shard is missing.
    """
    entries = [str(spec)] if isinstance(spec, str | Path) else spec
    found = find_shards([absolute(entry) for entry in entries])
    found.require_all()
    return tuple(f"{found.root.url}/{file}" for file in found.files.values())


def read_records(shards: Sequence[str], *, pictures: bool = True) -> Iterator[Record]:
    """The samples of the shards, in order.

    Raises:
        InputError: a shard or a sample's JSON cannot be read.
    """
    for shard in shards:
        storage, name = split_url(shard)
        for group in group_members(read_members(storage.read(name), name), name, None):
            yield record_of(name, group, pictures=pictures)


def decoded(record: Record) -> Image.Image:
    """The picture as 8-bit RGB.

    Raises:
        InputError: it cannot be decoded.
    """
    try:
        return decode(record.image).pixels
    except ImageError as error:
        raise InputError(f"{record.shard}/{record.key}: {error}; curate the shards again") from error


_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Object(BaseModel):
    label: str
    box: tuple[_Number, _Number, _Number, _Number]


class _Class(BaseModel):
    name: str | None = None


class _Annotation(BaseModel):
    scene: list[str] = []
    objects: list[_Object] = []
    vocabulary: dict[str, _Class] = {}
    captions: list[Text] = []
    source: str | None = None
    split: str | None = None


class _Json(BaseModel):
    """What is read of the ``.json``; shards of other programs may lack the version and the annotation."""

    mpgi: int = Field(default=SCHEMA_VERSION, ge=SCHEMA_VERSION, le=SCHEMA_VERSION)
    sample_id: str
    texts: dict[Text, Text | None]
    annotation: _Annotation = _Annotation()


def record_of(shard: str, group: Group, *, pictures: bool = True) -> Record:
    """The final sample that members of a shard make.

    Raises:
        InputError: they make none, or its JSON cannot be read.
    """
    image = next((group.fields[suffix] for suffix in PICTURES if suffix in group.fields), None)
    try:
        if image is None or "json" not in group.fields:
            raise ValueError(f"it has {', '.join(sorted(group.fields)) or 'nothing'}")
        note = decode_json(group.fields["json"])
        told = _Json.model_validate(note)
    except ValueError as error:
        why = first_problem(error) if isinstance(error, ValidationError) else error
        raise InputError(
            f"{shard}/{group.key} is not a final sample ({why}): expected a jpg or png and a json "
            "with sample_id and texts, as curate writes them"
        ) from error
    texts = {name: text for name, text in told.texts.items() if text}
    annotation = note.get("annotation", {})
    return Record(shard, group.key, told.sample_id, texts, annotation, image if pictures else b"")


def _provenance(row: Caption) -> dict[str, object]:
    return {
        "caption_id": row.caption_id,
        "perspective": row.perspective,
        "model": row.model,
        "revision": row.revision,
        "prompt_hash": row.prompt_hash,
        "attempt": row.attempt,
        "parents": list(row.parents),
        **({} if row.scores == "{}" else {"scores": json.loads(row.scores)}),
    }
