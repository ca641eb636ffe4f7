"""What other texts of a picture say of the claims of a text: claims without a source, and agreement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import inf

from mpgi_ray.rules import Facts
from mpgi_ray.rules.english import placed_sentences, split_sentences
from mpgi_ray.truth.bearers import unborne
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.claims import claims
from mpgi_ray.truth.known import Known
from mpgi_ray.truth.lists import goes_by
from mpgi_ray.truth.part_numbers import clause_of, is_of_part, is_of_some, is_same_part
from mpgi_ray.truth.rest import rest_untold
from mpgi_ray.truth.singled import singled_out
from mpgi_ray.truth.sizes import sizes_untold
from mpgi_ray.truth.tones import untold
from mpgi_ray.truth.verdict import Checker, Judged, Verdict

_TOLD = (About.COUNT, About.COVER)
_NEAR = {"near", "beside"}
_WORDS = (About.PRESENCE, About.ABSENCE)  # things of no source are words of none


def unsourced(text: str, judged: Iterable[Judged], sources: Sequence[str], facts: Facts) -> list[str]:
    """What a text claims that nothing before it says, beside the names of things: its words, each once.

    A sentence that stands in a source as it is has its source. A number is bound to its thing, its bound and
    its part of the picture: "at least two" is no source for "two", and "two cars in the centre" none for "two
    cars". The parts of a number may be added up.

    What is true of a part only is told as such by a source: "the image has one car" has none in "one car in
    the centre and three near the edges".

    Args:
        judged: the claims of the text.
        sources: the texts that it was made from, and the sentences of the facts.
    """
    checker = Checker(facts)
    parts, open_ = list[Claim](), list[Claim]()
    for one in judged:
        if one.verdict is Verdict.SUPPORTED and is_of_part(one.claim, text, checker):
            parts.append(one.claim)
        elif one.verdict is Verdict.UNVERIFIABLE and one.claim.about not in _WORDS:
            open_.append(one.claim)
    if not (parts or open_):
        return []
    told = [
        replace(one, some=is_of_some(one, source, checker))
        for source in sources
        for one in claims(source, checker.known.names)
    ]
    new = [claim for claim in open_ if not any(is_said(one, told) for one in (claim, *claim.or_else))]
    for claim in parts:
        clause = clause_of(text, claim)
        new += [] if any(is_same_part(claim, clause, one) for one in told) else [claim]
    return _own(text, sorted((claim.start, claim.end) for claim in new), sources)


def unsourced_looks(text: str, sources: Sequence[str], facts: Facts) -> list[str]:
    """The looks of things and surfaces in a text that no source tells: its words, each once.

    They are colours with their shares, places and things, sizes, and "the truck" where there are several.
    """
    names = Known(facts).names
    looks = [untold, unborne, sizes_untold]
    spans = [span for of in looks for span in of(text, sources, names)]
    new = _own(text, [*spans, *singled_out(text, sources, facts, names)], sources)
    rest = rest_untold(text, sources, names)  # also of a sentence of a source, if it follows another one
    return list(dict.fromkeys([*new, *(text[start:end] for start, end in rest)]))


def _own(text: str, spans: Sequence[tuple[int, int]], sources: Sequence[str]) -> list[str]:
    """The words of these spans, but those in sentences that a source has as they are."""
    whole = list(_verbatim(text, sources)) if spans else []
    new = [(start, end) for start, end in spans if not any(a <= start < b for a, b in whole)]
    return list(dict.fromkeys(text[start:end] for start, end in new))


def _verbatim(text: str, sources: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the sentences of a text are that stand in a source as they are."""
    known = {sentence for source in sources for sentence in split_sentences(source)}
    for start, sentence in placed_sentences(text):
        if sentence in known:
            yield start, start + len(sentence)


def agreement(judged: Sequence[Judged], witnesses: Sequence[str], facts: Facts) -> float | None:
    """The share of descriptions that claim the same, a mean over the claims of a text; None without any."""
    if not judged or not witnesses:
        return None
    names = Known(facts).names
    described = [claims(source, names) for source in witnesses]
    shares = [sum(is_said(one.claim, told) for told in described) / len(described) for one in judged]
    return sum(shares) / len(shares)


def is_said(claim: Claim, told: Sequence[Claim]) -> bool:
    """Whether claims of another text say the same."""
    if claim.about in _TOLD:
        return is_told(claim, told)
    return any(
        one.about is claim.about
        and goes_by(one.name, claim.name)
        and (one.word == claim.word or {one.word, claim.word} <= _NEAR)
        and (one.other == claim.other or claim.about is About.POSITION)
        and (claim.region is None or (one.region is not None and one.region.is_like(claim.region)))
        for one in told
    )


def is_told(claim: Claim, told: Sequence[Claim]) -> bool:
    """Whether claims of another text say, alone or added up, the number or share of this one."""
    same = [one for one in told if one.about is claim.about and goes_by(one.name, claim.name)]
    if (region := claim.region) is not None:
        there = [one for one in same if one.region and one.region.is_like(region)]
        # what a source says of some of them may be said of those there, if no source counts these
        there = there or [one for one in same if one.region is None and one.some]
        return any(_implies([one], claim) for one in there)
    if claim.about is About.COUNT and claim.amount == (1, None):  # "at least one car" are cars
        return any(
            one.about in (About.COUNT, About.PRESENCE) and goes_by(one.name, claim.name) for one in told
        )
    whole = [one for one in same if one.region is None]
    parts = {(one.name, one.region): one for one in same}
    return any(_implies([one], claim) for one in whole) or _implies(list(parts.values()), claim)


def _implies(told: Sequence[Claim], claim: Claim) -> bool:
    """Whether the number of all that are told lies within what is claimed."""
    if not told:
        return False
    low, high = _added(told)
    least, most = claim.amount or (0.0, None)
    return least <= low and (claim.some or high <= (inf if most is None else most))


def _added(told: Sequence[Claim]) -> tuple[float, float]:
    amounts = [one.amount or (0.0, None) for one in told]
    return sum(least for least, _ in amounts), sum(inf if most is None else most for _, most in amounts)
