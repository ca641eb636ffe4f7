"""Layouts of places to travel and to ship: the ground, the background objects and the slots of the main ones.

A layout draws everything except the main objects and returns where those may stand: middles in units (at
u < 116, so that a tilted frame keeps them in their half) and angles in degrees. Slots are far enough apart
for either class of the kind.
"""

from __future__ import annotations

import numpy as np

from mpgi_ray.demo.scenes.canvas import Canvas
from mpgi_ray.demo.scenes.shapes import Rgb, ellipse, polygon, rectangle

Slot = tuple[float, float, float]

LOW, HIGH = -40.0, 296.0  # beyond the image on both sides, also when tilted
PAINT: Rgb = (226, 226, 220)
YELLOW: Rgb = (214, 178, 70)
ASPHALT: Rgb = (112, 112, 114)


def trees(c: Canvas, rng: np.random.Generator, count: int, area: tuple[float, ...], radius: float) -> None:
    """Scatter trees over the rectangle (u1, v1, u2, v2)."""
    u1, v1, u2, v2 = area
    for u, v, r, green in rng.uniform((u1, v1, 0.75, 0.85), (u2, v2, 1.25, 1.15), (count, 4)).tolist():
        c.tree(u, v, r * radius, green)


def grid(
    rng: np.random.Generator,
    us: tuple[float, ...],
    vs: tuple[float, ...],
    angle: float = 0.0,
    jitter: float = 1.5,
) -> list[Slot]:
    """Slots at every crossing, each a little off its place."""
    shift = rng.uniform(-jitter, jitter, (len(us), len(vs), 2)).tolist()
    return [
        (u + shift[i][j][0], v + shift[i][j][1], angle) for i, u in enumerate(us) for j, v in enumerate(vs)
    ]


def spread(first: float, last: float, count: int) -> tuple[float, ...]:
    """Evenly spaced places, both ends included."""
    return tuple(np.linspace(first, last, count).tolist())


def neutral(rng: np.random.Generator) -> str:
    """The colour of a background object."""
    return str(rng.choice(["white", "grey", "black"]))


def harbour(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("water")
    c.fill("pavement", rectangle(LOW, LOW, 46, HIGH))
    c.fill("grass", rectangle(LOW, LOW, 12 + rng.uniform(0, 4), HIGH))
    c.strip("pavement", (45, LOW), (45, HIGH), 3, (190, 188, 182))
    far = rng.uniform(190, 215)
    c.strip("gravel", (far, rng.uniform(20, 90)), (far, HIGH), 16)
    vs = spread(26, 230, 9)
    for v in (*vs, 255.5):
        c.strip("pavement", (46, v - 12.75), (78, v - 12.75), 2.5, (186, 170, 146))
    for v in rng.permutation((50, 110, 170, 220))[: rng.integers(1, 4)]:
        c.place("shed", "grey", 30, float(v), 90)
    trees(c, rng, 9, (-8, 0, 8, 256), 6)
    return grid(rng, (64,), vs, float(rng.choice([0, 180])), 1)


def airport(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    c.fill("pavement", rectangle(LOW, LOW, 160, HIGH))
    runway = rng.uniform(205, 222)
    c.strip("road", (runway, LOW), (runway, HIGH), 34)
    c.line((runway, LOW), (runway, HIGH), 2, PAINT, 16)
    taxi = rng.uniform(60, 200)
    c.strip("pavement", (150, taxi), (runway - 15, taxi), 20)
    c.line((132, LOW), (132, HIGH), 1.5, YELLOW)
    c.line((132, taxi), (runway, taxi), 1.5, YELLOW)
    for k in np.arange(-40, 290, 32).tolist():  # joints of the concrete
        c.line((k, LOW) if k < 160 else (LOW, k), (k, HIGH) if k < 160 else (160, k), 0.6, (148, 146, 140))
    slots = grid(rng, (78,), spread(36, 220, 5), float(rng.choice([0, 180])), 1)
    for _, v, _ in slots:
        c.line((60, v), (132, v), 1.2, YELLOW)
    c.place("terminal", "grey", 28, 128, 90)
    for v in rng.permutation(spread(40, 216, 5))[:2]:
        c.place("truck", "grey", 146, float(v), 90)
    return slots


def parking_lot(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    right = rng.uniform(190, 215)
    c.fill("pavement", rectangle(LOW, LOW, right, HIGH), ASPHALT)
    for u in (34, 98, 152):
        for v in spread(16, 240, 15):
            c.line((u - 16, v), (u + 16, v), 1.4, PAINT)
    c.line((125, LOW), (125, HIGH), 1.4, PAINT, 12)
    c.fill("grass", rectangle(52, 20, 58, 236))
    trees(c, rng, 14, (right + 8, 0, 256, 256), 10)
    return grid(rng, (34, 98), spread(24, 232, 14), float(rng.choice([0, 180])), 1)


def roundabout(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    u, v = 176.0, 128.0
    c.strip("road", (LOW, v), (u, v), 68)
    c.strip("road", (u, v), (HIGH, v), 34)
    c.strip("road", (u, LOW), (u, HIGH), 34)
    c.line((LOW, v), (118, v), 1.6, PAINT)
    c.line((230, v), (HIGH, v), 1.2, PAINT)
    for lane in (v - 17, v + 17):
        c.line((LOW, lane), (118, lane), 1, PAINT, 9)
    c.line((u, LOW), (u, 70), 1.2, PAINT, 9)
    c.line((u, 186), (u, HIGH), 1.2, PAINT, 9)
    c.fill("road", ellipse(54, 54, u, v, 48))
    island = rng.uniform(22, 28)
    c.fill("pavement", ellipse(island + 3, island + 3, u, v, 40))
    c.fill("grass", ellipse(island, island, u, v, 40))
    trees(c, rng, 4, (u - 10, v - 10, u + 10, v + 10), 7)
    for area in ((10, 0, 130, 66), (10, 190, 130, 256), (220, 0, 256, 80), (220, 176, 256, 256)):
        trees(c, rng, int(rng.integers(3, 8)), area, 10)
    for dv in rng.permutation((-100, -72, 84, 104))[: rng.integers(0, 4)]:
        c.place("car", neutral(rng), u - 8.5, v + float(dv), 90)
    slots = grid(rng, (40, 96), (v - 25.5, v - 8.5, v + 8.5, v + 25.5), 0, 1)
    return [(x, y, 0.0 if y < v else 180.0) for x, y, _ in slots]


def railway_yard(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    right = rng.uniform(166, 180)
    c.fill("gravel", rectangle(LOW, LOW, right, HIGH))
    tracks = (26.0, 46.0, 66.0, 86.0, 106.0, 136.0, 156.0)
    for u in tracks:
        c.strip("gravel", (u, LOW), (u, HIGH), 10, (112, 104, 96))
        for v in np.arange(-12, 268, 6).tolist():
            c.line((u - 4.5, v), (u + 4.5, v), 2, (92, 78, 66))
        for rail in (u - 2.4, u + 2.4):
            c.line((rail, LOW), (rail, HIGH), 0.9, (176, 172, 168))
    c.strip("road", (right + 16, LOW), (right + 16, HIGH), 18)
    for v in rng.permutation((50, 110, 180, 220))[: rng.integers(0, 3)]:
        c.place("shed", "grey", 220, float(v), 90)
    trees(c, rng, 6, (246, 0, 262, 256), 8)
    return grid(rng, tracks[:5], spread(40, 216, 5), 90, 0.2)


def container_yard(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("pavement", colour=(150, 148, 144))
    quay = rng.uniform(196, 214)
    c.fill("water", rectangle(quay, LOW, HIGH, HIGH))
    c.strip("pavement", (quay - 3, LOW), (quay - 3, HIGH), 5, (190, 188, 182))
    for u in (150, 172):  # crane rails
        c.line((u, LOW), (u, HIGH), 1.4, (96, 92, 90))
    c.line((128, LOW), (128, HIGH), 1.4, YELLOW, 10)
    vs = spread(26, 230, 13)
    for u in (40, 92):
        for v in (*vs, vs[-1] + 17):
            c.line((u - 22, v - 8.5), (u + 22, v - 8.5), 0.9, PAINT)
    return grid(rng, (40, 92), vs, 0, 1)


def river_with_bridge(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    c.fill("cropland", rectangle(rng.uniform(160, 185), LOW, HIGH, 112))
    c.fill("bare soil", rectangle(rng.uniform(160, 185), 144, HIGH, HIGH))
    vs = np.linspace(LOW, HIGH, 40)
    bend = 4 * np.sin(vs / rng.uniform(22, 34) + rng.uniform(0, 6))
    for surface, width in (("sand", 45.0), ("water", 42.0)):
        left, right = np.stack([72 - width + bend, vs], 1), np.stack([72 + width + bend, vs], 1)
        c.fill(surface, np.concatenate([left, right[::-1]]))
    c.strip("road", (LOW, 128), (HIGH, 128), 14)
    c.line((126, 128), (HIGH, 128), 1, PAINT, 8)
    c.place("bridge", "grey", 72, 128)
    for u in rng.permutation((150, 180, 210, 235))[: rng.integers(0, 3)]:
        c.place("car", neutral(rng), float(u), 131.5)
    trees(c, rng, 10, (130, -5, 152, 106), 7)
    trees(c, rng, 10, (130, 150, 152, 262), 7)
    return grid(rng, (52, 92), (39, 88, 168, 217), 90, 1)


def beach(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("sand")
    vs = np.linspace(LOW, HIGH, 48)
    shore = rng.uniform(140, 155) + 5 * np.sin(vs / rng.uniform(18, 40) + rng.uniform(0, 6))
    beyond = polygon((HIGH, HIGH), (HIGH, LOW))
    for surface, shift, colour in (
        ("sand", -9, (196, 176, 132)),
        ("water", 0, (232, 238, 234)),
        ("water", 3, (116, 168, 168)),
        ("water", 26, (86, 144, 156)),
        ("water", 58, (66, 120, 142)),
    ):
        c.fill(surface, np.concatenate([np.stack([shore + shift, vs], 1), beyond]), colour)
    c.fill("pavement", rectangle(LOW, LOW, 10, HIGH))
    trees(c, rng, 10, (-8, 0, 8, 256), 6)
    return [
        (u, v, float(rng.uniform(0, 180)))
        for u, v, _ in grid(rng, (32, 62, 92), spread(30, 226, 7), jitter=4)
    ]
