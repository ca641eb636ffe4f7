"""Annotated objects cut out of their pictures, each put into the class whose name lies nearest to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.data.sample import Box
from mpgi_ray.rules.boxed import regions_of

LEAST = 16  # px: the side of a square of the area of the smallest object that is asked about
NAME = "a satellite image of {}"  # as FarSLIP names regions (Li et al. 2025)


@dataclass(frozen=True, slots=True)
class Regions:
    """Objects of pictures that are large enough.

    Attributes:
        classes: what all samples' objects are called, sorted; labels that are spelled alike are one.
        boxes: by the place of their picture among those that have one: boxes and places in ``classes``.
        rows: which of the samples these pictures are.
    """

    classes: tuple[str, ...]
    boxes: tuple[tuple[tuple[Box, int], ...], ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, records: Sequence[Record], others: Sequence[Record] = ()) -> Regions:
        """The objects of samples.

        Args:
            others: samples that are not asked about, whose classes are to choose from, too.
        """
        found = [list(_objects(record)) for record in records]
        everything = [*found, *(list(_objects(record)) for record in others)]
        classes = tuple(sorted({label for objects in everything for _, label in objects}))
        place = {label: number for number, label in enumerate(classes)}
        rows = tuple(row for row, objects in enumerate(found) if objects)
        boxes = tuple(tuple((box, place[label]) for box, label in found[row]) for row in rows)
        return cls(classes, boxes, rows)

    @property
    def names(self) -> list[str]:
        """What is said of each class."""
        return [NAME.format(name) for name in self.classes]

    def crops(self, records: Iterable[Record]) -> Iterator[Image.Image]:
        """The objects by themselves, squashed to squares.

        Args:
            records: the samples of ``rows``, in order, with their pictures.
        """
        for record, boxes in zip(records, self.boxes, strict=True):
            picture = decoded(record)
            for box, _ in boxes:
                part = picture.crop(box.pixels(*picture.size))
                yield part.resize((max(part.size),) * 2, Image.Resampling.BICUBIC)

    def by_picture(self, said: Sequence[int]) -> NDArray[np.float64]:
        """Objects, and those that were put into their class, by class: (pictures, 2 × classes).

        Args:
            said: the class that each object was put into, in the order of `crops`.
        """
        counts = np.zeros((len(self.boxes), 2 * len(self.classes)))
        answers = iter(said)
        for row, boxes in enumerate(self.boxes):
            for _, label in boxes:
                counts[row, label] += 1
                counts[row, len(self.classes) + label] += next(answers) == label
        return counts


def figures(by_picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of objects that are right, and the mean over the classes that have objects, in per cent.

    Args:
        by_picture: rows of `Regions.by_picture`, all or drawn ones.
    """
    objects, right = by_picture.sum(axis=0).reshape(2, -1)
    there = objects > 0
    return 100 * np.array([right.sum() / max(objects.sum(), 1), (right[there] / objects[there]).mean()])


def _objects(record: Record) -> Iterator[tuple[Box, str]]:
    for region in regions_of(record.annotation):
        if region.box.area >= LEAST**2 and region.name and not region.crowd:
            yield region.box, region.name.lower()
