"""The consensus of several answers to the same question: how far each agrees with the others.

What most answers of a model say is right more often than what one of them says (self-consistency: Wang et
al. 2023, arXiv 2203.11171). Answers in prose are compared by their claims, as a consensus by minimum Bayes
risk compares translations by their words (Kumar and Byrne 2004).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.claims import claims
from mpgi_ray.truth.lists import Name
from mpgi_ray.truth.sourced import is_said

_LEAST = 0.01  # of two that have nothing in common: one odd answer must not make all others equal


def consensus(texts: Sequence[str], names: Mapping[str, Name]) -> list[float]:
    """How far each text agrees with the others, above 0 and at most 1.

    It is the product over the other texts of the harmonic mean of two shares: of its claims that the other
    one makes, and of the other's claims that it makes. So it falls by what a text alone says, and by what it
    alone leaves out.

    Args:
        names: of things, see `Known.names`.
    """
    told = [claims(text, names) for text in texts]
    shares = [[_share(own, other) for other in told] for own in told]
    return [
        math.prod(_both(shares[one][other], shares[other][one]) for other in range(len(told)) if other != one)
        for one in range(len(told))
    ]


def _share(own: Sequence[Claim], other: Sequence[Claim]) -> float:
    """Of the claims of a text those that another one makes: of none, none, so that texts that claim nothing
    do not outweigh one that does by agreeing about nothing.
    """
    return sum(is_said(claim, other) for claim in own) / len(own) if own else 0.0


def _both(one: float, other: float) -> float:
    return max(_LEAST, 2 * one * other / (one + other)) if one + other else _LEAST
