"""Texts that occur more than once, within a picture and across pictures."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GAP = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class TextCounts:
    """How many texts are one text.

    Attributes:
        texts: all.
        distinct: different ones.
        repeated_within: texts that their own picture has before, once more.
        shared: distinct texts that several pictures have.
        pictures_sharing: pictures with such a text.
    """

    texts: int = 0
    distinct: int = 0
    repeated_within: int = 0
    shared: int = 0
    pictures_sharing: int = 0


def normalised(text: str) -> str:
    """A text without what does not make it another one: case, accents' encoding, spaces, punctuation."""
    return _GAP.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def digests(texts: Iterable[str]) -> list[int]:
    """64 bits of the hash of each text, normalised; of texts that say something."""
    said = filter(None, map(normalised, texts))
    return [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True) for text in said]


def count_texts(pictures: NDArray[np.int64], texts: NDArray[np.int64]) -> TextCounts:
    """Count texts by picture.

    Args:
        pictures: the number of the picture that each text belongs to.
        texts: their digests.
    """
    if not len(texts):
        return TextCounts()
    held = np.unique(np.stack([texts, pictures], axis=1), axis=0)  # each text once a picture
    distinct, holders = np.unique(held[:, 0], return_counts=True)
    in_several = np.isin(held[:, 0], distinct[holders > 1])
    return TextCounts(
        texts=len(texts),
        distinct=len(distinct),
        repeated_within=len(texts) - len(held),
        shared=int((holders > 1).sum()),
        pictures_sharing=len(np.unique(held[in_several, 1])),
    )
