"""Whether a reply answers a question rightly, by the truth that the question came with."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mpgi_ray.data.box import Box
from mpgi_ray.data.instructions import Turn
from mpgi_ray.evaluate.asked.box import BoxScale
from mpgi_ray.evaluate.asked.choice import choice_of
from mpgi_ray.evaluate.asked.words import (
    is_untold,
    number_of,
    numbers_as_digits,
    only_one,
    place_of,
    plain,
    share_of,
    yes_or_no,
)
from mpgi_ray.rules.lexicon import humanise, scene_phrase, several, synonyms

# what was read, and what is right: a number that is a share, or one of several values
_Reader: TypeAlias = Callable[[Turn, str, Collection[str]], tuple[Any, Any]]
DESCRIBED = ("describe_short", "describe_long")  # compared with the answer word by word
BOXED = ("box", "grounding")
IOU = 0.5  # a box is right above it
_SHARE = 0.1  # of the picture: as far may a share be off
UNTOLD = "cannot be told"
_SIDES = {
    "left_of": ("left", "west"),
    "right_of": ("right", "east"),
    "above": ("above", "over", "north", "top"),
    "below": ("below", "under", "beneath", "south", "bottom"),
}
_EQUAL = re.compile(r"(?<!\bnot )\b(?:equal|equally|same number|as many|neither|the same)\b")
_LESS = ("fewer", "less")
_MORE_OR_FEWER = re.compile(r"\bmore (.+) than .+, or fewer\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of a reply.

    Attributes:
        right: None for descriptions, which are compared otherwise.
        read: what was understood; None where nothing was, or two things.
        iou: of boxes, with the true one or the nearest of several; 0 where none was read.
    """

    right: bool | None
    read: str | None
    iou: float | None = None


def mark(turn: Turn, reply: str, scale: BoxScale, classes: Collection[str]) -> Mark:
    """Mark a reply.

    Args:
        scale: of boxes.
        classes: the scene classes that the questions of the same source have.
    """
    if turn.kind in DESCRIBED:
        return Mark(None, plain(reply))
    if turn.choices:
        place = choice_of(reply, turn.choices)
        chosen = None if place is None else turn.choices[place]
        return Mark(chosen == turn.answer, chosen)
    if turn.truth.get("told") is False:
        untold = is_untold(reply)
        return Mark(untold, UNTOLD if untold else plain(reply) or None)
    if turn.kind in BOXED and {"box", "boxes"} & turn.truth.keys():
        return _boxed(turn.truth, scale.box(reply))
    needed, reader = _READERS.get(turn.kind, ("", _words))
    read, true = (reader if needed in turn.truth else _words)(turn, reply, classes)
    if read is None:
        return Mark(False, UNTOLD if is_untold(reply) else None)
    return Mark(abs(read - true) <= _SHARE if isinstance(read, float) else read in true, str(read))


def _boxed(truth: Mapping[str, Any], box: Box | None) -> Mark:
    if box is None:
        return Mark(False, None, 0.0)
    true = truth.get("boxes") or [truth["box"]]
    iou = max(box.iou(Box(*one)) for one in true)
    return Mark(iou > IOU, str([round(value, 4) for value in box]), iou)


def _presence(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    return yes_or_no(reply), (turn.truth["present"],)


def _count(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    return number_of(reply), (turn.truth["count"],)


def _comparison(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    first, second = turn.truth["counts"]
    names = turn.truth["names"]
    true = "equal" if first == second else names[first < second]
    text = plain(reply).lower()
    if _EQUAL.search(text):
        return "equal", (true,)
    called = {word: name for name in names for word in (name, several(name))}
    more = only_one(text, {f"more {word}": name for word, name in called.items()})
    fewer = only_one(text, {f"{less} {word}": name for word, name in called.items() for less in _LESS})
    if fewer is not None and more in (None, _other(fewer, names)):
        return _other(fewer, names), (true,)
    if (asked := _MORE_OR_FEWER.search(turn.question)) and text.strip(" .") in ("more", *_LESS):
        first = next((name for word, name in called.items() if word == asked[1].lower()), None)
        return first if first is None or text.startswith("more") else _other(first, names), (true,)
    if len(said := _numbers_of(text, called)) == 2:
        (one, other) = names
        return "equal" if said[one] == said[other] else max(names, key=lambda name: said[name]), (true,)
    return more or only_one(text, called), (true,)


def _numbers_of(text: str, called: Mapping[str, str]) -> dict[str, int]:
    """``two cars and 5 buses``: the number of each."""
    digits = numbers_as_digits(text)
    found = {word: re.search(rf"\b(\d+) {re.escape(word)}\b", digits) for word in called}
    return {called[word]: int(match[1][:9]) for word, match in found.items() if match}


def _other(name: str, names: Sequence[str]) -> str:
    return names[name == names[0]]


def _position(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    return place_of(reply), turn.truth.get("cells") or (turn.truth["cell"],)


def _relation(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    truth = turn.truth
    if "holds" in truth:
        return yes_or_no(reply), (truth["holds"],)
    text = plain(reply).lower()
    names = truth["names"]
    if truth["relation"] in ("larger", "near"):
        called = {word: name for name in names for word in (name, several(name))}
        if truth["relation"] == "near":
            near = only_one(text, {word: name for word, name in called.items() if name == names[0]})
            return near or plain(reply)[:80] or None, (names[0],)
        places = {word: at for word in called if (at := _at(word, text)) is not None}
        return (called[min(places, key=lambda word: places[word])] if places else None), (names[0],)
    said = {side for side, words in _SIDES.items() if any(_at(word, text) is not None for word in words)}
    return (said.pop() if len(said) == 1 else None), (truth["relation"],)


def _classification(turn: Turn, reply: str, classes: Collection[str]) -> tuple[Any, Any]:
    """By the words of the classes' labels, and by the phrases that texts say for them."""
    labels = {*classes, turn.truth["label"]}
    phrases = {re.sub("^an? ", "", scene_phrase(label) or ""): label for label in labels}
    names = {humanise(label).lower() or label.lower(): label for label in labels}
    # as others spell it: a harbour is a harbor
    called = {word: label for name, label in names.items() for word in synonyms(name)} | phrases | names
    said = " ".join(plain(reply).lower().replace("_", " ").split())
    return only_one(said, called), (turn.truth["label"],)


def _share_told(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    return share_of(reply), float(turn.truth["share"])


def _words(turn: Turn, reply: str, _: Collection[str]) -> tuple[Any, Any]:
    """Of kinds that are not known, and without a truth: the answer, word by word."""
    said = " ".join(re.findall(r"\w+", plain(reply).lower()))
    return said or None, (" ".join(re.findall(r"\w+", turn.answer.lower())),)


def _at(word: str, text: str) -> int | None:
    match = re.search(rf"\b{re.escape(word)}\b", text)
    return match.start() if match else None


# by kind: what the truth must hold, and who reads replies
_READERS: dict[str, tuple[str, _Reader]] = {
    "presence": ("present", _presence),
    "count": ("count", _count),
    "comparison": ("counts", _comparison),
    "position": ("cell", _position),
    "relation": ("relation", _relation),
    "classification": ("label", _classification),
    "share": ("share", _share_told),
}
