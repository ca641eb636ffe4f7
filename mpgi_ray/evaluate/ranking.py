"""Hits of a ranking: the chance that one of a query's positives is among its first k candidates.

Candidates of equal score have no order: a query then counts by the probability of a hit when ties are broken
at random. So a model that gives everything the same score gets exactly the recall of chance, not all or
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 2**26  # of scores held at a time

Features: TypeAlias = NDArray[np.floating]  # unit rows
Pairs: TypeAlias = NDArray[np.intp]  # (pairs, 2)
Hits: TypeAlias = NDArray[np.float64]  # (queries, len(ks)), each in [0, 1]


def expected_hits(queries: Features, candidates: Features, positives: Pairs, ks: Sequence[int]) -> Hits:
    """The chance of each query to find any of its positives among its first k candidates.

    Args:
        queries: (queries, dim), L2-normalised.
        candidates: (candidates, dim), L2-normalised.
        positives: distinct pairs (query, candidate); each query has at least one.
        ks: how many candidates are looked at.

    Returns:
        (queries, len(ks)).
    """
    distinct, place = distinct_rows(candidates)
    positives = positives[np.argsort(positives[:, 0], kind="stable")]
    block = max(1, BLOCK_BYTES // (8 * len(candidates)))
    hits = np.empty((len(queries), len(ks)))
    for start in range(0, len(queries), block):
        scores = (queries[start : start + block] @ distinct.T)[:, place]
        first, last = np.searchsorted(positives[:, 0], (start, start + block))
        right = np.zeros(scores.shape, dtype=bool)
        right[positives[first:last, 0] - start, positives[first:last, 1]] = True
        hits[start : start + block] = _hits(scores, right, ks)
    return hits


def check_features(name: str, features: Features) -> None:
    """Raises ValueError unless the features are finite rows."""
    if features.ndim != 2 or not len(features) or not np.isfinite(features).all():
        raise ValueError(f"{name} features of shape {features.shape}: expected finite rows (n, dim)")


def distinct_rows(features: Features) -> tuple[Features, NDArray[np.intp]]:
    """The rows without repetitions, and the place of each row among them.

    Equal rows must have scores equal to the last bit, which a matrix product does not guarantee.
    """
    ids: dict[bytes, int] = {}
    place = np.array([ids.setdefault(row.tobytes(), len(ids)) for row in features], dtype=np.intp)
    _, first = np.unique(place, return_index=True)
    return features[first], place


def _hits(scores: Features, right: NDArray[np.bool_], ks: Sequence[int]) -> Hits:
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    above = (scores > best).sum(axis=1)  # all are negatives: no positive beats the best one
    tied = (scores == best).sum(axis=1)
    wrong = ((scores == best) & ~right).sum(axis=1)
    return np.stack([1 - _miss(k - above, tied, wrong) for k in ks], axis=1)


def _miss(slots: NDArray[np.intp], tied: NDArray[np.intp], wrong: NDArray[np.intp]) -> NDArray[np.float64]:
    """Chance that ``slots`` draws out of ``tied`` candidates, without replacement, are all wrong ones.

    Hypergeometric: the product over draws i of (wrong - i) / (tied - i).
    """
    draws = np.minimum(slots, tied)
    miss = np.ones(len(slots))
    for i in range(max(0, int(draws.max()))):
        miss *= np.where(i < draws, np.maximum(wrong - i, 0) / np.maximum(tied - i, 1), 1.0)
    return miss
