"""A sentence: its pieces, its nouns with what belongs to them, and what verbs speak of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mpgi_ray.truth.claim import Amount
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind, Piece

PARTS = ("top", "bottom", "left", "right", "middle", "centre", "center", "edge", "edges", "corner", "corners")
_TURNS = (";", ":", ".", "while", "whereas", "although", "though", "but")
STEPPED_OVER = (Kind.WORD, Kind.COLOUR, Kind.LEADING)  # between a noun and what belongs to it


@dataclass
class Noun:
    """A thing in a sentence with what stands before it."""

    at: int  # of its piece
    first: int  # of the first piece of its phrase
    name: str
    plural: bool
    amount: Amount | None = None
    some: bool = False
    denied: bool = False
    absent: bool = False  # it is said apart from it that there is none
    colour: str | None = None


@dataclass
class Line:
    """A sentence.

    Attributes:
        nouns: see `nouns.nouns_of`.
        told: what "they" are at its beginning.
    """

    parts: Sequence[Piece]
    told: Noun | None = None
    nouns: list[Noun] = field(default_factory=list)

    def noun_at(self, at: int) -> Noun | None:
        """The noun whose thing is this piece."""
        return next((noun for noun in self.nouns if noun.at == at), None)

    def kind(self, at: int) -> Kind | None:
        """The kind of a piece; None beyond the ends."""
        return self.parts[at].kind if 0 <= at < len(self.parts) else None

    def text(self, at: int) -> str:
        """The words of a piece; empty beyond the ends."""
        return self.parts[at].text if 0 <= at < len(self.parts) else ""

    def turns(self, at: int) -> bool:
        """Whether a clause of its own begins with a piece."""
        return self.text(at) in _TURNS

    def ends_clause(self, at: int) -> bool:
        """Whether what stands before a piece speaks of other things than what stands behind it."""
        text = self.text(at)
        return text in _TURNS or (
            text == "," and self.text(at + 1) in ("and", "with", "while", "there", "a", "an")
        )

    def names_place(self, at: int, is_direction: Callable[[Line, int], bool]) -> bool:
        """Whether the clause of a piece names a part of the picture: all its things may lie there."""
        first = next((n + 1 for n in range(at - 1, -1, -1) if self.ends_clause(n)), 0)
        after = range(at + 1, len(self.parts))
        relative = ("whose", "where")
        ends = (n for n in after if self.ends_clause(n) or self.text(n) in relative or self._goes_on(n, at))
        last = next(ends, len(self.parts))
        parts = range(first, last)
        return any(
            (
                self.kind(n) is Kind.PLACE
                and not self.text(n).startswith("from")
                and not (is_direction(self, n) and self._is_aside(at, n))
                and not (self.parts[n].value.side and at < n - 1 and self._is_named_for(n - 1))
            )
            or (self.text(n) in PARTS and self.text(n - 1) in ("the", "its"))
            for n in parts
        )

    def _is_named_for(self, at: int) -> bool:
        """Whether a thing stands alone before a part of the picture: ``tanks, with a road to the south``."""
        noun = self.noun_at(at)
        before = noun.first - 1 - (self.text(noun.first - 1) == "the") if noun else -1
        return self.text(before) in (",", "and", "with")

    def _is_aside(self, at: int, place: int) -> bool:
        return any(self.text(n) == "," for n in range(at, place))  # a plane, its nose pointing to the top

    def _goes_on(self, here: int, at: int) -> bool:
        """Whether "and" joins a sentence of its own: ``three tents are pitched and a path leads away``."""
        thing = next((noun for noun in self.nouns if noun.first == here + 1), None)
        verb = any(self.kind(n) in (Kind.WORD, Kind.COVERED) for n in (at + 1, at + 2))
        return self.text(here) == "and" and verb and thing is not None and self.acts(thing)

    def acts(self, thing: Noun) -> bool:
        """Whether a verb follows a thing: a path leads, a pond lies."""
        kind, after = self.kind(thing.at + 1), self.text(thing.at + 1)
        verb = kind is Kind.WORD and not after.endswith(("ed", "ing"))
        return kind is Kind.COVERED or verb or after in lists()["saying"]

    def subject(self, verb: int) -> Noun | None:
        """The thing that a verb speaks of: the nearest before it in its clause."""
        for here in range(verb - 1, -1, -1):
            if self.ends_clause(here) or self.kind(here) in (Kind.SHARE, Kind.COVERS):
                return None
            if found := self.noun_at(here):
                ands = [n for n in (found.first - 1, found.first - 2) if self.text(n) == "and"]
                joined = any(self.kind(n - 1) is Kind.THING for n in ands)
                return None if joined else found
        return None

    def first_thing(self, noun: Noun, leads_away: Callable[[Line, Noun], bool]) -> Noun | None:
        """The thing before a noun of which its clause speaks: planes in ``planes at the gate``."""
        first = next((n + 1 for n in range(noun.first - 1, -1, -1) if self.ends_clause(n)), 0)
        before = (one for one in self.nouns if first <= one.first < noun.first)
        return next((one for one in before if not leads_away(self, one)), None)

    def pair(self, verb: int) -> tuple[Noun, Noun] | None:
        """The two things that a verb speaks of together: grass and trees cover it."""
        here = verb - 1
        while here >= 0 and self.kind(here) in (Kind.WORD, Kind.LEADING) and self.noun_at(here) is None:
            here -= 1
        last = self.noun_at(here)
        joined = last.first - 1 - (self.text(last.first - 1) == "the") if last else 0
        if last is None or self.text(joined) != "and":
            return None
        first = self.noun_at(joined - 1)
        if first is None or first.name == last.name or self.text(first.first - 1) in (",", "and"):
            return None
        return first, last

    def noun_behind(self, at: int) -> Noun | None:
        """The thing that a phrase behind a piece names."""
        for here in range(at + 1, min(at + 6, len(self.parts))):
            if found := self.noun_at(here):
                return found
            article = self.text(here) in ("the", "a", "an", "these", "those")
            passed = self.kind(here) in (*STEPPED_OVER, Kind.AMOUNT, Kind.THING) and self.text(here) != "of"
            if not article and not passed:
                return None
        return None

    def object(self, verb: int) -> Noun | None:
        """The thing behind a verb, unless several are named together."""
        for here in range(verb + 1, min(verb + 8, len(self.parts))):
            if found := self.noun_at(here):
                further = next((n for n in self.nouns if here < n.at <= here + 4), None)
                joined = self.text(here + 1) in ("and", "or") and self.kind(here + 2) is not Kind.RELATION
                return None if joined and further and not self.acts(further) else found
            if self.kind(here) in (Kind.MARK, Kind.PLACE, Kind.SHARE):
                return None
        return None
