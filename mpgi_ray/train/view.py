"""A sample as it is shown in one epoch: a task makes arrays from it, beside its picture and its texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.data.sample import Box
from mpgi_ray.models.inputs import Ids, Pixels
from mpgi_ray.train.augment import Transform, apply


@dataclass(frozen=True)
class View:
    """A sample in an epoch.

    Attributes:
        record: the sample: its annotation as JSON, its texts by perspective.
        texts: those that are learned, ``texts_per_step`` of them, as the model is shown them.
        transform: how the picture is turned; all the texts survive it.
        drawn: seed, epoch and sample id, from which `augment.uniform` draws numbers.
        pixels: turns a picture into what the model takes, uint8 (3, height, width).
        ids: token ids of texts, int64 (texts, context).
        classes: ids of the object labels and scene classes, numbered over all samples of the run.
    """

    record: Record
    texts: tuple[str, ...]
    transform: Transform
    drawn: tuple[int, int, str]
    pixels: Pixels
    ids: Ids
    classes: Mapping[str, int]

    @cached_property
    def picture(self) -> Image.Image:
        """The original, decoded when it is first asked for; boxes of the annotation are in its pixels."""
        return decoded(self.record)

    def cut(self, box: Box) -> NDArray[np.uint8]:
        """The part of the original inside a box, resized as the model takes pictures, and turned like it.

        Args:
            box: in pixels; a part of the box is inside the picture. At least one pixel is taken.
        """
        inside = box.clipped(self.picture.width, self.picture.height)
        x1, y1 = min(int(inside.x1), self.picture.width - 1), min(int(inside.y1), self.picture.height - 1)
        x2, y2 = max(x1 + 1, round(inside.x2)), max(y1 + 1, round(inside.y2))
        return apply(self.pixels(self.picture.crop((x1, y1, x2, y2))), self.transform, (1, 2))
