"""Probes of an image tower by itself: nearest neighbours and a linear probe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

from mpgi_ray.cli.main import app
from mpgi_ray.data.final import Record
from mpgi_ray.errors import InputError, MpgiError
from mpgi_ray.evaluate import test_set
from mpgi_ray.evaluate.tower.bank import Bank, figures
from mpgi_ray.evaluate.tower.linear import STRENGTHS, LinearProbe, kept_back
from mpgi_ray.evaluate.tower.neighbours import votes_of_neighbours
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.report.evaluation import tables_of
from support.shapes import GROUNDS, write_shapes


def unit(rows: Any) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def record(sample: int, split: str, *scenes: str) -> Record:
    return Record("s", str(sample), f"id {sample}", {}, {"scene": list(scenes), "split": split}, b"")


def bank(asked: Sequence[Sequence[str]], known: Sequence[Sequence[str]]) -> Bank:
    """Of samples with these scene classes."""
    test = tuple(record(number, "test", *scenes) for number, scenes in enumerate(asked))
    train = tuple(record(100 + number, "train", *scenes) for number, scenes in enumerate(known))
    return Bank.of(test_set.TestSet("final", (), "test", test, train), "train")


def voted(picture: NDArray[Any], rows: NDArray[Any], labels: Sequence[int], classes: int) -> list[float]:
    """The votes of the 20 nearest, by sorting one picture's neighbours; no two are equally near."""
    near = sorted(zip((rows @ picture).tolist(), labels, strict=True), reverse=True)[:20]
    return [sum(exp(cosine / 0.07) for cosine, label in near if label == one) for one in range(classes)]


def test_the_twenty_nearest_vote_by_their_cosines() -> None:
    rng = np.random.default_rng(0)
    known, asked = unit(rng.normal(size=(300, 8))), unit(rng.normal(size=(40, 8)))
    labels = rng.integers(0, 5, 300).tolist()
    votes = votes_of_neighbours(asked, known, labels, 5)
    for picture, found in zip(asked, votes, strict=True):
        right = voted(picture.astype(float), known.astype(float), labels, 5)
        assert found / found.sum() == pytest.approx(np.array(right) / sum(right), rel=1e-6)


def test_a_tower_whose_features_are_all_the_same_knows_how_frequent_classes_are_and_no_more() -> None:
    asked = bank([["a"], ["b"], ["b"], ["c"]], [["b"]] * 30 + [["a"]] * 20 + [["c"]] * 10)
    same = np.full((60, 4), 0.5, np.float32)
    votes = votes_of_neighbours(same[:4], same, asked.labels, asked.known)
    assert votes[0] / votes[0].sum() == pytest.approx([20 / 60, 30 / 60, 10 / 60])
    probe = LinearProbe.fit(same, asked.labels, asked.known, asked.ids)
    for said in (votes, probe.votes(same[:4]), asked.usual()):
        assert figures(asked.by_image(said)) == pytest.approx([50, 100 / 3])


def test_equal_votes_are_drawn_and_who_is_nearest_last_shares_a_place() -> None:
    two = np.eye(2, dtype=np.float32)
    asked = bank([["a"], ["b"]], [["a"], ["b"]])
    even = votes_of_neighbours(unit(np.ones((2, 2))), two, asked.labels, asked.known)
    assert figures(asked.by_image(even)) == pytest.approx([50, 50])
    shared = votes_of_neighbours(two[:1], two[[0, 1, 1]], [0, 1, 2], 3, neighbours=2)
    assert shared[0] == pytest.approx([1, exp(-1 / 0.07) / 2, exp(-1 / 0.07) / 2])


def test_what_is_asked_and_what_is_known() -> None:
    asked = bank([["a"], [], ["a", "b"], ["z"], ["y"]], [["b"], ["a"], [], ["a"]])
    assert asked.asked == (0, 3, 4)
    assert asked.rows == (0, 1, 3)
    assert (asked.labels, asked.known) == ((1, 0, 0), 2)
    sure = np.array([[1, 0]] * 3, float)
    assert asked.by_image(sure)[:, 0].tolist() == [1, 0, 0]  # y and z are classes that the bank does not have
    assert figures(asked.by_image(sure)) == pytest.approx([100 / 3, 100 / 3])
    twice = test_set.TestSet("f", (), "test", (record(1, "test", "a"),), tuple(
        record(number, "train", scene) for number, scene in ((1, "a"), (2, "b"), (3, "c"))
    ))  # fmt: skip
    assert Bank.of(twice, "train").ids == ["id 2", "id 3"]


def test_a_linear_probe_separates_what_a_line_separates_and_stands_at_its_minimum() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 240)
    ids = [str(number) for number in range(240)]
    apart = unit(np.eye(3)[labels] @ rng.normal(size=(3, 6)) + rng.normal(size=(240, 6)) / 30)
    probe = LinearProbe.fit(apart, labels.tolist(), 3, ids)
    assert (probe.votes(apart).argmax(axis=1) == labels).all()
    mixed = unit(np.eye(3)[labels] @ rng.normal(size=(3, 6)) / 2 + rng.normal(size=(240, 6)))
    probe = LinearProbe.fit(mixed, labels.tolist(), 3, ids)
    # where the gradient is zero, weights are what pictures pull at, and classes are said as often as they are
    wrong = np.eye(3)[labels] - probe.votes(mixed)
    pull = ((mixed - probe.centre) / probe.scale).T @ wrong / len(mixed)
    assert probe.weights[:-1] == pytest.approx(pull / probe.strength, rel=1e-4, abs=1e-6)
    assert wrong.sum(axis=0) == pytest.approx(0, abs=1e-5)
    assert probe.strength in STRENGTHS[:4]  # noise is not learnt by heart
    again = LinearProbe.fit(mixed, labels.tolist(), 3, ids)
    assert (again.weights == probe.weights).all()


def test_the_strength_is_chosen_on_some_of_each_class_whatever_the_order() -> None:
    labels, ids = np.array([0] * 20 + [1] * 3 + [2]), [f"id {number}" for number in range(24)]
    held = kept_back(labels, ids, 0)
    assert np.bincount(labels[held], minlength=3).tolist() == [4, 1, 0]
    turned = kept_back(labels[::-1], ids[::-1], 0)
    assert (turned[::-1] == held).all()
    assert (kept_back(labels, ids, 1) != held).any()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Final shards with two splits, and two models of one architecture."""
    folder = tmp_path_factory.mktemp("tower")
    write_shapes(folder / "final", 60, shards=1)
    write_shapes(folder / "more", 24, seed=1, shards=1, split="test")
    (folder / "more/shard-000000.tar").rename(folder / "final/shard-000001.tar")
    for seed, name in enumerate("ab"):
        torch.manual_seed(seed)
        architecture = small(TextTokenizer.train(["a red tank on sand"], 12))
        checkpoint.save(folder / name, architecture, checkpoint.build(architecture)[0])
    seen = {"samples": ["1-0"], "classes": ["sand"], "sources": [""], "before": ""}
    (folder / "a/seen.json").write_text(json.dumps(seen))
    return folder


def ask(folder: Path, *options: str) -> Any:
    models = ["--model", str(folder / "a"), "--model", str(folder / "b")]
    asked = ["evaluate", str(folder / "final"), *models, "--out", str(folder / "out"), "--text", "layout"]
    return CliRunner().invoke(app, [*asked, *options])


def test_the_command_probes_towers_beside_fresh_weights_and_says_what_leaks(folder: Path) -> None:
    result = ask(folder, "--split", "test", "--probe-split", "train")
    assert result.exit_code == 0, result.output
    metrics = json.loads((folder / "out/metrics.json").read_text())
    a, b = str(folder / "a"), str(folder / "b")
    rows = metrics["tower"]
    assert [(row["model"], row["method"]) for row in rows] == [
        ("most frequent class", ""),
        *((name, method) for name in (f"{a}, fresh weights", a, b) for method in ("20 nearest", "linear")),
    ]
    assert {(row["images"], row["bank"], row["classes"]) for row in rows} == {(24, 60, len(GROUNDS))}
    for row in rows:
        for name in ("top1", "mean_per_class"):
            assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 100
    assert rows[4]["top1"] > rows[0]["top1_high"]  # four colours of ground: what any tower keeps
    (table,) = (table for table in tables_of(metrics) if table.title.startswith("Image tower"))
    assert table.title == "Image tower by itself, from classes of split train, per cent"
    assert table.notes[0].startswith(f"{a}: LEAK: 1 of 24 pictures were in training; 1 of 4 classes seen")
    assert not any("zero-shot" in line for line in table.notes)
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "--split test --probe-split trian",
            "no sample is of split 'trian'; the shards hold",
        ),
        ("--split test --probe-split test", "the split 'test' to probe with: it is asked about"),
        ("--probe-split train", "the split 'train' to probe with: all splits are asked about"),
    ],
)
def test_a_split_that_cannot_be_probed_with_is_one_line(folder: Path, options: str, said: str) -> None:
    failed = ask(folder, *options.split()).exception
    assert isinstance(failed, MpgiError)
    assert said in str(failed)
    assert "\n" not in str(failed)


@pytest.mark.parametrize(
    ("asked", "known", "said"),
    [
        (
            [["a"]],
            [["b"], ["b"]],
            "split 'train' of final have one scene class alone, 'b': expected two",
        ),
        ([["a"]], [[], ["b", "c"]], "split 'train' of final have no scene class"),
        ([[], ["a", "b"]], [["a"], ["b"]], "no sample of final that is asked about has one scene class"),
    ],
)
def test_what_lacks_classes_is_refused(asked: list[list[str]], known: list[list[str]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        bank(asked, known)
