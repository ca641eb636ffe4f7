"""What a multimodal model with an adapter is, without weights: its base and how its template is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mpgi_ray.errors import RecipeError
from mpgi_ray.models.conversation import Around, encoded
from mpgi_ray.models.hub import fetched
from mpgi_ray.models.messages import turns
from mpgi_ray.models.multimodal_layout import Multimodal
from mpgi_ray.models.turns import ChatInputs, Template

_MARKS = "\ue000", "\ue001", "\ue002", "\ue003"  # stand for what is said while the chat template is filled


@dataclass(frozen=True, slots=True)
class Base:
    """The published model that an adapter belongs to.

    Attributes:
        name: a hub id, or a folder in the layout of transformers, local or ``s3://…``.
        commit: of a hub id.
    """

    name: str
    commit: str | None = None

    def folder(self) -> str:
        """Where it lies; one of the hub is fetched if it is not there.

        Raises:
            InputError: the hub does not have it, or cannot be reached.
        """
        is_folder = self.name.startswith("/") or "://" in self.name
        return self.name if is_folder else fetched(self.name, self.commit)


@dataclass(frozen=True)
class Adapted(Multimodal):
    """A multimodal model with an adapter, without weights.

    Attributes:
        rank: of the adapter's matrices.
        question: that texts answer where they are learnt as they are.
    """

    base: Base
    rank: int
    question: str

    def inputs(self) -> ChatInputs:
        """The pictures that it takes, and texts as answers to its question."""
        template = self.template()
        (question,) = encoded(self.tokenizer, [self.question.strip()])
        before = (*template.first, *question, *template.asked)
        return ChatInputs(
            self.preprocess_cfg,
            len(template.first) + self.limits.tokens,
            self.tokenizer,
            Around(before, template.ended),
            template,
        )

    def template(self) -> Template:
        """What its chat template puts around questions and answers: the same in training and when an engine
        asks it.

        Raises:
            RecipeError: the template does not write each turn alike, or nothing ends an answer.
        """
        question, answer, again, last = _MARKS
        rest = self.filled(turns([(question, answer), (again, last)]))
        parts = []
        for mark in _MARKS:
            before, found, rest = rest.partition(mark)
            if not found:
                raise RecipeError(f"model {self.name}: its chat template leaves out a question or an answer")
            parts.append(self.special(before))
        first, asked, between, asked_again = parts
        end = self.special(rest)
        ended = end[: end.index(self.stop) + 1] if self.stop in end else []
        if not ended or asked != asked_again or between[: len(ended)] != ended:
            raise RecipeError(
                f"model {self.name}: its chat template writes the turns of a conversation in different ways, "
                "or nothing ends an answer: expected that of Qwen2-VL's or Qwen2.5-VL's kind"
            )
        return Template(tuple(self.spread(first)), tuple(asked), tuple(ended), tuple(between[len(ended) :]))

    def __reduce__(self) -> tuple[Any, ...]:
        return Adapted, (self.name, self.files, self.limits, self.base, self.rank, self.question)
