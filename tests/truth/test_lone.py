"""Risky claims that one description alone makes do not reach the merge."""

from __future__ import annotations

import pytest

from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object
from mpgi_ray.rules import Facts, gather
from mpgi_ray.truth.lone import vouched

NOTHING = Facts()


def merged(*texts: str, facts: Facts = NOTHING, witnesses: int = 2) -> list[str]:
    kept = vouched({str(i): text for i, text in enumerate(texts)}, facts, ["a marina in Genoa"], witnesses)
    return [kept.get(str(i), "") for i in range(len(texts))]


@pytest.mark.parametrize(
    "risky",
    [
        "Twelve boats are moored at the pier.",
        "There are 3 cranes.",
        "A pair of buses stands on the road.",
        "People are playing football on the pitch.",
        "Trucks are driving along the road.",
        "The white tower looks like the Burj Khalifa.",
        "A ship of MSC lies there.",
    ],
)
def test_a_risky_claim_needs_a_second_description(risky: str) -> None:
    calm = "The water is dark. There is a road."
    assert merged(f"{risky} The quay is grey.", calm) == ["The quay is grey.", calm]
    assert merged(risky, calm, f"The quay is grey. {risky}") == [risky, calm, f"The quay is grey. {risky}"]
    assert merged(risky, calm, witnesses=1) == [risky, calm]
    assert merged(risky) == [risky]  # no other description was asked for


@pytest.mark.parametrize(
    "calm",
    [
        "Several boats lie at a swimming pool near the loading bay.",
        "A single runway crosses the image.",
        "The harbour of Genoa has a T-shaped pier.",
        "Many small boats are moored there, and a road runs along the water.",
    ],
)
def test_what_is_no_number_name_or_activity_stays(calm: str) -> None:
    assert merged(calm, "The water is dark.")[0] == calm


def test_what_refers_to_a_sentence_goes_with_it() -> None:
    text = "The water is dark. Nine boats lie there. They are white. The quay is grey."
    assert merged(text, "Some boats lie there.")[0] == "The water is dark. The quay is grey."


def test_descriptions_that_disagree_vouch_for_none() -> None:
    assert merged("Nine boats lie there.", "Ten boats lie there.") == ["", ""]


def test_what_the_annotation_supports_needs_no_witness() -> None:
    boats = [Object(label="boat", box=Box(20 * i, 10, 20 * i + 15, 30)) for i in range(3)]
    note = Annotation(width=100, height=100, objects=boats, vocabulary={"boat": LabelClass(exhaustive=True)})
    told = "Three boats lie there."
    assert merged(told, "The water is dark.", facts=gather(note))[0] == told
