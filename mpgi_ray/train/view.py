"""A sample as it is shown in one epoch: a task makes arrays from it, beside its picture and its texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.data.sample import Box
from mpgi_ray.models.inputs import Dialogue, Ids, Inputs, Pixels
from mpgi_ray.train.augment import Crop, Transform, apply, inverse, move_box


@dataclass(frozen=True, slots=True)
class Taken:
    """How a model takes pictures and texts, made once for many samples.

    Attributes:
        pixels: turns a picture into what the model takes, uint8 (3, height, width).
        squashed: the same for parts of a picture, which are shown whole whatever their proportions.
        frame: the part of a picture of a width and height that ``pixels`` shows, in its pixels.
        ids: token ids of texts, int64 (texts, context).
        dialogue: a conversation as tokens; None for a model that answers no questions.
    """

    pixels: Pixels
    squashed: Pixels
    frame: Callable[[int, int], Box]
    ids: Ids
    dialogue: Dialogue | None

    @classmethod
    def by(cls, inputs: Inputs) -> Self:
        whole = replace(inputs, preprocess_cfg=inputs.preprocess_cfg | {"resize_mode": "squash"})
        return cls(inputs.pixels(), whole.pixels(), inputs.frame, inputs.reader()[0], inputs.dialogue())


@dataclass(frozen=True)
class View:
    """A sample in an epoch.

    Attributes:
        record: the sample: its annotation as JSON, its texts by perspective.
        texts: those that are learned, ``texts_per_step`` of them, as the model is shown them.
        transform: how the picture is turned; all the texts survive it.
        drawn: seed, epoch and sample id, from which `augment.uniform` draws numbers; where samples are drawn
            by weight, and one may come twice, the number of the draw in place of the epoch.
        taken: how the model takes pictures and texts.
        classes: ids of the object labels and scene classes, numbered over all samples of the run.
        crop: of which a window is shown; None shows the whole picture.
    """

    record: Record
    texts: tuple[str, ...]
    transform: Transform
    drawn: tuple[int, int, str]
    taken: Taken
    classes: Mapping[str, int]
    crop: Crop | None = None

    @cached_property
    def picture(self) -> Image.Image:
        """The original, decoded when it is first asked for; boxes of the annotation are in its pixels."""
        return decoded(self.record)

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """What is taken of the original before it is resized: x1, y1, x2, y2 in its pixels."""
        width, height = self.picture.size
        return (0, 0, width, height) if self.crop is None else self.crop.window(width, height, *self.drawn)

    def cut(self, box: Box) -> NDArray[np.uint8]:
        """The part of the original inside a box, squashed to the size that the model takes, and turned like
        the picture.

        Args:
            box: in pixels; of what is inside the picture, at least one pixel is taken.
        """
        part = self.picture.crop(box.pixels(*self.picture.size))
        return apply(self.taken.squashed(part), self.transform, (1, 2))

    def place(self, box: Box) -> Box:
        """Where a box of the original lies in the picture that the model is shown: from 0 to 1, clipped."""
        x1, y1, x2, y2 = self._frame
        width, height = x2 - x1, y2 - y1
        within = Box(
            (box.x1 - x1) / width, (box.y1 - y1) / height, (box.x2 - x1) / width, (box.y2 - y1) / height
        )
        return move_box(within.clipped(1, 1), self.transform, 1, 1)

    def box_at(self, place: Box) -> Box:
        """The box of the original at a place of the picture that the model is shown: what `place` inverts."""
        return self._frame.part(move_box(place, inverse(self.transform), 1, 1))

    @property
    def shown(self) -> Box:
        """Where in what the model is shown there is picture, from 0 to 1: all of it, unless it is padded."""
        return self.place(Box(0, 0, *self.picture.size))

    @cached_property
    def _frame(self) -> Box:
        """The part of the original that is shown, in its pixels."""
        x1, y1, x2, y2 = self.window
        frame = self.taken.frame(x2 - x1, y2 - y1)
        return Box(x1 + frame.x1, y1 + frame.y1, x1 + frame.x2, y1 + frame.y2)
