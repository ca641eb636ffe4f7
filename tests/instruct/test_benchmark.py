"""Single-choice questions: answers are true and other choices false, and no word gives them away."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from mpgi_ray.data.instructions import Conversation, Turn, read_instructions
from mpgi_ray.data.sample import Sample
from mpgi_ray.demo import scene
from mpgi_ray.demo.scenes.spec import spec
from mpgi_ray.errors import InputError
from mpgi_ray.instruct.benchmark.blind import baselines
from mpgi_ray.instruct.benchmark.candidates import KINDS, candidates
from mpgi_ray.instruct.benchmark.groups import Asked, groups
from mpgi_ray.instruct.benchmark.job import BenchmarkConfig, make_benchmark
from mpgi_ray.rules.of_sample import facts_of_sample
from support.choices_held import holds
from support.final_scenes import write_final

SCENES = 110
MEASURED = 40  # of them, as it takes time


@pytest.fixture(scope="module")
def scenes() -> list[Sample]:
    return [scene(number, size=96) for number in range(SCENES)]


@pytest.fixture(scope="module")
def asked(scenes: list[Sample]) -> list[Asked]:
    facts = (facts_of_sample(one, measured=at < MEASURED) for at, one in enumerate(scenes))
    split = [one.annotation.split for one in scenes]
    found = [tuple(candidates(one, "mpgi-demo")) for one in facts]
    ids = [one.sample_id for one in scenes]
    return [Asked(a, "mpgi-demo", b, c) for a, b, c in zip(ids, split, found, strict=True)]


@pytest.fixture(scope="module")
def made(asked: list[Asked]) -> list[Conversation]:
    return [one for group in groups(asked) for one in group]


def test_each_answer_is_true_and_each_other_choice_false(
    made: list[Conversation], scenes: list[Sample]
) -> None:
    assert {one.turns[0].kind for one in made} == {*KINDS}
    places = {one.sample_id: number for number, one in enumerate(scenes)}
    wrong = []
    for one in made:
        (turn,), number = one.turns, places[one.sample_id]
        true = [
            choice
            for choice in turn.choices
            if holds(choice, turn, scenes[number].annotation, spec(number).colour)
        ]
        if turn.kind == "colour" and turn.truth["names"] != [spec(number).label]:
            continue  # only of the main things is the colour known
        if true != [turn.answer]:
            wrong.append((scenes[number].key, turn, true))
    assert not wrong


def test_each_choice_is_true_of_as_many_pictures_and_stands_under_each_letter(
    made: list[Conversation], asked: list[Asked]
) -> None:
    answers: dict[tuple[str, tuple[str, ...]], Counter[str]] = defaultdict(Counter)
    letters: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for one in made:
        (turn,) = one.turns
        assert len({*turn.choices}) == len(turn.choices) > 1
        answers[turn.question, tuple(sorted(turn.choices))][turn.answer] += 1
        letters[turn.kind, len(turn.choices)][turn.choices.index(turn.answer)] += 1
    assert all(counts.keys() == {*choices} for (_, choices), counts in answers.items())
    assert all(len({*counts.values()}) == 1 for counts in answers.values())
    assert all(len({*counts.values()}) == 1 for counts in letters.values())
    questions = Counter((one.sample_id, one.turns[0].question) for one in made)
    assert max(questions.values()) == 1
    assert [one for group in groups(reversed(asked)) for one in group] == made
    assert [one for group in groups(asked, seed=1) for one in group] != made


def test_a_reader_of_the_words_alone_is_right_by_chance_and_finds_what_other_questions_give_away(
    made: list[Conversation], asked: list[Asked]
) -> None:
    for kind in baselines([one.turns[0] for one in made]):
        assert abs(kind.blind - kind.chance) < 0.03, kind
    # the same facts with choices drawn from all that are ever true
    possible: dict[tuple[str, ...], set[str]] = defaultdict(set)
    told = [one for picture in asked for one in picture.candidates]
    for one in told:
        possible[one.kind, *one.names].add(one.choice)
    draw, drawn = random.Random(0), []
    for one in told:
        others = sorted(possible[one.kind, *one.names] - {one.choice})
        if one.kind == "presence":
            choices = [one.choice, *draw.sample(others, 3)]
            draw.shuffle(choices)
            drawn.append(Turn(one.kind, "Which of these is there?", one.choice, tuple(choices)))
    (kind,) = baselines(drawn)
    assert kind.low > kind.chance + 0.05, kind


def test_shards_become_questions_about_one_split(
    scenes: list[Sample], tmp_path: Path, ray_cluster: None
) -> None:
    test = [one for one in scenes if one.annotation.split == "test"]
    final, out = tmp_path / "final", tmp_path / "out"
    write_final(final, scenes)
    write_final(tmp_path / "other", test[:1], 1, split="train")  # the same picture in another split
    (tmp_path / "other" / "shard-000000.tar").rename(final / "twice.tar")
    config = BenchmarkConfig(shards=str(final), output=str(out), measured=False, pictures=True, most=4)
    found = make_benchmark(config)
    assert found.left_out["as they or their copies are of another split, too"] == 1
    conversations = [one for own in read_instructions(str(out)).values() for one in own]
    ids = {one.sample_id for one in conversations}
    assert {one.split for one in conversations} == {"test"}
    assert ids <= {one.sample_id for one in test[1:]}
    counts = Counter(one.turns[0].kind for one in conversations)
    assert {kind.kind: kind.questions for kind in found.kinds} == counts
    assert all(count < 4 + 4 for count in counts.values())
    assert {file.stem for file in (out / "pictures").iterdir()} == ids
    told = json.loads((out / "lhrs_bench.json").read_text())
    assert {key.split()[1] for key in told["qtype"]} == counts.keys()
    pairs = [pair for picture in told["data"] for pair in picture["qa_pairs"]]
    assert len(pairs) == len(conversations)
    assert {picture["filename"] for picture in told["data"]} == {p.name for p in (out / "pictures").iterdir()}
    assert all(f"{pair['answer']} " in pair["choices"] for pair in pairs)
    assert make_benchmark(config) == found  # it is finished: nothing is made again
    write_final(tmp_path / "bare", scenes[:60], split=None)
    bare = BenchmarkConfig(
        shards=str(tmp_path / "bare"), output=str(tmp_path / "all"), measured=False, whole=True
    )
    assert make_benchmark(bare).pictures > 50
    write_final(tmp_path / "few", scenes[:3], split=None)
    with pytest.raises(InputError, match=r"none of the 3 pictures .* is held out .* --whole asks about all"):
        make_benchmark(BenchmarkConfig(shards=str(tmp_path / "few"), output=str(tmp_path / "f")))
    write_final(tmp_path / "val", [one for one in scenes if one.annotation.split in ("train", "val")])
    held = BenchmarkConfig(shards=str(tmp_path / "val"), output=str(tmp_path / "v"), measured=False)
    make_benchmark(held)
    asked = [one for own in read_instructions(held.output).values() for one in own]
    assert {one.split for one in asked} == {"val"}
    with pytest.raises(InputError, match="the shards hold splits"):
        make_benchmark(config.model_copy(update={"split": "dev", "output": str(tmp_path / "none")}))
