"""Nearest neighbours vote for a class: Wu et al. 2018 (arXiv:1805.01978), DINO (arXiv:2104.14294)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.evaluate.ranking import BLOCK_BYTES, Features, distinct_rows

NEIGHBOURS = 20
TEMPERATURE = 0.07


def votes_of_neighbours(
    features: Features, bank: Features, labels: Sequence[int], classes: int, neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """The sum over the nearest pictures of the bank of exp(cosine / 0.07), for each class.

    Where several are equally near and not all of them have a place, they share the places that are left.

    Args:
        features: of the pictures that are asked about, (pictures, dim), unit rows.
        bank: of those with known classes, (bank, dim), unit rows.
        labels: the class of each of the bank.
        neighbours: how many vote; all, if the bank has fewer.

    Returns:
        (pictures, classes), up to a factor for each picture.
    """
    distinct, place = distinct_rows(bank)
    known = np.eye(classes)[np.asarray(labels, dtype=np.intp)]
    places = min(neighbours, len(bank))
    block = max(1, BLOCK_BYTES // (8 * len(bank)))
    votes = np.empty((len(features), classes))
    for start in range(0, len(features), block):
        some = features[start : start + block].astype(np.float64)
        cosines = (some @ distinct.T.astype(np.float64))[:, place]
        last = np.partition(cosines, -places, axis=1)[:, [-places]]
        nearer, tied = cosines > last, cosines == last
        left = places - nearer.sum(axis=1, keepdims=True)
        parts = nearer + tied * (left / tied.sum(axis=1, keepdims=True))
        beyond = cosines - cosines.max(axis=1, keepdims=True)  # so that the largest weight is one
        votes[start : start + block] = (parts * np.exp(beyond / TEMPERATURE)) @ known
    return votes
