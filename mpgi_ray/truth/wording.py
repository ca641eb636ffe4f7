"""Which words of a text make claims: its things, numbers, colours and positions, found without a model.

Everything that is not in the list of connecting words (`glue.yaml`) counts, in a common form: numbers as
digits, lengths in metres, words by their stem, a few synonyms of positions alike. So *novelty* is what a text
says in words that none of its sources has, and *coverage* is the share of its sources' words that it kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources

import snowballstemmer
import yaml

_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_VALUES = {
    word: value
    for words, values in ((_UNITS, range(1, 10)), (_TEENS, range(10, 20)), (_TENS, range(20, 100, 10)))
    for word, value in zip(words.split("|"), values, strict=True)
}


def number_in_words() -> str:
    """A pattern of whole numbers in words, such as ``two thousand one hundred and twenty-five``."""
    join, link = r"[\s-]+", r"[\s-]+(?:and[\s-]+)?"
    small = rf"(?:(?:{_TENS})(?:{join}(?:{_UNITS})\b)?|{_TEENS}|{_UNITS})"
    # the last part must not begin another number: "one hundred and two hundred" are two
    hundreds = rf"(?:{small}{join})?hundred\b(?:{link}{small}\b(?!{join}hundred\b))?"
    group = rf"(?:{hundreds}|{small})"
    thousands = rf"(?:{group}{join})?thousand\b(?:{link}{group}\b(?!{join}thousand\b))?"
    return rf"\b(?:{thousands}|{group})\b"


_LENGTH = r"(?:[\s-]*(?P<unit>km|cm|m|(?:kilo|centi)?met(?:er|re)s?)\b(?!²))?"
_METRES = {"k": 1000.0, "c": 0.01, "m": 1.0}  # of a unit, by its first letter
_TOKEN = re.compile(rf"(?P<number>{number_in_words()}|\d+(?:[.,]\d+)*){_LENGTH}|[a-z]+")


def wording(texts: Iterable[str]) -> frozenset[str]:
    """The claiming words of some texts, in their common form."""
    return frozenset(form for text in texts for form in _forms(text))


def novel(text: str, known: frozenset[str]) -> list[str]:
    """The claiming words of a text that are not among ``known``, as written in the text, each once."""
    return list(dict.fromkeys(word for form, word in _forms(text).items() if form not in known))


def coverage(text: str, sources: frozenset[str]) -> float:
    """The share of the sources' claiming words that a text has too; 1 if they have none."""
    return len(sources & _forms(text).keys()) / len(sources) if sources else 1.0


@lru_cache(maxsize=256)
def _forms(text: str) -> dict[str, str]:
    """Claiming words of a text: common form → as written."""
    forms: dict[str, str] = {}
    for token in _TOKEN.finditer(text.lower().replace("'s", "").replace("’s", "")):
        if form := _number(token["number"], token["unit"]) if token["number"] else _word(token[0]):
            forms[form] = " ".join(token[0].split())
    return forms


def _number(text: str, unit: str | None) -> str:
    """A number in digits, a length in metres; empty for a bare one, which often only means "a"."""
    digits = in_digits(text)
    if unit and digits.count(".") < 2:
        return f"{float(digits) * _METRES[unit[0]]:g} m"
    return digits if digits != "1" else ""


def in_digits(text: str) -> str:
    """A number in digits, with a point before decimals.

    Args:
        text: in digits, or what `number_in_words` matches.
    """
    if text[0].isdigit():
        digits = text.replace(",", "")
    else:
        total = group = 0
        for word in re.findall("[a-z]+", text):
            if word == "hundred":
                group = (group or 1) * 100
            elif word == "thousand":
                total, group = (group or 1) * 1000, 0
            else:
                group += _VALUES.get(word, 0)
        digits = str(total + group)
    return digits


@cache
def _word(word: str) -> str:
    """The common form of a word, or nothing if it makes no claim."""
    glue, alike = _lists()
    if len(word) < 3 or word in glue:
        return ""
    if word in alike:  # before the stems: "largely" connects, "large" is a claim
        return alike[word]
    stem = str(_stemmer().stemWord(word))
    return "" if stem in glue else alike.get(stem, stem)


@cache
def _lists() -> tuple[frozenset[str], dict[str, str]]:
    """Connecting words and their stems; words that mean the same as another."""
    lists = yaml.safe_load(resources.files(__package__).joinpath("glue.yaml").read_text(encoding="utf-8"))
    words = {word for line in lists["glue"] for word in line.split()}
    stems = {_stemmer().stemWord(word) for word in words}
    return frozenset(words | stems), {
        word: first for first, others in lists["alike"].items() for word in (first, *others.split())
    }


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
