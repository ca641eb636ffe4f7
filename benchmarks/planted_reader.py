"""The nouns of a picture's classes in a text, with the numbers and colours before them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from planted_known import Known
from planted_words import BOUNDS, COLOUR, NUMBER


@dataclass(frozen=True)
class Reader:
    """Patterns of the nouns of a vocabulary; see `reader`."""

    label: dict[str, str]
    noun: str
    mention: re.Pattern[str]


@cache
def reader(forms: tuple[tuple[str, tuple[str, ...]], ...]) -> Reader:
    label = {form: name for name, all_ in reversed(forms) for form in all_}
    noun = rf"\b(?:{'|'.join(sorted(map(re.escape, label), key=len, reverse=True))})\b"
    number = rf"(?:(?P<bound>{'|'.join(BOUNDS)}) )?(?P<n>{NUMBER})(?P<more> or more)?"
    mention = re.compile(
        rf"\b(?:{number}|(?P<many>many)|(?P<no>no|without)) (?:(?P<look>{COLOUR}) )?(?P<noun>{noun})"
        r"(?: \((?P<least>at least )?(?P<m>\d+)\))?",
        re.IGNORECASE,
    )
    return Reader(label, noun, mention)


def reader_of(known: Known) -> Reader:
    return reader(tuple(known.names.items()))


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) (?=[A-Z])", text)
