"""BLEU, ROUGE-L and CIDEr-D of captions, as the COCO caption evaluation (Chen et al. 2015) computes them.

- BLEU: Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation".
- ROUGE-L: Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries".
- CIDEr-D: Vedantam et al. 2015, "CIDEr: Consensus-based Image Description Evaluation".

The figures depend on how texts are split into words: `words` does this, and its module says how close its
words are to those behind published figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import exp, log, sqrt
from operator import or_
from statistics import fmean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.captions.words import words

N = 4  # n-grams of one to four words
BETA = 1.2  # how much more recall weighs in ROUGE-L
SIGMA = 6.0  # of the length penalty of CIDEr-D, in bigrams
TINY, SMALL = 1e-15, 1e-9  # added to counts and to their divisors, so that no BLEU is 0 / 0

Words: TypeAlias = Sequence[str]
NGram: TypeAlias = tuple[str, ...]
Counts: TypeAlias = Counter[NGram]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CaptionScores:
    """How close the captions are to their references.

    Attributes:
        matches: (images, 4), n-grams that a reference has too; each at most as often as in one of them.
        lengths: (images, 2), words of the caption, and of the reference that is nearest in length.
        image_rouge_l: (images,), from 0 to 1.
        image_cider_d: (images,), from 0 to 10.
    """

    matches: Floats
    lengths: Floats
    image_rouge_l: Floats
    image_cider_d: Floats

    @property
    def bleu(self) -> tuple[float, ...]:
        """BLEU-1 to BLEU-4 of all images, from 0 to 1: their counts are added up before they are divided."""
        return tuple(self.figures(self.by_image())[:N].tolist())

    @property
    def rouge_l(self) -> float:
        """Mean over images, from 0 to 1."""
        return float(self.image_rouge_l.mean())

    @property
    def cider_d(self) -> float:
        """Mean over images, from 0 to 10."""
        return float(self.image_cider_d.mean())

    @property
    def image_bleu(self) -> Floats:
        """(images, 4), BLEU-1 to BLEU-4 of each image alone. Their mean is not `bleu`."""
        return _bleu(self.matches, _possible(self.lengths), self.lengths)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of `figures`."""
        return ("bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "cider_d")

    def row(self) -> dict[str, float]:
        """The figures of a results table, rounded to four decimals."""
        figures = self.figures(self.by_image()).tolist()
        return {name: round(value, 4) for name, value in zip(self.names, figures, strict=True)}

    def by_image(self) -> Floats:
        """What each image adds to the figures: rows (images, 8) to resample for an interval."""
        return np.column_stack([self.matches, self.lengths, self.image_rouge_l, self.image_cider_d])

    def figures(self, by_image: Floats) -> Floats:
        """The figures of `names` over rows of `by_image`, all or drawn ones.

        In drawn rows CIDEr-D keeps the weights that the n-grams have in the whole set.
        """
        matches, lengths, means = np.split(by_image, [N, N + 2], axis=1)
        bleu = _bleu(matches.sum(axis=0), _possible(lengths).sum(axis=0), lengths.sum(axis=0))
        return np.concatenate([bleu, means.mean(axis=0)])


def score_texts(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionScores:
    """`score` of the `words` of texts; each image has a list of references."""
    return score([words(text) for text in candidates], [[words(text) for text in of] for of in references])


def score(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> CaptionScores:
    """The scores of one caption for each image.

    A caption without words scores 0. A reference without words, as published data sets have them, counts as
    one that shares nothing with the caption. CIDEr-D weighs an n-gram by how few images have it in a
    reference, so it depends on which images are scored together, and is 0 for a single image.

    Args:
        candidates: the words of each image's caption.
        references: the words of each reference of each image.

    Raises:
        InputError: captions and references differ in number, there are none, or an image has no reference
            with words.
        TypeError: a text where its words are expected.
    """
    check_captions(candidates, references)
    idf = _Idf(references)
    rows = np.array([_row(caption, of, idf) for caption, of in zip(candidates, references, strict=True)])
    return CaptionScores(rows[:, :N], rows[:, N : N + 2], rows[:, N + 2], rows[:, N + 3])


def check_captions(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> None:
    """Raises the errors of `score`."""
    if len(candidates) != len(references) or not candidates:
        raise InputError(
            f"{len(candidates)} captions, references of {len(references)} images: "
            "expected one caption and one list of references for each image, and at least one image"
        )
    for image, (caption, of) in enumerate(zip(candidates, references, strict=True)):
        if isinstance(caption, str) or any(isinstance(reference, str) for reference in of):
            raise TypeError(f"image {image} (counted from 0): expected words, not a text; see `score_texts`")
        if not any(of):
            raise InputError(f"image {image} (counted from 0) has no references with words: leave it out")


def _row(caption: Words, references: Sequence[Words], idf: _Idf) -> list[float]:
    counts, others = _count(caption), [_count(reference) for reference in references]
    matched = counts & reduce(
        or_, others
    )  # the smaller of the caption's count and the largest in a reference
    matches = [0] * N
    for gram, count in matched.items():
        matches[len(gram) - 1] += count
    nearest = min((abs(len(reference) - len(caption)), len(reference)) for reference in references)[1]
    return [*matches, len(caption), nearest, _rouge_l(caption, references), _cider_d(counts, others, idf)]


def _count(text: Words) -> Counts:
    return Counter(
        tuple(text[start : start + n]) for n in range(1, N + 1) for start in range(len(text) - n + 1)
    )


def _possible(lengths: Floats) -> Floats:
    """How many n-grams captions of such lengths have: (images, 2) to (images, 4)."""
    return np.maximum(lengths[:, :1] - np.arange(N), 0)


def _bleu(matches: Floats, possible: Floats, lengths: Floats) -> Floats:
    """BLEU-1 to BLEU-4 of counts (…, 4), (…, 4) and (…, 2)."""
    precision = (matches + TINY) / (possible + SMALL)
    brevity = np.minimum(1 - (lengths[..., 1:] + SMALL) / (lengths[..., :1] + TINY), 0)
    return np.asarray(np.cumprod(precision, axis=-1) ** (1 / np.arange(1, N + 1)) * np.exp(brevity))


def _rouge_l(caption: Words, references: Sequence[Words]) -> float:
    """The F-measure of the best precision and the best recall, which may come from different references."""
    common = [_common(caption, reference) for reference in references]
    if not any(common):
        return 0.0
    precision = max(common) / len(caption)
    recall = max(found / max(len(reference), 1) for found, reference in zip(common, references, strict=True))
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _common(one: Words, other: Words) -> int:
    """Length of the longest common subsequence, with a bit for each word (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << place
    every = free = (1 << len(one)) - 1
    for word in other:
        match = free & places.get(word, 0)
        free = (free + match | free - match) & every
    return len(one) - free.bit_count()


class _Idf:
    """Inverse document frequency: the log of images by images that have the n-gram in a reference."""

    def __init__(self, references: Sequence[Sequence[Words]]) -> None:
        images = Counter(gram for of in references for gram in set().union(*map(_count, of)))
        self._unseen = log(len(references))  # as if one image had it
        self._seen = {gram: log(len(references) / count) for gram, count in images.items()}

    def vector(self, counts: Counts) -> _Vector:
        weights = {gram: count * self._seen.get(gram, self._unseen) for gram, count in counts.items()}
        squares = [0.0] * N
        for gram, weight in weights.items():
            squares[len(gram) - 1] += weight**2
        bigrams = sum(count for gram, count in counts.items() if len(gram) == 2)
        return _Vector(weights, [sqrt(square) for square in squares], bigrams)


@dataclass(frozen=True, slots=True)
class _Vector:
    """A text by its n-grams."""

    weights: dict[NGram, float]
    norms: list[float]  # (4,), of the n-grams of each n
    bigrams: int  # by which the reference code measures how long a text is


def _cider_d(caption: Counts, references: Sequence[Counts], idf: _Idf) -> float:
    """Ten times the mean over references and n of clipped cosines, less for a different length."""
    vector = idf.vector(caption)
    return 10 * fmean(_likeness(vector, idf.vector(reference)) for reference in references)


def _likeness(caption: _Vector, reference: _Vector) -> float:
    products = [0.0] * N
    for gram, weight in caption.weights.items():
        other = reference.weights.get(gram, 0.0)
        products[len(gram) - 1] += min(weight, other) * other
    norms = [one * other for one, other in zip(caption.norms, reference.norms, strict=True)]
    cosines = (product / norm for product, norm in zip(products, norms, strict=True) if norm)
    return exp(-((caption.bigrams - reference.bigrams) ** 2) / (2 * SIGMA**2)) * sum(cosines) / N
