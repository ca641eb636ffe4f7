"""From windows of a run's order to what a worker computes on: decoded, turned, tokenised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.final import Record, decoded, read_records
from mpgi_ray.errors import InputError
from mpgi_ray.models.inputs import Inputs, Length, Pixels
from mpgi_ray.train.augment import Crop, Transform, apply, survives_crop
from mpgi_ray.train.config import AugmentConfig, Turning
from mpgi_ray.train.order import Window
from mpgi_ray.train.source import Source
from mpgi_ray.train.text_choice import draw_view, sample_sentences

REMEMBERED_BYTES = 2**28  # of a reading process: small data sets are decoded once, not every epoch

_TURNINGS = {
    Turning.NONE: (Transform.IDENTITY,),
    Turning.FLIPS: (Transform.IDENTITY, Transform.MIRROR, Transform.FLIP, Transform.TURN_180),
    Turning.ALL: tuple(Transform),
}

Arrays = dict[str, NDArray[Any]]  # a batch on its way through Ray Data


@dataclass(frozen=True)
class Reading:
    """How samples become batches.

    Attributes:
        share: samples of a worker in a step; a step has ``workers`` of them in a row.
    """

    source: Source
    inputs: Inputs
    augment: AugmentConfig
    share: int
    workers: int
    seed: int

    def window(self, window: Window, first: int) -> Iterator[Arrays]:
        """The workers' shares of the steps of a window, from step ``first`` on.

        Raises:
            InputError: a shard or picture cannot be read, or the shards hold fewer samples than before.
        """
        records = list(self._records(window))
        order = window.order(self.seed)
        if len(records) != len(order):
            raise InputError("the shards changed during training: they hold fewer samples than at its start")
        ids, length = self.inputs.reader()
        view = partial(self._view, epoch=window.epoch, pixels=self.inputs.pixels(), length=length)
        start = max(0, first - window.first) * self.share * self.workers
        for place in range(start, len(order), self.share):
            chosen = [records[index] for index in order[place : place + self.share]]
            views = [view(record) for record in chosen]
            yield {
                "images": np.stack([image for image, _ in views]),
                "tokens": ids([text for _, text in views]),
                "keys": np.frombuffer(
                    json.dumps([f"{record.shard}/{record.key}" for record in chosen]).encode(), np.uint8
                ),
            }

    def _records(self, window: Window) -> Iterator[Record]:
        for piece in window.pieces:
            usable = filter(self.source.usable, read_records([self.source.shards[piece.shard]]))
            yield from islice(usable, piece.start, piece.end)

    def _view(
        self, record: Record, epoch: int, pixels: Pixels, length: Length
    ) -> tuple[NDArray[np.uint8], str]:
        """The picture, uint8 (3, height, width), and the text of a sample in an epoch."""
        drawn = self.seed, epoch, record.sample_id
        choice = draw_view(record.texts, self.source.texts, _TURNINGS[self.augment.turning], *drawn)
        text = sample_sentences(choice.text, length, self.inputs.context_length, *drawn)
        if self.augment.crop is not None and survives_crop(text):
            picture = decoded(record)
            window = Crop(self.augment.crop).window(picture.width, picture.height, *drawn)
            return apply(pixels(picture.crop(window)), choice.transform, (1, 2)), text
        return apply(_remembered(record, self.inputs, pixels), choice.transform, (1, 2)), text


_memory: dict[tuple[str, str], NDArray[np.uint8]] = {}


def _remembered(record: Record, inputs: Inputs, pixels: Pixels) -> NDArray[np.uint8]:
    key = repr(inputs.preprocess_cfg), record.sample_id
    if (known := _memory.get(key)) is not None:
        return known
    made = pixels(decoded(record))
    if len(_memory) * made.nbytes < REMEMBERED_BYTES:
        _memory[key] = made
    return made
