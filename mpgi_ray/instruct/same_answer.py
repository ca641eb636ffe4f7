"""Whether other words still ask and answer the same: what a rewording must keep."""

from __future__ import annotations

import re
from collections.abc import Callable

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
_WORDS = re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.I)
_DENIES = re.compile(
    r"\b(?:no|not|none|nothing|never|without|absent|lack\w*|missing|cannot)\b|n['’]t\b", re.I
)
_POLES = re.compile(r"^\W*(yes|no|none|nothing|0)\b", re.I)
_TELLING = re.compile(r"to the (?:left|right) of|above|below|larger|at least|about|equally|as many", re.I)


def question_fault(turn: Turn, question: str) -> Fault | None:
    """Why a wording does not ask what the template asks; None if it may."""
    if found := _form(turn.question, question):
        return found
    if lost := [name for name in _named(turn, turn.question) if not _says(question, name)]:
        return Fault("lost", f'the question does not name "{lost[0]}"')
    if _DENIES.search(question) and not _DENIES.search(turn.question):
        return Fault("lost", "the question denies what it asked for")
    return _numbers(turn.question, question)


def answer_fault(turn: Turn, answer: str, facts: Facts) -> Fault | None:
    """Why a wording is not the template's answer; None if it is one, and the facts do not contradict it."""
    if turn.kind in (SHORT, LONG):
        return None  # it is not taken
    if found := _form(turn.answer, answer):
        return found
    checks: tuple[Callable[[Turn, str], Fault | None], ...] = (_same_pole, _same_words, _same_denial)
    for check in checks:
        if found := check(turn, answer):
            return found
    return _numbers(turn.answer, answer) or hold(answer, facts).fault


def _form(before: str, after: str) -> Fault | None:
    if not after.strip() or "\n" in after.strip():
        return Fault("format", "expected one line of text under each key")
    if len(after) > _LONGER * len(before) + _ROOM:
        return Fault(
            "length", f"{len(after)} characters in place of {len(before)}: say no more than was said"
        )
    return None


def _same_pole(turn: Turn, answer: str) -> Fault | None:
    before, after = _POLES.match(turn.answer), _POLES.match(answer)
    if (
        turn.answer.startswith(("Yes", "No"))
        and before
        and (not after or after[1].lower() != before[1].lower())
    ):
        return Fault("lost", f'the answer does not begin with "{before[1]}"')
    return None


def _same_words(turn: Turn, answer: str) -> Fault | None:
    """Boxes, places, labels and what is more or larger stay word by word."""
    truth = turn.truth
    kept = [*_BOX.findall(turn.answer), *_named(turn, turn.answer)]
    kept += [str(truth["cell"])] if "cell" in truth else []
    kept += _TELLING.findall(turn.answer)
    kept += _written_numbers(turn.answer)
    lost = [word for word in kept if word.lower() not in answer.lower() and not _says(answer, word)]
    return Fault("lost", f'the answer does not say "{lost[0]}"') if lost else None


def _same_denial(turn: Turn, answer: str) -> Fault | None:
    if bool(_DENIES.search(answer)) != bool(_DENIES.search(turn.answer)):
        return Fault("lost", "the answer denies what was said, or says what was denied")
    return None


def _numbers(before: str, after: str) -> Fault | None:
    known = {*_NUMBER.findall(before), *map(str, range(0, 10))}
    new = [number for number in _NUMBER.findall(after) if number not in known]
    return Fault("lost", f"{new[0]} is a number that was not there") if new else None


def _written_numbers(text: str) -> list[str]:
    return [*_WORDS.findall(text), *_NUMBER.findall(_BOX.sub("", text))]


def _named(turn: Turn, text: str) -> list[str]:
    """The classes that a text names."""
    return [name for name in turn.truth.get("names", ()) if _says(text, name)]


def _says(text: str, name: str) -> bool:
    forms = {name, lexicon.several(name)}
    return any(re.search(rf"\b{re.escape(form)}\b", text, re.I) for form in forms)
