"""What the task is told, and what a sample gives: regions with names, and parts with their places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field, model_validator

from mpgi_ray.data.sample import Box
from mpgi_ray.errors import InputError
from mpgi_ray.models.patch_tokens import Last
from mpgi_ray.rules.boxed import Region, region_name, regions_of
from mpgi_ray.train.augment import uniform
from mpgi_ray.train.random_window import window
from mpgi_ray.train.tasks.base import Arrays, TaskSettings
from mpgi_ray.train.tasks.regions.parts import grid

if TYPE_CHECKING:
    from mpgi_ray.train.source import Source
    from mpgi_ray.train.tasks.regions.task import RegionTask
    from mpgi_ray.train.view import View

NONE = -1  # the class of a row that is padding
_AREA = 0.3, 0.7  # of a window that is a part of a picture, as FarSLIP draws them


class Parts(StrEnum):
    """Which parts of a picture are compared with themselves."""

    RANDOM = "random"  # windows of 30 to 70 % of the area
    GRID = "grid"  # cells of equal size
    OBJECTS = "objects"  # annotated boxes


class Teacher(StrEnum):
    """Who sees the parts by themselves."""

    ACTIVE = "active"  # the model; it learns from both sides
    EMA = "ema"  # a running mean of the model
    FROZEN = "frozen"  # the model as it was at the start


class Align(StrEnum):
    """What of the part by itself is taken."""

    POOLED = "pooled"  # the mean of its patches
    CLS = "cls"  # its class token
    BOTH = "both"  # the mean of the two losses


class Settings(TaskSettings):
    """What ``--set task_settings.NAME=VALUE`` sets.

    Attributes:
        contrast, regions, distill: weights of the three losses; the first stage of FarSLIP has 1, 0 and 0.1.
        number: regions of a picture, and parts of it, drawn anew in each epoch.
        least, most: the side in pixels of a square of the area that a region has at least, and at most.
        name: what is said of a region; ``{}`` is the name of its class.
        parts, teacher, align: of ``distill``.
        momentum: of the teacher that is a running mean.
        last: how the last block is taken for patches.
    """

    contrast: float = Field(default=1.0, ge=0)
    regions: float = Field(default=1.0, ge=0)
    distill: float = Field(default=0.0, ge=0)
    number: int = Field(default=4, ge=1, le=1000)
    least: float = Field(default=16, gt=0)
    most: float | None = Field(default=None, gt=0)
    name: str = Field(default="a satellite image of {}", pattern=r"^[^{}]*\{\}[^{}]*$")
    parts: Parts = Parts.RANDOM
    teacher: Teacher = Teacher.ACTIVE
    align: Align = Align.POOLED
    momentum: float = Field(default=0.99, ge=0, lt=1)
    last: Last = Last.SEGEARTH

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.contrast or self.regions or self.distill):
            raise ValueError("contrast, regions and distill are all 0: expected a weight above 0")
        if self.most is not None and self.most < self.least:
            raise ValueError(f"most {self.most:g}: expected at least the {self.least:g} of least")
        return self

    def check(self, source: Source) -> None:
        """Whether there is something to learn from.

        Raises:
            InputError: there are no boxes of named classes, none is large enough, all are of one class, or
                two classes are called alike.
        """
        if self.regions == 0 and (self.distill == 0 or self.parts is not Parts.OBJECTS):
            return
        samples = sum(source.counts)
        names = {label: source.names.get(label, region_name(label)) for label in source.boxes}
        sides = {label: side for label, side in source.boxes.items() if names[label]}
        if not sides:
            raise InputError(
                f"task regions learns from annotated boxes of named classes, and none of the {samples:,} "
                "samples has one: expected shards of a source with boxes, or task_settings.regions=0, "
                "task_settings.distill=0.1 and task_settings.parts=random, which need none"
            )
        large = sorted(label for label, side in sides.items() if side >= self.least)
        if not large:
            raise InputError(
                f"task_settings.least={self.least:g}: the largest box of {samples:,} samples has the area "
                f"of a square of {max(sides.values()):.0f} px: expected a lower one"
            )
        if not self.regions:
            return
        folded: dict[str, str] = {}
        for label in large:
            name = names[label].casefold()
            if (other := folded.setdefault(name, label)) != label:
                raise InputError(
                    f"the classes {other!r} and {label!r} are both called {name!r}, and would be each "
                    "other's negatives: give them one label in the annotation that the shards are made of"
                )
        if len(large) == 1:
            raise InputError(
                f"all boxes that are large enough are of class {large[0]!r}, and regions of one class teach "
                "nothing: expected a lower task_settings.least, or task_settings.regions=0"
            )

    def arrays(self, view: View) -> Arrays:
        """For ``regions``: crops, the tokens of the names of their classes, and the ids of these; for
        ``distill``: parts, and their places in the picture (number, 4) from 0 to 1. Padding has class `NONE`,
        and a place without area.
        """
        made: Arrays = {}
        found = self._objects(view) if self.regions or self.parts is Parts.OBJECTS else []
        if self.regions:
            names = [self.name.format(region.name) for region in found]
            missing = self.number - len(found)
            made |= {
                "crops": self._cut(view, [region.box for region in found]),
                "names": view.taken.ids([*names, *[""] * missing]),
                "classes": np.array([view.classes[region.label] for region in found] + [NONE] * missing),
            }
        if self.distill:
            drawn = (
                [view.place(region.box) for region in found]
                if self.parts is Parts.OBJECTS
                else self._parts(view)
            )
            places = [place for place in drawn if place.area > 0]
            empty = [Box(0, 0, 0, 0)] * (self.number - len(places))
            made |= {
                "parts": self._cut(view, [view.box_at(place) for place in places]),
                "places": np.array([*places, *empty], np.float32),
            }
        return made

    def task(self, model: Any) -> RegionTask:
        from mpgi_ray.train.tasks.regions.task import RegionTask

        return RegionTask(self, model)

    def _objects(self, view: View) -> list[Region]:
        """Regions of a picture that are large enough, drawn by hash."""
        most = math.inf if self.most is None else self.most**2
        size = view.picture.size
        inside = [r._replace(box=r.box.clipped(*size)) for r in regions_of(view.record.annotation) if r.name]
        fitting = [region for region in inside if self.least**2 <= region.box.area <= most]
        order = sorted(range(len(fitting)), key=lambda at: uniform(f"region {at}", *view.drawn))
        return [fitting[at] for at in order[: self.number]]

    def _parts(self, view: View) -> list[Box]:
        """Parts of the picture that is shown, from 0 to 1."""
        whole = view.box_at(view.shown)
        if self.parts is Parts.GRID:
            shares = grid(self.number)
        else:
            size = whole.x2 - whole.x1, whole.y2 - whole.y1
            shares = [window(partial(self._draw, view, at), *size, *_AREA) for at in range(self.number)]
        return [view.place(whole.part(share)) for share in shares]

    @staticmethod
    def _draw(view: View, at: int, what: str) -> float:
        return uniform(f"part {at} {what}", *view.drawn)

    def _cut(self, view: View, boxes: Sequence[Box]) -> np.typing.NDArray[np.uint8]:
        cut = [view.cut(box) for box in boxes] or [view.cut(Box(0, 0, 1, 1))]
        return np.stack(cut + [cut[0]] * (self.number - len(cut)))
