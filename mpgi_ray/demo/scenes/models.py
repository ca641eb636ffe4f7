"""What every class of objects in the generated scenes looks like, in metres; see `shapes`."""

from __future__ import annotations

import numpy as np

from mpgi_ray.demo.scenes.shapes import (
    LINE,
    Model,
    Part,
    Rgb,
    bars,
    block,
    capsule,
    cone,
    ellipse,
    flat,
    frame,
    gable,
    hull,
    polygon,
    rectangle,
    rounded,
    wheeled,
)

COLOURS: dict[str, Rgb] = {
    "red": (188, 56, 46),
    "blue": (48, 88, 172),
    "white": (238, 238, 234),
    "yellow": (234, 196, 58),
    "green": (46, 126, 76),
    "orange": (228, 124, 40),
    "brown": (120, 80, 54),
    "grey": (140, 143, 148),
    "black": (42, 44, 50),
}
_GLASS: Rgb = (40, 50, 62)
_METAL: Rgb = (158, 160, 164)
_WOOD: Rgb = (176, 138, 94)
_DARK: Rgb = (56, 58, 62)
_SKYLIGHT: Rgb = (176, 190, 200)


def _airplane() -> Model:
    mirror = np.array([1, -1])
    wing = polygon((3.5, 1.0), (-0.6, 1.0), (-4.2, 11), (-2.6, 11))
    tail = polygon((-8.4, 0.5), (-10.4, 0.5), (-11.6, 4.2), (-10.4, 4.2))
    body = np.concatenate([hull(24, 3.2)[1:8], polygon((-12, -0.4), (-12, 0.4))])
    engines = [Part(block(2.2, 1.5, 0.6, y), _METAL) for y in (-4.2, 4.2)]
    cockpit = Part(polygon((10.2, -0.7), (11, 0), (10.2, 0.7), (9.4, 0)), _GLASS)
    details = (*engines, Part(body, 1.08), cockpit, Part(rectangle(-11.8, -0.3, -8, 0.3), 0.7))
    return Model((wing, wing * mirror, tail, tail * mirror, body), details, 3.5)


def _helicopter() -> Model:
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    blades = [block(16, 0.6) @ turn, block(0.6, 16) @ turn]
    body, boom, fin = ellipse(4.8, 2.1, 0.8), rectangle(-10, -0.6, -2, 0.6), block(1.2, 3.6, -9.6)
    details = (
        *(Part(blade, _DARK) for blade in blades),
        Part(body),
        Part(ellipse(1.3, 1.4, 4, corners=12), _GLASS),
    )
    hub = (Part(blades[0] * 0.35, _DARK), Part(blades[1] * 0.35, _DARK))
    return Model((*blades, boom, fin, body), (*details, *hub), 3)


def _tennis_court() -> Model:
    across = [*bars((-6.4, 6.4), 8.2, 0.4, LINE), *bars((0,), 12.6, 0.5, _DARK)]
    along = [Part(block(23.8, 0.4, 0, y), LINE) for y in (-4.1, 4.1)] + [Part(block(12.8, 0.4), LINE)]
    return Model((block(30, 15.5),), (Part(block(23.8, 11), 0.76), *frame(23.8, 11, 0.4), *across, *along), 0)


def _basketball_court() -> Model:
    keys = [part for x in (-11.1, 11.1) for part in (Part(block(5.8, 4.9, x), 0.6), *frame(5.8, 4.9, 0.4, x))]
    circle = (Part(ellipse(2.3, 2.3), LINE), Part(ellipse(1.8, 1.8), 0.6))
    return Model((block(30, 15.5),), (*frame(28, 14, 0.4), *keys, *bars((0,), 14, 0.4, LINE), *circle), 0)


def _football_pitch() -> Model:
    stripes = [Part(block(6.4, 36, float(x)), 1.1) for x in np.arange(-28.8, 30, 12.8)]
    circle = (Part(ellipse(5, 5), LINE), Part(ellipse(4.5, 4.5), 1.05))
    boxes = [part for x in (-26.5, 26.5) for part in frame(9, 18, 0.5, x)]
    lines = [*frame(62, 34, 0.5), *circle, *boxes, *bars((0,), 34, 0.5, LINE)]
    return Model((block(64, 36),), (*stripes, *lines), 0, "grass")


def _truck() -> Model:
    cab, bed, link = rectangle(4, -1.25, 6, 1.25), rectangle(-6, -1.3, 3.4, 1.3), rectangle(3, -0.6, 4.4, 0.6)
    details = (
        Part(link, _DARK),
        Part(bed),
        Part(cab, (208, 210, 212)),
        Part(rectangle(5.2, -1, 5.8, 1), _GLASS),
    )
    return Model((bed, cab, link), (*details, *bars((-3, 0), 2.6, 0.25, 0.85)), 3.2)


def _factory_hall() -> Model:
    teeth = [Part(block(5, 18, float(x)), 1.0, (0.4, 0)) for x in np.arange(-17.5, 20, 5)]
    return Model((block(40, 18),), (*teeth, *bars(np.arange(-19.2, 20, 5), 18, 1.4, 0.5)), 8, "building")


def _bridge() -> Model:
    rails = [Part(block(48, 0.7, 0, y), (196, 194, 188)) for y in (-4.6, 4.6)]
    dashes = [Part(block(2.2, 0.35, x), LINE) for x in range(-22, 23, 5)]
    return Model((block(48, 10),), (*rails, *dashes), 4, "road")


def _vents(*places: tuple[float, float]) -> list[Part]:
    return [Part(block(2.2, 1.8, x, y), _METAL) for x, y in places]


_TANK_RINGS = (
    Part(ellipse(7.7, 7.7), 0.84),
    Part(ellipse(7.1, 7.1), 0.97),
    Part(ellipse(1, 1, corners=8), 0.8),
)
_SEATS = [Part(block(0.4, 1.3, x), _WOOD) for x in (-1.3, 0, 1.3)]

# the classes whose number, colour and side a scene tells, then those that fill its background
MODELS: dict[str, Model] = {
    "motorboat": Model(
        (hull(12, 4.4),),
        (
            Part(hull(9.6, 3) - (0.6, 0), 1.15),
            Part(block(4, 2.4, -0.6), 0.85),
            Part(block(0.9, 2.2, 1.8), _GLASS),
        ),
    ),
    "sailboat": Model(
        (hull(11.5, 3.4),),
        (
            Part(block(2.6, 1.7, -3.4), _WOOD),
            Part(block(6, 0.7, -1.6), LINE),
            Part(ellipse(0.6, 0.6, 1.4), _DARK),
        ),
        3.5,
    ),
    "airplane": _airplane(),
    "helicopter": _helicopter(),
    "car": wheeled(4.5, 1.9, 1.5, (0.4, 1.2), (-1.9, -1.4)),
    "van": wheeled(5.9, 2.1, 2.4, (1.6, 2.4), roof=1.12),
    "house": gable(11, 9, Part(block(0.9, 0.9, 3, 2), _DARK), height=6),
    "apartment block": flat(13, 11, *_vents((-3, -2), (3, 2)), Part(block(2.4, 2.4, 3, -2), 0.7), height=11),
    "storage tank": Model((ellipse(8, 8),), (*_TANK_RINGS, Part(rectangle(1, -0.3, 7, 0.3), 0.8)), 7),
    "pressure vessel": Model(
        (capsule(18, 5),), (Part(capsule(17, 2.2), 1.1), *bars((-5, 5), 5, 0.8, 0.72)), 5
    ),
    "tennis court": _tennis_court(),
    "basketball court": _basketball_court(),
    "barn": gable(22, 12, height=7),
    "grain silo": cone(5.6, 12, 12),
    "cabin": gable(9, 7, Part(block(0.9, 0.9, 2.4, 1.6), _DARK), height=4),
    "tent": cone(3.9, 4, 2.5),
    "barge": Model(
        (hull(22, 6),),
        (Part(block(13, 4, 0.4), 0.72), *bars((-2, 3), 4, 0.4, 1.1), Part(block(2.6, 3.4, -8.6), LINE)),
        2,
    ),
    "tugboat": Model(
        (rounded(13, 5.6, 1.8),),
        (
            Part(rounded(11.4, 4.2, 1.4), 1.15),
            Part(block(4, 3, 1), LINE),
            Part(ellipse(0.9, 0.9, -2.2), _DARK),
        ),
        4,
    ),
    "bus": wheeled(12, 2.6, 3, (5.2, 5.7), roof=1.1),
    "truck": _truck(),
    "solar array": Model(
        (block(34, 4.4),), (*bars(np.arange(-15, 16, 2), 4.4, 0.28, 1.5), Part(block(34, 0.28), 1.5)), 1.6
    ),
    "parasol": cone(1.75, 8, 2.2),
    "rowing boat": Model((hull(5.2, 2),), (Part(hull(4.4, 1.4), 0.7), *_SEATS), 0.5),
    "factory hall": _factory_hall(),
    "warehouse": flat(40, 18, *(Part(block(2, 10, x), _SKYLIGHT) for x in (-14, -7, 0, 7, 14)), height=8),
    "railway wagon": Model(
        (block(14, 3),), (*bars(np.arange(-6, 7, 2), 3, 0.3, 0.85), Part(block(14, 0.4), 1.1)), 3.5
    ),
    "tank wagon": Model(
        (capsule(13, 3),),
        (Part(capsule(12.6, 1.2), 1.15), Part(ellipse(0.8, 0.8), 0.6), *bars((-4, 4), 3, 0.4, 0.75)),
        3.5,
    ),
    "shipping container": Model((block(12.2, 2.5),), tuple(bars(np.arange(-5.5, 6, 1), 2.5, 0.3, 0.84)), 2.6),
    "terminal": flat(68, 9, *_vents((-24, 0), (-8, 1), (8, -1), (24, 0)), height=10),
    "shed": flat(10, 6, height=3.5),
    "football pitch": _football_pitch(),
    "bridge": _bridge(),
}
