"""The benchmark of captions: it runs, what it takes for trained, and how much of a text a model sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.config import TrainConfig
from support.shapes import write_shapes


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


def test_only_a_model_of_the_same_recipe_and_samples_is_not_trained_again(tmp_path: Path) -> None:
    from alone import RECIPE, learn

    def run(shards: str = "one", **values: float) -> float | None:
        return learn(
            TrainConfig(
                shards=str(tmp_path / shards),
                output=str(tmp_path / "model"),
                texts={"objects": 1.0},
                steps=1,
                batch=4,
                **values,
            )
        )

    for seed, name in enumerate(("one", "other")):
        write_shapes(tmp_path / name, 8, seed=seed, shards=1)
    assert run() is not None
    assert run() is None
    assert run(lr=0.5) is not None
    assert run(lr=0.5) is None
    assert run("other", lr=0.5) is not None
    (tmp_path / "model" / RECIPE).unlink()
    assert run("other", lr=0.5) is not None
    assert run("other", lr=0.5) is None


def test_a_text_is_cut_if_its_last_piece_does_not_reach_the_model() -> None:
    from caption_tests import cut

    tokenizer = TextTokenizer.train(["a ship"] * 2, context_length=8)
    texts = ["x" * length for length in range(1, 11)]
    seen = [tokenizer.decode(tokenizer.ids([text])[0].tolist()) for text in texts]
    lost = sum(text != whole for text, whole in zip(seen, texts, strict=True))
    assert 0 < lost < len(texts)
    assert cut(tokenizer, texts) == pytest.approx(10 * lost)


def test_every_form_of_every_arm_is_trained_asked_and_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import caption_trial
    from caption_arms import ARMS
    from caption_value import main

    # a few steps on a busy machine tell nothing of what a step costs
    monkeypatch.setattr(caption_trial, "cpu_seconds", lambda config: float(config.texts_per_step))

    def run() -> dict[str, Any]:
        main(["--quick", "--folder", str(tmp_path)])
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    first = run()
    [shards] = tmp_path.glob("*/texts-*/shards")
    for record in read_records(list_shards(shards), pictures=False):
        assert all(record.texts.keys() & set(texts) for texts in ARMS.values())
    found = first["tests"]["scenes"]
    arms = first["options"]["arms"]
    forms = [*arms, "six ×2", *(f"{arm} =2" for arm in arms)]
    assert list(found["steps"]) == forms
    assert first["trained"] == len(forms)
    facts = ["class", "count", "colour", "position"]
    for form in forms:
        figures = {name: value for name, [value] in found["figures"][form].items()}
        assert figures.keys() >= {*facts, "of ten", "i2t R@1", "t2i R@1"}
        assert figures["mean of four"] == pytest.approx(sum(figures[fact] for fact in facts) / 4, abs=0.01)
    again = run()
    assert again.pop("trained") == 0
    assert again == {name: value for name, value in first.items() if name != "trained"}
