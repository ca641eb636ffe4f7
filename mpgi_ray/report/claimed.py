"""A text cut where its claims begin and end, so that a page can colour them by their verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.verdict import Judged, Verdict, check

_WORST_FIRST = (Verdict.CONTRADICTED, Verdict.UNVERIFIABLE, Verdict.SUPPORTED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some words of a text.

    Attributes:
        verdict: the worst of the claims that they belong to; empty if they make none.
        told: what each of these claims is about, its verdict, and what is so where it is contradicted.
    """

    text: str
    verdict: str = ""
    told: str = ""


def stretches(text: str, facts: Facts | None) -> list[Stretch]:
    """The text in its order; one stretch without a verdict if nothing is known of the picture."""
    return cut(text, check(text, facts) if facts else [])


def cut(text: str, judged: Sequence[Judged]) -> list[Stretch]:
    """The text in its order, cut where claims begin and end."""
    cuts = sorted({0, len(text), *(n for one in judged for n in (one.claim.start, one.claim.end))})
    return [
        _stretch(text[start:end], [one for one in judged if _covers(one, start)])
        for start, end in pairwise(cuts)
    ]


def _covers(one: Judged, at: int) -> bool:
    return one.claim.start <= at < one.claim.end


def _stretch(text: str, judged: list[Judged]) -> Stretch:
    if not judged:
        return Stretch(text)
    verdict = min((one.verdict for one in judged), key=_WORST_FIRST.index)
    told = (f"{one.claim.about.value}: {one.verdict.value}{one.fact and f', {one.fact}'}" for one in judged)
    return Stretch(text, verdict.value, "; ".join(dict.fromkeys(told)))
