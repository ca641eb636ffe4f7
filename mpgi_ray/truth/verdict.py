"""Claims held against facts: supported, contradicted, or neither can be known.

What a source does not annotate exhaustively is never known to be absent or to be all there is. Numbers lie
between the whole things and these with those that are cut, tiny or doubtful; a number over a kind of things
counts every class that is one. The table in docs/truth.md says when each kind of claim is contradicted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mpgi_ray.rules import Facts, lexicon
from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.rules.seen import Measured
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.claims import claims_by
from mpgi_ray.truth.covering import against_rest, covering, dominating, in_shares, outcovered, outnumbered
from mpgi_ray.truth.hues import coloured
from mpgi_ray.truth.judged import Judged as Judged
from mpgi_ray.truth.judged import Verdict as Verdict
from mpgi_ray.truth.known import Known, Of
from mpgi_ray.truth.lists import also_called, lists
from mpgi_ray.truth.patterns import arranged
from mpgi_ray.truth.places import Region
from mpgi_ray.truth.positions import INNER_CELL, inside, lying
from mpgi_ray.truth.relations import between, may_lie_beside, nearer, related
from mpgi_ray.truth.sums import held_together

_INNER = 0.12  # of the picture: what is denied of a part may lie near its border
_CLEARLY = 0.05  # of a cell is marked


def check(text: str, facts: Facts) -> list[Judged]:
    """The claims of a text in their order, judged; a `Checker` is faster for many texts."""
    return Checker(facts).check(text)


def verdict_of(judged: Sequence[Judged]) -> Verdict:
    """Of a text: contradicted if one of its claims is, else supported if one is."""
    verdicts = {one.verdict for one in judged}
    for verdict in (Verdict.CONTRADICTED, Verdict.SUPPORTED):
        if verdict in verdicts:
            return verdict
    return Verdict.UNVERIFIABLE


class Checker:
    """Holds texts against the facts of one picture."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.known = facts, Known(facts)
        self._rules: dict[About, Callable[[Claim, Of], Judged]] = {
            About.PRESENCE: self._presence,
            About.ABSENCE: self._absence,
            About.COUNT: self._count,
            About.POSITION: self._position,
            About.COVER: self._cover,
            About.DOMINANCE: self._dominance,
            About.COLOUR: self._colour,
            About.ARRANGEMENT: self._arrangement,
            About.RELATION: self._relation,
        }

    def check(self, text: str) -> list[Judged]:
        """The claims of a text in their order, judged."""
        judged = [self.judge(claim) for claim in claims_by(text, *self.known.named)]
        return held_together(judged, list(placed_sentences(text)), self.known)

    def judge(self, claim: Claim) -> Judged:
        """One claim, by itself."""
        judged = self._as_read(claim)
        if claim.or_else and judged.verdict is Verdict.CONTRADICTED:
            others = [self._as_read(other) for other in claim.or_else]
            if any(other.verdict is not Verdict.CONTRADICTED for other in others):
                return Judged(claim, Verdict.UNVERIFIABLE)
        return judged

    def _as_read(self, claim: Claim) -> Judged:
        """A claim in its first reading."""
        rule = self._rules[claim.about]
        judged = rule(claim, self.known.of(claim.name))
        whole = lists()["parts_of"].get(claim.name)
        if judged.verdict is not Verdict.UNVERIFIABLE or whole is None or claim.about is not About.COLOUR:
            return judged
        of_whole = rule(claim, self.known.of(whole))
        # of roofs, others may be meant than those of buildings
        told = of_whole.verdict is Verdict.SUPPORTED or claim.every or not lexicon.is_generic(whole)
        return of_whole if told else judged

    def _presence(self, claim: Claim, of: Of) -> Judged:
        if of.is_there:
            return Judged(claim, Verdict.SUPPORTED)
        listed = {claim.name, *lexicon.synonyms(claim.name)} & {*self.facts.complete}
        if self._taken_for(claim.name):
            return Judged(claim, Verdict.UNVERIFIABLE)
        kinds = {claim.name, *lexicon.hypernyms(claim.name)}  # without water, no swimming pool
        uncovered = any(kinds & {name, *also_called(name)} for name in self.facts.uncovered)
        if uncovered and claim.name not in lists()["ambiguous"]:
            return Judged(claim, Verdict.CONTRADICTED, f"there is no {claim.name}")
        # other vehicles than those that are listed may be there
        known = listed or not lexicon.is_generic(claim.name) or self.known.has_kinds(claim.name)
        exact = of.exact or self.known.is_distinct(claim.name)
        none = exact and not of.maybe and not of.uncounted
        if known and none and not self.known.is_implied(claim.name):
            return Judged(claim, Verdict.CONTRADICTED, f"there is no {claim.name}")
        unlike = not (of.maybe or of.under or of.uncounted)
        if unlike and (kind := self.known.of_which_are_fewer(claim.name, 1)):
            return Judged(claim, Verdict.CONTRADICTED, f"there is no {kind}")
        return Judged(claim, Verdict.UNVERIFIABLE)

    def _taken_for(self, name: str) -> bool:
        """Whether what people may call so is there: gravel tracks for roads."""
        there = {fact.name for fact in self.facts.cover} | {fact.name for fact in self.facts.classes}
        there |= {*self.facts.labels}
        return not there.isdisjoint(lists()["taken_for"].get(name, ()))

    def _absence(self, claim: Claim, of: Of) -> Judged:
        if claim.name in self.facts.uncovered:  # though a road may be called pavement, too
            return Judged(claim, Verdict.SUPPORTED)
        if claim.region is not None:
            inside = [box for box in of.boxes if claim.region.wider(-_INNER).holds(box)]
            if inside and of.classes:
                return Judged(claim, Verdict.CONTRADICTED, f"{len(inside)} lie there")
            if claim.name not in lists()["ambiguous"] and any(
                fact.cells[cell] >= _CLEARLY for fact in of.covers for cell in claim.region.cells(INNER_CELL)
            ):
                return Judged(claim, Verdict.CONTRADICTED, f"{in_shares(of.covers)}, also there")
            return Judged(claim, Verdict.UNVERIFIABLE)
        marked = of.covers and claim.name not in lists()["ambiguous"]
        if not marked and (homes := self.known.implying(claim.name)):
            return Judged(claim, Verdict.CONTRADICTED, in_shares(homes))
        if of.whole or any(f.groups for f in of.classes) or marked:
            return Judged(claim, Verdict.CONTRADICTED, self._fact(claim.name, of))
        if of.is_there or not of.exact or of.maybe or of.uncounted:
            return Judged(claim, Verdict.UNVERIFIABLE)
        return Judged(claim, Verdict.SUPPORTED)

    def _count(self, claim: Claim, of: Of) -> Judged:
        if of.within and not claim.some and claim.region is None and claim.amount and claim.amount[1]:
            wholes = sum(fact.total for fact in of.maybe)
            if 2 * claim.amount[1] < wholes:  # three roofs of ten houses
                return Judged(claim, Verdict.CONTRADICTED, f"{wholes} {lists()['parts_of'].get(claim.name)}")
        if claim.name in lists()["mostly_so"] and not of.classes and claim.amount and not claim.some:
            wholes, most = sum(fact.total for fact in of.maybe), claim.amount[1]
            if claim.region is None and most is not None and claim.amount[0] == 0 and 2 * most < wholes:
                return Judged(claim, Verdict.CONTRADICTED, f"{wholes} {of.maybe[0].name}")
        least, most = claim.amount or (0.0, None)
        if not of.classes and (not of.exact or of.maybe or of.uncounted):
            if kind := self.known.of_which_are_fewer(claim.name, least):
                return Judged(claim, Verdict.CONTRADICTED, self._fact(kind, self.known.of(kind)))
            return Judged(claim, Verdict.UNVERIFIABLE)
        if of.covers and not of.classes:  # as many trees as patches of them, at least
            enough = (
                most is None and claim.region is None and least <= sum(fact.patches for fact in of.covers)
            )
            return Judged(claim, Verdict.SUPPORTED if enough else Verdict.UNVERIFIABLE)
        if any(not fact.countable for fact in of.classes):
            return Judged(claim, Verdict.UNVERIFIABLE)
        if claim.some or (claim.word is not None and not self._have_all(claim.word, of)):
            most = None
        lowest, highest = (float(of.whole), of.most) if claim.region is None else inside(of, claim.region)
        # who says how many there are at most has looked for small ones, too
        seen = lowest + sum(fact.tiny for fact in of.classes) if least == 0 else lowest
        fewer = claim.region is None and most is not None and most < seen  # a part has no sharp border
        if highest == 0 and self._taken_for(claim.name):
            return Judged(claim, Verdict.UNVERIFIABLE)
        many = highest is not None and least > highest
        if many and claim.other and may_lie_beside(claim, of, self.known.of(claim.other)):
            return Judged(claim, Verdict.UNVERIFIABLE)
        bound = most is not None and (least == 0 or of.most is not None)  # at most two in the upper half
        if claim.region is not None and bound and self._are_more(claim.region, of, most or 0):
            return Judged(claim, Verdict.CONTRADICTED, self._fact(claim.name, of, claim.region))
        if fewer or many:
            return Judged(claim, Verdict.CONTRADICTED, self._fact(claim.name, of, claim.region))
        holds = least <= lowest and (most is None or (highest is not None and highest <= most))
        return Judged(claim, Verdict.SUPPORTED if holds else Verdict.UNVERIFIABLE)

    def _are_more(self, region: Region, of: Of, most: float) -> bool:
        """Whether more lie well inside of a part of the picture."""
        inside = sum(region.wider(-_INNER).holds(box) for fact in of.classes for box in fact.boxes)
        return not region.rim and inside - sum(fact.left_out for fact in of.classes) > most

    def _have_all(self, colour: str, of: Of) -> bool:
        """Whether all that were measured have a colour: then a number of that colour is that of all."""
        things = self.facts.measured.things if self.facts.measured else ()
        found = [thing for thing in things if any(fact.name == thing.name for fact in of.classes)]
        return bool(found) and all(
            one.shared and one.colour == colour and one.measured == one.agreeing for one in found
        )

    def _position(self, claim: Claim, of: Of) -> Judged:
        judged = lying(claim, of, self.known)
        if claim.some and of.most != 1 and (of.boxes or not of.covers):
            return judged if judged.verdict is Verdict.SUPPORTED else Judged(claim, Verdict.UNVERIFIABLE)
        other = claim.other if judged.verdict is Verdict.CONTRADICTED else None
        if other and may_lie_beside(claim, of, self.known.of(other)):
            return Judged(claim, Verdict.UNVERIFIABLE)
        return judged

    def _cover(self, claim: Claim, of: Of) -> Judged:
        return covering(claim, of, self.known)

    def _dominance(self, claim: Claim, of: Of) -> Judged:
        return dominating(claim, of, self.known)

    def _colour(self, claim: Claim, of: Of) -> Judged:
        return coloured(claim, of, self.facts.measured or Measured())

    def _arrangement(self, claim: Claim, of: Of) -> Judged:
        return arranged(claim, of)

    def _relation(self, claim: Claim, of: Of) -> Judged:
        other = self.known.of(claim.other or "")
        sized = {"larger": "more", "smaller": "fewer"}.get(claim.word or "")
        if sized and of.covers and other.covers and not (of.classes or other.classes):
            claim = replace(claim, word=sized, some=False)  # the lake is larger than the field
        if told := against_rest(claim, of, other):
            return Judged(claim, Verdict.CONTRADICTED, told)
        if claim.word in ("more", "fewer"):
            told = f"{self._fact(claim.name, of)}, {self._fact(claim.other or '', other)}"
            surfaces = of.covers and other.covers and not (of.classes or other.classes)
            if surfaces and not claim.some:  # and not more trees than fields
                return outcovered(claim, of, other, self.known, told)
            return outnumbered(claim, of, other, told)
        if claim.third is not None and claim.word == "nearer":
            return nearer(claim, of, other, self.known.of(claim.third))
        if claim.third is not None:
            return between(claim, of, other, self.known.of(claim.third))
        return related(claim, of, other)

    def _fact(self, name: str, of: Of, region: Region | None = None) -> str:
        if of.covers and not of.whole:
            return in_shares(of.covers)
        least, most = (of.whole, of.most) if region is None else inside(of, region)
        number = f"at least {least:.0f}"
        if most is not None:
            number = f"{least:.0f}" if most == least else f"{least:.0f} to {most:.0f}"
        return f"{name}: {number}{' there' if region else ''}"
