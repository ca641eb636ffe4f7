"""The front matter of a prompt file: its kind, and how many words its texts have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from mpgi_ray.config import Config

_MAX_WORDS = 10_000


class Kind(StrEnum):
    """What a prompt sees: image and facts, the image alone, or the texts of stage 1 and perhaps facts."""

    RELAY = "relay"
    FREE = "free"
    INTEGRATE = "integrate"


def _known_kind(value: Any) -> Any:
    kinds = [kind.value for kind in Kind]
    if value not in kinds:
        raise ValueError(f"{value!r}, expected one of {', '.join(kinds)}")
    return value


def _least_and_most(value: Any) -> Any:
    match value:
        case [int(least), int(most)] if 0 < least <= most <= _MAX_WORDS:
            return least, most
    raise ValueError(f"{value!r}, expected [least, most], such as [20, 80], and at most {_MAX_WORDS:,} words")


Words = Annotated[tuple[int, int], BeforeValidator(_least_and_most)]


class Front(Config):
    """The front matter of a prompt file.

    Attributes:
        words: of the answer to a perspective, the least and the largest number.
        texts: those of the reply to an integration, each with its words.
    """

    kind: Annotated[Kind, BeforeValidator(_known_kind)]
    words: Words | None = None
    texts: Annotated[Mapping[Annotated[str, Field(max_length=40)], Words], Field(max_length=20)] = {}
    description: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind is Kind.INTEGRATE and not self.texts:
            raise ValueError(
                "expected the texts of the reply with their least and most words, "
                "such as texts: {short: [5, 45], long: [20, 250]}"
            )
        if self.kind is not Kind.INTEGRATE and self.words is None:
            raise ValueError("expected the least and most words of the answer, such as words: [20, 80]")
        return self
