"""What the rules know of an image: the facts of an annotation, and what was measured in pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mpgi_ray.data.box import Box
from mpgi_ray.rules import lexicon
from mpgi_ray.rules.arrangement import Arrangement
from mpgi_ray.rules.form import Form
from mpgi_ray.rules.relations import Relation
from mpgi_ray.rules.seen import Measured, ThingColour
from mpgi_ray.rules.setting import Setting


@dataclass(frozen=True)
class ClassFact:
    """What is known of the objects of one class.

    Attributes:
        name: in the singular, as texts say it.
        labels: the source's labels that go by this name.
        centre, edge: whole objects whose middle lies there (`geometry.in_centre`).
        cells: whole objects per cell of the 3×3 grid (`geometry.PLACES`).
        clear: those of `cells` whose place nobody would dispute (`geometry.has_clear_place`).
        left_out: objects too small, cut or difficult.
        partly: those of them of which a part can be seen.
        tiny: those of them that are whole and only too small.
        groups: boxes that hold a group.
        exact: whether `total` is the number of all there are; if not, there are at least so many.
        countable: whether an annotation is one thing; if not, only presence is known.
        plural: as the source gives it; see `several`.
        half: the half of the image in which all whole objects lie (`geometry.half`), or None.
        form, arrangement: what their outlines and places have in common; None for what is not
            countable. An arrangement is that of all: None where any is left out or held in a group.
        complete: whether all of them are annotated, those that are left out or held in groups too; then
            there is none that no annotation stands for.
        boxes: of all annotated ones but groups, in shares of the image's width and height.
    """

    name: str
    labels: tuple[str, ...]
    centre: int
    edge: int
    cells: tuple[int, ...]
    clear: tuple[int, ...]
    left_out: int
    groups: int
    exact: bool
    countable: bool
    partly: int = 0
    tiny: int = 0
    plural: str | None = None
    half: str | None = None
    form: Form | None = None
    arrangement: Arrangement | None = None
    complete: bool = False
    boxes: tuple[Box, ...] = ()

    @property
    def total(self) -> int:
        """Whole objects in the image."""
        return self.centre + self.edge

    @property
    def several(self) -> str:
        """The name for more than one."""
        return lexicon.several(self.name, self.plural)


@dataclass(frozen=True)
class CoverFact:
    """The cover of one class of a mask; fractions are of the image and of each cell.

    Attributes:
        exact: whether the mask marks all of the class; if not, it covers at least so much.
        boxes: of its larger parts (`mpgi_ray.data.cover.regions`), in shares of the image's width and height.
    """

    name: str
    fraction: float
    cells: tuple[float, ...]
    patches: int
    plural: str | None = None
    exact: bool = True
    boxes: tuple[Box, ...] = ()

    @property
    def several(self) -> str:
        """The name for more than one."""
        return lexicon.several(self.name, self.plural)


@dataclass(frozen=True)
class Facts:
    """All that rules and checks know of an image. Picklable; `dataclasses.asdict` of it is JSON.

    Attributes:
        scenes: scene labels of the whole image, as the source spells them.
        classes: one entry per class with objects, most frequent first, then by name. An entry may be all
            left out: its `total` and `groups` are 0, and it is not absent either.
        labels: names of further classes that are present, place and number unknown.
        plural: those of `labels` that the source spells in the plural, be there one or more.
        absent: names of classes of which there is surely none.
        complete: names of the countable classes that the source labels exhaustively.
        cover: largest first.
        uncovered: names of the surfaces that the mask marks completely, and of which there is none.
        tags: phrases for map tags that show from above.
        setting: what a map has in the middle, and around it.
        gsd: ground sampling distance in metres per pixel.
        plurals: those that the source gives, by name.
        unnamed: labels left unsaid because they name nothing (``other``, ``unlabeled``).
        false_colour: the picture's colours are not those that an eye sees, and are not told.
        measured: what pixels show; weaker than all else. None if nothing was measured.
    """

    scenes: tuple[str, ...] = ()
    classes: tuple[ClassFact, ...] = ()
    labels: tuple[str, ...] = ()
    plural: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    cover: tuple[CoverFact, ...] = ()
    uncovered: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    setting: Setting | None = None
    gsd: float | None = None
    date: str | None = None
    place: str | None = None
    sensor: str | None = None
    plurals: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    false_colour: bool = False
    measured: Measured | None = None

    @property
    def counted(self) -> tuple[ClassFact, ...]:
        """The classes that a text can speak of."""
        return tuple(c for c in self.classes if c.total or c.groups)

    @property
    def parts(self) -> tuple[str, ...]:
        """Classes of which only parts of things can be seen."""
        return tuple(
            c.name for c in self.classes if c.partly and not c.total and not c.groups and c.countable
        )

    def several(self, name: str) -> str:
        """The name of a class for more than one."""
        return lexicon.several(name, self.plurals.get(name))

    def colour(self, c: ClassFact) -> ThingColour | None:
        """The colour of a class, as far as one was measured of all that were looked at."""
        return next((thing for thing in self._colours(c) if thing.shared), None)

    def some_colours(self, c: ClassFact) -> tuple[ThingColour, ...]:
        """Colours that some objects of a class have."""
        return tuple(thing for thing in self._colours(c) if not thing.shared)

    def _colours(self, c: ClassFact) -> list[ThingColour]:
        return [t for t in (self.measured.things if self.measured else ()) if t.name == c.name]
