"""A sample: one image and what is known of it.

An `Annotation` is written as JSON beside the image in a shard and checked whenever it is read, so every
later stage may trust it: boxes are finite, in order and inside the image, labels belong to the source's
vocabulary, fractions lie between 0 and 1, and every text can be written (`mpgi_ray.data.text`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from mpgi_ray.data.box import Box as Box
from mpgi_ray.data.box import Point as Point
from mpgi_ray.data.map_view import MapView
from mpgi_ray.data.origin import Origin as Origin
from mpgi_ray.data.record import Record
from mpgi_ray.data.text import Text, clean_name, shortened

Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[Text, Field(pattern=r"\S")]  # not blank
SCHEMA_VERSION = 1
_MAX_DETAIL = 2000  # characters: a detail may quote what is endless


class LabelClass(Record):
    """How a source labels one class.

    Attributes:
        exhaustive: every visible instance is labelled, so that an absence or an exact number can be said.
        countable: an annotation of it is one thing (a ship), not a part of a surface (water).
        name: the words to use in a text instead of the label, in the singular.
        plural: the words for several of them, where English grammar does not tell; only beside a name.
    """

    exhaustive: bool = False
    countable: bool = True
    name: Name | None = None
    plural: Name | None = None

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if self.plural and not self.name:
            raise ValueError(f"plural {self.plural!r} stands without a name: give both, or the name alone")
        return self


class Object(Record):
    """One annotated object.

    Attributes:
        box: axis-parallel box in pixels; the part inside the image.
        obb: the four corners of an oriented box in pixels, in drawing order.
        polygons: outlines in pixels, each of three or more points.
        visible: the share of the object's own box that lies in this image (cut windows, clipped boxes).
        crowd: the box holds a group, so it counts as "several", never as one.
        difficult: the source marks it as hard to recognise.
    """

    label: Name
    box: Box
    obb: tuple[Point, Point, Point, Point] | None = None
    polygons: tuple[Annotated[tuple[Point, ...], Field(min_length=3)], ...] = ()
    visible: Fraction = 1.0
    crowd: bool = False
    difficult: bool = False


class Cover(Record):
    """The share of the picture that a mask gives to one class.

    Attributes:
        fraction: of the whole image.
        cells: of each cell of a 3×3 grid, row by row from the upper left.
        patches: number of connected parts; says "one" or "several", never an object count.
        regions: boxes in pixels of its larger parts, the largest part first (`mpgi_ray.data.cover.regions`).
    """

    fraction: Fraction
    cells: tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]
    patches: int = Field(ge=1)
    regions: tuple[Box, ...] = ()


class Annotation(Record):
    """What a source says of one image.

    Attributes:
        width, height: of the image in pixels.
        scene: scene classes of the whole image.
        labels: classes that are present somewhere, without place or number.
        objects: boxes, oriented boxes, polygons.
        cover: mask cover per class.
        tags: map tags (key to value) of what lies in the image.
        map: what shows of these, and how it lies.
        gsd: ground sampling distance in metres per pixel.
        false_colour: the picture shows other light than the eye sees, as near infrared: no colour is told.
        captions: texts people wrote for this image in the source.
        bounds: where the picture lies on the earth: west, south, east and north in degrees.
        vocabulary: the classes that the source labels. Empty means unknown: nothing is exhaustive then.
    """

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    vocabulary: dict[Name, LabelClass] = Field(default_factory=dict)  # cheaper than a copy of {}
    scene: tuple[Name, ...] = ()
    labels: tuple[Name, ...] = ()
    objects: tuple[Object, ...] = ()
    cover: dict[Name, Cover] = Field(default_factory=dict)
    tags: dict[Text, Text] = Field(default_factory=dict)
    map: MapView | None = None
    gsd: float | None = Field(default=None, gt=0)
    date: Text | None = None
    place: Text | None = None
    sensor: Text | None = None
    false_colour: bool = False
    captions: tuple[Text, ...] = ()
    source: Text | None = None
    licence: Text | None = None
    split: Text | None = None
    origin: Origin | None = None
    bounds: tuple[float, float, float, float] | None = None

    @field_validator("labels", "cover")
    @classmethod
    def _known(cls, value: object, info: ValidationInfo) -> object:
        for label in value:  # type: ignore[attr-defined]
            _require_known(label, info)
        return value

    @field_validator("cover")
    @classmethod
    def _regions_inside(cls, cover: dict[str, Cover], info: ValidationInfo) -> dict[str, Cover]:
        # a side that is refused is not there: nothing lies outside of it
        width, height = info.data.get("width", math.inf), info.data.get("height", math.inf)
        for label, box in ((label, box) for label, known in cover.items() for box in known.regions):
            if not (0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height):
                raise ValueError(f"{label}: region {tuple(box)} is empty, inverted or not inside the image")
        return cover

    @field_validator("objects")
    @classmethod
    def _inside(cls, objects: tuple[Object, ...], info: ValidationInfo) -> tuple[Object, ...]:
        width, height = info.data.get("width", math.inf), info.data.get("height", math.inf)
        return tuple(_checked(o, i, width, height, info) for i, o in enumerate(objects))

    def label_class(self, label: str) -> LabelClass:
        return self.vocabulary.get(label, LabelClass())


def _require_known(label: str, info: ValidationInfo) -> None:
    vocabulary = info.data.get("vocabulary")
    if vocabulary and label not in vocabulary:
        raise ValueError(
            f"unknown class {label!r}: the source's vocabulary is {', '.join(sorted(vocabulary))}"
        )


def _checked(obj: Object, index: int, width: float, height: float, info: ValidationInfo) -> Object:
    _require_known(obj.label, info)
    box = obj.box
    where = f"object {index} ({obj.label})"
    if not all(math.isfinite(value) for value in box):
        raise ValueError(f"{where}: box {tuple(box)} is not finite")
    if box.x2 <= box.x1 or box.y2 <= box.y1:
        raise ValueError(
            f"{where}: box {tuple(box)} is inverted or empty: expected x1 < x2 and y1 < y2 in pixels"
        )
    inside = box.clipped(width, height)
    if inside.area == 0:
        raise ValueError(f"{where}: box {tuple(box)} lies outside the image of {width}×{height} pixels")
    if inside == box:
        return obj
    return obj.model_copy(update={"box": inside, "visible": obj.visible * inside.area / box.area})


@dataclass(frozen=True)
class Sample:
    """One image of a shard with its annotation.

    Attributes:
        key: its name in the shard.
        index: its position in the shard, from 0.
        image: the encoded picture, bytes as in the shard.
        suffix: of the picture's member in lower case without a dot: ``jpg``, ``png``, ``tif`` …
        name: what the source calls it.
    """

    key: str
    index: int
    image: bytes
    suffix: str
    annotation: Annotation
    name: str

    @cached_property
    def sample_id(self) -> str:
        """Identity by content: SHA-256 of the image's bytes, in hex; of a cut picture, see `Origin`."""
        origin = self.annotation.origin
        return origin.sample_id if origin else hashlib.sha256(self.image).hexdigest()

    def shown_as(self, image: bytes) -> Sample:
        """The same sample, with the same identity, in another encoding of its picture, or without one."""
        other = replace(self, image=image)
        other.__dict__["sample_id"] = self.sample_id
        return other


@dataclass(frozen=True, slots=True)
class Rejected:
    """A sample that cannot be used, and why. Key and detail can be written, whatever they quote.

    Attributes:
        reason: a short code (``missing_image``, ``not_an_image``, ``bad_annotation`` …).
        detail: one line for a person: the value, what was expected.
    """

    key: str
    index: int
    reason: str
    detail: str
    sample_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", clean_name(self.key))
        object.__setattr__(self, "detail", shortened(clean_name(self.detail), _MAX_DETAIL))
