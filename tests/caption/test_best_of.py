"""Several answers to each prompt: which one is taken, what is kept of the others, and a run that goes on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.caption.stage_settings import GenerateConfig
from mpgi_ray.config import parse
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.caption_figures import RunFigures
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard, sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.engines.base import EngineError, Prompt, Reply
from mpgi_ray.errors import InputError, MpgiError, OutputError, RecipeError
from mpgi_ray.models.scorers import load_scorer, worths
from mpgi_ray.rules import Facts
from mpgi_ray.truth.consensus import consensus
from mpgi_ray.truth.known import Known
from support.build import write_shards
from support.caption_runs import recipe, rows, run_stages
from support.random_scorer import write_scorer

WORDS = "The picture shows a grey airport with one white runway, two green fields and three roads near it."
DRAWS = 3
MERGED = '{"short": "%s", "long": "%s"}'
MODEL = {"kind": "http", "url": "http://localhost:9", "model": "a-model"}


class Sampled:
    """Answers by prompt and sampling seed, one in four with a fault; dies after so many requests."""

    kind = "http"
    model, revision, trusted = "a-model", "1", False

    def __init__(self, dies_after: float = float("inf")) -> None:
        self.asked: list[Prompt] = []
        self.dies_after = dies_after

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if len(self.asked) >= self.dies_after:
            raise EngineError("the connection is lost")
        self.asked += prompts
        return [self._one(prompt) for prompt in prompts]

    def _one(self, prompt: Prompt) -> Reply:
        if prompt.schema:
            return self._merged(prompt)
        told = f"{prompt.seed} {prompt.text} {prompt.sampling['seed']}"
        number = hashlib.sha256(told.encode()).digest()[0]
        if number % 4 == 0:
            return Reply("I cannot describe this.", prompt_tokens=2, completion_tokens=5)
        words = WORDS.split()
        order = number % len(words)
        return Reply(" ".join([*words[order:], *words[:order]]), prompt_tokens=2, completion_tokens=19)

    def _merged(self, prompt: Prompt) -> Reply:
        """The first has one good text of two; the others are good and alike."""
        more = "Near the runway are roads and green fields."
        long = "" if prompt.sampling["seed"] == 7 else f"{WORDS} {more}"
        return Reply(MERGED % (WORDS, long), prompt_tokens=2, completion_tokens=40)

    def close(self) -> None:
        pass


@pytest.fixture
def run(tmp_path: Path) -> Recipe:
    write_shards(tmp_path / "shards", [6, 5])
    return with_output(tmp_path, "captions")


def with_output(folder: Path, output: str, **others: object) -> Recipe:
    scorer = folder / "scorer"
    if not scorer.exists():
        write_scorer(scorer, WORDS)
    block = {"engine": MODEL, "perspectives": ["objects", "scene"], "best_of": DRAWS, "scorer": str(scorer)}
    block["sampling"] = {"temperature": 0.8, "seed": 7}
    merge = {"engine": {"kind": "same"}, "witnesses": 1, "best_of": DRAWS, "sampling": block["sampling"]}
    facts = {"held": False}
    return recipe(folder, output, generate=block, integrate=merge, facts=facts, **others)


def run_all(run: Recipe, engine: Sampled) -> None:
    open_run(CaptionFolder(run.output), run, find_shards(run.input.shards))
    run_stages(run, engine)


def told(made: Sequence[Caption]) -> list[Caption]:
    return sorted(made, key=lambda row: (row.shard, row.index, row.stage, row.perspective, row.caption_id))


def questions(made: Sequence[Caption]) -> dict[tuple[object, ...], list[Caption]]:
    found = defaultdict(list)
    for row in made:
        if row.stage == "perspective":
            found[row.sample_id, row.perspective].append(row)
    return found


def test_of_good_answers_the_one_with_the_highest_score_is_taken_and_all_are_kept(run: Recipe) -> None:
    run_all(run, Sampled())
    made, pictures = rows(run), {}
    shards = find_shards(run.input.shards)
    for name in shards.files:
        for sample in read_shard(shards.read(name), name, run.input.fields):
            pictures[sample.sample_id] = decode(sample.image).pixels
    scorer = load_scorer(run.generate[0].scorer or "", gpu=False)
    outscored = 0
    for (sample_id, _), own in questions(made).items():
        final = [row for row in own if row.status not in ("retried", "outscored")]
        assert len(final) == 1
        attempts = Counter(row.attempt for row in own)
        assert set(attempts.values()) == {DRAWS}
        last = [row for row in own if row.attempt == max(attempts)]
        assert {row.draw for row in last} == {1, 2, 3}
        good = [row for row in last if row.status in ("ok", "outscored")]
        for row in last:
            assert (row.reason == "refusal") is (row not in good)
        if good:
            (scores,) = worths(scorer, [pictures[sample_id]], [[row.raw for row in good]])
            agreed = consensus([row.raw for row in good], Known(Facts()).names)
            worth = [score * one for score, one in zip(scores, agreed, strict=True)]
            best = max(zip(worth, good, strict=True), key=lambda pair: (round(pair[0], 5), -pair[1].draw))
            assert best[1].raw == final[0].text
            for row, figure in zip(good, agreed, strict=True):
                assert json.loads(row.scores)["consensus"] == pytest.approx(figure, abs=1e-6)
            assert all(row.text == "" and row.detail for row in good if row is not final[0])
            outscored += len(good) - 1
    assert outscored > 20
    figures = RunFigures()
    for table in CaptionFolder(run.output).tables():
        figures.add(table)
    model = next(one.record(None) for one in figures.models.values() if one.stage == "perspective")
    assert model["requests"] == sum(len(own) for own in questions(made).values())
    assert sum(model["outscored"]["outscored"].values()) == outscored
    assert model["texts"]["objects"] == Counter(
        row.status for row in made if row.perspective == "objects" and row.status in ("ok", "rejected")
    )
    assert sum(model["good_at_attempt"].values()) <= 1


def test_without_a_scorer_the_answer_that_agrees_with_most_is_taken(tmp_path: Path) -> None:
    class Counting(Sampled):
        """Tells two numbers of ships: most often the right one."""

        def _one(self, prompt: Prompt) -> Reply:
            wrong = prompt.sampling["seed"] == 8 and not prompt.schema
            many = "nine" if wrong else "three"
            text = (
                f"The picture shows {many} grey ships near the quay, and two white roads lead to the water."
            )
            return (
                Reply(text, prompt_tokens=2, completion_tokens=19)
                if not prompt.schema
                else super()._one(prompt)
            )

    write_shards(tmp_path / "shards", [4])
    block = {"engine": MODEL, "perspectives": ["objects", "scene"], "best_of": DRAWS}
    block["sampling"] = {"temperature": 0.8, "seed": 8}  # so that the first answer is the wrong one
    merge = {"engine": {"kind": "same"}, "witnesses": 1}
    run = recipe(tmp_path, "captions", generate=block, integrate=merge, facts={"held": False})
    run_all(run, Counting())
    made = questions(rows(run))
    assert len(made) == 8
    for own in made.values():
        (taken,) = [row for row in own if row.status == "ok"]
        assert "three" in taken.text
        assert taken.draw == 2
        assert "consensus" in next(row.detail for row in own if row.draw == 1)


def test_the_best_of_several_merges_gives_all_its_texts(run: Recipe) -> None:
    run_all(run, Sampled())
    merges = defaultdict(list)
    for row in rows(run):
        if row.stage == "integrated" and row.reason != "no_source":
            merges[row.sample_id].append(row)
    assert merges
    for own in merges.values():
        assert Counter(row.status for row in own) == {"retried": 1, "outscored": 1, "ok": 2}, own
        assert {row.draw for row in own if row.status == "ok"} == {2}
        (fault,) = [row for row in own if row.status == "retried"]
        assert (fault.draw, fault.reason) == (1, "empty")
        assert sum(row.completion_tokens for row in own) == 3 * 40


def test_answers_that_have_all_texts_together_are_kept_with_those_that_have_none(
    run: Recipe, tmp_path: Path
) -> None:
    class Parts(Sampled):
        def _merged(self, prompt: Prompt) -> Reply:
            seed = prompt.sampling["seed"]
            texts = (WORDS if seed == 8 else "", f"{WORDS} Near it are roads." if seed == 9 else "")
            return Reply(MERGED % texts, prompt_tokens=2, completion_tokens=40)

    run_all(run, Parts())
    merges = defaultdict(list)
    for row in rows(run):
        if row.stage == "integrated" and row.reason != "no_source":
            merges[row.sample_id].append(row)
    for own in merges.values():
        assert {(row.perspective, row.draw) for row in own if row.status == "ok"} == {
            ("short", 2),
            ("long", 3),
        }
        assert {row.draw for row in own} == {1, 2, 3}
        assert all(row.reason for row in own if row.status == "retried")
        assert sum(row.completion_tokens for row in own) == 3 * 40
    silent = Sampled(dies_after=0)
    run_all(with_output(tmp_path, "again", reuse=run.output), silent)
    assert not silent.asked


def test_a_run_that_was_broken_off_chooses_the_same(run: Recipe, tmp_path: Path) -> None:
    whole = Sampled()
    run_all(run, whole)
    broken = with_output(tmp_path, "broken")
    with pytest.raises(EngineError, match="the connection is lost"):
        run_all(broken, Sampled(dies_after=25))
    rest = Sampled()
    run_all(broken, rest)
    assert [replace(row, seconds=0) for row in told(rows(broken))] == [
        replace(row, seconds=0) for row in told(rows(run))
    ]
    assert 0 < len(rest.asked) < len(whole.asked)


def test_answers_are_taken_over_with_their_choice_and_not_for_another_scorer(
    run: Recipe, tmp_path: Path
) -> None:
    run_all(run, Sampled())
    again = with_output(tmp_path, "again", reuse=run.output)
    silent = Sampled(dies_after=0)
    run_all(again, silent)
    assert told(rows(again)) == told(rows(run))
    write_scorer(tmp_path / "scorer", WORDS, seed=1)
    asked = Sampled()
    run_all(with_output(tmp_path, "other", reuse=run.output), asked)
    assert len(asked.asked) >= 11 * 2 * DRAWS
    with pytest.raises(OutputError, match=r"made with other settings: generate.scorer was 'sha256:"):
        run_all(run, Sampled())


def test_a_picture_in_false_colour_is_asked_about_once(run: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "shards/s0.tar"
    members = []
    for sample in read_shard(file.read_bytes(), "s0.tar", run.input.fields):
        annotation = sample.annotation.model_copy(update={"false_colour": True})
        members.append(sample_members(replace(sample, annotation=annotation)))
    file.write_bytes(write_members(members))
    run_all(run, Sampled())
    draws = defaultdict(set)
    for row in rows(run):
        if row.stage == "perspective":
            draws[row.shard].add(row.draw)
    assert draws == {"s0": {1}, "s1": {1, 2, 3}}


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (float("nan"), "gives scores that are no numbers: its weights are damaged"),
        (MemoryError("no room"), r"the scorer .*scorer failed \(MemoryError: no room\)"),
    ],
)
def test_a_scorer_that_fails_ends_the_run_and_refuses_no_picture(
    run: Recipe, monkeypatch: pytest.MonkeyPatch, fails: float | MemoryError, said: str
) -> None:
    def forward(_: object, pooled: object, grid: object, texts: torch.Tensor) -> torch.Tensor:
        if isinstance(fails, MemoryError):
            raise fails
        return torch.full(texts.shape[:2], fails)

    with monkeypatch.context() as patch:
        patch.setattr("mpgi_ray.models.scorer.ScorerHead.forward", forward)
        with pytest.raises(MpgiError, match=said):
            run_all(run, Sampled())
    run_all(run, Sampled())
    assert all(row.stage != "input" for row in rows(run))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"engine": MODEL, "scorer": "s"}, "set best_of above 1"),
        ({"best_of": 4, "scorer": "s"}, "the template engine has one answer: name a model"),
        (
            {"engine": MODEL, "best_of": 4, "scorer": "s", "sampling": {"temperature": 0}},
            "at temperature 0 all answers are alike",
        ),
        (
            {"engine": MODEL, "best_of": 4, "scorer": "s", "attempts": [{"temperature": 0}]},
            "at temperature 0 all answers are alike",
        ),
        (
            {"engine": {**MODEL, "body": {"temperature": 0}}, "best_of": 4, "scorer": "s"},
            "at temperature 0 all answers are alike",
        ),
        (
            {"engine": {**MODEL, "body": {"seed": 1}}, "best_of": 4, "scorer": "s"},
            "with one seed in engine.body all answers are alike",
        ),
    ],
)
def test_settings_that_cannot_choose_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises((RecipeError, ValidationError), match=said):
        parse(GenerateConfig, settings, "generate")


def test_several_merges_of_which_one_must_be_like_another_are_refused(tmp_path: Path) -> None:
    template, cold = (
        {"best_of": 2},
        {"engine": {"kind": "same"}, "best_of": 2, "sampling": {"temperature": 0}},
    )
    with pytest.raises((RecipeError, ValidationError), match="the template engine has one answer"):
        recipe(tmp_path, "captions", integrate=template)
    with pytest.raises((RecipeError, ValidationError), match="at temperature 0 all answers are alike"):
        recipe(tmp_path, "captions", generate={"engine": MODEL}, integrate=cold)


def test_a_folder_without_a_scorer_is_said_before_anything_starts(run: Recipe, tmp_path: Path) -> None:
    (tmp_path / "scorer" / "scorer.pt").unlink()
    with pytest.raises(InputError, match=r"has no scorer.pt: expected the folder of `mpgi train --task pref"):
        caption(run)
    assert not (tmp_path / "captions").exists()
