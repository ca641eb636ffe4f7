"""The front matter of a prompt file: its kind, how many words its texts have, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from mpgi_ray.config import Config

_MAX_WORDS = 10_000
_MAX_TEXT = 8_000  # characters


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
        picture: whether the model is shown the picture; false for a relay prompt that lives on facts alone.
        example: a worked example, plain text that stands after the body, with placeholders such as
            ``<class>``; its words are refused in answers.
        system: replaces the system text.
    """

    kind: Annotated[Kind, BeforeValidator(_known_kind)]
    words: Words | None = None
    texts: Annotated[Mapping[Annotated[str, Field(max_length=40)], Words], Field(max_length=20)] = {}
    description: str = ""
    picture: bool = True
    example: Annotated[str, Field(max_length=_MAX_TEXT)] = ""
    system: Annotated[str | None, Field(max_length=_MAX_TEXT)] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind is Kind.INTEGRATE and not self.texts:
            raise ValueError(
                "expected the texts of the reply with their least and most words, "
                "such as texts: {short: [5, 45], long: [20, 250]}"
            )
        if self.kind is not Kind.INTEGRATE and self.words is None:
            raise ValueError("expected the least and most words of the answer, such as words: [20, 80]")
        if not self.picture and self.kind is not Kind.RELAY:
            raise ValueError("picture: false is for kind: relay, whose facts tell what there is to describe")
        return self
