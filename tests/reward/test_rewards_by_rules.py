"""Rewards by rules and losses of ranked answers, against values of ScoreRS' own code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.models.messages import messages
from mpgi_ray.models.ranked import last_tokens, plackett_luce
from mpgi_ray.reward.rules import FORMAT, answer_of, better_than, exact, found_boxes, reward


@pytest.fixture
def oracle(data_dir: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((data_dir / "oracles" / f"scorers_{name}.json").read_text())


def test_replies_are_worth_what_scorers_says(oracle: Callable[[str], Any]) -> None:
    cases = oracle("rewards")["cases"]
    assert {case["type"] for case in cases} == {"em", "iou", "open_ended"}
    for case in cases:
        answer = answer_of(case["prediction"])
        right = 0.0
        if answer is not None and case["type"] == "em":
            right = exact(answer, case["truth"])
        elif answer is not None and case["type"] == "iou":
            right = found_boxes(answer, case["truth"], bonus_for_each=True)
        elif answer is not None:
            right = better_than(*case["scores"])
        assert reward(case["prediction"], right) == pytest.approx(case["out"]["overall"], rel=1e-9), case
        if answer is not None:
            assert right == pytest.approx(case["out"]["accuracy_score"], rel=1e-9), case


def test_no_reply_is_worth_more_than_a_right_one() -> None:
    boxes = "[0, 0, 10, 10] [20, 20, 30, 30]"
    assert found_boxes(boxes, boxes) == 1
    assert found_boxes("[0, 0, 10, 10] [20, 20, 30, 32]", boxes) == 1
    assert found_boxes("[0, 0, 10, 10] [50, 50, 60, 60]", boxes) == 0.5
    assert found_boxes("none", "none") == 0
    assert better_than(1e9, -1e9) == 1
    assert better_than(-1e4, 1e4) == 0
    assert reward(f"<think></think><answer>{boxes}</answer>", 0.0) == FORMAT


def test_ranked_answers_have_the_loss_of_scorers(oracle: Callable[[str], Any]) -> None:
    told = oracle("plackett_luce")
    for case in told["cases"]:
        number, values = case["ranked_candidate_num"], torch.tensor(case["values"], dtype=torch.float64)
        values.requires_grad_()
        lists = values[: len(values) // number * number].reshape(-1, number)
        loss = plackett_luce(lists).mean()
        loss.backward()
        assert loss.item() == pytest.approx(case["loss"], rel=1e-9)
        torch.testing.assert_close(
            values.grad, torch.tensor(case["grad"], dtype=torch.float64), rtol=1e-6, atol=1e-12
        )
    assert plackett_luce(torch.tensor([told["bare_exp_overflow"]["values"]]).double()).isfinite().all()


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_of_two_answers_the_loss_is_that_of_their_difference(best: float, other: float) -> None:
    scores = torch.tensor([[best, other]], dtype=torch.float64, requires_grad=True)
    loss = plackett_luce(scores)
    expected = torch.nn.functional.softplus(scores[:, 1] - scores[:, 0])
    torch.testing.assert_close(loss, expected, atol=1e-9, rtol=1e-9)
    (gradient,) = torch.autograd.grad(loss.sum(), scores)
    assert gradient.isfinite().all()


def test_a_shorter_list_is_one_of_its_own_length() -> None:
    scores = torch.randn(1, 3, dtype=torch.float64)
    padded = torch.cat([scores, torch.full((1, 2), -torch.inf)], dim=1).requires_grad_()
    loss = plackett_luce(padded)
    torch.testing.assert_close(loss, plackett_luce(scores))
    (gradient,) = torch.autograd.grad(loss.sum(), padded)
    assert gradient[:, :3].isfinite().all()
    assert (gradient[:, 3:] == 0).all()


def test_the_last_token_of_an_answer_speaks_for_it(oracle: Callable[[str], Any]) -> None:
    right, trap = oracle("pooling")["cases"]
    ids = torch.tensor(right["input_ids"])
    attended = ids != right["pad"]
    assert (
        last_tokens(attended[:3]).tolist() == right["index"][:3]
    )  # a row of padding alone has no last token
    whole = torch.ones_like(torch.tensor(trap["input_ids"]))
    assert trap["index"] == [0, 0]  # where the end of a turn is the padding, the authors take the first turn
    assert last_tokens(whole).tolist() == [5, 5]
    left = torch.tensor([[0, 0, 1, 1]])
    assert last_tokens(left).tolist() == [3]


def test_training_and_serving_lay_out_a_picture_alike(oracle: Callable[[str], Any]) -> None:
    told = oracle("messages")
    chosen, rejected = told["training_pairs_from_bytes"][0]
    for theirs, answer in ((chosen, "A"), (rejected, "B")):
        ours = messages("What is here?", answer)
        assert ours[1] == theirs[1]
        assert [part["type"] for part in ours[0]["content"]] == ["image", "text"]
    assert len(rejected[0]["content"]) == 1  # the authors lose the picture of this side
    without = messages("", "good caption", picture=False)
    assert without == told["training_caption_without_question"][0][0]
