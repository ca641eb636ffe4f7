"""The drawing surface of a generated scene: ground, shadows, things, and what was drawn where.

A scene is laid out in a frame of its own: 256 × 256 units, of which the image shows all, with the main
objects at u < 128. The canvas turns that frame towards a side of the image, mirrors and tilts it, so that
one layout serves all four sides. The sun stays where it is.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mpgi_ray.data.sample import Box, Object, Point
from mpgi_ray.demo.scenes.models import COLOURS, MODELS
from mpgi_ray.demo.scenes.shapes import Polygon, Rgb, rectangle

UNITS = 256
_SUPERSAMPLE = 2
_SHEET = rectangle(-UNITS, -UNITS, 2 * UNITS, 2 * UNITS)
_TURN = {
    "left": ((1, 0), (0, 1)),
    "right": ((-1, 0), (0, 1)),
    "top": ((0, 1), (1, 0)),
    "bottom": ((0, 1), (-1, 0)),
}
SIDES = tuple(_TURN)

# colour and roughness of the ground; the order gives the values of the mask
_GROUND: dict[str, tuple[Rgb, float]] = {
    "water": ((58, 98, 116), 0.035),
    "grass": ((112, 134, 78), 0.10),
    "tree canopy": ((60, 90, 48), 0.14),
    "cropland": ((156, 152, 88), 0.07),
    "bare soil": ((158, 128, 96), 0.09),
    "sand": ((222, 204, 160), 0.045),
    "gravel": ((140, 133, 124), 0.09),
    "pavement": ((164, 161, 154), 0.04),
    "road": ((98, 99, 102), 0.04),
    "building": ((150, 145, 140), 0.03),
}
SURFACES = tuple(_GROUND)
_ROUGHNESS = np.array([roughness for _, roughness in _GROUND.values()], dtype=np.float32)


class Canvas:
    """Collects the layers of one picture.

    Args:
        size: of the finished image, in pixels.
        gsd: metres per unit of the frame.
        side: where the half u < 128 comes to lie, one of `SIDES`.
        rng: chooses tilt, mirroring, sun and tint, before anything is drawn.

    Attributes:
        objects: what was placed so far, with boxes in pixels of the finished image.
    """

    def __init__(self, size: int, gsd: float, side: str, rng: np.random.Generator) -> None:
        tilt, mirror = math.radians(rng.uniform(-5, 5)), 1 if rng.random() < 0.5 else -1
        sun = math.radians(rng.uniform(30, 150))  # north is up and the sun in the south: shadows fall upwards
        self._matrix = np.array(_TURN[side]) @ (_rotation(tilt) * (1, mirror))
        self._away = np.array([math.cos(sun), -math.sin(sun)])
        self._shadow_length = float(rng.uniform(0.5, 0.8))
        self._tint = (rng.uniform(0.96, 1.04, 3) * rng.uniform(0.97, 1.06)).astype(np.float32)
        self._size, self._gsd, self._scale = size, gsd, size * _SUPERSAMPLE / UNITS
        self.objects: list[Object] = []

        full = (size * _SUPERSAMPLE, size * _SUPERSAMPLE)
        self._layers = [Image.new(mode, full) for mode in ("RGB", "L", "L", "RGB", "L")]
        self._ground, self._mask, self._shade, self._things, self._alpha = map(ImageDraw.Draw, self._layers)

    def _pixels(self, points: Polygon) -> Polygon:
        """Frame units to pixels of the supersampled layers."""
        return ((points - UNITS / 2) @ self._matrix.T + UNITS / 2) * self._scale

    def fill(self, surface: str, points: Polygon = _SHEET, colour: Rgb | None = None) -> None:
        """Paint ground: a polygon in units, or everything."""
        xy = _flat(self._pixels(points))
        self._ground.polygon(xy, fill=colour or _GROUND[surface][0])
        self._mask.polygon(xy, fill=SURFACES.index(surface))

    def strip(self, surface: str, start: Point, end: Point, width: float, colour: Rgb | None = None) -> None:
        """Paint a straight band of ground from one point to another, in units."""
        self.fill(surface, _band(start, end, width), colour)

    def line(self, start: Point, end: Point, width: float, colour: Rgb, dash: float = 0.0) -> None:
        """Paint a marking: another colour, the same surface.

        Args:
            dash: the length of dashes and gaps, in units; 0 for a solid line.
        """
        steps = max(1, round(math.dist(start, end) / dash)) if dash else 1
        knots = np.linspace(start, end, steps + 1)
        for a, b in zip(knots[:-1:2], knots[1::2], strict=False):
            self._ground.polygon(_flat(self._pixels(_band(a, b, width))), fill=colour)

    def tree(self, u: float, v: float, radius: float, green: float = 1.0) -> None:
        """A crown with its shadow; ``radius`` in units, ``green`` a factor on its brightness."""
        x, y = self._pixels(np.array([u, v])).tolist()
        r = radius * self._scale
        dx, dy = (self._away * r).tolist()
        self._shade.ellipse(_around(x + 0.8 * dx, y + 0.8 * dy, r), fill=255)
        for shift, share, tone in ((0.0, 1.0, 0.84), (-0.16, 0.78, 1.06), (-0.34, 0.42, 1.3)):
            crown = _around(x + shift * dx, y + shift * dy, share * r)
            self._things.ellipse(crown, fill=_times(_GROUND["tree canopy"][0], tone * green))
        self._alpha.ellipse(_around(x, y, r), fill=255)
        self._mask.ellipse(_around(x, y, r), fill=SURFACES.index("tree canopy"))

    def place(self, label: str, colour: str, u: float, v: float, angle: float = 0.0) -> None:
        """Draw an object with its shadow and note its boxes.

        Args:
            u, v: its middle, in units.
            angle: from the u axis to its length, in degrees.
        """
        model, paint = MODELS[label], COLOURS[colour]
        turn = _rotation(math.radians(angle)).T

        def pixels(metres: Polygon) -> Polygon:
            return self._pixels(metres / self._gsd @ turn + (u, v))

        outline = [pixels(piece) for piece in model.outline]
        sweep = self._away * (model.height * self._shadow_length / self._gsd * self._scale)
        for piece in outline:
            xy = _flat(piece)
            self._shade.polygon(_flat(_swept(piece, sweep)), fill=255)
            self._things.polygon(xy, fill=paint)
            self._alpha.polygon(xy, fill=255)
            if model.surface:
                self._mask.polygon(xy, fill=SURFACES.index(model.surface))
        for part in model.parts:
            tone = part.tone
            if not isinstance(tone, tuple):
                lit = self._matrix @ (part.normal @ turn) @ -self._away
                tone = _times(paint, tone * (1 + 0.22 * float(lit)))
            self._things.polygon(_flat(pixels(part.points)), fill=tone)
        self.objects.append(_measured(label, outline, pixels(_extent(np.concatenate(model.outline)))))

    @property
    def mask(self) -> npt.NDArray[np.uint8]:
        """The surface of every pixel, (size, size), as indices into `SURFACES`."""
        return np.asarray(self._layers[1])[::_SUPERSAMPLE, ::_SUPERSAMPLE]

    def picture(self, rng: np.random.Generator) -> Image.Image:
        """The finished image: textured ground under shadows and things, with a little sensor noise."""
        ground, _, shade, things, alpha = (
            np.asarray(x.reduce(_SUPERSAMPLE), np.float32) for x in self._layers
        )
        fine = rng.standard_normal((self._size, self._size), dtype=np.float32)
        coarse = _clouds(rng, self._size, 10) + _clouds(rng, self._size, 40)
        texture = 1 + _ROUGHNESS[self.mask] * (0.5 * fine + 0.6 * coarse)
        light = texture * (1 - shade * (0.5 / 255)) * (1 - alpha / 255)
        pixels = ground * self._tint * light[..., None] + things * (1 + 0.02 * fine)[..., None]
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _measured(label: str, outline: list[Polygon], corners: Polygon) -> Object:
    points = np.round(np.concatenate(outline) / _SUPERSAMPLE, 2)
    box = Box(*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
    a, b, c, d = ((float(x), float(y)) for x, y in np.round(corners / _SUPERSAMPLE, 2))
    return Object(label=label, box=box, obb=(a, b, c, d))


def _extent(points: Polygon) -> Polygon:
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return rectangle(x1, y1, x2, y2)


def _rotation(angle: float) -> Polygon:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _flat(points: Polygon) -> list[float]:
    # Pillow takes whole numbers as the middles of pixels and paints the edge too
    flat: list[float] = (points - 0.5).ravel().tolist()
    return flat


def _band(start: npt.ArrayLike, end: npt.ArrayLike, width: float) -> Polygon:
    a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    along = (b - a) / max(math.dist(a, b), 1e-9)
    across = np.array([-along[1], along[0]]) * (width / 2)
    return np.stack([a + across, b + across, b - across, a - across])


def _around(x: float, y: float, r: float) -> list[float]:
    return [x - r, y - r, x + r, y + r]


def _times(colour: Rgb, factor: float) -> Rgb:
    r, g, b = (min(255, round(value * factor)) for value in colour)
    return r, g, b


def _swept(points: Polygon, by: Polygon) -> Polygon:
    """What a convex polygon covers while it moves.

    Walking round the polygon, an edge that faces the movement is drawn at its end, the others at its start.
    """
    following = np.roll(points, -1, axis=0)
    edges = following - points
    area = (points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]).sum()
    leads = (edges[:, 0] * by[1] - edges[:, 1] * by[0]) * area < 0
    swept = []
    for i, point in enumerate(points):
        before, after = leads[i - 1], leads[i]
        swept += [point + by * before] if before == after else [point + by * before, point + by * after]
    return np.array(swept)


def _clouds(rng: np.random.Generator, size: int, cells: int) -> npt.NDArray[np.float32]:
    """Smooth noise, (size, size), with this many bumps across."""
    grid = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))
