"""English as the writer knows it: numbers, plurals, lists, and the places of an image."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
NUMBER = rf"(?:{'|'.join(NUMBERS)}|\d+)"
BOUND = r"(?:(?:at least|no fewer than|more than|at most|fewer than|up to) )"
QUANTITY = rf"{BOUND}?{NUMBER} |many |several |some |(?:a group|groups) of |an? "

# an exact number and what it counts: "six railway wagons" up to a word that ends the phrase
COUNT = re.compile(
    rf"\b(?<!at least )(?<!no fewer than )({NUMBER}) ((?!or more\b|m\b|of\b)[a-z][\w-]*"
    r"(?: (?!(?:and|in|at|on|near|towards|around)\b)[\w-]+)*)"
)
# ways to say where, by the place's name; the first is the plainest
PLACES = {
    "upper left": ("in the upper left", "towards the upper left"),
    "top": ("at the top", "near the top"),
    "upper right": ("in the upper right", "towards the upper right"),
    "left": ("on the left", "on the left side"),
    "centre": ("in the centre", "in the middle"),
    "right": ("on the right", "on the right side"),
    "lower left": ("in the lower left", "towards the lower left"),
    "bottom": ("at the bottom", "near the bottom"),
    "lower right": ("in the lower right", "towards the lower right"),
}
_ACROSS = {"left": "right", "right": "left"}
_DOWN = {"upper": "lower", "lower": "upper", "top": "bottom", "bottom": "top"}
_BARE_SINGULAR = re.compile(r"(?:ss|us|is)$")


def number(n: int) -> str:
    """Words up to twelve, then digits."""
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def value(text: str) -> int:
    """The number that a word or digits stand for."""
    return NUMBERS.index(text.lower()) if text.lower() in NUMBERS else int(text)


def plural(noun: str) -> str:
    """``factory hall`` → ``factory halls``."""
    if noun.endswith("craft"):
        return noun
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else f"{noun}s"


def singular(noun: str) -> str:
    """``football pitches`` → ``football pitch``; a noun that is not a plural stays as it is."""
    if not noun.endswith("s") or _BARE_SINGULAR.search(noun):
        return noun
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun[:-2] if re.search(r"(?:ss|(?<!o)us|x|z|ch|sh)es$", noun) else noun[:-1]


def article(noun: str) -> str:
    """``barge`` → ``a barge``."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def split_list(text: str) -> list[str]:
    """``a, b and c`` → its members; an "or" joins like an "and"."""
    return [part for part in re.split(r",? (?:and|or) |, ", text) if part]


def join_list(parts: Sequence[str]) -> str:
    """The members as ``a, b and c``."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def is_plural(phrase: str) -> bool:
    """Whether a verb after a noun phrase or a list of them is in the plural."""
    if len(split_list(phrase)) > 1:
        return True
    told = re.sub(rf"^{BOUND}", "", phrase)
    if re.match(r"(?:one|an?) ", told):
        return told.startswith("one or more ")
    if re.match(rf"(?:{NUMBER}|many|several|groups) ", told):
        return True
    return phrase.endswith("s") and not _BARE_SINGULAR.search(phrase) and not phrase.endswith("ss")


def mirrored(place: str) -> list[str]:
    """The names of the places across and above or below: ``upper left`` → ``upper right``, ``lower left``."""
    words = place.split()
    turned = [" ".join(swap.get(word, word) for word in words) for swap in (_ACROSS, _DOWN)]
    return [other for other in turned if other != place]


def capital(text: str) -> str:
    """The text with a capital."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """The text without a capital, unless it starts with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its full stop."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
