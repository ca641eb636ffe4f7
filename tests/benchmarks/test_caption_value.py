"""The benchmark of captions: which models it takes for trained, and how much of a text a model sees."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    from caption_value import cut

    tokenizer = TextTokenizer.train(["a ship"] * 2, context_length=8)
    texts = ["x" * length for length in range(1, 11)]
    seen = [tokenizer.decode(tokenizer.ids([text])[0].tolist()) for text in texts]
    lost = sum(text != whole for text, whole in zip(seen, texts, strict=True))
    assert 0 < lost < len(texts)
    assert cut(tokenizer, texts) == pytest.approx(10 * lost)
