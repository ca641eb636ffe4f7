"""A question as a card shows it."""

from __future__ import annotations

from dataclasses import dataclass

from mpgi_ray.data.answers import Answer
from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.report.questions.answered import outcome
from mpgi_ray.report.questions.counts import answer_of


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer.

    Attributes:
        conversation, place: of it.
        reply: of the engine that was asked; None if none was.
    """

    turn: Turn
    conversation: Conversation
    place: int
    reply: Answer | None = None

    @property
    def answer(self) -> str:
        """See `answer_of`."""
        return answer_of(self.turn)

    @property
    def outcome(self) -> str:
        """Whether the reply is right; empty if nobody was asked."""
        return outcome(self.reply) if self.reply else ""
