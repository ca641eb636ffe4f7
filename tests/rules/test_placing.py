"""Where things of a class are said to lie, and how many: only what nobody would dispute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object
from mpgi_ray.rules import Facts, gather, placing
from mpgi_ray.rules.seen import Measured, ThingColour
from support.template_texts import annotated_texts

SIZE = 800


def facts_of(
    label: str, *middles: tuple[float, float], side: float = 40, crowd: int = 0, **kind: bool
) -> Facts:
    """Boxes of this side with these middles, in pixels; the last so many hold groups."""
    boxes = [Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2) for x, y in middles]
    first_group = len(boxes) - crowd
    objects = tuple(Object(label=label, box=box, crowd=n >= first_group) for n, box in enumerate(boxes))
    known = LabelClass(**{"exhaustive": True, "countable": True} | kind)
    return gather(Annotation(width=SIZE, height=SIZE, objects=objects, vocabulary={label: known}))


def stands(facts: Facts) -> str:
    return " ".join(placing.stand(facts, facts.classes[:1]))


def test_numbers_stand_with_places_where_all_of_them_are_clear() -> None:
    told = stands(facts_of("car", (100, 100), (100, 140), (700, 400)))
    assert told in (
        "Of the three cars, two lie in the upper left and one on the right.",
        "Of the three cars, two are in the upper left and one on the right.",
    )


def test_a_cell_beside_which_others_lie_gets_no_number() -> None:
    between = [(230, 230), (400, 420)]  # the first is neither well in a corner nor in the centre
    told = stands(facts_of("car", (80, 80), (80, 130), (720, 400), *between))
    assert "in the upper left" in told
    assert " one " not in told
    assert " two " not in told


@pytest.mark.parametrize(("side", "half"), [(40, True), (600, False)])
def test_what_reaches_far_beyond_the_middle_lies_in_no_half(side: float, half: bool) -> None:
    told = stands(facts_of("ship", (200, 120), (210, 350), (195, 480), (205, 690), side=side))
    assert ("on the left" in told or "left half" in told) == half


def test_three_in_four_lie_mostly_in_a_half_unless_a_group_may_lie_elsewhere() -> None:
    middles = [(60, 80), (230, 230), (80, 420), (200, 560), (720, 400)]
    assert "mostly in the left half" in stands(facts_of("car", *middles))
    assert "mostly" not in stands(facts_of("car", *middles, (500, 500), crowd=1))


def test_nine_cells_of_a_narrow_strip_are_no_spread() -> None:
    strip = [(x, y) for x in (255, 400, 545) for y in (190, 400, 610)]
    assert "spread" not in stands(facts_of("car", *strip))


def test_an_uncountable_class_has_places_without_numbers() -> None:
    many = [(90 + 150 * n, y) for n in range(5) for y in (90, 400, 710)]
    for text in annotated_texts(facts_of("water", *many, countable=False), "s"):
        assert " of them" not in text
        assert " of the water" not in text


def test_most_too_small_to_be_counted_are_many_and_have_no_look() -> None:
    small = [(30 + 60 * n, 300 + 12 * (n % 3)) for n in range(13)]
    objects = [Object(label="car", box=Box(x, y, x + 6, y + 6)) for x, y in small]
    objects += [Object(label="car", box=Box(x, 700, x + 60, 760)) for x in (100, 500)]
    known = {"car": LabelClass(exhaustive=True, countable=True)}
    facts = gather(Annotation(width=SIZE, height=SIZE, objects=tuple(objects), vocabulary=known))
    red = ThingColour("car", "red", shared=True, ground=None, measured=2, agreeing=2, share=0.9)
    told = " ".join(annotated_texts(replace(facts, measured=Measured(things=(red,))), "s"))
    assert "many cars" in told
    assert "red" not in told
    assert "two" not in told
