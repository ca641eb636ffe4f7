"""Groups of pictures that are asked the same question with the same choices, each of which is true of one.

So whoever looks at question and choices alone is right for one picture of the group, whatever it prefers, and
knowing which numbers, classes or places are frequent does not help. The order of the choices differs: the
true ones of a group stand under different letters, each letter once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.instruct.benchmark.candidates import Candidate
from mpgi_ray.instruct.benchmark.wording import ask

CHOICES = 4  # at most
_LOOKED_AT = 50  # pictures with one choice that are tried for a group, so that the time stays linear


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture, and what may be asked of it.

    Attributes:
        split: that the questions are of; None for none.
        file: what the picture's file is called.
    """

    sample_id: str
    source: str
    split: str | None
    candidates: tuple[Candidate, ...]
    file: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A candidate and its picture, in an order by hash."""

    order: str
    picture: Asked
    candidate: Candidate


_Key = tuple[str, str, tuple[str, ...], bool, str]


def groups(pictures: Iterable[Asked], seed: int = 0) -> Iterator[list[Conversation]]:
    """Groups of questions, two to `CHOICES` of them, by kind and words; in each a picture is asked once.

    A candidate whose choices cannot be told apart by other pictures is asked nowhere. Of the same question
    a picture is asked once.
    """
    by_key: dict[_Key, list[_Entry]] = defaultdict(list)
    for picture in pictures:
        for candidate in picture.candidates:
            key = (candidate.kind, candidate.form, candidate.names, candidate.single, candidate.among)
            order = _hash(seed, picture.sample_id, *map(str, key), candidate.choice)
            by_key[key].append(_Entry(order, picture, candidate))
    for key in sorted(by_key):
        for members in _grouped(sorted(by_key[key], key=lambda entry: entry.order)):
            yield _questions(members, seed)


def _grouped(entries: Sequence[_Entry]) -> Iterator[list[_Entry]]:
    left: dict[str, deque[_Entry]] = defaultdict(deque)
    for entry in entries:
        left[entry.candidate.choice].append(entry)
    used: set[str] = set()
    while len(left) > 1:
        choice = max(left, key=lambda one: (len(left[one]), one))
        members = [left[choice].popleft()]
        if members[0].picture.sample_id not in used:
            for other in sorted(left.keys() - {choice}, key=lambda one: _far(left, choice, one)):
                fitting = (one for one in islice(left[other], _LOOKED_AT) if _fits(one, members, used))
                if found := next(fitting, None):
                    left[other].remove(found)
                    members.append(found)
                if len(members) == CHOICES:
                    break
            if len(members) > 1:
                used.update(one.picture.sample_id for one in members)
                yield members
        for other in [one for one in left if not left[one]]:
            del left[other]


def _far(left: dict[str, deque[_Entry]], choice: str, other: str) -> tuple[float, int, str]:
    """The order in which other choices are looked for: near ones first, then those of many pictures."""
    away = left[other][0].candidate.rank - left[choice][0].candidate.rank if left[choice] else 0.0
    return abs(away), -len(left[other]), other


def _fits(entry: _Entry, members: Sequence[_Entry], used: set[str]) -> bool:
    """Whether each picture's choice is surely false of the other one."""
    return entry.picture.sample_id not in used and all(
        entry.candidate.denies(one.candidate.choice) and one.candidate.denies(entry.candidate.choice)
        for one in members
    )


def _questions(members: Sequence[_Entry], seed: int) -> list[Conversation]:
    """The questions of a group: the true choices stand at different places, the others in any order."""
    drawn = _hash(seed, *(one.picture.sample_id for one in members))
    first = members[0].candidate
    question = ask(first.form, first.names, first.single, drawn)
    places = sorted(range(len(members)), key=lambda place: _hash(drawn, place))
    made = []
    for place, one in zip(places, members, strict=True):
        picture, told = one.picture, one.candidate
        others = [other.candidate.choice for other in members if other is not one]
        others.sort(key=lambda choice: _hash(drawn, picture.sample_id, choice))
        choices = (*others[:place], told.choice, *others[place:])
        turn = Turn(told.kind, question, told.choice, choices, told.truth)
        made.append(Conversation(picture.sample_id, (turn,), picture.source, picture.split))
    return made


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
