"""Size, shape and direction of the objects of a class, against what is known of how they were made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.data.sample import Object
from mpgi_ray.demo import scene, spec
from mpgi_ray.demo.scenes.canvas import UNITS, Canvas
from mpgi_ray.demo.scenes.models import MODELS
from mpgi_ray.demo.scenes.spec import kind_of
from mpgi_ray.rules.form import Form, form_of
from support.things import boxed, ellipse, oriented, outlined, square

SIDE = 256


def of(*objects: Object, gsd: float | None = None) -> Form:
    return form_of(objects, SIDE, SIDE, gsd)


@pytest.mark.parametrize(
    ("degrees", "direction"),
    [
        *((angle, "horizontal") for angle in (3, -12, 178)),
        *((angle, "vertical") for angle in (80, -95)),
        *((angle, "diagonal") for angle in (-45, 130)),
        *((angle, None) for angle in (22, -68)),
    ],
)
def test_a_long_thing_points_somewhere(degrees: float, direction: str | None) -> None:
    assert of(oriented(100, 100, 40, 20, degrees)).direction == direction
    assert of(ellipse(100, 100, 40, 12, degrees)).direction == direction


@settings(max_examples=60)
@given(st.floats(8, 80), st.floats(1.1, 6), st.floats(-90, 90), st.floats(0.25, 4))
def test_turning_swaps_the_direction_and_scale_changes_nothing(
    length: float, ratio: float, degrees: float, scale: float
) -> None:
    here, turned = (of(oriented(128, 128, length, length / ratio, degrees + t), gsd=0.5) for t in (0, 90))
    swapped = {"horizontal": "vertical", "vertical": "horizontal"}
    assert turned.direction == swapped.get(here.direction or "", here.direction)
    assert (here.size, here.shape) == (turned.size, turned.shape)
    assert here.ratio == pytest.approx(ratio)
    scaled = oriented(*(v * scale for v in (128, 128, length, length / ratio)), degrees)
    side = round(SIDE * scale)
    there = form_of([scaled], side, side, 0.5 / scale)
    assert (there.shape, there.direction) == (here.shape, here.direction)
    if here.metres and there.metres:
        assert there.metres == pytest.approx((length / 2, length / ratio / 2))


def test_nearly_all_agree_or_nothing_is_said() -> None:
    along = [oriented(30 + 20 * i, 128, 30, 10, 5 * (-1) ** i) for i in range(10)]
    assert of(*along[1:], oriented(30, 128, 30, 10, 45)).direction == "horizontal"
    assert of(*along[2:], *(oriented(30, 128, 30, 10, a) for a in (45, 45))).direction is None


def test_a_plain_box_tells_direction_only_when_extreme_and_never_metres() -> None:
    assert of(boxed(128, 128, 60, 15), gsd=1) == of(boxed(128, 128, 60, 15))
    long = of(boxed(128, 128, 60, 15))
    assert (long.shape, long.direction, long.metres) == ("elongated", "horizontal", None)
    short = of(boxed(128, 128, 60, 20))
    assert (short.shape, short.direction) == (None, None)


def test_round_is_seen_in_outlines_alone() -> None:
    assert of(ellipse(100, 100, 30, 30), ellipse(150, 90, 31, 27)).shape == "round"
    assert of(ellipse(100, 100, 30, 15)).shape is None
    assert of(oriented(100, 100, 30, 30, 0)).shape is None
    assert (
        of(outlined((90, 90), (100, 90), (110, 90), (110, 100), (110, 110), (100, 110), (90, 110))).shape
        is None
    )
    assert of(ellipse(100, 100, 30, 30), square(150, 90, 30)).shape is None


def test_what_the_border_cuts_says_nothing_of_form() -> None:
    cut = boxed(30, 128, 60, 15)  # it ends where the picture ends
    assert (of(cut).shape, of(cut).size) == (None, None)
    assert of(boxed(128, 128, 60, 15, visible=0.8)).shape is None
    ends = [oriented(128, 40 * i, 40, 10, 0) for i in range(1, 6)]
    assert of(*ends, oriented(19, 128, 40, 10, 0), gsd=0.5).metres == pytest.approx((20, 5))


def test_metres_are_those_of_the_usual_object_or_of_none() -> None:
    cars = [oriented(60, 20 * i, 22 + i % 3, 9, 3 * i) for i in range(2, 11)]
    assert of(*cars, gsd=0.2).metres == pytest.approx((4.6, 1.8))
    assert of(*cars).metres is None
    assert of(*cars, *(oriented(150, 20 * i, 60, 14, 0) for i in range(2, 8)), gsd=0.2).metres is None


def test_small_and_large_leave_a_wide_gap() -> None:
    assert of(square(100, 100, 10), square(50, 100, 12)).size == "small"
    assert of(square(100, 100, 10), square(50, 100, 25)).size is None
    assert of(oriented(100, 100, 70, 70, 20)).size == "large"
    assert of(square(100, 100, 55)).size is None  # of which the box holds more than the thing
    assert of(boxed(128, 128, 250, 20)).size is None  # a band is long, not large
    assert of(oriented(128, 128, 150, 1.2, 30)).size is None


def test_forms_of_generated_scenes_are_those_of_their_models() -> None:
    said = right = could = 0
    for number in range(100):
        facts = spec(number, 4)
        kind, rng = kind_of(facts), np.random.default_rng((4, facts.background))
        slots = kind.layout(Canvas(64, kind.gsd, facts.side, rng), rng)
        angles = {slots[i][2] % 180 for i in rng.permutation(len(slots))[: facts.count]}
        length, width = np.ptp(np.concatenate(MODELS[facts.label].outline), axis=0)
        annotation = scene(number, 4, 96).annotation
        objects = [o for o in annotation.objects if o.label == facts.label]
        form = form_of(objects, 96, 96, annotation.gsd)
        direction = None
        if length / width > 1.6 and angles <= {0, 90} and len(angles) == 1:
            flat = (facts.side in ("left", "right")) == (angles == {0})
            direction = "horizontal" if flat else "vertical"
        share = length * width / (kind.gsd * UNITS) ** 2
        claims = [
            (form.shape, "elongated" if length / width > 2.9 else None),
            (form.size, "small" if share < 1 / 280 else "large" if share > 1 / 26 else None),
        ]
        if facts.label != "rowing boat":  # these lie as they like
            claims.append((form.direction, direction))
            could += direction is not None
        if form.metres is not None:
            claims.append((form.metres == pytest.approx((length, width), abs=0.5), True))
        said += sum(claim is not None for claim, _ in claims)
        right += sum(claim == truth for claim, truth in claims if claim is not None)
    assert said >= 150
    assert right >= 0.97 * said
    assert could >= 50
