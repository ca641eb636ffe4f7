"""What the task of answers learns from: conversations as tokens, each as often as its weight says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpgi_ray.data.instructions import Conversation, Turn, write_instructions
from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models.conversation import NOTHING
from mpgi_ray.models.dialogue import row
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.source import Source
from mpgi_ray.train.tasks import task_settings

SAMPLES = {"a" * 64: "one", "b" * 64: "one", "c" * 64: "two"}


def turn(kind: str, number: int) -> Turn:
    return Turn(kind, f"question {number} of {kind}?", f"{number}.")


@pytest.fixture
def table(tmp_path: Path) -> str:
    """One picture has a count alone, one many questions of presence, one both in one conversation."""
    first, second, third = SAMPLES
    asked = [
        Conversation(first, (turn("count", 0),), "one"),
        *(Conversation(second, (turn("presence", n),), "one") for n in range(5)),
        Conversation(third, (turn("presence", 9), turn("count", 9)), "two"),
    ]
    write_instructions(Storage(str(tmp_path)), asked)
    return str(tmp_path)


def test_kinds_and_sources_weigh_as_they_are_told(table: str) -> None:
    told = {"kinds": {"count": 4, "*": 1}, "sources": {"two": 3}}
    draws = task_settings("instruction", {"instructions": table, **told}).draws
    weights = {sample: draws.weight(sample[:16]) for sample in SAMPLES}
    assert list(weights.values()) == [4, 5, 3 * 2.5]
    assert draws.weight("0" * 16) == 0
    alone = {"instructions": table, "kinds": {"count": 1, "*": 0}}
    counts = task_settings("instruction", alone).weigh([sample[:16] for sample in SAMPLES])
    assert counts == [1, 0, 0.5]


def test_conversations_of_a_picture_are_drawn_by_weight_and_always_alike(tmp_path: Path) -> None:
    sample = "d" * 64
    asked = [Conversation(sample, (turn(kind, 0),), "") for kind in ("count", "presence", "box")]
    write_instructions(Storage(str(tmp_path)), asked)
    told = {"kinds": {"count": 3, "box": 0}, "instructions": str(tmp_path)}
    draws = task_settings("instruction", told).draws
    assert draws.drawn(sample, 3, (0, 1, sample)) == draws.drawn(sample, 3, (0, 1, sample))
    found = Counter(
        one.turns[0].kind for number in range(1000) for one in draws.drawn(sample, 4, (0, number, sample))
    )
    assert found.keys() == {"count", "presence"}
    assert found["count"] == pytest.approx(3000, abs=120)


def test_a_table_about_other_pictures_teaches_nothing(table: str) -> None:
    with pytest.raises(InputError, match="asks nothing about the pictures of the shards"):
        task_settings("instruction", {"instructions": table}).weigh(["0" * 16])


def test_conversations_of_one_split_alone_are_learnt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = dict(zip(SAMPLES, ("train", "train", "test"), strict=True))
    asked = [Conversation(sample, (turn("count", 0),), "", split) for sample, split in splits.items()]
    write_instructions(Storage(str(tmp_path)), asked)
    samples, source = [sample[:16] for sample in SAMPLES], Source((), None, None)
    every = task_settings("instruction", {"instructions": str(tmp_path)})
    assert every.weigh(samples) == [1, 1, 1]
    every.check(source)
    assert "of the splits test, train" in capsys.readouterr().out
    one = task_settings("instruction", {"instructions": str(tmp_path), "split": "train"})
    assert one.weigh(samples) == [1, 1, 0]
    one.check(source)
    every.check(Source((), "train", None))
    assert not capsys.readouterr().out


@pytest.mark.parametrize(("task", "table"), [("instruction", "instructions"), ("preference", "preferences")])
def test_a_run_belongs_to_its_table(tmp_path: Path, task: str, table: str) -> None:
    def recipe(text: str, name: str) -> dict[str, Any]:
        folder = str(tmp_path / name)
        asked = Conversation("a" * 64, (Turn("count", "How many?", text),))
        write_instructions(Storage(folder), [asked])
        write_preferences(Storage(folder), [Preference("a" * 64, "count", (("", text), ("", "Ten.")))])
        told = {"task": task, "task_settings": {table: folder}, "steps": 1}
        config = TrainConfig.model_validate({"shards": "s", "output": "o", **told})
        return config.recipe(Source((), None, None))

    first, same, other = recipe("One.", "1"), recipe("One.", "2"), recipe("Two.", "3")
    assert first[table] == same[table] != other[table]


def test_answers_are_learnt_and_questions_are_not() -> None:
    ids, learnt = row([([1, 7, 2], [8, 2]), ([1, 9, 2], [5, 6, 2])], 12)
    assert ids.tolist() == [1, 7, 2, 8, 2, 1, 9, 2, 5, 6, 2, NOTHING]
    assert ids[learnt].tolist() == [8, 2, 5, 6, 2]
    short, learnt = row([([1, 7, 2], [8, 2]), ([1, 9, 2], [5, 6, 2])], 10)
    assert short.tolist() == [1, 7, 2, 8, 2, *[NOTHING] * 5]
    assert ids[np.flatnonzero(learnt)].tolist() == [8, 2]
    cut, learnt = row([([1, 7, 2], [8, 9, 10, 2])], 5)
    assert cut.tolist() == [1, 7, 2, 8, 9]
    assert learnt.tolist() == [False, False, False, True, True]


def test_settings_of_instructions_need_instructions() -> None:
    wrong = {"task": "instruction", "task_settings": {"kinds": {"count": 2}}, "steps": 1}
    with pytest.raises(RecipeError, match="kinds are of instructions"):
        TrainConfig.model_validate({"shards": "s", "output": "o", **wrong})
