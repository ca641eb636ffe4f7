"""What the task is told, and what a sample gives: conversations as tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.data.instructions import read_instructions
from mpgi_ray.data.storage import absolute
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models.conversation import Limits
from mpgi_ray.train.tasks.base import Arrays, TaskSettings
from mpgi_ray.train.tasks.instruction.draws import Draws

if TYPE_CHECKING:
    from mpgi_ray.train.source import Source
    from mpgi_ray.train.tasks.instruction.task import InstructionTask
    from mpgi_ray.train.view import View

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Settings(TaskSettings):
    """What ``--set task_settings.NAME=VALUE`` sets.

    Attributes:
        instructions: the table, or the folder that it lies in; all nodes see it. None learns the texts of the
            shards, as answers to ``question``.
        question: that the texts of the shards answer.
        kinds: how often conversations come, by the kinds of their questions: 1 unless it is told; ``*`` names
            all others, so that ``{"*": 0, "count": 1}`` leaves one.
        sources: the same by the data sets of their pictures.
        split: conversations of this split of the table alone: shards that name no splits are divided there.
        conversations: about a picture in a step; one may come twice.
        pictures: whether the model sees the pictures. Without them, its language model alone is taught.
        pixels: of a multimodal model: the side of the square that it sees in place of a picture.
        tokens: of a conversation, without the picture; turns beyond are left out.
        rank: of a multimodal model's adapter: None takes 16, or that of the adapter that is trained on.
    """

    answers: ClassVar[bool] = True

    instructions: Annotated[str, AfterValidator(absolute)] | None = None
    question: str = Field(default="Describe the image.", min_length=1)
    kinds: Mapping[str, Weight] = {}
    sources: Mapping[str, Weight] = {}
    split: str | None = None
    conversations: int = Field(default=4, ge=1, le=1000)
    pictures: bool = True
    pixels: int = Field(default=448, ge=1, le=10_000)
    tokens: int = Field(default=256, ge=8, le=100_000)
    rank: int | None = Field(default=None, ge=1, le=1024)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        told = self.model_fields_set & {"kinds", "sources", "split", "conversations"}
        if self.instructions is None and told:
            raise ValueError(
                f"{' and '.join(sorted(told))} are of instructions: expected instructions to be named, too"
            )
        return self

    @property
    def reads_texts(self) -> bool:
        return self.instructions is None

    @property
    def draws(self) -> Draws | None:
        """The conversations of the table; None where the texts of the shards are learnt."""
        if self.instructions is None:
            return None
        weights = tuple(self.kinds.items()), tuple(self.sources.items())
        return _draws(self.instructions, *weights, self.split)

    def words(self, source: Source) -> Iterator[str]:
        yield self.question
        yield from source.all_texts() if self.draws is None else self.draws.texts()

    def limits(self) -> Limits:
        return Limits(self.pixels, self.tokens)

    def weigh(self, samples: Sequence[str]) -> Sequence[float] | None:
        """The weights of the conversations about each sample, summed up.

        Raises:
            InputError: there is no conversation about any of them that has a weight above 0.
        """
        if self.draws is None:
            return None
        weights = [self.draws.weight(sample) for sample in samples]
        if not any(weights):
            raise InputError(
                f"{self.instructions} asks nothing about the pictures of the shards that has a weight above "
                "0: expected instructions that were made from these shards, and kinds, sources and a split "
                "that leave some of them"
            )
        return weights

    def fingerprints(self) -> dict[str, str]:
        return {} if self.draws is None else {"instructions": self.draws.fingerprint()}

    def check(self, source: Source) -> None:
        """Say so if conversations are learnt that the table keeps for a test: shards may name no splits."""
        if self.draws is not None and source.split is None and len(splits := self.draws.splits()) > 1:
            print(
                f"learnt are conversations of the splits {', '.join(sorted(splits))}: --split, or "
                "task_settings.split where the shards name none, takes one of them",
                flush=True,
            )

    def arrays(self, view: View) -> Arrays:
        """Tokens of conversations, (conversations, tokens), and which of them are ``learnt``."""
        dialogue = view.taken.dialogue
        if dialogue is None:
            raise RecipeError("task instruction: the model answers no questions")
        if self.draws is None:
            asked = [[(self.question, text)] for text in view.texts]
        else:
            own = self.draws.drawn(view.record.sample_id, self.conversations, view.drawn)
            asked = [[(turn.question, turn.answer) for turn in one.turns] for one in own]
        ids, learnt = zip(*map(dialogue, asked), strict=True)
        return {"ids": np.stack(ids), "learnt": np.stack(learnt)}

    def task(self, model: Any) -> InstructionTask:
        from mpgi_ray.train.tasks.instruction.task import InstructionTask

        return InstructionTask(model, sees=self.pictures)


@cache  # not in the settings, which are sent to every reading task
def _draws(
    path: str,
    kinds: tuple[tuple[str, float], ...],
    sources: tuple[tuple[str, float], ...],
    split: str | None,
) -> Draws:
    return Draws(read_instructions(path), dict(kinds), dict(sources), split)
