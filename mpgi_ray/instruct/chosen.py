"""Which of all candidates become instructions: balanced answers, and no question twice about a picture.

An answer that dominates teaches a model to give it without looking. So of the questions of one kind about
the same classes, and then of all of one kind, no answer is kept more often than the second most frequent one:
of yes and no equally many. Where a kind has one answer only, nothing can be balanced, and all are kept. Each
split is balanced by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from mpgi_ray.instruct.known import Candidate

UNTOLD, TWICE = "it cannot be told", "asked twice"  # beside answers that dominate
Cut = dict[str, Counter[str]]  # how many questions, by kind and answer


@dataclass(frozen=True, slots=True)
class Asked:
    """A candidate with the picture that it is about."""

    sample_id: str
    split: str | None
    candidate: Candidate

    @property
    def kind(self) -> str:
        return self.candidate.turn.kind


def chosen(asked: Iterable[Asked], seed: int, untold: float) -> tuple[list[Asked], Cut]:
    """The questions to keep, and how many were left out, by kind and answer.

    Args:
        seed: of which ones of a dominant answer stay.
        untold: the largest share of the questions of a kind of which the answer is that it cannot be told.

    Returns:
        What is kept, in an order by hash.
    """
    cut: Cut = defaultdict(Counter)
    given = _once(sorted(asked, key=lambda one: _turn(one, seed)), cut)
    told = [one for one in given if not one.candidate.untold]
    kept = _cut(told, lambda one: (one.kind, one.split, one.candidate.about), cut)
    kept = _cut(kept, lambda one: (one.kind, one.split), cut)
    room = {key: int(n * untold / (1 - untold)) for key, n in _sizes(kept).items()}
    for one in given:
        if one.candidate.untold:
            key = one.kind, one.split
            if room.get(key, 0):
                room[key] -= 1
                kept.append(one)
            else:
                cut[one.kind][UNTOLD] += 1
    return kept, cut


def _once(asked: Iterable[Asked], cut: Cut) -> list[Asked]:
    """Each question about a picture once: shards may hold a picture twice."""
    said: set[tuple[str, str]] = set()
    found = []
    for one in asked:
        key = one.sample_id, one.candidate.turn.question
        if key in said:
            cut[one.kind][TWICE] += 1
            continue
        said.add(key)
        found.append(one)
    return found


def _cut(asked: Sequence[Asked], group: Callable[[Asked], Hashable], cut: Cut) -> list[Asked]:
    """Of each group no answer more often than its second most frequent one."""
    answers: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for one in asked:
        answers[group(one)][one.candidate.told] += 1
    most = {key: counts.most_common(2)[-1][1] for key, counts in answers.items()}
    kept, seen = [], Counter[Hashable]()
    for one in asked:
        key, told = group(one), one.candidate.told
        seen[key, told] += 1
        if told and seen[key, told] > most[key]:
            cut[one.kind][told] += 1
        else:
            kept.append(one)
    return kept


def _sizes(asked: Iterable[Asked]) -> Counter[tuple[str, str | None]]:
    return Counter((one.kind, one.split) for one in asked)


def _turn(one: Asked, seed: int) -> bytes:
    """A place in an order that depends on nothing but the question and the seed."""
    told = f"{seed}\0{one.sample_id}\0{one.kind}\0{one.candidate.turn.question}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()
