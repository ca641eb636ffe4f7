"""What a chat template puts around questions and answers, as tokens; without torch and transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpgi_ray.models.conversation import ConversationInputs, encoded
from mpgi_ray.models.dialogue import row
from mpgi_ray.models.inputs import Dialogue, Row

Turns = list[tuple[list[int], list[int]]]  # what is read, and then what is learnt


@dataclass(frozen=True, slots=True)
class Template:
    """The tokens of a chat template between questions and answers.

    Attributes:
        first: before the first question, with one for each part of the picture that the model sees.
        asked: between a question and its answer.
        ended: what ends an answer. A model must learn to say it, or it will not stop.
        again: between an answer that has ended and the next question.
    """

    first: tuple[int, ...]
    asked: tuple[int, ...]
    ended: tuple[int, ...]
    again: tuple[int, ...]

    def turns(self, questions: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> Turns:
        """The turns of the tokens of questions and answers."""
        return [
            ([*(self.again if place else self.first), *question, *self.asked], [*answer, *self.ended])
            for place, (question, answer) in enumerate(zip(questions, answers, strict=True))
        ]


@dataclass(frozen=True, slots=True)
class ChatInputs(ConversationInputs):
    """The inputs of a multimodal model that answers questions; ``context_length`` counts the picture, too."""

    template: Template = Template((), (), (), ())

    def dialogue(self) -> Dialogue:
        """Makes rows of conversations, whose first question stands behind the picture."""

        def made(told: Sequence[tuple[str, str]]) -> Row:
            return row(self._turns(told), self.context_length)

        return made

    def tokens(self, told: Sequence[tuple[str, str]]) -> int:
        """How many a conversation has, fit or not, without what stands before its first question."""
        turns = self._turns(told)
        return sum(len(part) for turn in turns for part in turn) - len(self.template.first)

    def _turns(self, told: Sequence[tuple[str, str]]) -> Turns:
        json = self.tokenizer or ""
        # template engines and tokenizers differ in what they make of white space at the ends
        questions = encoded(json, [question.strip() for question, _ in told])
        answers = encoded(json, [answer.strip() for _, answer in told])
        return self.template.turns(questions, answers)
