"""What a reply says in words: yes or no, a number, a place, a share, or that it cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mpgi_ray.rules.geometry import PLACES

# the last: a reply that ended while the model still thought
_THOUGHT = re.compile(
    r"<think(?:ing)?>.*?</think(?:ing)?>|^.*</think(?:ing)?>|<think(?:ing)?>.*", re.DOTALL | re.IGNORECASE
)
_EMPHASIS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")  # not within ``storage_tank``
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?![\w]|\.\d)")
_DIGITS = 18  # that are read: a model that repeats itself writes thousands, which are no number
_NONE = re.compile(r"\b(?:none|no|nothing|not any|zero)\b")
_YES_NO = re.compile(r"\b(?:yes|no)\b")
_THERE = re.compile(r"^there (?:is|are)(?P<denied>n['’]t| not)?\b")
_UNTOLD = re.compile(
    r"(?:can ?not|can['’]?t|could not|couldn['’]t|impossible to|not possible to|unable to|no way to)\s+"
    r"(?:be\s+)?(?:\w+ly\s+)?(?:tell|told|say|said|determine|determined|know|known|answer|answered|judge"
    r"|judged|identify|identified|count|counted|infer|inferred)\b"
    r"|\b(?:unknown|unclear|indeterminable|insufficient information|not enough information|not clear)\b"
)
_PLACE_WORDS = (
    *(("center", "centre"), ("middle", "centre"), ("central", "centre")),
    *(("upper", "top"), ("lower", "bottom")),
)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent)")
_SHARE_WORDS = (
    *(("three quarters", 0.75), ("two thirds", 0.67), ("a quarter", 0.25), ("one quarter", 0.25)),
    *(("a third", 0.33), ("one third", 0.33), ("a fifth", 0.2), ("a tenth", 0.1), ("half", 0.5)),
    *(("almost all", 0.97), ("nearly all", 0.97), ("none", 0.0), ("nothing", 0.0)),
)


def plain(reply: str) -> str:
    """A reply without what was thought before it, and without emphasis."""
    return _EMPHASIS.sub("", _THOUGHT.sub("", reply)).strip()


def numbers_as_digits(text: str) -> str:
    """``three cars`` → ``3 cars``, up to twenty; in small letters."""
    return _NUMBER_WORD.sub(lambda match: str(_WORDS.index(match[1])), text)


def number_of(reply: str) -> int | None:
    """The number that a reply states; None for none, or for two of them."""
    text = numbers_as_digits(plain(reply).lower())
    found = {int(one.replace(",", "")[:_DIGITS]) for one in _NUMBER.findall(text)}
    if not found and _NONE.search(text):
        return 0
    return found.pop() if len(found) == 1 else None


def yes_or_no(reply: str) -> bool | None:
    """What a reply begins with, or else the only one of the two that it says; *there is* says yes."""
    text = plain(reply).lower()
    if (first := _YES_NO.match(text.lstrip(" \"'("))) is not None:
        return first[0] == "yes"
    found = {*_YES_NO.findall(text)}
    if not found and (there := _THERE.match(text)):
        return not there["denied"]
    return found == {"yes"} if len(found) == 1 else None


def is_untold(reply: str) -> bool:
    """Whether a reply says that it cannot be told."""
    return bool(_UNTOLD.search(plain(reply).lower()))


def place_of(reply: str) -> str | None:
    """The one of `PLACES` that a reply names, ``top left`` as ``upper left``; None for none or two."""
    text = re.sub(r"[-\s]+", " ", plain(reply).lower())
    for word, other in _PLACE_WORDS:
        text = re.sub(rf"\b{word}\b", other, text)
    for row, side in (("top", "upper"), ("bottom", "lower")):
        text = re.sub(rf"\b{row} (?=left\b|right\b)", f"{side} ", text)
    # the middle of a side: "centre left", "top centre"
    text = re.sub(r"\bcentre (left|right|top|bottom)\b|\b(left|right|top|bottom) centre\b", r"\1\2", text)
    return only_one(text, {place: place for place in PLACES})


def share_of(reply: str) -> float | None:
    """The share that a reply states, from 0 to 1; None for none or two."""
    text = plain(reply).lower()
    if found := {float(one) / 100 for one in _SHARE.findall(text)}:
        return found.pop() if len(found) == 1 else None
    text = text.replace("-", " ")
    return next((share for words, share in _SHARE_WORDS if re.search(rf"\b{words}\b", text)), None)


def only_one(text: str, called: Mapping[str, str]) -> str | None:
    """The only thing that a text in small letters names; None for none or two.

    Args:
        called: what each name is a name of; longer names hide those that are a part of them.
    """
    found = set()
    for name in sorted(called, key=lambda name: (-len(name), name)):
        pattern = rf"(?<!\w){re.escape(name.lower())}(?!\w)"
        if name and re.search(pattern, text):
            found.add(called[name])
            text = re.sub(pattern, "|", text)
    return found.pop() if len(found) == 1 else None
