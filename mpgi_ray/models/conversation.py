"""A picture, a question and an answer as the tokens that a multimodal model reads.

Reading processes start often, so this needs neither torch nor transformers: what the model's chat template
puts around an answer is worked out once, by `multimodal_layout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from mpgi_ray.models.inputs import Ids, Inputs, Length

NOTHING = -1  # behind the last token of a row: no token has this number, so none is taken for it


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a multimodal scorer looks at.

    Attributes:
        pixels: the side of the square that a picture becomes, whatever its proportions.
        tokens: of an answer; what goes beyond is cut.
    """

    pixels: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Around:
    """The tokens before and after an answer, with one for each part of the picture that the model sees."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def row(self, answer: Sequence[int]) -> list[int]:
        return [*self.before, *answer, *self.after]


@dataclass(frozen=True, slots=True)
class ConversationInputs(Inputs):
    """The inputs of a multimodal scorer: its pictures, and its texts as answers to one question.

    Attributes:
        around: what stands around each answer.
    """

    around: Around = Around((), ())

    def reader(self) -> tuple[Ids, Length]:
        """Texts as int64 (texts, context length), with `NOTHING` behind their ends; and the tokens of one."""
        around, json = self.around, self.tokenizer or ""
        most = self.context_length - len(around.before) - len(around.after)

        def ids(texts: Sequence[str]) -> NDArray[np.int64]:
            return padded([around.row(pieces[:most]) for pieces in encoded(json, texts)], self.context_length)

        return ids, lambda text: len(around.row(encoded(json, [text])[0]))


def encoded(tokenizer: str, texts: Sequence[str]) -> list[list[int]]:
    """The tokens of texts; what looks like a special token of the model is text.

    Args:
        tokenizer: in the JSON of the tokenizers library.
    """
    found = _tokenizer(tokenizer).encode_batch(list(texts), add_special_tokens=False)
    return [list(one.ids) for one in found]


def padded(rows: Sequence[Sequence[int]], length: int) -> NDArray[np.int64]:
    """Rows of one length, with `NOTHING` behind their ends."""
    ids = np.full((len(rows), length), NOTHING, dtype=np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids


@lru_cache(maxsize=2)
def _tokenizer(json: str) -> Tokenizer:
    found = Tokenizer.from_str(json)
    found.encode_special_tokens = True
    found.no_truncation()
    found.no_padding()
    return found
