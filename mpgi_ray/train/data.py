"""Reads windows of a run's order and makes what workers compute on: decoded, turned, tokenised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.final import Record, short_id
from mpgi_ray.errors import InputError
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.train.augment import Crop, Transform, apply, draw, survives_crop, uniform
from mpgi_ray.train.config import AugmentConfig, TrainConfig, Turning
from mpgi_ray.train.order import Window
from mpgi_ray.train.source import Source
from mpgi_ray.train.tasks.base import Arrays, TaskSettings
from mpgi_ray.train.text_choice import Choice, draw_view, sample_sentences
from mpgi_ray.train.view import Taken, View

REMEMBERED_BYTES = 2**28  # in a reading process: small data sets are decoded once, not every epoch

_TURNINGS = {
    Turning.NONE: (Transform.IDENTITY,),
    Turning.FLIPS: (Transform.IDENTITY, Transform.MIRROR, Transform.FLIP, Transform.TURN_180),
    Turning.ALL: tuple(Transform),
}


@dataclass(frozen=True)
class Reading:
    """How samples become batches.

    Attributes:
        task: says what a sample gives beside its picture and its texts.
        share: samples of a worker in a step; a step has ``workers`` of them in a row.
        texts_per_step: texts of each picture.
        single_sentences: share of the texts of which one sentence is learned.
    """

    source: Source
    inputs: Inputs
    task: TaskSettings
    augment: AugmentConfig
    share: int
    workers: int
    seed: int
    texts_per_step: int
    single_sentences: float = 0.0

    @classmethod
    def of(cls, config: TrainConfig, source: Source, inputs: Inputs, task: TaskSettings) -> Self:
        """As the configuration says."""
        return cls(
            source,
            inputs,
            task,
            config.augment,
            config.share,
            config.workers,
            config.seed,
            config.texts_per_step,
            config.single_sentences,
        )

    def window(self, window: Window, first: int) -> Iterator[Arrays]:
        """The workers' shares of the steps of a window, from step ``first`` on.

        Raises:
            InputError: a shard or picture cannot be read, or the shards hold fewer samples than before.
        """
        records = list(self._records(window))
        if len(records) != window.samples:
            raise InputError("the shards changed during training: they hold fewer samples than at its start")
        batch = self.share * self.workers
        weights = self.task.weigh([short_id(record.sample_id) for record in records])
        if weights is None:
            showings = [(index, window.epoch) for index in window.order(self.seed)]
        else:
            order = window.drawn(self.seed, weights, window.steps * batch)
            showings = [(index, number) for number, index in enumerate(order, (window.first - 1) * batch)]
        show = self._show()
        start = max(0, first - window.first) * batch
        for place in range(start, len(showings), self.share):
            part = showings[place : place + self.share]
            chosen = [records[index] for index, _ in part]
            step = window.first + place // batch
            shown = [show(records[index], step, number) for index, number in part]
            yield {name: np.stack([arrays[name] for arrays in shown]) for name in shown[0]} | {
                "keys": np.frombuffer(
                    json.dumps([f"{record.shard}/{record.key}" for record in chosen]).encode(), np.uint8
                )
            }

    def _records(self, window: Window) -> Iterator[Record]:
        for piece in window.pieces:
            yield from islice(self.source.records(self.source.shards[piece.shard]), piece.start, piece.end)

    def _show(self) -> Callable[[Record, int, int], Arrays]:
        """What a sample gives in a step, and in an epoch or a draw: its picture, uint8 (3, height, width),
        the tokens of its texts, int64 (texts, context length), and what the task makes of it.
        """
        taken, (_, length) = Taken.by(self.inputs), self.inputs.reader()
        classes = {name: n for n, name in enumerate(self.source.classes)}
        crop = None if self.augment.crop is None else Crop(self.augment.crop)

        def show(record: Record, step: int, number: int) -> Arrays:
            drawn = self.seed, number, record.sample_id
            turnings = _TURNINGS[self.augment.turning]
            choice = self._choice(record, turnings, drawn, step)
            texts = tuple(
                sample_sentences(text, length, self.inputs.context_length, *drawn, nth, self.single_sentences)
                for nth, text in enumerate(choice.texts)
            )
            window = crop if crop and all(map(survives_crop, texts)) else None
            view = View(record, texts, choice.transform, drawn, taken, classes, window)
            made = self.task.arrays(view)
            if "images" not in made:
                made["images"] = apply(self._image(view), choice.transform, (1, 2))
            return {**made, "tokens": taken.ids(texts)}

        return show

    def _choice(
        self, record: Record, turnings: Sequence[Transform], drawn: tuple[int, int, str], step: int
    ) -> Choice:
        if self.source.texts is None:
            return Choice(draw(*drawn, turnings), (), ())
        held = record.with_people(uniform("captions", *drawn))
        return draw_view(held, self.source.texts, turnings, *drawn, step, self.texts_per_step)

    def _image(self, view: View) -> NDArray[np.uint8]:
        if view.crop is not None:
            return view.taken.pixels(view.picture.crop(view.window))
        return _remembered(view, repr(self.inputs.preprocess_cfg))


_memory: dict[tuple[str, str], NDArray[np.uint8]] = {}


def _remembered(view: View, made_as: str) -> NDArray[np.uint8]:
    key = made_as, view.record.sample_id
    if (known := _memory.get(key)) is not None:
        return known
    made = view.taken.pixels(view.picture)
    if len(_memory) * made.nbytes < REMEMBERED_BYTES:
        _memory[key] = made
    return made
