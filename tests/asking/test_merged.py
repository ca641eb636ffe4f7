"""What a merge does when the model loses its thread, and what it says of colours that no source says."""

from __future__ import annotations

import pytest

from mpgi_ray.asking.merged import merged_fault
from mpgi_ray.rules import Facts
from mpgi_ray.truth.sourced import unsourced_looks

SOURCES = (
    "About half of the picture is grey-green and about a third brown, with a little beige.",
    "A dark green area lies in the left half. Brown parts are at the bottom.",
    "The image is mostly grey-green, brown and green.",
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Residential area with three cars, two brown houses,", "unfinished"),
        ("A pond lies there. A car stands on the road. A pond lies there.", "repetition"),
        ("Dark green parts cover a third third of the image.", "repetition"),
        ("The image, taken from its annotation, shows woodland.", "meta"),
        ("The centre has two red parasol(s).", "format"),
        ("The quarter is covered by most of what is seen.", "format"),
    ],
)
def test_faults_of_form_are_named(text: str, code: str) -> None:
    found = merged_fault(text)
    assert found is not None
    assert found.code == code


def test_plain_captions_have_none() -> None:
    assert merged_fault('A road (with two lanes) is covered by trees. It leads to "Pier 2."') is None


@pytest.mark.parametrize(
    "text",
    [
        "Grey-green covers half of the image, and brown parts cover about a third.",
        "The picture is mostly grey-green and brown.",
        "There is a green area on the left, with brown parts at the bottom.",
        "Half of the scene is grey-green; about a third is dark brown.",
        "Most of the image is covered by green fields.",  # of a thing, not of the picture
    ],
)
def test_colours_that_a_source_tells_have_a_source(text: str) -> None:
    assert unsourced_looks(text, SOURCES, Facts()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Most of the image is brown.", ["Most of the image is brown"]),
        ("Beige parts cover about half of the image.", ["Beige parts cover about half"]),
        ("A harbour, with a brown area on the right.", ["brown area on the right"]),
        ("Green and brown parts lie at the bottom.", ["Green and brown parts lie at the bottom"]),
        ("The view is mostly beige.", ["mostly beige"]),
    ],
)
def test_shares_and_places_of_colours_need_a_source(text: str, words: list[str]) -> None:
    assert unsourced_looks(text, SOURCES, Facts()) == words
