"""Which of all candidates become instructions: balanced answers, and no question twice about a picture.

An answer that dominates teaches a model to give it without looking. So of the questions of one kind about
the same classes, and then of all of one kind, no answer is kept more often than the second most frequent one:
of yes and no equally many. Where a kind has one answer only, nothing can be balanced, and all are kept. Where
classes have one answer only, theirs are the first to go for the balance of the kind, so that the others stay
balanced. Each split is balanced by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

UNTOLD, TWICE = "it cannot be told", "asked twice"  # beside answers that dominate
Cut = dict[str, Counter[str]]  # how many questions, by kind and answer


@dataclass(frozen=True, slots=True)
class Asked:
    """A candidate, as far as it matters for the choice: there may be millions.

    Attributes:
        split: of the picture.
        about, told, untold: see `Candidate`.
        turn: its place in the order by hash; the same for the same question about the same picture.
        place: numbers of its shard, and of its row there.
    """

    kind: str
    split: str
    about: str
    told: str
    untold: bool
    turn: bytes
    place: tuple[int, int]


def turn_of(seed: int, sample_id: str, question: str) -> bytes:
    """A place in an order that depends on nothing but the picture, the question and the seed."""
    return hashlib.blake2b(f"{seed}\0{sample_id}\0{question}".encode(), digest_size=12).digest()


def chosen(asked: Iterable[Asked], untold: float) -> tuple[list[Asked], Cut]:
    """The questions to keep, and how many were left out, by kind and answer.

    Args:
        untold: the largest share of the questions of a kind of which the answer is that it cannot be told.

    Returns:
        What is kept, in its order by hash.
    """
    cut: Cut = defaultdict(Counter)
    given = _once(sorted(asked, key=_order), cut)
    told = [one for one in given if not one.untold]
    kept = _cut(told, _class, cut)
    several = _with_several_answers(kept)
    kept.sort(key=lambda one: _class(one) not in several)
    kept = sorted(_cut(kept, lambda one: (one.kind, one.split), cut), key=_order)
    room = {key: int(n * untold / (1 - untold)) for key, n in _sizes(kept).items()}
    for one in given:
        if one.untold:
            key = one.kind, one.split
            if room.get(key, 0):
                room[key] -= 1
                kept.append(one)
            else:
                cut[one.kind][UNTOLD] += 1
    return kept, cut


def _order(one: Asked) -> tuple[bytes, tuple[int, int]]:
    return one.turn, one.place


def _class(one: Asked) -> tuple[str, str, str]:
    return one.kind, one.split, one.about


def _with_several_answers(asked: Iterable[Asked]) -> set[tuple[str, str, str]]:
    first: dict[tuple[str, str, str], str] = {}
    return {_class(one) for one in asked if first.setdefault(_class(one), one.told) != one.told}


def _once(asked: Iterable[Asked], cut: Cut) -> list[Asked]:
    """Each question about a picture once: shards may hold a picture twice."""
    said: set[bytes] = set()
    found = []
    for one in asked:
        if one.turn in said:
            cut[one.kind][TWICE] += 1
            continue
        said.add(one.turn)
        found.append(one)
    return found


def _cut(asked: Sequence[Asked], group: Callable[[Asked], Hashable], cut: Cut) -> list[Asked]:
    """Of each group no answer more often than its second most frequent one."""
    answers: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for one in asked:
        answers[group(one)][one.told] += 1
    most = {key: counts.most_common(2)[-1][1] for key, counts in answers.items()}
    kept, seen = [], Counter[Hashable]()
    for one in asked:
        key, told = group(one), one.told
        seen[key, told] += 1
        if told and seen[key, told] > most[key]:
            cut[one.kind][told] += 1
        else:
            kept.append(one)
    return kept


def _sizes(asked: Iterable[Asked]) -> Counter[tuple[str, str]]:
    return Counter((one.kind, one.split) for one in asked)
