"""What the task is told, and what a sample gives: two windows, what is hidden of them, which cells match."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field, model_validator

from mpgi_ray.train.augment import uniform
from mpgi_ray.train.random_window import window
from mpgi_ray.train.tasks.base import Arrays, TaskSettings
from mpgi_ray.train.tasks.cmid.altered import Pixels, altered
from mpgi_ray.train.tasks.cmid.cells import centres, hidden, nearest

if TYPE_CHECKING:
    from mpgi_ray.data.sample import Box
    from mpgi_ray.train.tasks.cmid.task import CmidTask
    from mpgi_ray.train.view import View


class Against(StrEnum):
    """What keeps the tower from saying the same of all pictures."""

    QUEUE = "queue"  # keys of earlier pictures (MoCo)
    PREDICTOR = "predictor"  # a head that the teacher lacks (BYOL)


class Settings(TaskSettings):
    """What ``--set task_settings.NAME=VALUE`` sets; the defaults are CMID's, but for the size of the heads.

    Attributes:
        reconstruct, contrast, local: weights of the three losses.
        cells: of a side of a window's grid: what is hidden and what is matched. The last grid of the tower is
            a whole multiple of it: 7 for towers of 224 pixels with patches of 32 or 16.
        hidden: share of the cells that are hidden.
        matches: cells of a window that are matched with one of the other.
        least: the least share of a picture's area that a window has.
        against: of the loss of whole pictures.
        queue: how many keys are kept.
        momentum: of the teacher, at the start; it grows to 1.
        hidden_width, dim: of the heads.
        prototypes: what cells are told apart by.
    """

    reconstruct: float = Field(default=1.0, ge=0)
    contrast: float = Field(default=1.0, ge=0)
    local: float = Field(default=1.0, ge=0)
    cells: int = Field(default=7, ge=2, le=64)
    hidden: float = Field(default=0.6, ge=0, lt=1)
    matches: int = Field(default=20, ge=1)
    least: float = Field(default=0.3, gt=0, le=1)
    against: Against = Against.QUEUE
    queue: int = Field(default=65_536, ge=1, le=10_000_000)
    momentum: float = Field(default=0.996, ge=0, lt=1)
    hidden_width: int = Field(default=2048, ge=1)
    dim: int = Field(default=256, ge=1)
    prototypes: int = Field(default=2048, ge=2)

    @property
    def reads_texts(self) -> bool:
        return False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.matches > self.cells**2:
            raise ValueError(
                f"matches {self.matches}: expected at most {self.cells**2}, the cells of a window"
            )
        if not (self.reconstruct or self.contrast or self.local):
            raise ValueError("reconstruct, contrast and local are all 0: expected a weight above 0")
        if self.reconstruct and not self.hidden:
            raise ValueError(
                "hidden 0: nothing is hidden that could be reconstructed; expected more, or reconstruct 0"
            )
        return self

    def arrays(self, view: View) -> Arrays:
        """Two windows, ``images`` and ``others``, (3, height, width); which cells of each are ``hidden``,
        (2, cells, cells); and as ``matches`` the cells of each and of the other one that show the same place,
        (2, 2, matches).
        """
        windows, cuts, places = [], [], []
        for at in range(2):
            draw = partial(_draw, view, at)
            place = view.shown.part(window(draw, 1, 1, self.least, 1.0))
            mirrored = draw("mirror") < 0.5
            windows.append(_cut(view, place, mirrored))
            places.append(centres(place, self.cells, mirrored=mirrored))
            chance = np.random.default_rng(int(draw("hidden") * 2**48))
            cuts.append(hidden(chance, self.cells, self.hidden))
        one, other = places
        return {
            "images": windows[0],
            "others": altered(windows[1], partial(_draw, view, 1)),
            "hidden": np.stack(cuts),
            "matches": np.stack([nearest(one, other, self.matches), nearest(other, one, self.matches)]),
        }

    def task(self, model: Any) -> CmidTask:
        from mpgi_ray.train.tasks.cmid.task import CmidTask

        return CmidTask(self, model)


def _draw(view: View, at: int, what: str) -> float:
    return uniform(f"window {at} {what}", *view.drawn)


def _cut(view: View, place: Box, mirrored: bool) -> Pixels:
    """A window of the picture as it is shown; it is taken of the original, which is sharper."""
    pixels = view.cut(view.box_at(place))
    return np.ascontiguousarray(pixels[:, :, ::-1]) if mirrored else pixels
