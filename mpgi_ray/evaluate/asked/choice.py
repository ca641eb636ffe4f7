"""Which of the choices a reply names: by a letter, by the words of the choice, or by both.

Models answer in many ways: ``B``, ``(b)``, ``**B.** bus``, ``The answer is B``, ``It is the bus``. A letter
that stands as an answer decides, whatever is said behind it. Elsewhere a reply that names two choices, or
none, tells nothing.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from mpgi_ray.evaluate.asked.words import numbers_as_digits, plain

_MARKS = r"[.):\]]"
# a letter at the beginning with a mark behind it, or alone; and one that is called the answer
_FIRST = re.compile(rf"[(\[]?(?P<letter>[A-Za-z])(?:{_MARKS}|\s*$)")
_CALLED = re.compile(
    r"\b(?i:answer|option|choice|letter)s?\b(?:\s+(?:is|was|would be|should be))?\s*[:=]?\s*"
    r"[(\[]?(?P<letter>[A-Z]|[a-z](?=\W*$))(?![\w'’])",
)
_MARKED = re.compile(rf"[(\[](?P<one>[A-Z])[)\]]|(?<![\w'’])(?P<two>[A-Z]){_MARKS}")
_ALONE = re.compile(r"(?<![\w'’])(?P<letter>[A-Z])(?![\w'’])")
# ``A bus``: at the beginning of a sentence only, as an article is small elsewhere
_ARTICLE = re.compile(r"(?:^|(?<=[.!?:]\s)|(?<=\n))A\s+(?!(?:is|was|would|seems|because|since|as)\b)[a-z]")
_JOINED = re.compile(r"\s*(?:or|and|/|,|&)\s*[(\[]?[A-Z](?![\w'’])")
# what is denied is not named: ``not B``, ``not the bus, but the car``
_DENIED = re.compile(r"\bnot\s[^,.;:!?\n]*?(?=[,.;:!?\n]|\bbut\b|$)", re.IGNORECASE)
_EDGES = ("to the ", "the ", "about ", "an ", "a ")
_FEW = 4  # words of a reply that may be a part of a choice


def choice_of(reply: str, choices: Sequence[str]) -> int | None:
    """The place of the choice that a reply names; None if it names none, or more than one.

    Args:
        choices: as they were shown, A first.
    """
    text = plain(reply)
    letters = string.ascii_uppercase[: len(choices)]
    whole = _core(text.strip(" .!\"'"))
    cores = [_core(choice) for choice in choices]
    if whole in cores:
        return cores.index(whole)
    if not any(_DENIED.search(choice) for choice in choices):
        text = _DENIED.sub("", text).strip()
        whole = _core(text.strip(" .!\"'"))
    if (first := _FIRST.match(text)) and first["letter"].upper() in letters:
        rest = text[first.end("letter") :]
        others = _letters(rest, letters, marked=True) - {first["letter"].upper()}
        if not others and not _JOINED.match(rest.lstrip(")].:")):
            return letters.index(first["letter"].upper())
    calls = [match for match in _CALLED.finditer(text) if match["letter"].upper() in letters]
    called = {match["letter"].upper() for match in calls}
    if len(called) == 1 and not any(_JOINED.match(text, match.end()) for match in calls):
        return letters.index(called.pop())
    named = {letters.index(letter) for letter in _letters(text, letters)} | _by_words(text, cores)
    if not named:
        named = _parts(whole, cores)
    return named.pop() if len(named) == 1 else None


def _letters(text: str, letters: str, *, marked: bool = False) -> set[str]:
    """The letters that a text names; ``A`` before a word is an article.

    Args:
        marked: only those in brackets or with a mark behind them.
    """
    if marked:
        return {match["one"] or match["two"] for match in _MARKED.finditer(text)} & {*letters}
    found = set()
    for match in _ALONE.finditer(text):
        article = match["letter"] == "A" and _ARTICLE.match(text, match.start())
        if not article or _JOINED.match(text, match.end()):
            found.add(match["letter"])
    return found & {*letters}


def _by_words(text: str, cores: Sequence[str]) -> set[int]:
    """The choices whose words stand in a text; of ``upper left`` the part ``left`` is none."""
    left, found = _core(text), set()
    for place in sorted(range(len(cores)), key=lambda place: -len(cores[place])):
        pattern = rf"(?<!\w){re.escape(cores[place])}(?!\w)"
        if cores[place] and re.search(pattern, left):
            found.add(place)
            left = re.sub(pattern, "|", left)
    return found


def _parts(whole: str, cores: Sequence[str]) -> set[int]:
    """The choices that a short reply is a part of: ``left`` of ``left half``."""
    words = {*whole.split()}
    if not words or len(words) > _FEW:
        return set()
    return {place for place, core in enumerate(cores) if words <= {*core.split()}}


def _core(text: str) -> str:
    """A choice in small letters, with numbers as digits, and without the words that every choice may have."""
    said = numbers_as_digits(text.lower()).strip()
    said = re.sub(r"\s*(?:%|per ?cent)", " %", said)
    for edge in _EDGES:
        said = said.removeprefix(edge)
    return " ".join(said.split())
