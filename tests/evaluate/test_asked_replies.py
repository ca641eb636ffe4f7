"""How replies are read and marked: letters, words, numbers, places and boxes, however a model writes them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mpgi_ray.data.box import Box
from mpgi_ray.data.instructions import Turn
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.evaluate.asked.box import BoxScale, scale_of
from mpgi_ray.evaluate.asked.choice import choice_of
from mpgi_ray.evaluate.asked.marking import mark
from mpgi_ray.evaluate.asked.words import number_of, place_of, share_of, yes_or_no

CHOICES = ("car", "bus", "railway car", "house")
LETTERS = "ABCD"
SHARES = BoxScale(1, 1, "in shares of the width and the height")
THOUSANDTHS = BoxScale(1000, 1000, "in thousandths of the width and the height")


@pytest.mark.parametrize(
    "form",
    [
        *("{0}", "{1}", "({0})", "({1})", "{0}.", "{0})", "{0}: {2}", "{0}. {2}", "**{0}.** {2}", "[{0}]"),
        *("The answer is {0}", "The answer is ({0}).", "Answer: {0}", "answer: {1}", "Option {0}"),
        *("I think {0} is right.", "{2}", "{2}.", "It is the {2}.", "The picture shows a {2}.", "<b>{0}</b>"),
        *("{0}. It shows a {2}, and neither a house nor a car.", "<think>A or B? C!</think>\n{0}"),
        *("The correct answer is {0}: {2}", "\\boxed{{{0}}}", "`{0}`", "The right choice is {0}."),
    ],
)
def test_a_choice_is_read_however_it_is_named(form: str) -> None:
    for place, (letter, choice) in enumerate(zip(LETTERS, CHOICES, strict=True)):
        assert choice_of(form.format(letter, letter.lower(), choice), CHOICES) == place


@pytest.mark.parametrize(
    "reply",
    [
        *(
            "",
            "A or B",
            "(A) or (B)",
            "A, B",
            "A/B",
            "Both A and C",
            "The answer is A or B.",
            "A. B.",
            "E",
            "F.",
        ),
        *(
            "It is a car or a bus.",
            "car, house",
            "I cannot tell.",
            "None of these.",
            "a house and a bus",
            "...",
        ),
    ],
)
def test_a_reply_that_names_two_choices_or_none_tells_nothing(reply: str) -> None:
    assert choice_of(reply, CHOICES) is None


def test_a_choice_that_is_denied_is_not_named() -> None:
    assert choice_of("The answer is not B.", CHOICES) is None
    assert choice_of("It is not the bus.", CHOICES) is None
    assert choice_of("It is not the bus, but the house.", CHOICES) == 3
    assert choice_of("B, not C", CHOICES) == 1
    assert choice_of("It is not flooded.", ("flooded", "not flooded")) == 1


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=5, unique=True))
def test_any_text_is_read_as_a_choice_or_as_none(reply: str, choices: list[str]) -> None:
    assert choice_of(reply, choices) in {None, *range(len(choices))}


def test_choices_that_are_numbers_places_and_shares_are_found_by_their_words() -> None:
    assert choice_of("There are three cars.", ("2", "3", "4")) == 1
    assert choice_of("Three", ("2", "3", "4")) == 1
    assert choice_of("13", ("1", "3", "13")) == 2
    assert choice_of("It lies in the upper left.", ("left", "upper left")) == 1
    assert choice_of("Left", ("the right half", "the left half")) == 1
    assert choice_of("to the left", ("to the right", "to the left")) == 1
    assert choice_of("50%", ("about 10 %", "about 50 %")) == 1
    assert choice_of("There are more cars than vans.", ("more cars", "more vans")) == 0


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        *(("3", 3), ("Three.", 3), ("There are 3 ships.", 3), ("None", 0), ("There are no ships.", 0)),
        *(("1,204 trees", 1204), ("two or three", None), ("many", None), ("12 (twelve)", 12), ("2.5", None)),
        *(("9" * 5000, int("9" * 18)), ("10 ² ships", 10)),
    ],
)
def test_a_number_is_read_in_digits_and_words(reply: str, number: int | None) -> None:
    assert number_of(reply) == number


def test_places_shares_and_yes_are_read_in_other_words() -> None:
    assert place_of("In the top-left corner.") == "upper left"
    assert place_of("It is in the center.") == "centre"
    assert place_of("at the bottom") == "bottom"
    assert place_of("upper right") == "upper right"
    assert [place_of(one) for one in ("middle left", "center-right")] == ["left", "right"]
    assert [place_of(one) for one in ("Top center.", "the bottom-middle")] == ["top", "bottom"]
    assert place_of("left or right") is None
    assert share_of("About 40% of it.") == pytest.approx(0.4)
    assert share_of("roughly two-thirds") == pytest.approx(0.67)
    assert share_of("between 10 % and 20 %") is None
    assert yes_or_no("Yes, there is no doubt.") is True
    assert yes_or_no("There is no ship.") is False
    assert yes_or_no("There are two ships.") is True
    assert yes_or_no("There isn't a ship.") is False
    assert yes_or_no("Perhaps.") is None


def test_what_was_thought_is_not_read_even_if_the_answer_never_came() -> None:
    assert choice_of("<think>It may be A, or B.</think> B", CHOICES) == 1
    assert choice_of("<think>The answer is B, as", CHOICES) is None
    assert number_of("<think>I count 3") is None


def test_a_comparison_may_be_answered_by_the_fewer_ones() -> None:
    truth = {"names": ["car", "bus"], "counts": [2, 5]}
    turn = Turn("comparison", "Does the image show more cars than buses, or fewer?", "", truth=truth)
    other = Turn("comparison", "Does the image show more buses than cars, or fewer?", "", truth=truth)
    for right in ("Fewer.", "There are fewer cars than buses.", "Fewer cars", "1 car and five buses."):
        assert mark(turn, right, THOUSANDTHS, ()).right is True, right
    for wrong in ("More.", "fewer buses than cars", "More cars.", "Not as many buses as cars."):
        assert mark(turn, wrong, THOUSANDTHS, ()).right is False, wrong
    assert mark(other, "More", THOUSANDTHS, ()).right is True
    assert mark(other, "Fewer.", THOUSANDTHS, ()).right is False


@pytest.mark.parametrize("kind", ["presence", "count", "comparison", "position", "relation", "share"])
def test_a_reply_that_it_cannot_be_told_is_wrong_where_it_can(kind: str) -> None:
    truth = next(one[1] for one in _TRUTHS if one[0] == kind)
    marked = mark(Turn(kind, "?", "", truth=truth), "It cannot be determined.", THOUSANDTHS, ())
    assert (marked.right, marked.read) == (False, "cannot be told")


_corners = st.integers(10, 998)


@given(_corners, _corners, _corners, _corners, st.booleans())
def test_a_box_is_read_in_every_convention(x: int, y: int, width: int, height: int, turned: bool) -> None:
    a = (x, y, min(999, x + width), min(999, y + height))
    assume(a[0] < a[2] and a[1] < a[3])
    true = Box(*(value / 1000 for value in a))
    b = (a[2], a[3], a[0], a[1]) if turned else a
    shares = [value / 1000 for value in b]
    for written in (
        f"[{b[0]}, {b[1]}, {b[2]}, {b[3]}]",
        f"<box>({b[0]},{b[1]}),({b[2]},{b[3]})</box>",
        f"<bbox>[{b[0]}, {b[1]}, {b[2]}, {b[3]}]</bbox>",
        f"{{<{b[0]}><{b[1]}><{b[2]}><{b[3]}>}}",
        f'```json\n[{{"bbox_2d": [{b[0]}, {b[1]}, {b[2]}, {b[3]}], "label": "car"}}]\n```',
        f"{b[0]}, {b[1]}, {b[2]}, {b[3]}",
        f"It is at [{', '.join(map(str, shares))}].",
    ):
        for scale in (THOUSANDTHS, SHARES):
            assert scale.box(written) == pytest.approx(true), (written, scale)
    pixels = BoxScale(500, 250, "")
    assert pixels.box(f"[{b[0] / 2}, {b[1] / 4}, {b[2] / 2}, {b[3] / 4}]") == pytest.approx(true)


@pytest.mark.parametrize(
    "reply", ["", "[1, 2, 3]", "[5, 5, 5, 9]", "[1, 2, 30, 40] [2, 3, 40, 50]", "no car"]
)
def test_no_box_an_empty_one_and_two_are_none(reply: str) -> None:
    assert THOUSANDTHS.box(reply) is None


@given(st.text(max_size=60))
def test_a_box_that_is_read_lies_in_the_picture(reply: str) -> None:
    box = THOUSANDTHS.box(reply)
    assert box is None or 0 <= box.x1 < box.x2 <= 1


def test_a_question_says_how_its_box_is_written_or_the_model_decides() -> None:
    engine = HttpSettings(kind="http", model="Qwen/Qwen2-VL-2B-Instruct", url="http://127.0.0.1:1/v1")
    pixels, said = scale_of("… as [x1, y1, x2, y2] in pixels of a picture of 560 by 280", engine, None)
    assert (pixels.width, pixels.height, said) == (560, 280, True)
    assert scale_of("Locate the car.", engine, None) == (THOUSANDTHS, False)
    assert scale_of("… in shares of the width and the height.", engine, None) == (SHARES, True)


_TRUTHS = [
    ("presence", {"names": ["car"], "present": True}, "Yes.", "No, there is none."),
    ("count", {"names": ["car"], "count": 3}, "There are three.", "4"),
    ("comparison", {"names": ["car", "bus"], "counts": [3, 1]}, "More cars than buses.", "More buses."),
    ("comparison", {"names": ["car", "bus"], "counts": [2, 2]}, "As many.", "More buses."),
    ("position", {"names": ["car"], "cell": "upper left"}, "Top left.", "left"),
    ("position", {"names": ["car"], "cell": "left", "cells": ["left", "top"]}, "At the top", "bottom"),
    ("box", {"names": ["car"], "box": [0.1, 0.1, 0.5, 0.5]}, "[100, 120, 500, 500]", "[500, 500, 900, 900]"),
    ("grounding", {"box": [0, 0, 0.1, 0.1], "boxes": [[0.5, 0.5, 1, 1]]}, "[500, 500, 990, 990]", "there"),
    ("relation", {"names": ["car", "bus"], "relation": "left_of"}, "To the left of the bus.", "Above it."),
    ("relation", {"names": ["a", "b"], "relation": "above", "asked": "below", "holds": False}, "No.", "Yes."),
    (
        "relation",
        {"names": ["bus", "car"], "relation": "larger"},
        "The bus is larger than the car.",
        "The car.",
    ),
    ("classification", {"label": "parking_lot"}, "This is a parking lot.", "A park."),
    ("share", {"names": ["water"], "share": 0.42}, "About 40 %", "10 %"),
    ("count", {"names": ["car"], "told": False}, "That cannot be told.", "3"),
]


@pytest.mark.parametrize(("kind", "truth", "right", "wrong"), _TRUTHS)
def test_open_answers_are_marked_by_their_truth(
    kind: str, truth: dict[str, object], right: str, wrong: str
) -> None:
    turn = Turn(kind, "?", "", truth=truth)
    classes = ("park", "parking_lot")
    assert mark(turn, right, THOUSANDTHS, classes).right is True
    assert mark(turn, wrong, THOUSANDTHS, classes).right is False
    nothing = mark(turn, "", THOUSANDTHS, classes)
    assert nothing.right is False
    assert nothing.read is None


def test_a_scene_is_read_in_the_spelling_of_others() -> None:
    turn = Turn("classification", "?", "", truth={"label": "harbor"})
    assert mark(turn, "A harbour with boats.", THOUSANDTHS, ("harbor", "beach")).right is True
    tanks = Turn("classification", "?", "", truth={"label": "storage_tank"})
    assert mark(tanks, "_storage_tank_", THOUSANDTHS, ("storage_tank", "beach")).right is True


def test_without_a_truth_the_answer_counts_word_by_word() -> None:
    turn = Turn("count", "How many?", "Three ships.")
    assert mark(turn, "three ships", THOUSANDTHS, ()).right is True
    assert mark(turn, "3 ships", THOUSANDTHS, ()).right is False
    assert mark(Turn("mine", "Which?", "Red"), "*Red.*", THOUSANDTHS, ()).right is True
