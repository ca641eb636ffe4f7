"""Requests that are scored together: one that is bad, or at which the scorer fails, harms no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.reward.request import Request, opened


class Scores(Protocol):
    """What a scorer does."""

    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        """The scores of the texts of each picture, (texts), as answers to its question."""
        ...


Rewards = list[float]  # of the completions of a request


def score_batch(scorer: Scores, requests: Sequence[Request]) -> list[Rewards | Exception]:
    """The scores of each request, or what went wrong: `RequestError` if it was the request's fault."""
    pictures: list[Image.Image | None] = []
    found: list[Rewards | Exception | None] = []
    for request in requests:
        try:
            pictures.append(None if request.picture is None else opened(request.picture))
            found.append(None)
        except Exception as error:  # a picture may take more memory than there is
            found.append(error)
    good = [request for request, trouble in zip(requests, found, strict=True) if trouble is None]
    scored = iter(_scored(scorer, pictures, good))
    return [next(scored) if trouble is None else trouble for trouble in found]


def _scored(
    scorer: Scores, pictures: Sequence[Image.Image | None], requests: Sequence[Request]
) -> list[Rewards | Exception]:
    if not requests:
        return []
    try:
        texts = [request.completions for request in requests]
        scores = scorer.score(pictures, texts, [request.question for request in requests])
        if not all(np.isfinite(one).all() for one in scores):
            raise ArithmeticError("a score is not a finite number: the weights of the scorer are damaged")
        return [[float(score) for score in one] for one in scores]
    except Exception as error:
        if len(requests) == 1:
            return [error]
    # each by itself, since nobody says at which of them the scorer failed
    alone = zip(pictures, requests, strict=True)
    return [result for picture, request in alone for result in _scored(scorer, [picture], [request])]
