"""Requests that are scored together: one that is bad, or at which the scorer fails, harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mpgi_ray.reward.request import Request, opened

if TYPE_CHECKING:
    from mpgi_ray.models.scorers import TextScorer


Rewards = list[float]  # of the completions of a request


def score_batch(scorer: TextScorer, requests: Sequence[Request]) -> list[Rewards | Exception]:
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
    scorer: TextScorer, pictures: Sequence[Image.Image | None], requests: Sequence[Request]
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
