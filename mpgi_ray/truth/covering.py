"""Whether things cover as much of a picture as a text says."""

from __future__ import annotations

from collections.abc import Iterable

from mpgi_ray.rules.facts import CoverFact
from mpgi_ray.truth.claim import Claim
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Known, Of
from mpgi_ray.truth.lists import goes_by, lists

_BOXES = 1.5  # by which all boxes together may miss the share that things cover
_LEAD = 0.1  # by which another class must lead to contradict that this one dominates


def covering(claim: Claim, of: Of, known: Known) -> Judged:
    """A claim on the share of the picture that something covers."""
    if claim.amount is not None and _is_too_small(of, claim.amount[0]):
        return Judged(claim, Verdict.CONTRADICTED, f"{of.whole} of {claim.name}, which cover less")
    covers = {fact.name: fact for fact in (*of.covers, *of.traces)}
    if not covers and claim.amount is not None and (other := lists()["all_but"].get(claim.name)):
        rest = known.of(other).covers
        if rest and 1 - sum(fact.fraction for fact in rest) < claim.amount[0]:
            return Judged(claim, Verdict.CONTRADICTED, in_shares(rest))
    marked = {fact.name: fact.fraction for fact in known.facts.cover}
    told = not covers and marked and {claim.name, *marked} <= {*lists()["physical"]}
    if told and claim.amount and 1 - sum(marked.values()) < claim.amount[0]:  # so little is marked as nothing
        return Judged(claim, Verdict.CONTRADICTED, in_shares(known.facts.cover))
    under = sum(fact.fraction for fact in of.under) if all(fact.exact for fact in of.under) else 0.0
    if not covers and claim.amount is not None and of.within and 0 < under < claim.amount[0]:
        return Judged(claim, Verdict.CONTRADICTED, in_shares(of.under))  # the quay, of the pavement
    if not covers or claim.amount is None or claim.some:
        return Judged(claim, Verdict.UNVERIFIABLE)
    if claim.other is not None:  # both together
        other = known.of(claim.other).covers
        shared = covers.keys() & {fact.name for fact in other}
        if not other or shared not in (set(), covers.keys()):  # and not roads and streets, which are one
            return Judged(claim, Verdict.UNVERIFIABLE)
        covers |= {fact.name: fact for fact in other}
    share = sum(fact.fraction for fact in covers.values())
    highest = share + known.unmarked(tuple(covers.values()))
    if claim.name in lists()["ambiguous"]:  # any of the grounds that may be called so
        share = min(fact.fraction for fact in covers.values())
    least, most = claim.amount
    if highest < least or (most is not None and share > most):
        return Judged(claim, Verdict.CONTRADICTED, in_shares(covers.values()))
    holds = share >= least and (most is None or highest <= most)
    return Judged(claim, Verdict.SUPPORTED if holds else Verdict.UNVERIFIABLE)


def _is_too_small(of: Of, least: float) -> bool:
    """Whether all things of a name together, by their boxes, cover less than is claimed."""
    counted = of.classes and not of.covers and all(fact.countable and not fact.groups for fact in of.classes)
    return bool(counted) and of.most == of.whole and sum(box.area for box in of.boxes) < least / _BOXES


def dominating(claim: Claim, of: Of, known: Known) -> Judged:
    """A claim that something covers more of the picture than anything else."""
    covers = (*of.covers, *of.traces)
    if not covers:
        return Judged(claim, Verdict.UNVERIFIABLE)
    share = sum(fact.fraction for fact in covers)
    others = [fact for fact in known.facts.cover if fact not in covers]
    if others and others[0].fraction > share + known.unmarked(covers) + _LEAD:
        largest = others[0]
        return Judged(claim, Verdict.CONTRADICTED, f"{largest.name} covers {largest.fraction:.0%}")
    return Judged(claim, Verdict.SUPPORTED)


def outcovered(claim: Claim, of: Of, other: Of, known: Known, told: str) -> Judged:
    """A claim that one thing covers more, or less, of the picture than another.

    Args:
        told: how much each covers, for people.
    """
    more, less = (of, other) if claim.word == "more" else (other, of)
    if {fact.name for fact in more.covers} & {fact.name for fact in less.covers}:
        return Judged(claim, Verdict.UNVERIFIABLE)
    larger, smaller = (sum(fact.fraction for fact in one.covers) for one in (more, less))
    lead = _LEAD / 2 if smaller > 2 * larger else _LEAD
    if smaller > larger + known.unmarked(more.covers) + lead:
        return Judged(claim, Verdict.CONTRADICTED, told)
    holds = larger > smaller + known.unmarked(less.covers)
    return Judged(claim, Verdict.SUPPORTED if holds else Verdict.UNVERIFIABLE)


def outnumbered(claim: Claim, of: Of, other: Of, told: str) -> Judged:
    """A claim that there are more, or fewer, of one thing than of another.

    Args:
        told: how many of each there are, for people.
    """
    more, less = (of, other) if claim.word == "more" else (other, of)
    if more.most is None or less.most is None:
        return Judged(claim, Verdict.UNVERIFIABLE)
    if more.most <= less.whole:
        return Judged(claim, Verdict.CONTRADICTED, told)
    return Judged(claim, Verdict.SUPPORTED if more.whole > less.most else Verdict.UNVERIFIABLE)


def against_rest(claim: Claim, of: Of, other: Of) -> str:
    """What says that the land does not cover more than the water; empty if nothing does."""
    rest = lists()["all_but"].get(claim.name)
    if (
        rest is None
        or of.covers
        or not goes_by(claim.other or "", rest)
        or claim.word not in ("larger", "more")
    ):
        return ""
    share = sum(fact.fraction for fact in other.covers)
    return in_shares(other.covers) if share > 1 / 2 + _LEAD / 2 else ""


def in_shares(covers: Iterable[CoverFact]) -> str:
    """What is marked, for people."""
    return ", ".join(
        f"{fact.name} covers {'' if fact.exact else 'at least '}{fact.fraction:.0%}" for fact in covers
    )
