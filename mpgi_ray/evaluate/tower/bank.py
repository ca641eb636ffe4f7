"""Pictures with known classes, pictures that are asked about, and how many of these are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.final import Record
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.evaluate.zero_shot import mean_over_classes

FIGURES = ("top1", "mean_per_class")
_ALIKE = 1e-9  # of the largest vote: what rounding makes of equal ones


@dataclass(frozen=True, slots=True)
class Bank:
    """The pictures with one scene class of a split, and those that are asked about.

    Attributes:
        known: how many classes the bank has; who learns from it can say these alone.
        rows: of the bank, among the samples of its split.
        labels: the class of each of them.
        asked: rows of the samples that are asked about and have one class.
        right: the class of each of them; from ``known`` on they are classes that the bank does not have.
    """

    split: TestSet
    known: int
    rows: tuple[int, ...]
    labels: tuple[int, ...]
    asked: tuple[int, ...]
    right: tuple[int, ...]

    @classmethod
    def of(cls, test: TestSet, split: str) -> Bank:
        """The bank of another split of the same shards.

        A picture that is asked about, too, is left out of the bank.

        Raises:
            InputError: there is no such split, or it or the pictures asked about have not enough classes.
        """
        bank = test.of_split(split)
        asked = tuple(row for row, scene in enumerate(test.scenes) if scene)
        ids = {record.sample_id for record in test.records}
        rows = tuple(
            row
            for row, (record, scene) in enumerate(zip(bank.records, bank.scenes, strict=True))
            if scene and record.sample_id not in ids
        )
        known = sorted({bank.scenes[row] for row in rows})
        if not asked:
            raise InputError(
                f"no sample of {test.folder} that is asked about has one scene class: there is nothing to "
                f"probe an image tower for; do not ask for {split!r} to probe with"
            )
        if len(known) < 2:
            told = f"one scene class alone, {known[0]!r}" if known else "no scene class"
            raise InputError(
                f"the samples of split {split!r} of {test.folder} have {told}: expected two or more to probe "
                "an image tower with"
            )
        others = sorted({test.scenes[row] for row in asked} - set(known))
        place = {name: number for number, name in enumerate([*known, *others])}
        labels = tuple(place[bank.scenes[row]] for row in rows)
        right = tuple(place[test.scenes[row]] for row in asked)
        return cls(bank, len(known), rows, labels, asked, right)

    @property
    def ids(self) -> list[str]:
        """The sample ids of the bank."""
        return [self.split.records[row].sample_id for row in self.rows]

    def pictures(self) -> Iterator[Record]:
        """The samples of the bank with their pictures."""
        return self.split.pictures(self.rows)

    def usual(self) -> NDArray[np.float64]:
        """The votes of one who knows only how frequent each class of the bank is, (asked, known)."""
        counts = np.bincount(self.labels).astype(np.float64)
        return np.broadcast_to(counts, (len(self.asked), len(counts)))

    def by_image(self, votes: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance of each picture to be put into its class, and the class: (asked, 2).

        Where several classes have the largest vote, one of them is drawn. A picture of a class that the bank
        does not have is wrong.

        Args:
            votes: (asked, known), none of them negative.
        """
        right = np.asarray(self.right, dtype=np.intp)
        best = votes >= votes.max(axis=1, keepdims=True) * (1 - _ALIKE)
        rows = np.flatnonzero(right < self.known)
        hits = np.zeros(len(right))
        hits[rows] = best[rows, right[rows]] / best[rows].sum(axis=1)
        return np.column_stack([hits, right])


def figures(by_image: NDArray[np.float64]) -> NDArray[np.float64]:
    """`FIGURES` in per cent over rows of `Bank.by_image`, all or drawn ones."""
    hits, labels = by_image.T
    return 100 * np.array([hits.mean(), mean_over_classes(hits, labels.astype(np.intp))])
