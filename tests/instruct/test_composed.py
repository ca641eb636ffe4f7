"""What is kept of all questions, in which split, and how it becomes conversations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from mpgi_ray.data.final import list_shards
from mpgi_ray.data.instructions import Turn
from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.chosen import TWICE, UNTOLD, Asked, chosen, turn_of
from mpgi_ray.instruct.composed import composed
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.conversations import conversations
from mpgi_ray.instruct.known import Candidate
from mpgi_ray.instruct.parts import make_part, named
from mpgi_ray.instruct.splits import groups_of, splits_of
from support.final_scenes import final_scenes


def asked(picture: int, name: str, told: str) -> Asked:
    turn = turn_of(0, f"p{picture}", f"Is there a {name}?")
    return Asked("presence", "train", name, told, told == "untold", turn, (picture, 0))


def presence(name: str, told: str) -> Candidate:
    answer = f"Yes: there are three {name}s." if told == "yes" else "No."
    turn = Turn("presence", f"Is there a {name}?", answer, truth={"present": told == "yes"})
    return Candidate(turn, name, told)


def test_no_answer_dominates_its_class_or_its_kind() -> None:
    given = [asked(i, "ship", "yes" if i < 30 else "no") for i in range(40)]
    given += [asked(i, "barn", "no") for i in range(100)]
    given += [asked(i, "quay", "yes") for i in range(25)]
    kept, cut = chosen(given, 0.1)
    of_class = Counter((one.about, one.told) for one in kept)
    # those of classes with one answer go first: the balance of a class is not lost for that of the kind
    assert of_class["ship", "yes"] == of_class["ship", "no"] == 10
    answers = Counter(one.told for one in kept)
    assert answers["yes"] == answers["no"] == 35
    assert cut["presence"].total() == len(given) - len(kept)
    assert chosen(reversed(given), 0.1)[0] == kept


def test_a_kind_with_one_answer_keeps_all_and_untold_answers_have_their_share() -> None:
    given = [asked(i, "ship", "yes") for i in range(18)] + [asked(i, "quay", "untold") for i in range(9)]
    kept, cut = chosen([*given, given[0]], 0.1)
    assert Counter(one.told for one in kept) == {"yes": 18, "untold": 2}
    assert cut["presence"] == {UNTOLD: 7, TWICE: 1}


def test_copies_come_into_one_split_and_others_are_left_out(tmp_path: Path) -> None:
    rows = [("a", None), ("b", "a"), ("c", "a"), ("d", None), ("e", "d")]
    table = pa.table(
        {"sample_id": [r[0] for r in rows], "duplicate_of": pa.array([r[1] for r in rows], pa.string())}
    )
    publish_table(Storage(str(tmp_path)), GROUPS, table)
    groups = groups_of(str(tmp_path))
    given = [("a", "train"), ("b", "test"), ("c", None), ("d", None), ("e", None), ("alone", "mine")]
    found = splits_of(given, groups, {"val": 0.5})
    assert "a" not in found  # it is a copy of a picture of the test set
    assert found["b"] == found["c"] == "test"
    assert found["d"] == found["e"]
    assert found["alone"] == "mine"
    drawn = Counter(splits_of([(str(n), None) for n in range(400)], {}, {"val": 0.25, "test": 0.1}).values())
    assert 70 < drawn["val"] < 130
    assert 20 < drawn["test"] < 60
    with pytest.raises(InputError, match=r"has no groups.parquet"):
        groups_of(str(tmp_path / "none"))


def test_a_second_question_about_a_class_that_is_there_is_short() -> None:
    counts = [
        Candidate(Turn("count", f"How many {n}s?", "3", truth={"count": 3}), n, "3", "How many?")
        for n in ("ship", "barn")
    ]
    described = Candidate(Turn("describe_short", "Describe.", "Ships."), "")
    given = [*counts, presence("barn", "no"), presence("ship", "yes"), described]
    made = [list(conversations(given, 9, f"seed {n}")) for n in range(60)]
    assert all(sorted(turn.kind for one in own for turn in one)[0] == "count" for own in made)
    assert {len(own) for own in made} >= {1, 2}
    one = next(own[0] for own in made if len(own) == 1)
    assert one[0].kind == "describe_short"
    said = [turn.question for turn in one]
    assert said[at := said.index("Is there a ship?") + 1] == "How many?"
    assert one[at - 1].answer == "Yes."  # a number here would answer the next question
    assert said[said.index("Is there a barn?") + 1] == "How many barns?"


def test_of_one_split_no_picture_is_asked_that_lies_in_another_one_too(tmp_path: Path) -> None:
    final = tmp_path / "final"
    train = final_scenes(final, range(4), 1, split="train")
    (final / "shard-000000.tar").rename(final / "train.tar")
    final_scenes(final, range(1, 2), 1, split="test")  # the second one, again
    config = MakeConfig(shards=str(final), output=str(tmp_path / "out"), split="train")
    shards = named(list_shards(config.shards))
    for shard in shards:
        make_part(config.asking, config.output, shard)
    found = composed(config, shards, Storage(config.output), {})
    about = {one.sample_id for own in found.made.values() for one in own}
    assert about == {one.sample_id for one in train} - {train[1].sample_id}
    assert {one.split for own in found.made.values() for one in own} == {"train"}


def test_shards_of_one_name_in_several_folders_are_all_asked_about(tmp_path: Path) -> None:
    samples = [*final_scenes(tmp_path / "a", range(3), 1), *final_scenes(tmp_path / "b", range(3, 6), 1)]
    config = MakeConfig(shards=str(tmp_path), output=str(tmp_path / "out"))
    shards = named(list_shards(config.shards))
    assert [shard.name for shard in shards] == ["a/shard-000000", "b/shard-000000"]
    for shard in shards:
        make_part(config.asking, config.output, shard)
    found = composed(config, shards, Storage(config.output), {})
    about = {one.sample_id for own in found.made.values() for one in own}
    assert about == {one.sample_id for one in samples}
