"""Claims of free prose against what is annotated: what must be found, and what must pass."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Annotation
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.truth.claim import About
from mpgi_ray.truth.claims import claims
from mpgi_ray.truth.lists import names_of
from mpgi_ray.truth.verdict import Verdict, check, verdict_of
from support.template_texts import six_texts

SETS = Path(__file__).parents[2] / "benchmarks/truth"


@cache
def of_scene(number: int, seed: int) -> Facts:
    sample = scene(number, seed)
    return replace(
        gather(sample.annotation), measured=measure(decode(sample.image).pixels, sample.annotation)
    )


@pytest.fixture(scope="module")
def lot() -> Facts:
    """Nine cars, five at the edges and four in the centre; other vehicles and houses are all known."""
    exhaustive = {"exhaustive": True}
    names = ("car", "truck", "helicopter", "house", "airplane")
    places = [(5, 5), (50, 5), (90, 5), (5, 90), (90, 90), (40, 40), (55, 40), (40, 55), (55, 55)]
    objects = [{"label": "car", "box": (x, y, x + 8, y + 5)} for x, y in places]
    grass = {"fraction": 0.2, "cells": (0.2,) * 9, "patches": 1}
    note = {
        "width": 100,
        "height": 100,
        "scene": ["parkinglot"],
        "objects": objects,
        "cover": {"grass": grass, "pavement": grass | {"fraction": 0.8, "cells": (0.8,) * 9}},
        "vocabulary": dict.fromkeys(names, exhaustive) | {"grass": {}, "pavement": {}},
    }
    return gather(Annotation.model_validate(note))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A parking lot with nine trucks, four helicopters and several houses at the top.", "nine trucks"),
        ("A parking lot with no cars; grass covers most of the image.", "no cars"),
        ("Grass covers most of the image.", "most"),
        ("More than nine cars are in the lot.", "More than nine cars"),
        ("There are ten cars.", "ten cars"),
        ("Nine cars are in the centre.", "Nine cars"),
        ("Nine cars are parked, six of them in the centre.", "six"),
        ("An aerial view of eight vehicles on pavement.", "eight vehicles"),
        ("Neither cars nor trucks are visible.", "Neither cars"),
        ("The cars are entirely lacking.", "cars"),
        ("There are fewer than nine cars here.", "fewer than nine cars"),
        ("The lot is mostly covered by grass.", "mostly"),
        ("The image shows many cars (12).", "many cars"),
        ("The centre of the image holds two cars, and its edges hold many cars (7).", "many cars"),
        ("At most eight cars are here. Three cars lie at the top.", "At most eight cars"),
        ("Pavement covers most of the image and grass two thirds.", "two thirds"),
        ("Pavement and grass each cover about half of the image.", "about half"),
        ("The image is dominated by grass.", "dominated by"),
        ("Grass is by far the largest surface.", "by far the largest surface"),
        ("Grass covers the largest share of the picture.", "covers the largest share"),
        ("Pavement makes up a mere quarter of the view.", "a mere quarter"),
        ("Pavement, which carries nine cars, takes up two fifths of the picture.", "two fifths"),
        ("There are six cars in total on the lot beside the road.", "six cars"),
        ("No more than six cars are here, each of them parked.", "No more than six cars"),
        ("Nine cars are here. Eleven of them, all parked.", "Eleven"),
        ("A wooden house stands beside the lot.", "A wooden house"),
        ("An airplane taxis along the lot.", "An airplane"),
        ("It is a quiet lot without any cars.", "without any cars"),
        ("There is no pavement at the top.", "no pavement"),
        ("The cars, seven in number, are parked on pavement.", "cars"),
        ("Cars: 11. Trucks: none.", "Cars"),
        ("The cars, eight of them, are parked on pavement.", "cars"),
        ("Seven cars are parked here and a road leads to the top.", "Seven cars"),
        ("Seven cars are parked here, a yellow one pointing to the top.", "Seven cars"),
        ("No more than six cars are parked on the lot.", "No more than six cars"),
        ("On the entire site there are six cars.", "six cars"),
        ("The only car is parked in the centre.", "car"),
        ("Five or six cars are parked here.", "Five or six cars"),
        ("The image does not contain any cars.", "not contain any cars"),
        ("A lot with cars; grass, well over half of the frame, in the south.", "well over half"),
        ("Grass is marginal, a mere two percent of the ground.", "two percent"),
        ("Grass, crossed by paths, covers most of the image.", "most"),
        ("Grass is green and takes up half of the image.", "half"),
        ("Land cover: grass (60 %).", "60 %"),
        ("Just over a third of the image is pavement.", "Just over a third"),
        ("The whole picture is grass.", "The whole"),
        ("Less than half of the image is paved.", "Less than half"),
        ("There is more grass than pavement.", "grass than pavement"),
        ("The pavement is the main surface for cars, and grass dominates.", "dominates"),
        ("Seven cars at the most are parked here.", "Seven cars"),
        ("The number of cars does not exceed eight.", "cars"),
        ("Nine cars cover most of the picture.", "most"),
        ("Cars cannot be seen.", "Cars"),
        ("Pavement accounts for 80 % of the picture, grass for 60 %.", "60 %"),
        ("The grass is larger than the pavement.", "grass is larger than the pavement"),
        ("Nine cars, small and parked, each covering about a third of the image.", "about a third"),
        ("Nine cars are parked in rows and on the left, covering most of the image.", "most"),
        ("Nine cars on a lot with pavement and grass a small part each.", "a small part"),
        ("Pavement and grass, each a small part of the image.", "a small part"),
        ("The image has one car.", "one car"),
        ("This image shows grass and one car.", "one car"),
    ],
)
def test_false_claims_are_found(lot: Facts, text: str, words: str) -> None:
    found = [text[j.claim.start : j.claim.end] for j in check(text, lot) if j.verdict is Verdict.CONTRADICTED]
    assert words in found


@pytest.mark.parametrize(
    ("false", "true"),
    [
        ("Nine cars were counted, all in the upper left corner.", "Nine cars were counted, all on pavement."),
        ("Grass exceeds pavement in area.", "Pavement exceeds grass in area."),
        ("No cars stand anywhere in the picture.", "No trucks stand anywhere in the picture."),
        ("On the day of the survey no car is in view.", "On the day of the survey no truck is in view."),
        ("Count the cars: there are at most eight.", "Count the cars: there are at most nine."),
        ("Cars, seven; trucks, none.", "Cars, nine; trucks, none."),
        ("Cars 7, parked.", "Cars 9, parked."),
        ("Just three or four cars are here.", "Just eight or nine cars are here."),
        ("Grass is only about two thirds of the picture.", "Grass is only about a fifth of the picture."),
        (
            "Pavement takes up most of the picture and grass over half of it.",
            "Pavement takes up most of the picture and grass a fifth of it.",
        ),
        (
            "The upper left corner of the picture is free of cars.",
            "The upper left corner of the picture is free of trucks.",
        ),
        ("Trucks, not cars, are parked here.", "Cars, not trucks, are parked here."),
        ("A helicopter stands beside nine cars.", "Hello from the helicopter, where I see nine cars."),
        ("Cars: only in the upper left.", "Cars: in the upper left."),
        ("No cars stand on the lot.", "No cars stand on the bridge."),
    ],
)
def test_a_false_sentence_is_found_and_its_true_neighbour_passes(lot: Facts, false: str, true: str) -> None:
    assert verdict_of(check(false, lot)) is Verdict.CONTRADICTED
    assert verdict_of(check(true, lot)) is not Verdict.CONTRADICTED


def test_a_second_verb_speaks_of_the_first_thing(lot: Facts) -> None:
    text = "The grass meets the pavement in a white line and fills the lower half of the scene."
    assert [j.claim.name for j in check(text, lot) if j.claim.about is About.POSITION] == ["grass"]


def test_things_stand_in_a_row(lot: Facts) -> None:
    told = [j.claim for j in check("Four cars stand in one horizontal row.", lot)]
    assert [one.word for one in told if one.about is About.ARRANGEMENT] == ["horizontal row"]


@pytest.fixture(scope="module")
def street() -> Facts:
    """Two houses and a pond west of a road, a shed and a row of three tanks east of it."""
    places = {"house": [(5, 60), (25, 60)], "shed": [(80, 10)], "tank": [(60, 70), (72, 70), (84, 70)]}
    objects = [
        {"label": name, "box": (x, y, x + 8, y + 6)} for name, corners in places.items() for x, y in corners
    ]
    cover = {
        "road": {"fraction": 0.1, "cells": (0, 0.3, 0) * 3, "patches": 1, "regions": [(45, 0, 55, 100)]},
        "water": {"fraction": 0.02, "cells": (0.2, *8 * (0,)), "patches": 1, "regions": [(5, 5, 25, 20)]},
        "grass": {"fraction": 0.88, "cells": (0.8, 0.7, 1) + (1, 0.7, 1) * 2, "patches": 2},
    }
    vocabulary: dict[str, dict[str, bool]] = {name: {"exhaustive": True} for name in places}
    vocabulary |= {name: {"exhaustive": True, "countable": False} for name in cover}
    note = {"width": 100, "height": 100, "objects": objects, "cover": cover, "vocabulary": vocabulary}
    return gather(Annotation.model_validate(note))


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("The pond is west of the road.", "The pond is east of the road."),
        (
            "Both houses are on the left side of the road.",
            "Both houses are on the right-hand side of the road.",
        ),
        ("Two houses stand to the left of the tanks.", "The two tanks lie west of the houses."),
        ("A road runs between the houses and the tanks.", "A shed stands between the houses and the tanks."),
        ("The houses stand on grass, and they are west of the shed.", "The tanks lie in the water."),
        ("The tanks are lined up in a single row.", "The tanks are arranged in a ring."),
        (
            "The tanks are in the lower right part of the picture.",
            "The tanks are in the upper left part of the picture.",
        ),
        ("The left half is free of tanks.", "The entire lower right quarter is empty of tanks."),
        ("Shed, upper right corner.", "Shed, lower left corner."),
        (
            "Two houses stand beyond the road, in the lower left.",
            "A shed stands beside the crane, in the lower left.",
        ),
        ("The village houses lie in the lower left.", "The village houses lie in the upper right."),
        ("In the yard at the upper right stands a shed.", "In the yard at the lower left stands a shed."),
        (
            "Of the two houses, one is in the lower left and the other is on the left.",
            "Of the two houses, one is in the lower left and the other is on the right.",
        ),
        ("West of the road lie two houses.", "To the left of the road, there is a shed."),
        ("The two houses stand side by side.", "The two sheds are next to each other, near the road."),
        ("No cars or parked trucks are visible.", "No cars or standing sheds."),
        ("A house stands at the left end of the street.", "The shed stands at the left end of the street."),
        (
            "Both houses are west of the road and a pond lies in the upper left.",
            "Both houses are east of the road and a pond lies in the upper left.",
        ),
        ("The houses and the pond lie west of the road.", "The tanks and the shed lie west of the road."),
        (
            "Two houses stand on the grass left of the road.",
            "Three tanks stand on the grass left of the road.",
        ),
        ("Directly below the shed are three tanks.", "Directly above the shed are three tanks."),
        ("Between the houses and the tanks runs a road.", "Between the houses and the road stands a shed."),
        (
            "The houses are in the lower left of the picture.",
            "The tanks are in the lower left of the picture.",
        ),
        (
            "Most of the tanks are on the right, as is a shed.",
            "Most of the houses are on the right, as is a shed.",
        ),
        (
            "The largest body of water lies in the upper left.",
            "The largest body of water lies in the lower right.",
        ),
        (
            "The area with the tanks lies at the lower right.",
            "The area with the tanks lies at the upper left.",
        ),
        (
            "The grass is enlivened by tanks set up in the lower half.",
            "The grass is enlivened by tanks set up in the upper half.",
        ),
        ("A shed in the northeast.", "A shed in the southwest."),
        ("Lower left: two houses.", "Upper right: two houses."),
        (
            "To the left of the road you can see two houses.",
            "A road. To the right of it, you can see two houses.",
        ),
        ("A road, and left of it two houses.", "A road, and right of it two houses."),
        ("Of the three tanks, two are right of the road.", "Of the three tanks, two are left of the road."),
        ("A road with three tanks on its right.", "A road with three tanks to its west."),
        ("The shed lies farther right than the road.", "The shed lies further west than the road."),
        (
            "A shed on the grass, a little to the right of the road.",
            "A shed on the grass, well left of the road.",
        ),
        (
            "The road lies between the pond and the right edge.",
            "A shed lies between the road and the left edge.",
        ),
        ("Three tanks stand in the gap between the road and the right edge.", "A shed between the tanks."),
        ("A road with the pond to the west.", "A road with the pond to the east."),
        ("Tanks to the south, a shed above.", "Tanks to the north, a shed below."),
        ("Tucked away in the upper right, a shed.", "Tucked away in the lower left, a shed."),
        (
            "The shed is closer to the top than to the bottom.",
            "The shed is nearer to the bottom than to the top.",
        ),
        ("Tanks low in the picture.", "A pond low in the picture."),
        ("Two houses stand next to each other.", "A shed stands next to the pond."),
        ("A house stands along the road.", "The shed stands at the water's edge."),
        ("The tanks are in a horizontal row.", "The tanks are stacked one above the other."),
        ("Tanks, at most three of them, by a road.", "Tanks, but no more than two of them, by a road."),
        ("Water, a small pond, takes up a fiftieth.", "Grass is a minor element, making up a tenth."),
        (
            "The pond is closer to the road than to the shed.",
            "The pond is nearer the tanks than the road.",
        ),
        ("From left to right: houses, a road, tanks.", "From left to right, you see tanks and houses."),
        ("The shed is to the north-east of the houses.", "The shed is to the south-west of the houses."),
        ("A road flanked by houses on the left.", "A road flanked by tanks on the left and a wall."),
        ("Only the upper right has sheds.", "Only the lower right has houses."),
        ("None of the tanks is in the upper half.", "Not one of the tanks is in the lower half."),
        ("At the top, on the right, a shed.", "At the bottom, on the left, a shed."),
        ("The pond fills the upper left corner.", "Water fills the lower right corner."),
        (
            "A road runs here, but the entire upper left is free of tanks.",
            "A road runs here, but the entire lower right is free of tanks.",
        ),
        (
            "Two tanks stand in the centre and one near the edges.",
            "Two tanks stand in the centre and three near the edges.",
        ),
        (
            "The centre of the image holds two tanks, and its edges hold one tank.",
            "The centre of the image holds two tanks, and its edges hold three tanks.",
        ),
        (
            "Two tanks stand in the centre, one of them reaching to the edges, and one near the edges.",
            "Two tanks stand in the centre and, lower down, two near the edges.",
        ),
        ("Let us count the tanks: one, two, three!", "Let us count the tanks: one, two, three … six!"),
        (
            "The road runs between the pond on the left and the tanks on the right.",
            "The tanks stand between the pond on the left and the road on the right.",
        ),
        ("The road is free of sheds and tanks.", "The scene is free of cars and tanks."),
        ("Of the tanks, none is next to the pond.", "Three tanks stand here, all of them next to the pond."),
        ("The left half contains grass but no tanks.", "The right half contains grass but no tanks."),
        (
            "There are at most three tanks here, beside a road, and a pond in the upper left.",
            "There is at most one tank here, beside a road, and a pond in the upper left.",
        ),
        ("Exactly three tanks are out on this site.", "Only two tanks are out on this site."),
        (
            "Grass is the leading cover at about nine tenths of the scene.",
            "Grass survives as a fringe amounting to less than a tenth of the image.",
        ),
        ("Water fills much of the northwest.", "Water fills much of the picture."),
        (
            "Count the tanks: there are three of them in all.",
            "Count the tanks: there are five of them in all.",
        ),
        ("Tanks beside a road: three of them.", "Tanks beside a road: two of them."),
        (
            "Houses stand here, but none can be found in the right half.",
            "Tanks stand here, but none can be found in the right half.",
        ),
        (
            "Two houses stand on the grass, both of them to the left of the road.",
            "Three tanks stand on the grass, all of them to the left of the road.",
        ),
        ("Both houses are seen to the left of the road.", "Both houses are seen to the right of the road."),
        (
            "The grass around the pond makes up most of the view.",
            "The pond beside the grass makes up half of the view.",
        ),
        (
            "A depot with fewer than four tanks, two houses on the left and a road.",
            "A depot with fewer than three tanks, two houses on the left and a road.",
        ),
    ],
)
def test_how_things_lie(street: Facts, true: str, false: str) -> None:
    assert verdict_of(check(true, street)) is not Verdict.CONTRADICTED
    assert verdict_of(check(false, street)) is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    "text",
    [
        "Trucks may be parked on a quay north of the road, one above the pond.",
        "There are two houses, one standing in the lower left, the other one not far from it.",
        "The two houses are side by side with cranes; the former are on the left, the latter on the right.",
        "The houses have nothing to do with the tanks on the right.",
        "The houses are larger than what lies at the top, where the shed is.",
        "A road separates the houses from the tanks on the right.",
        "Each house is longer than the tanks on the right, and one has a round hatch on the right.",
        "The shed is north of the houses on the left; a crane and a green strip on the left are new.",
        "The shed is as wide as one of the houses and lies at the top.",
        "The tank is next to a wall; it is at the top.",
        "A path with two tanks and houses beside it leads from the road to the right.",
        "Of the two houses, one stands west of the other; the shed is at the top.",
        "The grass along the road, with a shed on the right, is mown.",
        "A fence runs between the road and the houses, and a crane stands south of the pond.",
        "A tank and the road lie beside houses left of the trees.",
        "Three tanks on the right, two in the upper row, one in the lower.",
        "The houses are not to the right of the road, and they never lie east of it.",
        "The tanks do not stand in the water, nor do the houses lie between the road and the tanks.",
        "Not all of the tanks are on the left of the road, and no tank stands west of the road.",
        "Two tanks stand beside the third one, and the entire scene is calm.",
        "The road takes a quarter turn beyond the picture.",
        "One house stands on the grass in the middle of a forest.",
        "The shed isn't left of the road, and it is far from being below the tanks.",
        "The biggest surprise is the pond in the upper left; the main part of the grass lies on the right.",
        "The tanks are concentrated in the lower right, and some further up.",
        "No more than one tank stands on the yard next to the road.",
        "The road, half of which lies in the shade, is a tenth of the image; most of the view is grass.",
        "There are more trees than one would expect, and more tanks than houses.",
        "Two houses, and with wide taxi roads in the upper right.",
        "The road leads on over a single shed.",
        "Three tanks can be seen, none of them left of the road; on the grass no shed stands in the pond.",
        "The tanks have ladders, six of them in all; not many houses here, a pond hides half of the shed.",
        "There is a lane with no tanks on it, and no house stands on the road; rows of tanks: two.",
        "At the top on the left there is a pond, but no houses; the lower left is free of tanks and sheds.",
    ],
)
def test_what_lies_otherwise_passes(street: Facts, text: str) -> None:
    assert [j for j in check(text, street) if j.verdict is Verdict.CONTRADICTED] == []


@pytest.mark.parametrize(
    "text",
    [
        "Nine cars are parked on a paved lot.",
        "There are five cars near the edges and four cars in the centre.",
        "At least six cars stand here, two of them beside the road.",
        "No trucks, helicopters or houses are visible.",
        "Several cars and a fire engine wait in the upper left corner.",
        "About four fifths of the image is pavement.",
        "A two-lane road leads to the lot, and houses are missing altogether.",
        "More than five cars can be seen; one car is on each of the two sides.",
        "It must be a quiet morning for the shops nearby.",
        "The cars stand at the top, in the centre and on the left, among other places.",
        "Five cars stand mostly in the left half.",
        "The cars are spread over most of the image.",
        "The centre of the image holds four cars and its edges hold at least five cars.",
        "Pavement covers most of the image; grass and road surface a small part each.",
        "Nine cars stand here; a third one on the left is large.",
        "The lot, free of trucks, has room for helicopters, but there is not a single one.",
        "The cars stand in rows like trucks at a depot.",
        "On the grass there are no cars, and no family cars either.",
        "None of the cars is a truck, and none of them is red.",
        "The road is free of cars.",
        "Two delivery cars and a couple of others, each on a bay of its own.",
        "Most bays are empty, and grass covers a good fifth.",
        "Hundreds of trucks could park here; if there were helicopters, they would be seen.",
        "The lot holds no trucks, and pavement covers most of it; between eight and ten cars are parked.",
        "In the upper half there is no truck, mostly pavement, and a road leads to the right.",
        "Can you spot the bays? They are in the centre. Grass lies around, and it's mainly green.",
        "Five cars or more are parked, and no car stands alone.",
        "Nine cars fill the lot, at least eight of them on pavement, and a car or two stand apart.",
        "Pavement covers four fifths, and no second house, be it a hut or a helicopter, is there.",
        "A parking lot with nine cars, covering most of the image.",
        "Nine cars on an expanse of paving, small and parked, covering most of the image.",
        "Nine cars stand in the open on pavement, which is flat, covering most of the image.",
        "Nine cars and grass a fifth of the image.",
        "The image has one car in the centre.",
        "The image shows one car. Another car lies in the upper left.",
        "The image shows one car beside the trees.",
    ],
)
def test_true_and_open_claims_pass(lot: Facts, text: str) -> None:
    assert [j for j in check(text, lot) if j.verdict is Verdict.CONTRADICTED] == []


def test_a_container_yard_is_a_terminal() -> None:
    note = {"width": 9, "height": 9, "vocabulary": {"terminal": {"exhaustive": True}}}
    for scene_name, verdict in (
        ("containeryard", Verdict.SUPPORTED),
        ("parkinglot", Verdict.CONTRADICTED),
    ):
        facts = gather(Annotation.model_validate(note | {"scene": [scene_name]}))
        assert verdict_of(check("An empty terminal.", facts)) is verdict


def test_a_surface_that_the_source_marks_nowhere_is_absent_whatever_else_is_called_so() -> None:
    cover = {"road surface": {"fraction": 0.1, "cells": (0.1,) * 9, "patches": 1}}
    vocabulary = {name: {"countable": False, "exhaustive": True} for name in ("road surface", "pavement")}
    facts = gather(
        Annotation.model_validate({"width": 9, "height": 9, "cover": cover, "vocabulary": vocabulary})
    )
    assert verdict_of(check("No, there is no pavement.", facts)) is Verdict.SUPPORTED
    assert verdict_of(check("There is no road surface.", facts)) is Verdict.CONTRADICTED


def test_where_people_live_there_are_houses() -> None:
    cover = {"urban residential area": {"fraction": 0.4, "cells": (0.4,) * 9, "patches": 1}}
    note = {"width": 9, "height": 9, "cover": cover, "vocabulary": {}}
    facts = gather(Annotation.model_validate(note))
    assert verdict_of(check("No homes stand here.", facts)) is Verdict.CONTRADICTED
    assert verdict_of(check("No ponds lie here.", facts)) is Verdict.UNVERIFIABLE


def test_most_buildings_are_houses_where_a_source_knows_buildings_alone() -> None:
    boxes = [{"label": "building", "box": (x, 5, x + 9, 14)} for x in range(0, 90, 12)]
    facts = gather(Annotation.model_validate({"width": 100, "height": 100, "objects": boxes}))
    assert verdict_of(check("Not more than three houses are seen.", facts)) is Verdict.CONTRADICTED
    assert verdict_of(check("Three houses are seen.", facts)) is Verdict.UNVERIFIABLE
    assert verdict_of(check("Not more than six houses are seen.", facts)) is Verdict.UNVERIFIABLE
    assert verdict_of(check("Every house stands at the bottom.", facts)) is Verdict.CONTRADICTED


def test_labels_without_boxes_are_no_number() -> None:
    exhaustive = {name: {"exhaustive": True} for name in ("building", "car", "tree", "airplane")}
    note = {"width": 9, "height": 9, "scene": ["airplane"], "labels": ["building", "car"]}
    facts = gather(Annotation.model_validate(note | {"vocabulary": exhaustive}))
    for text in ("Many cars.", "Two houses and a villa.", "There are no houses.", "Two aircraft."):
        assert verdict_of(check(text, facts)) is not Verdict.CONTRADICTED, text
    assert Verdict.SUPPORTED not in {one.verdict for one in check("There are no houses.", facts)}
    assert verdict_of(check("A car beside trees.", facts)) is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("twenty-five cars", (25, 25)),
        ("at least nine parked cars", (9, None)),
        ("more than 12 white cars", (13, None)),
        ("no fewer than three cars", (3, None)),
        ("fewer than six cars", (0, 5)),
        ("half a dozen cars", (6, 6)),
        ("1,200 cars", (1200, 1200)),
        ("a pair of old cars", (2, 2)),
        ("several cars", (3, None)),
        ("eight to ten cars", (8, 10)),
        ("between 8 and 10 cars", (8, 10)),
    ],
)
def test_numbers_belong_to_their_nouns(words: str, amount: tuple[float, float | None]) -> None:
    found = claims(f"There are {words} and two trucks.", names_of(["car", "truck"]))
    counted = {claim.name: claim.amount for claim in found if claim.about is About.COUNT}
    assert counted == {"car": amount, "truck": (2, 2)}


def test_names_that_meet_are_the_same_in_every_process() -> None:
    met = ["road", "roads", "Car", "car", "small vehicle", "vehicles"]
    assert names_of(met) == names_of(met[::-1])


def test_what_the_rules_write_is_never_contradicted() -> None:
    seen: Counter[Verdict] = Counter()
    for number in range(24):
        sample, facts = scene(number, 11), of_scene(number, 11)
        for text in six_texts(sample.annotation, decode(sample.image).pixels, sample.sample_id).values():
            judged = check(text, facts)
            assert verdict_of(judged) is not Verdict.CONTRADICTED, (text, judged)
            seen.update(one.verdict for one in judged)
    assert seen[Verdict.SUPPORTED] > 10 * 24  # it is read


@pytest.mark.parametrize("name", ["a", "b"])
def test_free_prose_about_scenes(name: str) -> None:
    """A floor below the figures of benchmarks/truth.py, on the scenes of its sets."""
    found, true = Counter[bool](), Counter[bool]()
    for line in (SETS / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        kind, _, rest = row["id"].partition("/")
        if kind != "scene" or int(rest.partition("/")[2]) >= 40:
            continue
        seed, number = map(int, rest.split("/"))
        contradicted = verdict_of(check(row["text"], of_scene(number, seed))) is Verdict.CONTRADICTED
        if row["true"]:
            true[contradicted] += 1
        elif row["decidable"]:
            found[contradicted] += 1
    assert found.total() > 70
    assert found[True] / found.total() >= 0.85
    assert true[True] / true.total() <= 0.02


WORDS = [
    *(
        "a",
        "the",
        "no",
        "not",
        "without",
        "single",
        "two",
        "three",
        "several",
        "many",
        "none",
        "0",
        "12",
        "%",
        "per",
        "cent",
    ),
    *(
        "at",
        "least",
        "more",
        "than",
        "about",
        "half",
        "most",
        "of",
        "cover",
        "covers",
        "between",
        "is",
        "are",
        "there",
    ),
    *(
        "car",
        "cars",
        "truck",
        "bridge",
        "road",
        "yard",
        "island",
        "red",
        "white",
        "dark",
        "row",
        "it",
        "them",
        "one",
        "all",
    ),
    *(
        "in",
        "on",
        "to",
        "left",
        "right",
        "upper",
        "lower",
        "top",
        "bottom",
        "corner",
        "centre",
        "its",
        "edge",
        "north",
    ),
    *("and", "or", "but", "while", ",", ".", ";", ":", "?"),
]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=80))
@example("0 per")
def test_whatever_is_said_is_judged(text: str) -> None:
    for one in check(text, of_scene(0, 77)):
        assert 0 <= one.claim.start < one.claim.end <= len(text)
