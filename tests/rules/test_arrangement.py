"""How groups of objects are arranged: clear patterns are named, and what is not clear is not.

The truth of generated scenes is read off their layouts: the slots in the layout's own frame, by whole
columns and rows, in which the module under test has no part.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.data.sample import Object
from mpgi_ray.demo import scene, spec
from mpgi_ray.demo.scenes.canvas import Canvas
from mpgi_ray.demo.scenes.spec import kind_of
from mpgi_ray.rules.arrangement import Arrangement, Pattern, arrangement_of
from support.things import oriented, square

SIDE = 256
TURNED = {"horizontal": "vertical", "vertical": "horizontal"}


def things(points: np.ndarray, size: float = 12) -> list[Object]:
    return [square(x, y, size) for x, y in points.tolist()]


def rotated(points: np.ndarray, degrees: float) -> np.ndarray:
    """About the middle of the image."""
    a = math.radians(degrees)
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return (points - SIDE / 2) @ turn.T + SIDE / 2


def lattice(columns: int, rows: int, across: float = 24, down: float = 24) -> np.ndarray:
    """Crossings around the middle of the image, row by row."""
    x, y = np.meshgrid(np.arange(columns) * across, np.arange(rows) * down)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return points - points.mean(axis=0) + SIDE / 2


def shifted(points: np.ndarray, x: float, y: float) -> np.ndarray:
    return points + np.array([x, y])


def of(points: np.ndarray, size: float = 12) -> Arrangement | None:
    return arrangement_of(things(points, size), SIDE, SIDE)


def told(found: Arrangement | None) -> tuple[Pattern | None, str | None, int]:
    """What a text would say of it."""
    return (found.pattern, found.direction, found.lines) if found else (None, None, 0)


CLEAR = {
    Pattern.ROW: lattice(5, 1),
    Pattern.ROWS: np.concatenate(
        [shifted(lattice(7, 1), 0, -60), shifted(lattice(4, 1, 29), 5, 0), shifted(lattice(6, 1, 21), 3, 60)]
    ),
    Pattern.GRID: lattice(4, 3),
    Pattern.CLUSTER: np.array([(100, 100), (118, 104), (109, 121), (127, 126), (97, 133)]),
    Pattern.SCATTERED: np.array(
        [(30, 40), (95, 25), (215, 60), (60, 150), (140, 120), (230, 190), (75, 215), (150, 225), (200, 110)]
    ),
    Pattern.BORDER: np.array([(20, 60), (30, 170), (110, 20), (235, 40), (228, 150), (170, 236), (80, 230)]),
    Pattern.BOTH_SIDES: np.array([(30, 50), (55, 120), (25, 200), (220, 90), (240, 160)]),
}


@pytest.mark.parametrize("pattern", CLEAR)
def test_a_clear_pattern_is_named_turned_by_a_right_angle_too(pattern: Pattern) -> None:
    named, direction, lines = told(of(CLEAR[pattern]))
    assert named is pattern
    assert lines == {Pattern.ROW: 1, Pattern.ROWS: 3, Pattern.GRID: 3}.get(pattern, 0)
    assert (direction is not None) == (pattern in (Pattern.ROW, Pattern.ROWS, Pattern.BOTH_SIDES))
    assert told(of(rotated(CLEAR[pattern], 90))) == (pattern, TURNED.get(direction or ""), lines)


@settings(max_examples=40)
@given(st.sampled_from(list(CLEAR)), st.randoms(use_true_random=False), st.floats(0.3, 5))
def test_neither_order_nor_scale_matters(pattern: Pattern, random: object, scale: float) -> None:
    objects = things(CLEAR[pattern] * scale, 12 * scale)
    random.shuffle(objects)  # type: ignore[attr-defined]
    side = round(SIDE * scale)
    assert told(arrangement_of(objects, side, side)) == told(of(CLEAR[pattern]))


@settings(max_examples=60)
@given(
    st.integers(3, 9),
    st.sampled_from([(0, "horizontal"), (45, "diagonal"), (90, "vertical"), (22, None)]),
    st.integers(0, 2**32),
)
def test_a_row_with_jitter_is_a_row_and_with_one_beside_it_none(
    count: int, way: tuple[float, str | None], seed: int
) -> None:
    rng, (degrees, direction) = np.random.default_rng(seed), way
    points = lattice(count, 1) + rng.uniform(-0.8, 0.8, (count, 2))
    turned = rotated(points, degrees + float(rng.uniform(-4, 4)))
    assert told(of(turned)) == (Pattern.ROW, direction, 1)
    points[rng.integers(count)] += (0, rng.choice([-1, 1]) * rng.uniform(14, 60))
    assert told(of(rotated(points, degrees)))[2] == 0


def test_of_many_a_few_may_stray_and_they_are_counted() -> None:
    rows = np.concatenate([shifted(lattice(9, 1, 20), 0, dy) for dy in (-60, 3)])
    rows += np.random.default_rng(0).uniform(-2, 2, rows.shape)
    one = of(np.concatenate([rows, [(40, 230)]]))
    assert told(one) == (Pattern.ROWS, "horizontal", 2)
    assert one is not None
    assert one.strays == 1
    assert of(np.concatenate([rows, [(40, 230), (90, 215), (200, 240)]])) is None


def test_long_things_side_by_side_are_a_row_although_their_ends_are_not_in_line() -> None:
    shifts = (0, 5, -4, 5, -5, 3, 0, -3, 4, 0, -5, 1)
    beside = [oriented(40 + 12 * i, 128 + dy, 40, 8, 90) for i, dy in enumerate(shifts)]
    assert told(arrangement_of(beside, SIDE, SIDE)) == (Pattern.ROW, "horizontal", 1)
    # the same middles of small things are a zigzag
    assert told(of(np.array([o.box.middle for o in beside]), 6))[2] == 0


def test_what_lies_at_random_is_hardly_ever_in_lines() -> None:
    rng = np.random.default_rng(1)
    found = Counter[Pattern | None]()
    for _ in range(500):
        count, size = int(rng.choice([3, 4, 5, 6, 8, 12, 40])), float(rng.uniform(6, 30))
        arrangement = of(rng.uniform(20, SIDE - 20, (count, 2)), size)
        found[arrangement and arrangement.pattern] += 1
    assert found[Pattern.ROW] + found[Pattern.ROWS] + found[Pattern.GRID] <= 5
    assert found[None] >= 400


def test_few_and_very_many_have_none() -> None:
    assert of(CLEAR[Pattern.ROW][:2]) is None
    assert of(lattice(25, 20, 10, 10), 4) is None


def _lines_of(values: np.ndarray) -> list[int]:
    """How many slots stand on each of the layout's lines: jitter is at most 4 units, lines are 16 apart."""
    cuts = np.flatnonzero(np.diff(np.sort(values)) > 10) + 1
    return [len(part) for part in np.split(values, cuts)]


def test_lines_of_generated_scenes_are_those_of_their_layouts() -> None:
    said = right = clear = named = 0
    for number in range(120):
        facts = spec(number, 3)
        if facts.count < 3:
            continue
        rng = np.random.default_rng((3, facts.background))
        slots = kind_of(facts).layout(Canvas(64, kind_of(facts).gsd, facts.side, rng), rng)
        chosen = np.array(slots)[rng.permutation(len(slots))[: facts.count]]
        by_u, by_v = _lines_of(chosen[:, 0]), _lines_of(chosen[:, 1])
        u_runs = "horizontal" if facts.side in ("left", "right") else "vertical"
        objects = [o for o in scene(number, 3, 96).annotation.objects if o.label == facts.label]
        found = arrangement_of(objects, 96, 96)
        if len(_lines_of(np.array(slots)[:, 0])) == 1:
            clear, named = clear + 1, named + (told(found)[0] is Pattern.ROW)
        if found is None or found.pattern not in (Pattern.ROW, Pattern.ROWS, Pattern.GRID):
            continue
        said += 1
        if found.pattern is Pattern.GRID:
            right += 2 <= found.lines == min(len(by_u), len(by_v)) and facts.count >= 6
        else:  # lines of one u run along v
            lines = by_v if found.direction == u_runs else by_u
            right += len(lines) == found.lines and min(lines) >= 3
    assert said >= 25
    assert right >= 0.97 * said
    assert named >= 0.75 * clear > 10
