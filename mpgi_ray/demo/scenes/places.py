"""Layouts of places to live, to work and to grow things; see `layouts` for what a layout is."""

from __future__ import annotations

import numpy as np

from mpgi_ray.demo.scenes.canvas import Canvas
from mpgi_ray.demo.scenes.layouts import ASPHALT, HIGH, LOW, PAINT, Slot, grid, neutral, spread, trees
from mpgi_ray.demo.scenes.shapes import Rgb, ellipse, rectangle


def residential_area(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    vs = spread(42, 214, 4)
    for v in vs:  # gardens and driveways
        c.fill("grass", rectangle(14, v - 26, 124, v + 26), (104 + int(rng.integers(20)), 130, 74))
        c.line((14, v - 27), (124, v - 27), 1.6, (84, 104, 62))
        c.strip("pavement", (36, v + 5), (98, v + 5), 7)
    c.strip("pavement", (67, LOW), (67, HIGH), 26)
    c.strip("road", (67, LOW), (67, HIGH), 18)
    c.line((67, LOW), (67, HIGH), 0.9, PAINT, 7)
    path = rng.uniform(60, 196)
    c.strip("pavement", (80, path), (HIGH, path + rng.uniform(-40, 40)), 6, (186, 172, 144))
    c.fill("water", ellipse(24, 18, 190, (path + 128) % 256))
    trees(c, rng, 26, (142, 0, 160, 256), 8)
    trees(c, rng, 16, (222, 0, 256, 256), 9)
    for v in rng.permutation((30, 90, 150, 220))[: rng.integers(0, 4)]:
        c.place("car", neutral(rng), 62.5, float(v), 90)
    return grid(rng, (32, 103), vs, 90 * float(rng.integers(2)), 2)


def tank_farm(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    c.fill("gravel", rectangle(LOW, LOW, 132, HIGH))
    vs = spread(36, 220, 4)
    for u in (38, 94):
        for v in vs:
            c.fill("pavement", rectangle(u - 26, v - 28, u + 26, v + 28), (188, 184, 174))
            c.fill("pavement", rectangle(u - 24, v - 26, u + 24, v + 26))
    c.line((66, 0), (66, 256), 1.6, (196, 196, 196))
    c.strip("road", (146, LOW), (146, HIGH), 16)
    for v in rng.permutation((40, 100, 150, 210))[: rng.integers(1, 4)]:
        c.strip("pavement", (150, float(v)), (188, float(v)), 24)
        c.place("shed", "white", 176, float(v), 90)
    trees(c, rng, 18, (204, 0, 256, 256), 8)
    return grid(rng, (38, 94), vs, 90, 1.5)


def sports_ground(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    c.fill("pavement", rectangle(12, LOW, 118, HIGH), (176, 168, 152))
    c.strip("pavement", (124, LOW), (124, HIGH), 6, (196, 184, 158))
    c.place("football pitch", "green", 187, 128 + rng.uniform(-12, 12), 90)
    trees(c, rng, 10, (-8, 0, 5, 256), 7)
    return grid(rng, (64,), spread(40, 216, 4), 0, 1)


def farmyard(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass")
    fields: tuple[tuple[str, Rgb], ...] = (
        ("cropland", (172, 164, 92)),
        ("cropland", (128, 146, 74)),
        ("cropland", (196, 176, 112)),
        ("bare soil", (150, 118, 88)),
    )
    edges = [LOW, *np.sort(rng.uniform((30, 110, 180), (80, 160, 230))).tolist(), HIGH]
    for (surface, colour), v1, v2 in zip(
        rng.permutation(np.array(fields, dtype=object)), edges, edges[1:], strict=False
    ):
        c.fill(surface, rectangle(138, v1, HIGH, v2 - 3), colour)
        dark = tuple(int(0.91 * value) for value in colour)
        for v in np.arange(v1 + 2, v2 - 4, 4).tolist():
            c.line((138, v), (HIGH, v), 1.4, (dark[0], dark[1], dark[2]))
    c.fill("bare soil", rectangle(12, 14, 118, 242), (172, 150, 120))
    c.strip("bare soil", (128, LOW), (128, HIGH), 9, (182, 160, 128))
    c.strip("bare soil", (100, 128), (128, 128), 9, (182, 160, 128))
    trees(c, rng, 12, (-8, 0, 6, 256), 6)
    return grid(rng, (40, 90), spread(38, 218, 5), 0, 3)


def forest_clearing(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("tree canopy", colour=(44, 66, 38))
    c.fill("grass", ellipse(56, 116, 66, 128, 40), (128, 146, 88))
    path = rng.uniform(90, 166)
    c.strip("bare soil", (60, 128), (HIGH, path), 9, (168, 144, 110))
    lattice = np.stack(np.meshgrid(np.arange(-6, 270, 17), np.arange(-6, 270, 17)), -1).reshape(-1, 2)
    crowns = np.concatenate([lattice, lattice], 1) + rng.uniform(
        (-5, -5, 0, 0), (5, 5, 1, 1), (len(lattice), 4)
    )
    for u, v, x, y in rng.permutation(crowns - np.concatenate([0 * lattice, lattice], 1)).tolist():
        on_path = u > 60 and abs(v - 128 - (path - 128) * (u - 60) / (HIGH - 60)) < 17
        if ((u - 66) / 66) ** 2 + ((v - 128) / 126) ** 2 > 1 and not on_path:
            c.tree(u, v, 9 + 4 * x, 0.85 + 0.3 * y)
    return grid(rng, (48, 86), (68, 108, 148, 188), 0, 2)


def solar_farm(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("grass", colour=(132, 138, 88))
    c.fill("bare soil", rectangle(12, LOW, 120, HIGH), (166, 148, 112))
    c.strip("gravel", (134, LOW), (134, HIGH), 10)
    field = rng.uniform(60, 200)
    c.fill("cropland", rectangle(146, LOW, HIGH, field))
    for u in np.arange(150, HIGH, 5).tolist():
        c.line((u, LOW), (u, field - 2), 1.4, (140, 138, 78))
    for v in rng.permutation((40, 110, 150, 210))[: rng.integers(0, 3)]:
        c.place("shed", "white", 158, float(v), 90)
    trees(c, rng, 14, (200, field + 12, 256, field + 60), 8)
    return grid(rng, (66,), spread(28, 228, 10), 0, 0.5)


def industrial_area(c: Canvas, rng: np.random.Generator) -> list[Slot]:
    c.fill("pavement", colour=ASPHALT)
    for v in spread(42, 214, 4):
        c.fill("pavement", rectangle(14, v - 22, 118, v + 22), (176, 172, 164))
    c.strip("road", (140, LOW), (140, HIGH), 22)
    c.line((140, LOW), (140, HIGH), 1.2, PAINT, 8)
    verge = rng.uniform(186, 215)
    c.fill("grass", rectangle(verge, LOW, HIGH, HIGH))
    trees(c, rng, 16, (verge + 8, 0, 260, 256), 7)
    for v in rng.permutation(spread(30, 230, 8))[: rng.integers(1, 5)]:
        c.place("truck", neutral(rng), 166, float(v), 0)
    return grid(rng, (64,), spread(42, 214, 4), 0, 2)
