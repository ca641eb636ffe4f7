"""What a model with a bridge takes: pictures, and conversations as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpgi_ray.models.dialogue import row
from mpgi_ray.models.inputs import Dialogue, Ids, Inputs, Length, Row
from mpgi_ray.models.tokenizer import END, START, TextTokenizer


@dataclass(frozen=True, slots=True)
class BridgedInputs(Inputs):
    """The inputs of a model with a bridge.

    Attributes:
        question: that texts answer.
    """

    question: str = ""

    def reader(self) -> tuple[Ids, Length]:
        """Texts as tokens; and how many a conversation has in which a text is the answer."""
        codec = TextTokenizer.from_json(self.tokenizer or "", self.context_length)
        around = len(before(codec, self.question)) + 1
        return codec.ids, lambda text: around + len(codec.encode(text))

    def dialogue(self) -> Dialogue:
        codec = TextTokenizer.from_json(self.tokenizer or "", self.context_length)

        def read(turns: Sequence[tuple[str, str]]) -> Row:
            return row(
                [(before(codec, question), [*codec.encode(answer), END]) for question, answer in turns],
                self.context_length,
            )

        return read


def before(codec: TextTokenizer, question: str) -> list[int]:
    """The tokens before an answer."""
    return [START, *codec.encode(question), END]
