"""What is said of the colours of a picture: as much as a person would see, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from mpgi_ray.rules import colouring, regions
from mpgi_ray.rules.seen import Measured, Region


def region(colour: str, share: float, **kept: Any) -> Region:
    plain = {
        "form": "area", "place": None, "direction": None, "tendency": None,
        "purity": 0.9, "inside": 0.0, "elsewhere": 0.0,
    }  # fmt: skip
    return Region(colour=colour, share=share, **(plain | kept))


def every_text(measured: Measured) -> list[str]:
    texts = [colouring.shares(measured, "the image"), colouring.overview(measured)]
    texts += [colouring.laid_out(measured, "s"), regions.found(measured)]
    return [" ".join(text) for text in texts] + [
        " ".join(colouring.looks(measured, seed)) for seed in "abcdef"
    ]


def told(seen: tuple[Region, ...]) -> str:
    return " ".join(colouring.shares(Measured(regions=seen), "the image"))


def test_darker_is_said_only_beside_what_is_lighter() -> None:
    seen = (
        region("green", 0.5, place="left half"),
        region("darker green", 0.3, place="upper right"),
        region("grey", 0.2),
    )
    for text in every_text(Measured(regions=seen)):
        before, darker, _ = text.partition("darker green")
        assert not darker or "green" in before.lower(), text
    assert told(seen) == "Most of the image is green, and about a quarter is grey."


@pytest.mark.parametrize("doubt", [{"purity": 0.55}, {"elsewhere": 0.2}])
def test_no_share_is_told_of_what_has_no_clear_border(doubt: dict[str, float]) -> None:
    shown = (("grey", 0.5), ("blue", 0.3))
    regions_ = (region("grey", 0.5, **doubt), region("blue", 0.3))
    told = colouring.shares(Measured(regions=regions_, colours=shown), "the image")
    assert told == ["The image is mostly grey and blue."]
    clear = colouring.shares(Measured(regions=(region("grey", 0.5), region("blue", 0.3))), "the image")
    assert clear == ["About half of the image is grey, and about a third is blue."]


def test_the_main_colours_are_those_of_the_whole_picture_not_of_its_largest_regions() -> None:
    few = (region("brown", 0.2), region("grey", 0.1))
    shown = (("green", 0.3), ("brown", 0.24), ("orange", 0.2), ("grey", 0.12), ("red", 0.02))
    (told,) = colouring.shares(Measured(regions=few, colours=shown), "the image")
    assert told == "The image is mostly green, brown and orange, with some grey."
    mixed = (("green", 0.16), ("brown", 0.15), ("tan", 0.06))
    (told,) = colouring.shares(Measured(regions=few, colours=mixed), "the image")
    assert told == "The main colours of the image are green and brown, with some tan."


def test_where_most_of_a_colour_lies_is_told_in_place_of_its_share() -> None:
    seen = (region("grey", 0.6), region("green", 0.3, tendency="top half", form="patches"))
    assert colouring.laid_out(Measured(regions=seen), "s") == [
        "Green areas lie mainly in the top half.",
        "The rest of the image is mostly grey.",
    ]
    mixed = tuple(region(name, 0.4, tendency="everywhere", form="patches") for name in ("grey", "green"))
    (said,) = colouring.laid_out(Measured(regions=mixed), "s")
    assert said == "Grey and green each make up about a third of the area."


def test_a_picture_without_a_region_has_no_sentence_on_shares() -> None:
    assert colouring.shares(Measured(colours=(("red", 0.5), ("black", 0.4))), "the image") == []
