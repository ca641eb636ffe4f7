"""The colour that the objects of a class share: what stands out inside an object against a ring around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mpgi_ray.data.sample import Object, Point
from mpgi_ray.rules import geometry
from mpgi_ray.rules.measured.colours import THING_COLOURS, TONES, Ids, plain, thing_colours, tones
from mpgi_ray.rules.measured.light import Floats
from mpgi_ray.rules.seen import Shade, ThingColour

AGREE = 0.8  # of the objects that were looked at must have the colour, and none of the others another one
_COLOURS = 2  # of a class that are told
_MOST = 48  # objects of a class that are looked at; of more nothing is said of all
_INSIDE, _GAP, _RING = 0.7, 1.15, 1.7  # outlines around the middle, in units of the object's own
_INSIDE_BOX = 0.6  # of a box without outline, whose corners show the ground
_APART = 42.0  # least distance of a pixel from the ring's usual colour, of 0 to 441, to be the object's
_FOREGROUND = 0.3  # of the inside that must be apart
_CLEAR = 0.45  # of what is apart must have the colour, and a third of that any other at most
_TRACE = 0.15  # of what is apart has a colour at least where it is said of all: less is another colour
_SEEN = 0.02  # of what is apart has a colour: less is noise
_LEAST = 6  # pixels inside; fewer are too few to judge by


def colours_of(
    name: str, objects: Sequence[Object], pixels: npt.NDArray[np.uint8], scale: tuple[float, float]
) -> tuple[list[ThingColour], Shade | None]:
    """The colour that the objects of a class share, or those that some of them clearly have; and their shade.

    Args:
        objects: those that texts speak of.
        pixels: of the picture, (height, width, 3).
        scale: pixels of it for one of the annotation, across and down.
    """
    by_size = sorted(objects, key=lambda o: -o.box.area)
    chosen = by_size[:: -(-len(by_size) // _MOST)]
    looked = _looks(chosen, pixels, scale)
    colours = Counter(look.colour for look in looked if look.colour)
    grounds = Counter(look.ground for look in looked if look.ground)
    found = []
    for colour, agreeing in sorted(colours.items(), key=lambda item: (-item[1], item[0]))[:_COLOURS]:
        # of all is said what none of the others contradicts
        alone = agreeing == sum(colours.values()) and all(
            look.has(colour) >= _TRACE for look in looked if look.apart
        )
        shared = alone and agreeing >= AGREE * len(looked) and 2 * len(looked) >= len(chosen) == len(objects)
        ground, seen = grounds.most_common(1)[0] if grounds else ("", 0)
        told = shared and seen >= AGREE * len(looked) and plain(ground) != colour
        share = float(np.mean([look.apart * look.has(colour) for look in looked if look.colour == colour]))
        found.append(
            ThingColour(name, colour, shared, ground if told else None, len(looked), agreeing, share)
        )
    shade = _shade(name, looked) if len(looked) == len(objects) else None
    return found[:1] if found and found[0].shared else found, shade


def _shade(name: str, looked: Sequence[_Look]) -> Shade | None:
    strongest = {int(look.shares.argmax()) for look in looked if look.apart}
    if len(strongest) != 1 or not all(look.apart for look in looked):
        return None
    colour = THING_COLOURS[strongest.pop()]
    traces = [one for one in THING_COLOURS if any(look.has(one) >= _SEEN for look in looked)]
    return Shade(name, colour, min(look.has(colour) for look in looked), frozenset(traces))


@dataclass(frozen=True)
class _Look:
    """One object: its clear colour, the shares of `THING_COLOURS` in what stands out, how much of it does."""

    colour: str | None
    shares: npt.NDArray[np.float64]
    apart: float
    ground: str | None

    def has(self, colour: str) -> float:
        """The share of what stands out that has the colour."""
        return float(self.shares[THING_COLOURS.index(colour)])


def _looks(
    objects: Sequence[Object], pixels: npt.NDArray[np.uint8], scale: tuple[float, float]
) -> list[_Look]:
    """Of each that is large enough.

    The pixels of all of them are named at once: naming costs by the call more than by the pixel.
    """
    cuts = [cut for obj in objects if (cut := _cut(obj, pixels, scale)) is not None]
    if not cuts:
        return []
    inside: Floats = np.concatenate([front for front, _, _ in cuts])
    outside: Floats = np.concatenate([ring for _, ring, _ in cuts])
    named, around = thing_colours(inside / np.float32(255)), tones(outside / np.float32(255))
    fronts = np.split(named, np.cumsum([len(front) for front, _, _ in cuts])[:-1], axis=1)
    rings = np.split(around, np.cumsum([len(ring) for _, ring, _ in cuts])[:-1])
    return [
        _Look(_colour(shares := front.sum(axis=1) / max(1, front.shape[1])), shares, share, _ground(ring))
        for front, ring, (_, _, share) in zip(fronts, rings, cuts, strict=True)
    ]


def _cut(
    obj: Object, pixels: npt.NDArray[np.uint8], scale: tuple[float, float]
) -> tuple[Floats, Floats, float] | None:
    """The inside that stands out against the ring, the ring, both (pixels, 3), and how much of it stands out.

    Nothing of the inside where too little stands out; None if the object is too small.
    """
    outline = _outline(obj, scale)
    low, high = outline.min(axis=0), outline.max(axis=0)
    reach = (high - low) * (_RING - 1) / 2 + 2
    x1, y1 = np.maximum(np.floor(low - reach), 0).astype(int)
    x2, y2 = np.minimum(np.ceil(high + reach), pixels.shape[1::-1]).astype(int)
    if x2 - x1 < 3 or y2 - y1 < 3:
        return None
    marks = _marks(outline - (x1, y1), (x2 - x1, y2 - y1), _INSIDE_BOX if _is_box(obj) else _INSIDE)
    seen = pixels[y1:y2, x1:x2]
    inside, ring = seen[marks == 2].astype(np.float32), seen[marks == 1].astype(np.float32)
    if len(inside) < _LEAST or len(ring) < _LEAST:
        return None
    apart = np.sqrt(((inside - np.median(ring, axis=0)) ** 2).sum(axis=1)) >= _APART
    share = float(apart.mean())
    return (inside[apart], ring, share) if share >= _FOREGROUND else (inside[:0], ring, 0.0)


def _colour(shares: npt.NDArray[np.float64]) -> str | None:
    """The clear colour of what stands out."""
    first, second = np.argsort(-shares, kind="stable")[:2].tolist()
    clear = shares[first] >= _CLEAR and shares[second] <= shares[first] / 3
    return THING_COLOURS[first] if clear else None


def _ground(named: Ids) -> str | None:
    """The tone of most of the ring."""
    counts = np.bincount(named)
    return TONES[int(counts.argmax())] if counts.max() >= 0.6 * counts.sum() else None


def _is_box(obj: Object) -> bool:
    return obj.obb is None and not obj.polygons


def _outline(obj: Object, scale: tuple[float, float]) -> npt.NDArray[np.float64]:
    """The outline's points in pixels of the picture, (points, 2): a polygon, an oriented box or the box."""
    points: Sequence[Point]
    if obj.polygons:
        points = max(obj.polygons, key=geometry.area_within)
    elif obj.obb:
        points = obj.obb
    else:
        box = obj.box
        points = ((box.x1, box.y1), (box.x2, box.y1), (box.x2, box.y2), (box.x1, box.y2))
    return np.asarray(points, dtype=np.float64) * scale


def _marks(outline: npt.NDArray[np.float64], size: tuple[int, int], inside: float) -> npt.NDArray[np.uint8]:
    """2 inside the object, 1 in a ring around it, 0 elsewhere, (height, width)."""
    marks = Image.new("L", (int(size[0]), int(size[1])))
    draw = ImageDraw.Draw(marks)
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    for factor, value in ((_RING, 1), (_GAP, 0), (inside, 2)):
        flat = (middle + (outline - middle) * factor - 0.5).ravel().tolist()
        draw.polygon(flat, fill=value)
    return np.asarray(marks)
