"""The scorer of a run, whichever kind of model it trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.models.model_folder import is_multimodal
from mpgi_ray.rules.english import split_sentences

_LEAST = 1e-30  # a score may be too small for a float32


class TextScorer(Protocol):
    """A model that learned from preferences between texts about a picture."""

    @property
    def needs_pictures(self) -> bool:
        """Whether it scores no text without a picture."""
        ...

    @property
    def by_sentences(self) -> bool:
        """Whether a longer text is better scored sentence by sentence: it reads few tokens at a time."""
        ...

    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        """The scores of the texts of each picture, above 0, (texts); higher is better.

        The same input has the same scores each time. Of a text that is too long, the model reads as much as
        fits.

        Args:
            pictures: 8-bit RGB, as many as there are lists of texts.
            questions: of each picture, which its texts answer; empty where they are captions, as all are
                without it. A scorer on a CLIP does not read them.

        Raises:
            InputError: a picture is None, and the scorer needs one.
        """
        ...


def load_scorer(folder: str, gpu: bool | None = None) -> TextScorer:
    """The scorer of a run of `mpgi train --task preference`.

    Args:
        gpu: whether it computes on a GPU; None: if there is one.

    Raises:
        InputError: the folder holds none.
    """
    if is_multimodal(Storage(absolute(folder))):
        from mpgi_ray.models.multimodal_scorer import MultimodalScorer

        return MultimodalScorer.load(folder, gpu=gpu)
    from mpgi_ray.models.scorer import Scorer

    return Scorer.load(folder, gpu=gpu)


def worths(
    scorer: TextScorer,
    pictures: Iterable[Image.Image | None],
    texts: Sequence[Sequence[str]],
    sentences: bool | None = None,
) -> list[list[float]]:
    """What each text about each picture is worth.

    By its sentences a text has the geometric mean of their scores: long texts compare with short ones, and a
    sentence that is very wrong weighs much. A text without a sentence has -inf.

    Args:
        sentences: whether each sentence is scored by itself; None: as `TextScorer.by_sentences` says.
    """
    apart = scorer.by_sentences if sentences is None else sentences
    parts = [[split_sentences(text) if apart else [text] for text in own] for own in texts]
    found = scorer.score(pictures, [[part for text in own for part in text] for own in parts])
    return [_means(own, iter(scores.tolist())) for own, scores in zip(parts, found, strict=True)]


def _means(parts: Sequence[Sequence[str]], scores: Iterator[float]) -> list[float]:
    told = [[next(scores) for _ in text] for text in parts]
    return [math.exp(fmean(math.log(max(one, _LEAST)) for one in own)) if own else -math.inf for own in told]
