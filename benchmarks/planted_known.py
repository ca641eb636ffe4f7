"""What is annotated of a picture: the things, surfaces and labels that `planted_oracle` judges by.

Nothing here is shared with `mpgi_ray.truth` or with `gather`, which the check that is measured looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mpgi_ray.data.sample import LabelClass

_VIEW, _SEEN = 224, 36  # pixels of the longer side, and of a thing that is surely seen at that size
_SAID = {  # nouns of surfaces beside their names
    "road": ("road surface", "roads"),
    "tree": ("tree cover", "tree cover"),
    "lake": ("lake water", "lake water"),
    "pond": ("pond water", "pond water"),
    "river": ("river water", "river water"),
}

_MASS = {"bare soil", "cropland", "grass", "gravel", "pavement", "sand", "vegetation", "water"}  # no plural

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Thing:
    """A thing by its box in shares of the picture.

    Attributes:
        whole: nobody would leave it out of a count.
        covered: the share of the picture within its outline.
    """

    box: Rectangle
    whole: bool = True
    covered: float = 0.0

    @property
    def middle(self) -> tuple[float, float]:
        x1, y1, x2, y2 = self.box
        return (x1 + x2) / 2, (y1 + y2) / 2

    @property
    def area(self) -> float:
        x1, y1, x2, y2 = self.box
        return (x2 - x1) * (y2 - y1)


@dataclass(frozen=True)
class Surface:
    """The share that a class of a mask has of the picture, and of each cell of the 3 × 3 grid."""

    fraction: float
    cells: tuple[float, ...]


NO_SURFACE = Surface(0.0, (0.0,) * 9)


@dataclass(frozen=True)
class Known:
    """What is annotated of a picture.

    Attributes:
        names: class to its nouns: singular, plural, and others of a surface.
        exhaustive: the classes of which everything is labelled.
        things, cover, present: what there is of each class: boxes, surfaces, a label without place.
        nothing: what the mask marks as no class.
        colours: of all things of a class.
        size: width and height in pixels.
    """

    names: Mapping[str, tuple[str, ...]]
    exhaustive: frozenset[str]
    size: tuple[int, int]
    things: Mapping[str, Sequence[Thing]] = field(default_factory=dict)
    cover: Mapping[str, Surface] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    nothing: Surface = NO_SURFACE
    colours: Mapping[str, str] = field(default_factory=dict)

    def surfaces(self) -> set[str]:
        """The classes that masks mark; those of boxes are things."""
        return {label for label in self.names if label in self.cover or label in self.present}


def names_of(vocabulary: Mapping[str, LabelClass]) -> dict[str, tuple[str, ...]]:
    found = {}
    for label, known in vocabulary.items():
        if label != "other":  # says nothing of what is to be seen
            one = (known.name or label.replace("-", " ").replace("_", " ")).lower()
            found[label] = (
                one,
                known.plural or _plural(one),
                *(() if known.countable else _SAID.get(label, ())),
            )
    return found


def _plural(noun: str) -> str:
    if noun.endswith("aircraft") or noun in _MASS:
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch")) else "s")


def thing_of(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> Thing:
    """A thing around points in pixels: whole if it lies inside the picture and is large enough to be seen."""
    (x1, x2), (y1, y2) = (
        (min(p[i] for p in points) / size[i], max(p[i] for p in points) / size[i]) for i in (0, 1)
    )
    closed = [*points[1:], points[0]]
    shoelace = abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(points, closed, strict=True))) / 2
    area = shoelace or (x2 - x1) * (y2 - y1) * size[0] * size[1]
    inside = x1 > 0 and y1 > 0 and x2 < 1 and y2 < 1
    whole = inside and area * (_VIEW / max(size)) ** 2 >= _SEEN
    return Thing((x1, y1, x2, y2), whole, area / (size[0] * size[1]))


def overlap(a: Rectangle, b: Rectangle) -> float:
    """The intersection of two boxes over their union."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (Thing(a).area + Thing(b).area - shared)
