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
            "The view is of 50 or more cars. These cars stand on the left, among other places.",
            [Claim("car", 50, True), Claim("car", 1, True, ("left",)), Claim("car", 50, True)],
        ),
        (
            "Many small cars (35) lie near the edges.",
            [Claim("car", 35, False), Claim("car", 35, False, ("edges",))],
        ),
        ("At least two of the cars are white and at least one is dark grey.", [Claim("car", 3, True)]),
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
