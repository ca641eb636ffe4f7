"""What is known of all that goes by a name in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mpgi_ray.data.box import Box
from mpgi_ray.rules import Facts, lexicon
from mpgi_ray.rules.facts import ClassFact, CoverFact
from mpgi_ray.truth.lists import Name, also_called, implied, is_stood_for, lists, names_by, stands_for

_MIDDLE = Box(0.3, 0.3, 0.7, 0.7)  # in which the middle lies of what a picture is of
_SEEN = 0.005  # a smaller share of the picture may be overlooked
_LARGE = 0.05  # and so large a one not
_KINDS = 3  # that a source labels exhaustively at least, where it would label a further one, too


@dataclass(frozen=True)
class Of:
    """What is known of all that goes by a name.

    Attributes:
        traces: covers that are too small to be seen.
        exact: every class that is of this kind is annotated completely, and nothing else may be one.
    """

    classes: tuple[ClassFact, ...]
    covers: tuple[CoverFact, ...]
    told: bool  # said of the picture in another way
    maybe: tuple[ClassFact, ...]  # classes of a kind of which some may go by the name
    under: tuple[CoverFact, ...]  # covers in which all that go by the name must lie
    traces: tuple[CoverFact, ...]
    exact: bool
    uncounted: bool  # it, or what it may be one of, is told without a box: nobody knows how many there are
    within: bool = False  # it is a part of what is there
    centred: bool = False  # it is what the picture is of, and lies about its middle

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        return tuple(box for fact in (*self.classes, *self.maybe) for box in fact.boxes)

    @cached_property
    def grounds(self) -> tuple[Box, ...]:
        """Boxes that together hold all of its covers, or of those it is a part of; none if marked in part."""
        covers = self.covers or (self.under if self.within else ())
        if not all(fact.exact for fact in covers):
            return ()
        return tuple(box for fact in covers for box in grounds_of(fact))

    @property
    def middle(self) -> tuple[Box, ...]:
        """Where it may be if it is what the picture is of, as a roundabout; of what is annotated nothing."""
        return (_MIDDLE,) if self.centred else ()

    @property
    def whole(self) -> int:
        """Those that lie wholly in the picture and can be seen."""
        return sum(fact.total for fact in self.classes)

    @property
    def most(self) -> float | None:
        """How many there are at most; None if that is not known."""
        if not self.exact or self.uncounted or any(fact.groups for fact in self.classes):
            return None
        return (
            self.whole
            + sum(fact.left_out for fact in self.classes)
            + sum(fact.total + fact.left_out for fact in self.maybe)
        )

    @property
    def is_there(self) -> bool:
        return bool(
            self.told
            or self.within
            or self.whole
            or any(f.groups or f.left_out for f in self.classes)
            or self.covers
        )


def grounds_of(cover: CoverFact) -> Iterator[Box]:
    """The boxes of its parts within each cell that has some of it, or the cell where no part reaches it."""
    for number, share in enumerate(cover.cells):
        if share < _SEEN:
            continue
        x, y = number % 3 / 3, number // 3 / 3
        cell = Box(x, y, x + 1 / 3, y + 1 / 3)
        inside = [_common(cell, box) for box in cover.boxes]
        yield from [box for box in inside if box.area > 0] or [cell]


def _common(a: Box, b: Box) -> Box:
    return Box(max(a.x1, b.x1), max(a.y1, b.y1), min(a.x2, b.x2), min(a.y2, b.y2))


class Known:
    """The facts of a sample by the names that texts use.

    Attributes:
        named: the classes, and those of which there is something.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        said = [fact.name for fact in facts.classes] + [fact.name for fact in facts.cover]
        there = {*said, *facts.labels}
        known = there | {*facts.absent, *facts.complete, *facts.uncovered}
        self.named = frozenset(known), frozenset(there)
        scenes = [lexicon.scene_phrase(scene) or lexicon.humanise(scene) for scene in facts.scenes]
        self._told = " ".join((*scenes, *facts.tags))
        self._implied = implied(*said, *facts.labels, words=self._told)
        self._found: dict[str, Of] = {}

    @property
    def names(self) -> Mapping[str, Name]:
        """See `lists.names_of`."""
        return names_by(*self.named)

    def of(self, name: str) -> Of:
        """What goes by a name."""
        if name not in self._found:
            self._found[name] = self._part_of(name) or self._of(name)
        return self._found[name]

    def _part_of(self, name: str) -> Of | None:
        """What is known of a part of things that are annotated, as a roof: where it may lie."""
        grounds = (inside.get(name) for scene, inside in lists()["lies_in"].items() if scene in self._told)
        whole = next(filter(None, grounds), None) or lists()["parts_of"].get(name)
        if whole is None or name in (said for names in self.named for said in names):
            return None
        of = self.of(whole)
        if not of.is_there and whole not in lists()["parts_of"].values():
            return None
        classes, covers = (*of.classes, *of.maybe), of.covers or of.under
        return Of((), (), False, classes, covers, (), exact=False, uncounted=True, within=of.is_there)

    def _of(self, name: str) -> Of:
        """What goes by a name: what has it or another one for the same, and what is a kind of it."""
        same = {name, *lexicon.synonyms(name)}
        listed = bool(same & {*self.facts.complete})  # then one would be annotated as what it is

        def is_kind(other: str) -> bool:
            kinds = {other, *lexicon.synonyms(other), *lexicon.hypernyms(other)}
            return bool(same & kinds) or other.endswith(f" {name}")

        own = not is_stood_for(name) or any(map(is_kind, self.named[0]))

        def is_one(other: str) -> bool:
            return is_kind(other) or (not own and stands_for(other, name))

        def is_called(other: str) -> bool:
            return is_one(other) or bool(same & also_called(other))

        def may_be(other: str) -> bool:
            kind = {other, *lexicon.synonyms(other)} & {*lexicon.hypernyms(name)}
            return not (is_one(other) or listed) and bool(kind or same & also_called(other))

        def may_be_thing(other: str) -> bool:  # a small car is a car, as which small vehicles go
            kinds = {*lexicon.hypernyms(name)} & also_called(other)
            return may_be(other) or (not (is_one(other) or listed) and bool(kinds))

        classes = tuple(fact for fact in self.facts.classes if is_one(fact.name))
        goes_by = is_one if listed else is_called
        called = [fact for fact in self.facts.cover if goes_by(fact.name)]
        covers = tuple(fact for fact in called if fact.fraction >= _SEEN)
        labelled = any(map(is_one, self.facts.labels))
        told = labelled or any(word in self._told for word in same) or bool(same & self._implied)
        return Of(
            classes,
            covers,
            told,
            tuple(fact for fact in self.facts.classes if may_be_thing(fact.name)),
            () if covers else tuple(fact for fact in self.facts.cover if may_be(fact.name)),
            tuple(fact for fact in called if fact.fraction < _SEEN),
            exact=self._is_exact(name, same, is_one) and all(fact.complete for fact in classes),
            centred=bool(told and same.intersection(lists()["centred"])),
            uncounted=labelled or any(map(may_be, self.facts.labels)) or (told and not classes),
        )

    def _is_exact(self, name: str, same: set[str], is_one: Callable[[str], bool]) -> bool:
        """Whether all of them are annotated: the class itself, what it is a kind of, or kinds of it."""
        complete = self.facts.complete
        called = [{said, *lexicon.synonyms(said)} for said in also_called(name)]  # fighters are airplanes
        as_others = bool(called) and all(map({*complete}.intersection, called))
        kinds = same | {*lexicon.hypernyms(name)}
        return bool(kinds & {*complete}) or any(map(is_one, complete)) or as_others

    def of_which_are_fewer(self, name: str, least: float) -> str | None:
        """Of three fighters, where there are two aircraft, ``aircraft``; None if there may be as many."""
        kinds = {*lexicon.hypernyms(name)} & {*lists()["known_kinds"]}
        most = ((kind, self.of(kind).most) for kind in sorted(kinds))
        return next((kind for kind, number in most if number is not None and least > number), None)

    def unmarked(self, covers: Sequence[CoverFact], cell: int | None = None) -> float:
        """The share of the image, or of a cell, that is marked as nothing and may be more of these."""
        if all(fact.exact for fact in covers):
            return 0.0
        marked = sum(fact.fraction if cell is None else fact.cells[cell] for fact in self.facts.cover)
        return max(0.0, 1.0 - marked)

    def implying(self, name: str) -> tuple[CoverFact, ...]:
        """Surfaces that one could not overlook, and that have such things: houses of residential areas."""
        large = (fact for fact in self.facts.cover if fact.fraction >= _LARGE)
        return tuple(fact for fact in large if name in implied(fact.name, words=""))

    def has_kinds(self, name: str) -> bool:
        """Whether so many kinds of it are annotated completely that a further one would be, too."""
        return sum(name in lexicon.hypernyms(other) for other in self.facts.complete) >= _KINDS

    def is_distinct(self, name: str) -> bool:
        """Whether a source would label it as what it is, as it labels others of its kind: a motorcycle.

        Of a kind of which nothing is there, any would be.
        """
        named = {name, *lexicon.synonyms(name)}
        for kind, others in lists()["distinct"].items():
            if kind in lexicon.hypernyms(name) and self.has_kinds(kind):
                there = any(kind in (f.name, *lexicon.hypernyms(f.name)) for f in self.facts.classes)
                return not there or not named.isdisjoint(others)
        return False

    def is_implied(self, name: str) -> bool:
        """A name that stands in the words of the scene, or of what is there: an airfield has aircraft."""
        there = " ".join(
            (self._told, *(f.name for f in self.facts.classes), *(f.name for f in self.facts.cover))
        )
        return name in there
