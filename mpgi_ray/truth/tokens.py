"""Words of a text: in small letters, numbers in digits."""

from __future__ import annotations

import re

from mpgi_ray.truth.wording import in_digits, number_in_words

TOKEN = re.compile(
    rf"(?P<number>{number_in_words()}|\d+(?:,\d\d\d)*(?:\.\d+)?)"
    r"|[a-z]+(?=['’](?:re|ve|ll)\b)|['’](?:re|ve|ll)\b"  # they're is two words
    r"|[a-z]+(?:['’][a-z]+)?|[,;:.()%—–]|(?<=\s)-(?=\s)"
)
_SHORT = {"'re": "are", "'ve": "have", "'ll": "will"}
_FOLD = re.compile(r"-(?!third|quarter|half|fifth|tenth)[a-zA-Z]")


def lowered(text: str) -> str:
    """A text in lower case, of the same length, so that places in it are places in the text."""
    return text.replace("İ", "I").lower()  # the one letter that becomes two


def word_of(text: str, match: re.Match[str]) -> str:
    """The word that `TOKEN` matched in a text."""
    word = match[0].replace("’", "'")
    if word == "-":
        return "–"
    if word in _SHORT:
        return _SHORT[word]
    if not match["number"]:
        return word.removesuffix("'s")
    if _FOLD.match(text, match.end()):
        return "many-fold"  # a two-lane road is no two roads
    return in_digits(word)


def folded(phrase: str) -> str:
    """A phrase with its numbers in digits, as texts are read."""
    return " ".join(word_of(phrase, match) for match in TOKEN.finditer(phrase))
