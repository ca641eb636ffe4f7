"""Whatever text is handed in, one line comes out: it names what is wrong, and holds no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.hostile_text import Hostile, hostile_texts, outcome

CASES = list(hostile_texts())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_hostile_text_is_one_clear_line(
    case: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = outcome(case, tmp_path)
    assert re.search(case.said, said), said
    assert "\n" not in said
    assert len(said) < 2000
    assert not case.secret or case.secret not in said
    assert {file.name for file in tmp_path.iterdir()} <= {
        "recipe.yaml",
        "source.yaml",
        "mine.j2",
    }  # no code ran
