"""The words of the texts of rules and engine, as patterns, and what they may mean at most.

What a part of the picture, a share or an arrangement is takes the widest reading that people have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from planted_known import Rectangle, Thing

WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
CELLS = ("upper left", "top", "upper right", "left", "centre", "right", "lower left", "bottom", "lower right")
_SIDES = ("left", "right", "top", "bottom")
_HUE = (
    "black|grey|white|reddish brown|red|orange|brown|beige|tan|yellow|olive|green|blue-green|blue|purple"
    "|dusty pink"
)
COLOUR = rf"(?:(?:light(?:er)? |dark(?:er)? )*(?:grey-(?:brown|green|blue|purple)|{_HUE})\b(?!-))"
NUMBER = rf"(?:a single|{'|'.join(WORDS)}|\d+)"
BOUNDS = ("at least", "no fewer than", "more than", "at most", "fewer than", "up to")
PLACE = (
    rf"(?:(?:in|on|at) the (?:{'|'.join(CELLS)})\b(?! half| side)|in the (?:{'|'.join(_SIDES)}) half"
    r"|on the (?:left|right) side|towards the (?:top|bottom)\b(?! and)|around the centre|near the centre"
    r"|near the edges|around the edges|along the borders of the image)"
)
SIDE = (
    r"(?:[Tt]he (?:centre of the image holds|edges of the image hold)|its edges hold|its centre holds"
    r"|[Ii]n its centre|[Nn]ear its edges)"
)
_ALONG = "(?:horizontal |vertical |diagonal )?"
ARRANGED = (
    rf"(?:(?:mostly )?in (?:a {_ALONG}row|\w+ {_ALONG}rows|a grid)|close together"
    r"|far apart over most of the image)\b"
)
# the widest shares that people call so
SHARES = {
    "almost all": (0.70, 1.0),
    "most": (0.42, 1.0),
    "about two thirds": (0.46, 0.87),
    "more than half": (0.40, 1.0),
    "about half": (0.30, 0.70),
    "more than a third": (0.25, 0.70),
    "about a third": (0.18, 0.50),
    "about a quarter": (0.12, 0.42),
    "a small part": (0.0, 0.38),
    "a very small part": (0.0, 0.16),
    "at least half": (0.30, 1.0),
    "at least a third": (0.18, 1.0),
    "at least a quarter": (0.12, 1.0),
    "at least a fifth": (0.10, 1.0),
    "a part": (0.0, 1.0),
}
SHARE = (
    rf"(?:\b(?:{'|'.join(sorted(SHARES, key=len, reverse=True))})\b(?! of the (?:{'|'.join(CELLS)})\b)|\d+ %)"
)
FILLED = rf"\bmost of (?:the (?:{'|'.join(CELLS)})(?:, | and |\b))+"
FAR = {  # colours that nobody takes for each other
    "red": ("blue", "green", "white", "black"),
    "orange": ("blue", "green", "black"),
    "yellow": ("blue", "black", "purple", "red"),
    "green": ("red", "white", "orange", "purple"),
    "blue": ("red", "yellow", "orange", "white"),
    "white": ("black", "red", "blue", "green"),
    "black": ("white", "yellow", "red", "orange"),
    "brown": ("blue", "white", "green", "purple"),
}
KIN = {  # a thing of the others may be called so
    "house": ("building", "cabin", "apartment block", "barn", "shed"),
    "shed": ("barn", "cabin", "warehouse", "house"),
    "cabin": ("house", "shed"),
    "barn": ("shed",),
    "warehouse": ("factory hall", "terminal"),
    "factory hall": ("warehouse",),
    "storage tank": ("pressure vessel", "grain silo"),
    "grain silo": ("storage tank",),
    "truck": ("longvehicle", "pushbacktruck", "stairtruck"),
    "bus": ("minibus", "longvehicle"),
    "minibus": ("bus", "van"),
    "longvehicle": ("truck", "bus"),
    "van": ("minibus", "truck"),
    "chartered": ("airliner",),
    "airliner": ("chartered",),
    "trainer": ("propeller", "fighter"),
    "propeller": ("trainer", "chartered"),
    "fighter": ("trainer",),
}
MASS = {  # surfaces without an article
    *("water", "grass", "cropland", "bare soil", "sand", "gravel", "pavement", "road", "vegetation", "land"),
    *("agriculture", "barren", "forest", "sea", "impervious surface", "low vegetation", "arbor_woodland"),
    *("artificial_grassland", "dry_cropland", "industrial_land", "irrigated_land", "natural_grassland"),
    *("shrub_land", "traffic_land", "bare-soil", "chaparral"),
}
_MARGIN = 0.05  # of the picture around a part, and between things that are left of each other


def _left(a: Thing, b: Thing) -> bool:
    return a.middle[0] < b.middle[0] + _MARGIN


def _above(a: Thing, b: Thing) -> bool:
    return a.middle[1] < b.middle[1] + _MARGIN


def _larger(a: Thing, b: Thing) -> bool:
    return a.area > b.area / 2


# two nouns in braces, and whether it may be said of two things
HOLDS: dict[str, Callable[[Thing, Thing], bool]] = {
    "[Tt]he {} (?:is|are) to the left of the {}": _left,
    "[Tt]he {} (?:is|are) above the {}": _above,
    "[Tt]he {} (?:is|are) to the right of the {}": lambda a, b: _left(b, a),
    "[Tt]he {} (?:is|are) below the {}": lambda a, b: _above(b, a),
    "[Tt]he {} (?:is|are) much larger than the {}": _larger,
    "[Tt]he {} (?:is|are) far smaller than the {}": lambda a, b: _larger(b, a),
}


def value(number: str) -> int:
    number = number.lower()
    return 1 if number == "a single" else WORDS.index(number) if number in WORDS else int(number)


def limits(bound: str | None, n: int, at_least: bool) -> tuple[int, float]:
    match (bound or "").lower():
        case "at least" | "no fewer than":
            return n, math.inf
        case "more than":
            return n + 1, math.inf
        case "at most" | "up to":
            return 0, n
        case "fewer than":
            return 0, n - 1
    return (n, math.inf) if at_least else (n, n)


def share(words: str) -> tuple[float, float]:
    """The widest bounds of a share."""
    if words.endswith("%"):
        told = int(words[:-2]) / 100
        return min(told / 1.5, told - 0.1), max(told * 1.5, told + 0.1)
    return SHARES[words]


def cells_of(place: str) -> list[int]:
    """The cells that a part of the picture reaches into; none for the edges, which lie in all."""
    x1, y1, x2, y2 = _rectangle(place) or (0.0, 0.0, 0.0, 0.0)
    columns, rows = (
        [i for i in range(3) if low < (i + 0.9) / 3 and high > (i + 0.1) / 3]
        for low, high in ((x1, x2), (y1, y2))
    )
    return [3 * row + column for row in rows for column in columns]


def touches(box: Rectangle, place: str) -> bool:
    """Whether a box reaches into a part of the picture, or lies within a margin of it."""
    inner = _rectangle(place)
    if inner is None:  # the edges
        return not all(0.25 + _MARGIN < v < 0.75 - _MARGIN for v in box)
    x1, y1, x2, y2 = inner
    return box[0] < x2 + _MARGIN and box[2] > x1 - _MARGIN and box[1] < y2 + _MARGIN and box[3] > y1 - _MARGIN


def _rectangle(place: str) -> Rectangle | None:
    """The most that people mean by a part of the picture; None for the edges.

    "On the left" is the left half, "in the upper left" a quarter; the centre is half as wide as the picture.
    """
    if "edges" in place or "borders" in place:
        return None
    if "cent" in place:
        return 0.25, 0.25, 0.75, 0.75
    left, right = ("right" in place) / 2, 1 - ("left" in place) / 2
    upper, lower = ("bottom" in place or "lower" in place) / 2, 1 - ("top" in place or "upper" in place) / 2
    return left, upper, right, lower


def arranged(way: str, things: Sequence[Thing], size: tuple[int, int]) -> bool:
    """Whether things may be said to lie so; loosely, by how far their middles spread."""
    xs, ys = ([thing.middle[axis] for thing in things] for axis in (0, 1))
    across, down = max(xs) - min(xs), max(ys) - min(ys)
    wide, high = across * size[0], down * size[1]
    if way == "close together":
        return min(across, down) < 0.6
    if way.startswith("far apart"):
        return max(across, down) > 0.35
    if "rows" in way or "grid" in way:
        return True
    if "horizontal" in way:
        return high < wide * 0.8
    if "vertical" in way:
        return wide < high * 0.8
    if "diagonal" in way:
        return min(wide, high) > max(wide, high) / 6
    return True
