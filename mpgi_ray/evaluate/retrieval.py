"""Cross-modal retrieval: recall at k, by two protocols.

`retrieval` is protocol A, that of RemoteCLIP (Liu et al. 2024) and HQRS-CLIP: every text is a candidate of
its own and belongs to one image. `retrieval_merged` is that of SkyScript (Wang et al. 2024): equal texts are
one candidate, which belongs to every image that has it. Their figures cannot be compared with each other.

A query is a hit at k if any of its positives is among the first k candidates. Candidates of equal score
have no order: a query then counts by the probability of a hit when ties are broken at random. So a model
that gives everything the same score gets exactly the recall of chance, not all or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

KS = (1, 5, 10)
BLOCK_BYTES = 2**26  # of scores held at a time

Features: TypeAlias = NDArray[np.floating]  # unit rows
Recalls: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Recall at 1, 5 and 10 in per cent.

    Attributes:
        image_to_text: the query is an image.
        text_to_image: the query is a text.
    """

    image_to_text: Recalls
    text_to_image: Recalls

    @property
    def mean_recall(self) -> float:
        """Plain mean of the six recalls."""
        return (sum(self.image_to_text) + sum(self.text_to_image)) / 6

    def row(self) -> dict[str, float]:
        """The figures of a results table, rounded to two decimals as published ones are."""
        figures = {f"i2t_r{k}": value for k, value in zip(KS, self.image_to_text, strict=True)}
        figures |= {f"t2i_r{k}": value for k, value in zip(KS, self.text_to_image, strict=True)}
        return {
            name: round(value, 2) for name, value in (figures | {"mean_recall": self.mean_recall}).items()
        }


def retrieval(image_features: Features, text_features: Features, image_of_text: Sequence[int]) -> Retrieval:
    """Protocol A: each text belongs to its own image only, even if another image has the same text.

    Args:
        image_features: (images, dim), L2-normalised.
        text_features: (texts, dim), L2-normalised.
        image_of_text: the image, by row, that each text belongs to.

    Raises:
        ValueError: shapes do not fit, a feature is not finite, or an image has no text.
    """
    pairs = np.stack([np.asarray(image_of_text, dtype=np.intp), np.arange(len(text_features))], axis=1)
    return _both_ways(image_features, text_features, pairs)


def retrieval_merged(
    image_features: Features, text_features: Features, image_of_text: Sequence[int], texts: Sequence[str]
) -> Retrieval:
    """Equal texts merged: each distinct text is one candidate and one query, right for all its images.

    Args:
        texts: the text of each row of ``text_features``; see `retrieval` for the others and for errors.
    """
    first: dict[str, int] = {}
    for row, text in enumerate(texts):
        first.setdefault(text, row)
    candidate = {text: index for index, text in enumerate(first)}
    pairs = {(image, candidate[text]) for image, text in zip(image_of_text, texts, strict=True)}
    return _both_ways(image_features, text_features[list(first.values())], np.array(sorted(pairs)))


def _both_ways(images: Features, texts: Features, pairs: NDArray[np.intp]) -> Retrieval:
    for name, features in (("image", images), ("text", texts)):
        if features.ndim != 2 or not len(features) or not np.isfinite(features).all():
            raise ValueError(f"{name} features of shape {features.shape}: expected finite rows (n, dim)")
    if not np.array_equal(np.unique(pairs[:, 0]), np.arange(len(images))):
        raise ValueError(f"some of {len(images)} images have no text, or a text names an image beyond them")
    return Retrieval(_recalls(images, texts, pairs), _recalls(texts, images, pairs[:, ::-1]))


def _recalls(queries: Features, candidates: Features, pairs: NDArray[np.intp]) -> Recalls:
    """Recall at each of `KS` in per cent; ``pairs`` lists the positives as (query, candidate)."""
    distinct, place = _distinct_rows(candidates)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    block = max(1, BLOCK_BYTES // (8 * len(candidates)))
    hits = np.zeros(len(KS))
    for start in range(0, len(queries), block):
        scores = (queries[start : start + block] @ distinct.T)[:, place]
        first, last = np.searchsorted(pairs[:, 0], (start, start + block))
        positive = np.zeros(scores.shape, dtype=bool)
        positive[pairs[first:last, 0] - start, pairs[first:last, 1]] = True
        hits += _hits(scores, positive)
    return tuple((100 * hits / len(queries)).tolist())


def _hits(scores: Features, positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Expected hits at each of `KS`, summed over the queries (rows)."""
    best = np.where(positive, scores, -np.inf).max(axis=1, keepdims=True)
    above = (scores > best).sum(axis=1)  # negatives all: no positive beats the best one
    tied = (scores == best).sum(axis=1)
    wrong = ((scores == best) & ~positive).sum(axis=1)
    return np.array([(1 - _miss(k - above, tied, wrong)).sum() for k in KS])


def _miss(slots: NDArray[np.intp], tied: NDArray[np.intp], wrong: NDArray[np.intp]) -> NDArray[np.float64]:
    """Chance that ``slots`` draws out of ``tied`` candidates, without replacement, are all wrong ones.

    Hypergeometric: the product over draws i of (wrong - i) / (tied - i).
    """
    miss = np.ones(len(slots))
    for i in range(max(KS)):
        drawn = i < np.minimum(slots, tied)
        miss *= np.where(drawn, np.maximum(wrong - i, 0) / np.maximum(tied - i, 1), 1.0)
    return miss


def _distinct_rows(features: Features) -> tuple[Features, NDArray[np.intp]]:
    # equal rows must score equal to the last bit, which a matrix product does not promise for each column
    ids: dict[bytes, int] = {}
    place = np.array([ids.setdefault(row.tobytes(), len(ids)) for row in features], dtype=np.intp)
    _, first = np.unique(place, return_index=True)
    return features[first], place
