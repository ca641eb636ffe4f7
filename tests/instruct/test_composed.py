"""What is kept of all questions, in which split, and how it becomes conversations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from mpgi_ray.data.instructions import Turn
from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.chosen import TWICE, UNTOLD, Asked, chosen
from mpgi_ray.instruct.conversations import conversations
from mpgi_ray.instruct.known import Candidate
from mpgi_ray.instruct.splits import groups_of, splits_of


def presence(picture: int, name: str, told: str) -> Asked:
    truth = {"names": [name], **({"told": False} if told == "untold" else {"present": told == "yes"})}
    turn = Turn("presence", f"Is there a {name}?", told.title(), truth=truth)
    return Asked(f"p{picture}", "train", Candidate(turn, name, told))


def test_no_answer_dominates_its_class_or_its_kind() -> None:
    asked = [presence(i, "ship", "yes" if i < 30 else "no") for i in range(40)]
    asked += [presence(i, "barn", "no") for i in range(100)]
    asked += [presence(i, "quay", "yes") for i in range(25)]
    kept, cut = chosen(asked, 0, 0.1)
    of_class = Counter((one.candidate.about, one.candidate.told) for one in kept)
    assert of_class["ship", "yes"] <= 10
    assert of_class["ship", "no"] <= 10
    answers = Counter(one.candidate.told for one in kept)
    assert answers["yes"] == answers["no"] == 35
    assert cut["presence"].total() == len(asked) - len(kept)
    assert chosen(reversed(asked), 0, 0.1)[0] == kept
    assert chosen(asked, 1, 0.1)[0] != kept


def test_a_kind_with_one_answer_keeps_all_and_untold_answers_have_their_share() -> None:
    asked = [presence(i, "ship", "yes") for i in range(18)] + [
        presence(i, "quay", "untold") for i in range(9)
    ]
    kept, cut = chosen([*asked, asked[0]], 0, 0.1)
    assert Counter(one.candidate.told for one in kept) == {"yes": 18, "untold": 2}
    assert cut["presence"] == {UNTOLD: 7, TWICE: 1}


def test_copies_come_into_one_split_and_others_are_left_out(tmp_path: Path) -> None:
    rows = [("a", None), ("b", "a"), ("c", "a"), ("d", None), ("e", "d")]
    table = pa.table(
        {"sample_id": [r[0] for r in rows], "duplicate_of": pa.array([r[1] for r in rows], pa.string())}
    )
    publish_table(Storage(str(tmp_path)), GROUPS, table)
    groups = groups_of(str(tmp_path))
    given = [("a", "train"), ("b", "test"), ("c", None), ("d", None), ("e", None), ("alone", "mine")]
    found = splits_of(given, groups, {"val": 0.5}, 3)
    assert "a" not in found  # it is a copy of a picture of the test set
    assert found["b"] == found["c"] == "test"
    assert found["d"] == found["e"]
    assert found["alone"] == "mine"
    drawn = Counter(
        splits_of([(str(n), None) for n in range(400)], {}, {"val": 0.25, "test": 0.1}, 0).values()
    )
    assert 70 < drawn["val"] < 130
    assert 20 < drawn["test"] < 60
    with pytest.raises(InputError, match=r"has no groups.parquet"):
        groups_of(str(tmp_path / "none"))


def test_a_second_question_about_a_class_that_is_there_is_short() -> None:
    there, gone = presence(0, "ship", "yes"), presence(0, "barn", "no")
    counts = [
        Asked(
            "p0",
            "train",
            Candidate(Turn("count", f"How many {n}s?", "3", truth={"count": 3}), n, "3", "How many?"),
        )
        for n in ("ship", "barn")
    ]
    described = Asked("p0", "train", Candidate(Turn("describe_short", "Describe.", "Ships."), ""))
    (one,) = [
        c for c in conversations([*counts, gone, there, described], {"p0": "s"}, 50, 1) if len(c.turns) == 5
    ]
    assert next(turn.kind for turn in one.turns) == "describe_short"
    asked = [turn.question for turn in one.turns]
    assert asked[asked.index("Is there a ship?") + 1] == "How many?"
    assert asked[asked.index("Is there a barn?") + 1] == "How many barns?"
    assert {c.source for c in conversations([there], {"p0": "s"}, 1, 0)} == {"s"}
