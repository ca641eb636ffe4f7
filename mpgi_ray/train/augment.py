"""Augmentation that keeps texts true: flips and turns of a picture, and which of them a text survives.

A picture from above has no up, so the eight symmetries of the square (the dihedral group D4) make pictures
as natural as the one they come from. A text does not turn with its picture: one that says "in the upper left"
is untrue of most of them. So a text is judged first, by its words alone, and in doubt it does not survive. A
claim survives those transforms that map what it speaks of onto itself: they form a subgroup, and a text
survives what all its claims survive.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mpgi_ray.data.sample import Box, Point
from mpgi_ray.errors import RecipeError

T = TypeVar("T", bound=np.generic)


class Transform(StrEnum):
    """The eight symmetries of the square; turns are clockwise as one looks at the picture."""

    IDENTITY = "identity"
    MIRROR = "mirror"  # left and right change places
    FLIP = "flip"  # top and bottom change places
    TURN_90 = "turn_90"
    TURN_180 = "turn_180"
    TURN_270 = "turn_270"
    TRANSPOSE = "transpose"  # the upper right and the lower left corner change places
    TRANSVERSE = "transverse"  # the upper left and the lower right corner change places


# swap x and y, then mirror, then flip
_STEPS = {
    Transform.IDENTITY: (False, False, False),
    Transform.MIRROR: (False, True, False),
    Transform.FLIP: (False, False, True),
    Transform.TURN_90: (True, True, False),
    Transform.TURN_180: (False, True, True),
    Transform.TURN_270: (True, False, True),
    Transform.TRANSPOSE: (True, False, False),
    Transform.TRANSVERSE: (True, True, True),
}
_ALL = frozenset(Transform)
_NONE = frozenset({Transform.IDENTITY})
_SENSE_ACROSS = frozenset({Transform.IDENTITY, Transform.FLIP})
_SENSE_DOWN = frozenset({Transform.IDENTITY, Transform.MIRROR})
_AXES = frozenset(t for t, (swap, _, _) in _STEPS.items() if not swap)
_EACH_DIAGONAL = frozenset(t for t, (_, mirror, flip) in _STEPS.items() if mirror == flip)
_HANDEDNESS = frozenset(t for t, steps in _STEPS.items() if sum(steps) % 2 == 0)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)  # for lower-case text: five times faster than to ignore case


# words that look like directions and are not: the view from above, verbs with "up", "is right by"
_IDIOMS = _words(
    r"""\btop[-\s]down\s(?:view|look|image|picture|photo\w*|perspective)
    |\b(?:seen|shows?|shown|views?|viewed|look(?:s|ed|ing)?|taken|captured)(?:\sof\sthe\sground)?
        \s(?:straight\s|directly\s)?from\s(?:straight\s|directly\s|high\s)?above
    |\blook(?:s|ed|ing)?\s(?:(?:straight|directly|vertically)\sdown|down\s(?:on|onto|at|from))
    |\b(?:built|mak(?:es?|ing)|made|tak(?:es?|ing|en)|lined?)[-\s]up
    |\b(?:is|are|lies?|stands?)\sright\s(?:by|beside|next\sto)
    |\bunder\sconstruction"""
)
# which way something long lies is the same from either end: an axis, and no direction
_LIES_ALONG = re.compile(r"\b(?:lying|oriented|runs?|running) from (?:left to right|top to bottom)\b")
_COMPASS = re.compile(r"\b[NSEW]{1,3}\b")
_IN_PICTURE = r"(?:picture|image|frame|scene|view|photo\w*|shot|snapshot|tile|patch|crop)"
# which transforms keep what these words claim
_RULES = (
    (
        _SENSE_ACROSS,
        _words(r"\b(?:(?:upper|lower|top|bottom)?(?:left|right)|(?:north|south)?(?:east|west))"),
    ),
    (
        _SENSE_DOWN,
        _words(
            rf"""\b(?:(?:upper|lower|bottom|north|south)\w*|top(?:s|most|left|right)?|atop|above|below
            |beneath|under|underneath|up(?:wards?|right|side)?|down(?:wards?|side)?|higher|highest|lowest
            |front|behind|ahead|beyond|back|rear|foreground|background|in\sthe\sdistance|(?:near|far)\sside
            |viewer|camera|over\s(?:\w+\s)?(?:others?|another)
            |(?:foot|head|base)\sof\s(?:\w+\s){{0,2}}{_IN_PICTURE}|{_IN_PICTURE}(?:['’]s)?\s(?:foot|head|base)
            )\b"""
        ),
    ),
    (
        _AXES,
        _words(
            r"""\b(?:(?:horizontal|vertical|transvers|longitudinal)\w*|rows?|columns?
            |(?:wid|tall|long|high|broad|narrow|short)er\sthan|as\s(?:wide|tall|long|high|broad|narrow)\sas
            |(?:length|width|cross|end|side)(?:wise|ways)|side\sto\sside|width|height|[xy][-\s]axis)\b"""
        ),
    ),
    (_EACH_DIAGONAL, _words("diagonal")),
    (  # mirrored writing is not writing, and a mirrored L is not an L
        _HANDEDNESS,
        _words(
            r"""\b(?:(?:anti|counter)?clockwise|starboard|spiral\w*|letter(?:s|ing|ed)?|text|words?|writing
            |written|inscri\w+|numerals?|digits?|numbered|numbers?(?!\sof)|logos?)\b|["'“‘]\d
            |(?<!['’])\b[fgjlnpqrsz](?:-[a-z]|\s(?:shape|hook|bend|curve))
            |\b(?:mark|designat|label|paint)\w*\s(?:\w+\s){0,3}(?:[a-z]?\d|[b-z]\b)
            |\b\d\d?\s?[lrc]\b|\brunways?\s\d\d?(?!\d|[.,]\d)"""
        ),
    ),
    (  # angles, times, a place in an order, the left and right of what goes or faces somewhere; arrows,
        # scripts that these rules cannot read, coordinates (but not thousands: 3,000)
        _NONE,
        _words(
            r"""\b(?:degrees?|azimuth|bearings?|heading|compass|o['’]clock|coordinates?
                |[ns]{1,2}[ew]|[ew][ns][ew]|[nsew][-–/][nsew]
                |(?:first|second|third|fourth|fifth|last|next(?!\sto)|\d+(?:st|nd|rd|th))\s(?:\w+\s){0,2}
                    (?:row|column|quadrant|cell|sector)s?
                |(?:row|column|quadrant|cell|sector|square|zone)s?\s(?:(?:no\.?|number)\s)?
                    (?:[a-z]?\d\w*|[a-i]|[ivx]+|one|two|three|four|five|six|seven|eight|nine)
                |(?:turn|bend|curv|veer|swerv|fork|branch)\w*\s(?:\w+\s){0,3}(?:left|right)
                |(?:left|right)(?:[-\s]handed|(?:[-\s]hand)?[-\s](?:turn|bend|curve|bank|wing|lane|engine)))\b
            |[°\u2190-\u21ff\u27f0-\u27ff\u2900-\u297f]|[^\W\d_\u0000-\u024f]
            |[\[(]\s*[\d.]+(?:\s*[,;]\s*|\s+)[\d.]|\b[xy]\s?[=:]\s?\d|\bat\s\d+,\d
            |\d(?:,(?!\d{3}\b)|;|\s*[,;]\s+|\s+[,;])[\d.]|\d\s[\d.]+\s\d"""
        ),
    ),
)


def apply(pixels: npt.NDArray[T], transform: Transform, axes: tuple[int, int] = (0, 1)) -> npt.NDArray[T]:
    """The transformed picture, contiguous in memory.

    Args:
        pixels: (height, width, ...), or as ``axes`` says.
        axes: those of the rows and of the columns; (1, 2) for (channels, height, width).
    """
    swap, mirror, flip = _STEPS[transform]
    down, across = axes
    moved = np.swapaxes(pixels, down, across) if swap else pixels
    reversed_ = tuple(axis for axis, wanted in ((across, mirror), (down, flip)) if wanted)
    return np.ascontiguousarray(np.flip(moved, reversed_))


def move_points(
    points: Iterable[Point], transform: Transform, width: float, height: float
) -> tuple[Point, ...]:
    """Where points of a picture of this size in pixels lie in the transformed one."""
    swap, mirror, flip = _STEPS[transform]
    if swap:
        points, width, height = [(y, x) for x, y in points], height, width
    return tuple((width - x if mirror else x, height - y if flip else y) for x, y in points)


def move_box(box: Box, transform: Transform, width: float, height: float) -> Box:
    """Where a box of a picture of this size in pixels lies in the transformed one."""
    corners = move_points(((box.x1, box.y1), (box.x2, box.y2)), transform, width, height)
    (x1, x2), (y1, y2) = map(sorted, zip(*corners, strict=True))
    return Box(x1, y1, x2, y2)


def inverse(transform: Transform) -> Transform:
    """The transform that undoes another one."""
    turns = {Transform.TURN_90: Transform.TURN_270, Transform.TURN_270: Transform.TURN_90}
    return turns.get(transform, transform)


def survives(text: str) -> frozenset[Transform]:
    """The transforms of a picture under which an English text that was true of it surely stays so.

    Only words are looked at, so a "right angle" counts as a right side. The centre, the edge, corners,
    "between" and "across" do not count: they are the same in every transformed picture.
    """
    if _COMPASS.search(text):
        return _NONE
    words = _LIES_ALONG.sub(" horizontal ", _IDIOMS.sub(" ", text.lower().replace("_", " ")))
    return _ALL.intersection(*(kept for kept, claim in _RULES if claim.search(words)))


def uniform(what: str, seed: int, epoch: int, sample_id: str) -> float:
    """A number in [0, 1) for one use, which is always the same for a sample in an epoch of a run."""
    digest = hashlib.sha256(f"{seed}:{epoch}:{sample_id}:{what}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48  # 53 bits would fit; of 64 the largest would round to 1


def draw(seed: int, epoch: int, sample_id: str, choices: Collection[Transform]) -> Transform:
    """The transform of a sample in an epoch, by hash: one of ``choices``, which must not be empty."""
    ordered = [transform for transform in Transform if transform in choices]  # sets have no fixed order
    return ordered[int(uniform("transform", seed, epoch, sample_id) * len(ordered))]


@dataclass(frozen=True, slots=True)
class Crop:
    """A random window of a picture, in the picture's own proportions.

    Attributes:
        scale_min: the least share of the area that the window keeps, above 0 and at most 1.

    Raises:
        RecipeError: the share is out of range.
    """

    scale_min: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.scale_min <= 1:
            raise RecipeError(
                f"crop scale {self.scale_min}: expected a share of the area above 0 and at most 1"
            )

    def window(
        self, width: int, height: int, seed: int, epoch: int, sample_id: str
    ) -> tuple[int, int, int, int]:
        """The window (x1, y1, x2, y2) in pixels of a sample in an epoch, by hash."""
        scale, right, down = (uniform(f"crop {i}", seed, epoch, sample_id) for i in range(3))
        side = math.sqrt(self.scale_min + (1 - self.scale_min) * scale)
        w, h = math.ceil(side * width), math.ceil(side * height)
        x, y = int(right * (width - w + 1)), int(down * (height - h + 1))
        return x, y, x + w, y + h


# Anything may stand at an edge and be cut off; then numbers, places, shares, absences and "the whole" are no
# longer true. So a text survives a crop only if it holds no other words than these: grammar, the picture, its
# light and colours, and land cover and land use, which are wider than the narrow strip that a crop takes.
_CROP_WORDS = frozenset(
    """a an the this that is are it its of in as with and from above overhead aerial satellite remote sensing
    image picture photo photograph view scene area region land ground surface show shows shown see seen
    look looks bright dark light pale vivid muted smooth rough uniform regular dense densely sparse sparsely
    medium density colour color black grey gray white red orange brown beige yellow olive green blue purple
    residential commercial industrial urban suburban rural built up agricultural farmland cropland crop crops
    annual permanent irrigated fields paddy forest forests woodland grassland grass meadow pasture wetland
    shrubland scrub chaparral vegetation herbaceous desert bare barren soil sand sandy rock rocky mountain
    mountains mountainous snow ice water sea ocean
    """.split()  # noqa: SIM905 - a list of so many literals would take two pages
)


def survives_crop(text: str) -> bool:
    """Whether an English text that was true of a picture surely stays so of a window with 0.9 of its area."""
    words = re.findall(r"[^\W_]+", text.lower())
    return bool(words) and _CROP_WORDS.issuperset(words)
