"""What models of ours are asked about pictures, and what they write; see `describer`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PIL import Image

if TYPE_CHECKING:
    from mpgi_ray.models.decoding import Decoding


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model is asked.

    Attributes:
        picture: 8-bit RGB; None asks without one.
        question: empty for the one that the model learnt to answer with a caption.
        key: what the draws of its sampling follow from, beside their seed.
    """

    picture: Image.Image | None
    question: str = ""
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote.

    Attributes:
        read: tokens that it read, with those that stand for the picture.
        tokens: that it wrote, with the one that ends the text.
        ended: whether it ended the text itself.
    """

    text: str
    read: int
    tokens: int
    ended: bool


class Describer(Protocol):
    """A model that writes about pictures."""

    @property
    def answers(self) -> bool:
        """Whether it reads questions."""
        ...

    def room(self, question: str) -> int:
        """Tokens that it can write after a question, with the one that ends the text; 0 if there is none."""
        ...

    def write(self, asked: Sequence[Asked], decoding: Decoding, most: int) -> list[Written]:
        """What it writes of each, in order; the same whatever else is asked beside, up to rounding.

        Args:
            asked: questions that leave room.
            decoding: greedy, or by nucleus.
            most: tokens of a text, with the one that ends it.
        """
        ...
