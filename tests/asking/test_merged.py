"""What a merge does when the model loses its thread, and what it says of colours that no source says."""

from __future__ import annotations

import pytest

from mpgi_ray.asking.merged import merged_fault
from mpgi_ray.data.box import Box
from mpgi_ray.data.sample import Annotation, LabelClass, Object
from mpgi_ray.rules import Facts, gather
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
        ("The image is mostly grey. A car is there. The surfaces are mostly grey.", "repetition"),
        ("The image, taken from its annotation, shows woodland.", "meta"),
        ("The centre has two red parasol(s).", "format"),
        ("The quarter is covered by most of what is seen.", "format"),
        ("The harbor is an overhead image of a harbor.", "format"),
        ("The pond is a pond with a pier.", "format"),
        ("Buildings and pavement are in the air.", "format"),
        ("The image is a grey band crossing the scene.", "format"),
        ("There are four vans here are blue.", "format"),
        ("A river has a bridge with a grey bridge and a car.", "format"),
        ("A light grey area measuring 0.3 m on the ground.", "format"),
        ("The attributes show that most of it looks grey.", "meta"),
        ("The layout is mostly tan.", "meta"),
        ("The golf course shows a golf course with grass.", "format"),
        ("The golf course is a bare soil, grass and trees.", "format"),
        ("The road intersection is a road with buildings.", "format"),
        ("A diamond with bare soil, …: green and olive.", "unfinished"),
        ("The helicopter sampling distance is 1.2 m.", "format"),
    ],
)
def test_faults_of_form_are_named(text: str, code: str) -> None:
    found = merged_fault(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "text",
    [
        "There are six houses and there are two cars on the right side.",
        "This aerial image is an overhead view of a beach.",
        "Planes stand on the air base, beside a field with a brown field next to it.",
        "The layout is regular, with six houses in two vertical rows.",
        'A road (with two lanes) is covered by trees. It leads to "Pier 2."',
        "This is an overhead image of a harbor, taken from the air. The image is a top view of a pond.",
        "The image is a residential area. The scene is a grey harbor. The grey band is a road.",
        "There are four vans, and three of them are blue. A bridge with a grey pier has a car on it.",
        "The layout of the streets is regular. One pixel measures 0.3 m on the ground.",
    ],
)
def test_plain_captions_have_none(text: str) -> None:
    assert merged_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Grey-green covers half of the image, and brown parts cover about a third.",
        "The picture is mostly grey-green and brown.",
        "There is a green area on the left, with brown parts at the bottom.",
        "Half of the scene is grey-green; about a third is dark brown.",
        "Green parts lie on the left, and most of the image is grey-green.",
    ],
)
def test_colours_that_a_source_tells_have_a_source(text: str) -> None:
    assert unsourced_looks(text, SOURCES, Facts()) == []


BEACH = (
    "A grey area lies mainly in the left half. The rest of the image is mostly light grey.",
    "Grey covers about half of the image. Light grey parts cover about half of the image.",
    "A darker grey area lies in the centre. Two sheds are large in the image.",
)


@pytest.mark.parametrize(
    ("true", "false", "words"),
    [
        (
            "A grey area lies in the left half; the rest of the image is mostly light grey.",
            "The image is mostly grey. The rest of the image is mostly light grey.",
            "The rest of the image is mostly light grey",
        ),
        (
            "A grey area in the left half. The rest of the image is mostly light grey.",
            "A grey area in the left half. The rest of the image is mostly grey.",
            "The rest of the image is mostly grey",
        ),
        (
            "Light grey parts cover about half of the image.",
            "Darker grey parts cover about half of the image.",
            "Darker grey parts cover about half",
        ),
        (
            "The left half of the image is mostly grey.",
            "The right half of the image is mostly grey.",
            "mostly grey",
        ),
        (
            "A harbour area with two large sheds.",
            "A large harbour area with two sheds.",
            "large harbour",
        ),
        ("Two sheds, a grey area lies in the left half.", "Large barns.", "Large barns"),
        ("A light grey area in the rest of the image.", "The sheds are mostly grey.", "grey"),
    ],
)
def test_what_depends_on_other_words_has_its_source_with_them(true: str, false: str, words: str) -> None:
    assert unsourced_looks(true, BEACH, Facts()) == []
    assert unsourced_looks(false, BEACH, Facts()) == [words]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Most of the image is brown.", ["Most of the image is brown"]),
        ("Beige parts cover about half of the image.", ["Beige parts cover about half"]),
        ("A harbour, with a brown area on the right.", ["brown area on the right"]),
        ("Green and brown parts lie at the bottom.", ["Green and brown parts lie at the bottom"]),
        ("The view is mostly beige.", ["mostly beige"]),
        ("Docks and ships, which are grey-green, lie there.", ["grey-green"]),
        ("Most of the image is covered by brown fields.", ["brown"]),
    ],
)
def test_shares_and_places_of_colours_need_a_source(text: str, words: list[str]) -> None:
    assert unsourced_looks(text, SOURCES, Facts()) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Three cars cover most of the image, with sand.", ["most"]),
        ("Three cars and sand lie in all parts of the image.", ["all parts"]),
        ("Three cars stand beside a large area of grass.", ["large area of grass"]),
        ("Sand covers most of the image. The car is on the left.", ["The car"]),
        ("Most of the image is sand. One of the cars is red, and the car is long.", []),
    ],
)
def test_a_share_needs_its_surface_and_one_of_several_things_its_number(text: str, words: list[str]) -> None:
    sources = ["Three cars stand on sand. One of the cars is red.", "Sand covers most of the image."]
    sources += ["Grey areas lie in all parts of the image."]
    things = tuple(Object(label="car", box=Box(x, 10, x + 20, 20)) for x in (0, 30, 60))
    facts = gather(Annotation(width=100, height=100, objects=things, vocabulary={"car": LabelClass()}))
    assert unsourced_looks(text, sources, facts) == words
