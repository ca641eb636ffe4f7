"""How far answers to one question agree."""

from __future__ import annotations

from mpgi_ray.rules import Facts
from mpgi_ray.truth.consensus import consensus
from mpgi_ray.truth.known import Known

NAMES = Known(Facts()).names
TRUE = "There are three ships in the image. A red car stands on the left."


def agreed(*texts: str) -> list[float]:
    return consensus(texts, NAMES)


def test_the_text_that_says_something_else_agrees_least() -> None:
    nine = "There are nine ships in the image. A red car stands on the left."
    found = agreed(TRUE, nine, TRUE)
    assert found[1] < found[0] == found[2]


def test_the_text_that_leaves_something_out_agrees_least() -> None:
    found = agreed(TRUE, TRUE, "There are three ships in the image.")
    assert found[2] < found[0] == found[1]


def test_equal_texts_agree() -> None:
    assert agreed(TRUE, TRUE) == [1, 1]
    assert agreed(TRUE) == [1]
    assert agreed() == []


def test_texts_that_claim_nothing_do_not_outweigh_one_that_does() -> None:
    nothing, *others = agreed(TRUE, "What a view.", "How nice.", "A sight.")
    assert {nothing} == {*others}


def test_nothing_in_common_is_little_and_not_nothing() -> None:
    found = agreed(TRUE, "A grey airport lies on the right.", TRUE)
    assert 0 < found[1] < found[0]
