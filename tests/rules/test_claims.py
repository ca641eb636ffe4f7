"""The reader that the counter of real images relies on: what sentences claim, and that none is skipped."""

from __future__ import annotations

import pytest

from support.claims import Claim, Reader


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (
            "The image shows at least four white airplanes in a diagonal row in the left half.",
            [
                Claim("airplane", 4, True),
                Claim("airplane", 4, True, ("left half",)),
                Claim("airplane", 4, True, way="in a diagonal row"),
            ],
        ),
        (
            "This is a view of more than 50 cars. Most of the cars are on the left.",
            [
                Claim("car", 51, True),
                Claim("car", 1, True, ("left",)),
                Claim("car", 26, True, ("left",)),
                Claim("car", 51, True),
            ],
        ),
        (
            "Several of the cars and most of the buses are on the left and at the top.",
            [
                Claim("car", 1, True, ("left",)),
                Claim("car", 1, True, ("top",)),
                Claim("car", 3, True, ("left", "top")),
                Claim("car", 2, True),
                Claim("bus", 1, True, ("left",)),
                Claim("bus", 1, True, ("top",)),
                Claim("bus", 2, True, ("left", "top")),
                Claim("bus", 2, True),
            ],
        ),
        (
            "Of the three white cars, two lie on the left and one at the top.",
            [Claim("car", 3, False), Claim("car", 2, False, ("left",)), Claim("car", 1, False, ("top",))],
        ),
        (
            "Five cars are mostly in the left half.",
            [Claim("car", 5, False), Claim("car", 3, True, ("left half",))],
        ),
        (
            "Many small cars (35) lie near the edges.",
            [Claim("car", 35, False), Claim("car", 35, False, ("edges",))],
        ),
        ("At least two of the cars are white and one dark grey.", [Claim("car", 3, True)]),
        ("A grey-green area lies in the left half.", []),
    ],
)
def test_claims_are_read(text: str, claims: list[Claim]) -> None:
    assert [claim for _, read in Reader().read(text) for claim in read] == claims


@pytest.mark.parametrize(
    "text",
    [
        "A bus has four wheels.",
        "Two cars drive by.",
        "There are three cars and ships in the image.",
        "There are three cars and two fast ships in the image.",
        "These cars stand at the top.",
        "There is one car in the image. These cars stand at the top.",
        "Four cars lie one at the top and two on the left.",
        "Three cars are white and on the move.",
    ],
)
def test_a_sentence_that_cannot_be_checked_is_no_true_one(text: str) -> None:
    with pytest.raises(ValueError, match="is not read"):
        list(Reader().read(text))
