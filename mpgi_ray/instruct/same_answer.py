"""Whether other words still ask and answer the same: what a rewording must keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from mpgi_ray.asking.held import hold
from mpgi_ray.data.instructions import Turn
from mpgi_ray.engines.base import Fault
from mpgi_ray.instruct.kinds.describing import LONG, SHORT
from mpgi_ray.rules import lexicon
from mpgi_ray.rules.facts import Facts

_LONGER = 2.5  # by which a wording may be longer than the template's, beside these characters
_ROOM = 80
_BOX = re.compile(r"\[[\d., ]+\]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORDS = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|dozens?)\b",
    re.I,
)
_DENIES = re.compile(
    r"\b(?:no|not|none|nothing|never|without|absent|lack\w*|missing|cannot|free of|devoid of)\b|n['’]t\b",
    re.I,
)
# what a wording may not bring in: places, colours, and a question for something else
_PLACES = re.compile(
    r"\b(?:upper|lower|top|bottom|left|right|cent(?:re|er|ral)|middle|corners?|edges?|half|north\w*|south\w*"
    r"|east\w*|west\w*|near|next to|beside|behind|between)\b",
    re.I,
)
_COLOURS = re.compile(
    r"\b(?:colou?rs?|red|orange|yellow|green|blue|purple|brown|black|white|gr[ea]y|dark|bright)\b", re.I
)
_HOW_MANY = re.compile(r"\b(?:how many|numbers?|count\w*|total|quantity|tally)\b", re.I)
_POLES = re.compile(r"^\W*(yes|no|none|nothing|0)\b", re.I)
_TELLING = re.compile(
    r"to the (?:left|right) of|above|below|larger|more|at least|about|equally|as many|(?:very )?small part"
    r"|quarter|third|two thirds|half|most|almost all|shares|thousandths|pixels",
    re.I,
)


def question_fault(turn: Turn, question: str) -> Fault | None:
    """Why a wording does not ask what the template asks; None if it may."""
    kept = [str(turn.truth["phrase"])] if "phrase" in turn.truth else []
    return (
        _form(turn.question, question)
        or _same_words(turn, turn.question, question, kept)
        or _same_denial(turn.question, question)
        or _nothing_new(turn.question, question)
        or _same_number_asked(turn.question, question)
    )


def answer_fault(turn: Turn, answer: str, facts: Facts) -> Fault | None:
    """Why a wording is not the template's answer; None if it is one, and the facts do not contradict it."""
    if turn.kind in (SHORT, LONG):
        return None  # it is not taken
    truth = turn.truth
    kept = [*_BOX.findall(turn.answer), *([str(truth["cell"])] if "cell" in truth else [])]
    if (phrase := lexicon.scene_phrase(str(truth.get("label")))) and phrase in turn.answer.lower():
        kept.append(phrase)
    return (
        _form(turn.answer, answer)
        or _same_pole(turn.answer, answer)
        or _same_words(turn, turn.answer, answer, kept)
        or _same_denial(turn.answer, answer)
        or _nothing_new(f"{turn.question} {turn.answer}", answer)
        or _nothing_beside(turn.answer, answer, _PLACES)
        or hold(answer, facts).fault
    )


def _form(before: str, after: str) -> Fault | None:
    if not after.strip() or "\n" in after.strip():
        return Fault("format", "expected one line of text under each key")
    if len(after) > _LONGER * len(before) + _ROOM:
        return Fault(
            "length", f"{len(after)} characters in place of {len(before)}: say no more than was said"
        )
    return None


def _same_pole(before: str, after: str) -> Fault | None:
    """Yes stays yes."""
    was, is_ = _POLES.match(before), _POLES.match(after)
    if was and before.startswith(("Yes", "No")) and (not is_ or is_[1].lower() != was[1].lower()):
        return Fault("lost", f'the answer does not begin with "{was[1]}"')
    return None


def _same_words(turn: Turn, before: str, after: str, kept: Sequence[str]) -> Fault | None:
    """Classes stay in their order, numbers as they are, and the words that decide."""
    words = [*kept, *_TELLING.findall(before), *_numbers(before)]
    if lost := [word for word in words if word.lower() not in after.lower()]:
        return Fault("lost", f'expected "{lost[0]}" in it, as before')
    names = _named(turn, before)
    if lost := [name for name in names if not _says(after, name)]:
        return Fault("lost", f'expected "{lost[0]}" in it, as before')
    if sorted(names, key=lambda name: _at(after, name)) != names:
        return Fault("lost", f"expected {' and '.join(names)} in this order, as before")
    known = {number.lower() for number in _numbers(before)} | {"one"}
    new = [number for number in _numbers(after) if number.lower() not in known]
    return Fault("lost", f"{new[0]} is a number that was not there") if new else None


def _same_denial(before: str, after: str) -> Fault | None:
    if bool(_DENIES.search(after)) != bool(_DENIES.search(before)):
        return Fault("lost", "it denies what was said, or says what was denied")
    return None


def _nothing_new(before: str, after: str) -> Fault | None:
    """No place, colour or thing is named that was not."""
    for words in (_PLACES, _COLOURS, _things()):
        if fault := _nothing_beside(before, after, words):
            return fault
    return None


def _nothing_beside(before: str, after: str, words: re.Pattern[str]) -> Fault | None:
    said = before.lower()
    new = [match[0] for match in words.finditer(after) if match[0].lower() not in said]
    return Fault("lost", f"{new[0]} was not said before: add nothing") if new else None


def _same_number_asked(before: str, after: str) -> Fault | None:
    if bool(_HOW_MANY.search(after)) != bool(_HOW_MANY.search(before)):
        return Fault("lost", "it asks for a number and did not, or no longer asks for it")
    return None


@cache
def _things() -> re.Pattern[str]:
    """All names of things."""
    names = {form for name in lexicon.thing_names() for form in (name, lexicon.several(name))}
    longest = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.I)


def _numbers(text: str) -> list[str]:
    """Numbers in words and in digits, but those of boxes."""
    plain = _BOX.sub("", text)
    return [*_WORDS.findall(plain), *_NUMBER.findall(plain)]


def _named(turn: Turn, text: str) -> list[str]:
    """The classes that a text names, in its order."""
    found = [name for name in turn.truth.get("names", ()) if _says(text, name)]
    return sorted(found, key=lambda name: _at(text, name))


def _says(text: str, name: str) -> bool:
    return _at(text, name) >= 0


def _at(text: str, name: str) -> int:
    """Where a text first names a class; -1 if it does not."""
    forms = "|".join(re.escape(form) for form in (lexicon.several(name), name))
    match = re.search(rf"\b(?:{forms})(?!\w)", text, re.I)
    return match.start() if match else -1
