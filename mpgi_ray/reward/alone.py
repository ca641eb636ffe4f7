"""How far the texts of preferences can be ordered without their pictures: what a scorer could learn of words.

A bag of words that learns which words the better text of a pair has is asked about pairs that it has not
seen. Where it is right in more than half of them, the texts give their order away, and a scorer that learns
them may go by the texts. Pairs that are there in both orders stay together, so that neither is learned for
the other: of preferences that are all balanced so it is right in exactly half.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.preferences import Preference

_PAIRS = 10_000  # about so many are looked at
_FOLDS = 5
_WORDS = 1 << 10  # into which words are hashed
_STEPS, _RATE = 50, 1.0
_TOKEN = re.compile(r"\w+")


def told_alone(preferences: Iterable[Preference]) -> float | None:
    """The share of held-out pairs that a bag of words orders rightly, a tie half; None for too few."""
    pairs = [pair for one in preferences for pair in _pairs(one)]
    there = {texts for _, texts in pairs}
    together = ["\0".join(sorted(texts)) if texts[::-1] in there else own for own, texts in pairs]
    parts = np.array([zlib.crc32(name.encode()) for name in together], np.int64)
    looked_at = np.flatnonzero(parts // _FOLDS % -(-len(pairs) // _PAIRS) == 0) if pairs else parts
    folds = parts[looked_at] % _FOLDS
    if len(np.unique(folds)) < 2:
        return None
    rows = [pairs[at][1] for at in looked_at]
    features = np.stack([_features(better) - _features(worse) for better, worse in rows])
    right = 0.0
    for fold in range(_FOLDS):
        learnt = _learn(features[folds != fold])
        # rounded: what sums in both orders leave of nothing is nothing
        right += float((np.sign((features[folds == fold] @ learnt).round(4)) + 1).sum() / 2)
    return right / len(rows)


def _pairs(one: Preference) -> Iterator[tuple[str, tuple[str, str]]]:
    texts = [text for _, text in one.texts]
    return ((one.sample_id, (better, worse)) for better, worse in combinations(texts, 2))


def _features(text: str) -> NDArray[np.float32]:
    """How often each word is there, and the number of all."""
    words = _TOKEN.findall(text.lower())
    found = np.zeros(_WORDS + 1, np.float32)
    for word in words:
        found[zlib.crc32(word.encode()) % _WORDS] += 1
    found[_WORDS] = len(words) / 10
    return found


def _learn(differences: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights of a logistic regression on what the better text has more than the worse one."""
    weights = np.zeros(differences.shape[1], np.float32)
    for _ in range(_STEPS):
        missed = 1 / (1 + np.exp(np.clip(differences @ weights, -30, 30)))
        weights += np.float32(_RATE / len(differences)) * (differences.T @ missed)
    return weights
