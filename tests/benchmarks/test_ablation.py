"""The method's own ablation: what is counted of an arm's texts, and that all of it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


def test_a_fact_is_kept_if_one_text_of_the_arm_tells_its_number() -> None:
    from ablation import Told, figures_of_texts

    images = {"one": ("", {"car": 3, "ship": 2}), "other": ("", {"car": 1})}
    texts = {
        "one": {"scene": Told("", 1, {"car": [4]}), "long": Told("", 2, {"car": [5, 3]})},
        "other": {"scene": Told("", 0, {"ship": [1]})},
    }
    both = figures_of_texts(("scene", "long"), images, texts)
    assert both["texts a sample"] == 1.5
    assert both["false claims in 100 texts"] == 100
    assert both["facts kept (%)"] == pytest.approx(100 / 3)
    assert figures_of_texts(("scene",), images, texts)["facts kept (%)"] == 0


@pytest.mark.slow
def test_every_arm_is_captioned_trained_and_asked_once(
    ray_cluster: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ablation

    def run() -> dict[str, Any]:
        ablation.main(["--quick", "--folder", str(tmp_path)])
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    first = run()
    texts, figures = first["texts"], first["figures"]
    for arm in ablation.ARMS:
        assert figures[arm].keys() >= {*texts[arm], "class", "count", "colour", "position", "i2t R@1"}
    assert texts["relay+free"]["texts a sample"] == 4
    assert texts["free"]["facts kept (%)"] == 0
    assert texts["relay"]["facts kept (%)"] == 100
    false = "false claims in 100 texts"
    assert texts["checked"][false] < texts["integrated"][false]
    monkeypatch.setattr(ablation, "written", lambda options: pytest.fail("captioned twice"))
    monkeypatch.setattr("alone.initial", lambda *given: pytest.fail("trained twice"))
    assert run() == first
