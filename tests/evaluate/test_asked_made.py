"""Every answer that `mpgi instruct make` gives is marked right, and that of another question is not."""

from __future__ import annotations

from collections import defaultdict

import pytest

from mpgi_ray.data.instructions import Turn
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.evaluate.asked.box import scale_of
from mpgi_ray.evaluate.asked.marking import mark
from mpgi_ray.instruct.asked import KINDS, candidates
from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.known import known_of
from support.final_scenes import final_scenes

ENGINE = HttpSettings(kind="http", model="m", url="http://127.0.0.1:1/v1")


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> list[Turn]:
    records = final_scenes(tmp_path_factory.mktemp("made"), range(24), shards=1)
    known = [known_of(record, 0, measured=False) for record in records]
    styles = BoxText("shares"), BoxText("thousandths")
    return [one.turn for own in known for style in styles for one in candidates(own, KINDS, 4, style)]


def test_true_answers_are_right_however_they_are_worded(turns: list[Turn]) -> None:
    labels = {turn.truth["label"] for turn in turns if turn.kind == "classification"}
    assert {turn.kind for turn in turns} >= {*KINDS} - {"describe_short", "describe_long"}
    for turn in turns:
        scale, _ = scale_of(turn.question, ENGINE, None)
        assert mark(turn, turn.answer, scale, labels).right is True, turn


def test_answers_to_questions_with_another_truth_are_wrong(turns: list[Turn]) -> None:
    labels = {turn.truth["label"] for turn in turns if turn.kind == "classification"}
    by_kind: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        if turn.truth.get("told") is not False:
            by_kind[turn.kind].append(turn)
    decides = {"presence": "present", "count": "count", "classification": "label"}
    tried = 0
    for kind, key in decides.items():
        for one, other in zip(by_kind[kind], by_kind[kind][1:], strict=False):
            if one.truth[key] != other.truth[key]:
                tried += 1
                assert mark(one, other.answer, scale_of("", ENGINE, None)[0], labels).right is False, other
    assert tried > 50
