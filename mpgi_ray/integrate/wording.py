"""Which words of a text make claims: its things, numbers, colours and positions, told without a model.

Everything that is not in the list of connecting words (`glue.yaml`) counts, in a common form: numbers as
digits, words by their stem, a few synonyms of positions alike. So *novelty* is what a text says in words that
none of its sources has, and *coverage* is the share of its sources' words that it kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources

import snowballstemmer
import yaml

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[a-z]+")
_UNITS = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = dict(zip(_UNITS, range(20), strict=True)) | dict(zip(_TENS, range(20, 100, 10), strict=True))


def wording(texts: Iterable[str]) -> frozenset[str]:
    """The claiming words of some texts, in their common form."""
    return frozenset(form for text in texts for form in _forms(text))


def novel(text: str, known: frozenset[str]) -> list[str]:
    """The claiming words of a text that are not among ``known``, as they stand in the text, each once."""
    return list(dict.fromkeys(word for form, word in _forms(text).items() if form not in known))


def coverage(text: str, sources: frozenset[str]) -> float:
    """The share of the sources' claiming words that a text has too; 1 if they have none."""
    return len(sources & _forms(text).keys()) / len(sources) if sources else 1.0


@lru_cache(maxsize=256)
def _forms(text: str) -> dict[str, str]:
    """Claiming words of a text: common form → as written."""
    forms: dict[str, str] = {}
    tens: tuple[str, int] | None = None  # "twenty" waits for a "five"
    for word in [*_TOKEN.findall(text.lower().replace("'s", "").replace("’s", "")), ""]:
        number = _NUMBERS.get(word)
        if tens is not None:
            if number is not None and 0 < number < 10:
                forms[str(tens[1] + number)] = f"{tens[0]}-{word}"
                tens = None
                continue
            forms[str(tens[1])] = tens[0]
            tens = None
        if number is not None and number >= 20:
            tens = word, number
        elif number is not None and number > 1:
            forms[str(number)] = word
        elif word[:1].isdigit() and word != "1":  # as "one", it claims no number
            forms[word.replace(",", "")] = word
        elif form := _form(word):
            forms[form] = word
    return forms


@cache
def _form(word: str) -> str:
    """The common form of a word, or nothing if it makes no claim."""
    glue, alike = _lists()
    if len(word) < 3 or word in _NUMBERS or word in glue:
        return ""
    stem = _stemmer().stemWord(alike.get(word, word))
    return "" if stem in glue else alike.get(stem, stem)


@cache
def _lists() -> tuple[frozenset[str], dict[str, str]]:
    """Connecting words and their stems; words that stand for another."""
    lists = yaml.safe_load(resources.files(__package__).joinpath("glue.yaml").read_text(encoding="utf-8"))
    words = {word for line in lists["glue"] for word in line.split()}
    stems = {_stemmer().stemWord(word) for word in words}
    return frozenset(words | stems), {
        word: first for first, others in lists["alike"].items() for word in others.split()
    }


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
