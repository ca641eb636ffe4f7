"""Which conversations about a picture are learnt, and how often: each as often as its weight says."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from statistics import fmean

from mpgi_ray.data.final import short_id
from mpgi_ray.data.instructions import Conversation
from mpgi_ray.train.augment import uniform

OTHERS = "*"  # among weights: that of all that are not named


class Draws:
    """The conversations of a table, each with its weight.

    A conversation weighs as its source does, times the mean weight of the kinds of its questions. A picture
    weighs as all its conversations do, so that over a run each conversation is learnt as often as its weight
    says against those of the others, however many the pictures have.

    Args:
        conversations: by the ``sample_id`` of their pictures.
        kinds, sources: weights by name; 1 for what is not named, or what ``*`` says.
        split: conversations of this split alone; None takes all.
    """

    def __init__(
        self,
        conversations: Mapping[str, Sequence[Conversation]],
        kinds: Mapping[str, float],
        sources: Mapping[str, float],
        split: str | None = None,
    ) -> None:
        self._known = {
            short_id(name): _weighed([one for one in own if split in (None, one.split)], kinds, sources)
            for name, own in conversations.items()
        }

    def conversations(self) -> Iterator[Conversation]:
        """All that have a weight."""
        return (one for _, own in self._known.values() for one in own)

    def splits(self) -> frozenset[str]:
        """Of those that have a weight."""
        return frozenset(one.split for one in self.conversations() if one.split)

    def texts(self) -> Iterator[str]:
        """All questions and answers that have a weight."""
        for one in self.conversations():
            yield from (text for turn in one.turns for text in (turn.question, turn.answer))

    def fingerprint(self) -> str:
        """Changes with what is asked and answered, and with the order in which it is drawn from."""
        digest = hashlib.sha256()
        for one in self.conversations():
            digest.update(f"{one.id} {one.source}\0".encode())
        return digest.hexdigest()

    def weight(self, sample: str) -> float:
        """Of a picture by its `short_id`; 0 if nothing is asked about it."""
        marks, _ = self._known.get(sample, ((0.0,), ()))
        return marks[-1]

    def drawn(self, sample_id: str, count: int, drawn: tuple[int, int, str]) -> list[Conversation]:
        """So many conversations about a picture that has a weight; one may come twice.

        Args:
            drawn: as of a `View`.
        """
        marks, own = self._known[short_id(sample_id)]
        return [own[bisect(marks, uniform(f"conversation {n}", *drawn) * marks[-1])] for n in range(count)]


def _weighed(
    own: Sequence[Conversation], kinds: Mapping[str, float], sources: Mapping[str, float]
) -> tuple[tuple[float, ...], tuple[Conversation, ...]]:
    """The conversations that have a weight, and the sums of the weights up to each of them."""
    weighed = [(one, weight) for one in own if (weight := _weight(one, kinds, sources)) > 0]
    sums = tuple(accumulate(weight for _, weight in weighed))
    return sums or (0.0,), tuple(one for one, _ in weighed)


def _weight(one: Conversation, kinds: Mapping[str, float], sources: Mapping[str, float]) -> float:
    mean = fmean(_of(turn.kind, kinds) for turn in one.turns)
    return _of(one.source, sources) * mean


def _of(name: str, weights: Mapping[str, float]) -> float:
    return weights.get(name, weights.get(OTHERS, 1.0))
