"""A claim with what the facts say of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mpgi_ray.truth.claim import Claim


class Verdict(StrEnum):
    """What the facts say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict, and what the facts say in its place where they contradict it."""

    claim: Claim
    verdict: Verdict
    fact: str = ""
