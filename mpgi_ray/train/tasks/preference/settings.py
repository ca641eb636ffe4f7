"""What the task is told, and what a sample gives: the tokens of its texts, in order of worth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

from mpgi_ray.data.preferences import Preference, read_preferences
from mpgi_ray.data.storage import absolute
from mpgi_ray.errors import InputError
from mpgi_ray.models.conversation import Limits
from mpgi_ray.train.augment import uniform
from mpgi_ray.train.tasks.base import Arrays, TaskSettings

if TYPE_CHECKING:
    from mpgi_ray.train.source import Source
    from mpgi_ray.train.tasks.preference.task import PreferenceTask
    from mpgi_ray.train.view import View


class Settings(TaskSettings):
    """What ``--set task_settings.NAME=VALUE`` sets.

    Attributes:
        preferences: the table, or the folder that it lies in; all nodes see it.
        lists: of a picture in a step, drawn anew in each epoch.
        longest: texts of a list that are looked at, the first ones.
        pixels: of a multimodal model: the side of the square that it sees in place of a picture.
        tokens: of a multimodal model: those of a text; what goes beyond is cut, and said at the start.
    """

    preferences: Annotated[str, AfterValidator(absolute)]
    lists: int = Field(default=4, ge=1, le=1000)
    longest: int = Field(default=2, ge=2, le=64)
    pixels: int = Field(default=448, ge=1, le=10_000)
    tokens: int = Field(default=256, ge=1, le=100_000)

    @property
    def reads_texts(self) -> bool:
        return False

    def words(self, source: Source) -> Iterator[str]:
        for lists in _read(self.preferences).values():
            yield from (text for one in lists for _, text in one.texts)

    def limits(self) -> Limits:
        return Limits(self.pixels, self.tokens)

    def check(self, source: Source) -> None:
        """Whether there are preferences.

        Raises:
            InputError: the table is empty, or cannot be read.
        """
        if not _read(self.preferences):
            raise InputError(f"{self.preferences} has no preferences: make them with `mpgi reward pairs`")

    def fingerprints(self) -> dict[str, str]:
        digest = hashlib.sha256()
        for own in _read(self.preferences).items():
            digest.update(repr(own).encode())
        return {"preferences": digest.hexdigest()}

    def arrays(self, view: View) -> Arrays:
        """The tokens of the texts of lists, (lists, longest, context), and whether they are ``there``; a
        picture that has fewer lists, and a list that has fewer texts, are filled up.
        """
        known = _read(self.preferences).get(view.record.sample_id, ())
        order = sorted(range(len(known)), key=lambda at: uniform(f"list {at}", *view.drawn))
        texts = [[text for _, text in known[at].texts[: self.longest]] for at in order[: self.lists]]
        there = np.zeros((self.lists, self.longest), bool)
        for row, own in enumerate(texts):
            there[row, : len(own)] = True
        filled = [own + [""] * (self.longest - len(own)) for own in texts]
        filled += [[""] * self.longest] * (self.lists - len(texts))
        ids = view.taken.ids([text for own in filled for text in own])
        return {"ranked": ids.reshape(self.lists, self.longest, -1), "there": there}

    def task(self, model: Any) -> PreferenceTask:
        from mpgi_ray.models.multimodal import MultimodalNetwork
        from mpgi_ray.train.tasks.preference import task

        return task.OfAnswers() if isinstance(model, MultimodalNetwork) else task.OfTexts(model)


@cache
def _read(path: str) -> Mapping[str, tuple[Preference, ...]]:
    return read_preferences(path)
