"""What the files of a source do not say themselves: its licence, what its labels mean, its mask values.

A source config is a shipped preset (``presets/NAME.yaml``) or a YAML file of the same keys.
Without one the safe defaults hold: no class is exhaustive, labels stay as they are.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from mpgi_ray.config import Config, named, parse, read_yaml, shipped
from mpgi_ray.data.sample import LabelClass
from mpgi_ray.ingest.about import About

Byte = Annotated[int, Field(ge=0, le=255)]
MaskClass = Annotated[int, Field(ge=0)] | tuple[Byte, Byte, Byte]
MaskTable = Annotated[dict[str, MaskClass], Field(max_length=255)]

PRESETS = "mpgi_ray.ingest.presets"
TRUNCATED = 0.7  # sources flag a cut object without saying how much of it is visible: it still counts


class SourceConfig(Config):
    """What the annotation files of a source leave open.

    Attributes:
        name, licence: written into every annotation that states none of its own.
        vocabulary: the classes that the source labels, after ``rename`` and ``drop``. If it is given,
            an annotation of another class is refused.
        rename: label in the files to label in the shards; two may become one.
        drop: labels in the files that are left out, also of masks.
        truncated: labels in the files that mark objects cut by the edge; see `TRUNCATED`.
        same_object: two boxes of a label whose intersection over union is above this are one object that
            was annotated twice, and the first is kept. None keeps all.
        gsd: metres per pixel, where a picture states none of its own.
        sensor: what took the pictures, where none says so itself.
        false_colour: the pictures show other light than the eye sees; see `Annotation`.
        mask: label in the files to the value of an index mask or to the colour (r, g, b) of a colour mask.
        splits: split to its share, as in ``{train: 0.9, test: 0.1}``, for pictures whose annotation names
            none; the shares add up to 1. See `split_of`.
        about: what a person should know of it.
    """

    name: str | None = None
    licence: str | None = None
    vocabulary: dict[str, LabelClass] = Field(default={})
    rename: dict[str, str] = Field(default={})
    drop: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    same_object: float | None = Field(default=None, gt=0, lt=1)
    gsd: float | None = Field(default=None, gt=0)
    sensor: str | None = None
    false_colour: bool = False
    mask: MaskTable = Field(default={})
    splits: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default={})
    about: About = About()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        said = {*self.rename.values(), *(new for old in self.mask if (new := self.label(old)))}
        if self.vocabulary and (strange := sorted(said - set(self.vocabulary))):
            raise ValueError(
                f"{strange[0]!r} is a target of rename or a mask class, but not in the vocabulary: "
                f"add it there, or drop it"
            )
        total = sum(self.splits.values())
        if self.splits and not math.isclose(total, 1):
            raise ValueError(f"the shares of splits add up to {total:g}: expected 1")
        return self

    def split_of(self, image: bytes) -> str | None:
        """The split that a picture's bytes fall into; None without ``splits``.

        It depends on the bytes and the shares alone: further pictures do not move those that are there, and
        a picture that is listed twice is in one split.
        """
        if not self.splits:
            return None
        point = int.from_bytes(hashlib.sha256(b"split\0" + image).digest()[:8]) / 2**64
        *others, last = self.splits
        for name in others:
            point -= self.splits[name]
            if point < 0:
                return name
        return last

    def label(self, old: str) -> str | None:
        """The label in the shards for one in the files; None if it is dropped."""
        return None if old in self.drop else self.rename.get(old, old)

    def apply(self, note: Mapping[str, Any]) -> dict[str, Any]:
        """An annotation's fields with labels renamed and dropped, and missing fields filled in.

        Args:
            note: fields of `Annotation`; a vocabulary there lists the classes of the files.
        """
        known = {
            new: self.vocabulary.get(new, LabelClass())
            for old in note.get("vocabulary", ())
            if (new := self.label(old))
        }
        labels = dict.fromkeys(new for old in note.get("labels", ()) if (new := self.label(old)))
        own = {key: value for key, value in note.items() if value is not None}
        defaults = {"source": self.name, "licence": self.licence, "gsd": self.gsd, "sensor": self.sensor}
        defaults |= {"false_colour": True} if self.false_colour else {}
        return (
            defaults
            | own
            | {
                "vocabulary": known or self.vocabulary,
                "labels": tuple(labels),
                "objects": self._objects(note.get("objects", ())),
            }
        )

    def _objects(self, objects: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        kept: list[dict[str, Any]] = []
        boxes: dict[str, Boxes] = defaultdict(Boxes)  # those that are kept, by label
        for obj in objects:
            label = self.label(obj["label"])
            if label is None:
                continue
            cut = {"visible": TRUNCATED} if obj["label"] in self.truncated else {}
            if self.same_object is None or boxes[label].add(obj["box"], self.same_object):
                kept.append(obj | {"label": label} | cut)
        return tuple(kept)


class Boxes:
    """Boxes (x1, y1, x2, y2) that overlap little; each is compared with all others in one step of numpy."""

    def __init__(self) -> None:
        self._kept, self._number = np.empty((16, 4)), 0

    def add(self, box: tuple[float, ...], most: float) -> bool:
        """Keep a box unless its intersection over union with one that is kept is above ``most``."""
        a, b = self._kept[: self._number].T, np.asarray(box, dtype=float)
        shared = np.maximum(0.0, np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])) * np.maximum(
            0.0, np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
        )
        both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
        if (shared[both > 0] / both[both > 0] > most).any():
            return False
        if self._number == len(self._kept):
            self._kept = np.concatenate([self._kept, np.empty_like(self._kept)])
        self._kept[self._number] = box
        self._number += 1
        return True


def load_source(name: str | None) -> SourceConfig:
    """A preset by its name, or a YAML file by its path; None gives the defaults.

    Raises:
        RecipeError: no such preset or file, or a wrong key or value in it.
    """
    if name is None:
        return SourceConfig()
    return parse(SourceConfig, read_yaml(named("source preset", name, PRESETS)), name)


def presets() -> dict[str, SourceConfig]:
    """All shipped presets by their names."""
    return {name: load_source(name) for name in shipped(PRESETS)}
