"""Numbers of parts of a picture that are more together than there are in all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from mpgi_ray.truth.claim import About
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Known


def held_together(judged: Sequence[Judged], sentences: Sequence[int], known: Known) -> list[Judged]:
    """The claims, contradicted where one sentence tells more of a thing in several parts than there are.

    "One tank in the centre and four near the edges" are five. Each number may be true of its part by itself,
    as what lies on a border is counted here or there, but nobody counts it twice in one sentence.

    Args:
        judged: the claims of a text.
        sentences: where each of its sentences begins.
    """
    many = list(judged)
    for part in _of_one_thing(judged, sentences):
        claims = [judged[n].claim for n in part]
        regions = [claim.region for claim in claims if claim.region is not None]
        if not all(a.is_apart(b) for a, b in combinations(regions, 2)):
            continue
        told, most = sum(claim.amount[0] for claim in claims if claim.amount), known.of(claims[0].name).most
        if most is not None and told > most:
            fact = f"{claims[0].name}: {most:.0f} in all, and {told:.0f} are told"
            for n in part:
                if judged[n].verdict is not Verdict.CONTRADICTED:
                    many[n] = Judged(judged[n].claim, Verdict.CONTRADICTED, fact)
    return many


def _of_one_thing(judged: Sequence[Judged], sentences: Sequence[int]) -> Iterator[list[int]]:
    """The places of the numbers that one sentence tells of a thing in two parts of the picture or more."""
    found: dict[tuple[int, str], list[int]] = {}
    for n, one in enumerate(judged):
        claim = one.claim
        if claim.about is About.COUNT and claim.region is not None and claim.word is None:
            sentence = sum(start <= claim.start for start in sentences)
            found.setdefault((sentence, claim.name), []).append(n)
    yield from (part for part in found.values() if len(part) > 1)
