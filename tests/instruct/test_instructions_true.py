"""Instructions are true by the original annotation, as the judge of the benchmark reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.data.final import read_records
from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.asked import KINDS, candidates
from mpgi_ray.instruct.box_text import BoxText
from mpgi_ray.instruct.known import known_of
from mpgi_ray.instruct.same_answer import answer_fault, question_fault
from mpgi_ray.rules.facts import Facts


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import instructions_true

    return instructions_true


def reworded(turn: Turn, facts: Facts) -> bool:
    """Whether a model may give back the template's words: the truth check contradicts none of them."""
    return question_fault(turn, turn.question) is None and answer_fault(turn, turn.answer, facts) is None


def judged(
    benchmark: Any, pictures: Sequence[Any], folder: Path, writes: BoxText
) -> Iterator[tuple[Any, Any]]:
    """Each question with what the originals say of its picture."""
    originals = benchmark.write_final(folder, pictures)
    for record in read_records(sorted(map(str, folder.glob("*.tar")))):
        known = known_of(record, 0, measured=False)
        for one in candidates(known, KINDS, 3, writes):
            assert reworded(one.turn, known.facts), one.turn
            yield one.turn, originals[record.sample_id]


def test_answers_about_scenes_are_true_and_altered_ones_are_found(benchmark: Any, tmp_path: Path) -> None:
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    scenes = list(benchmark.drawn(24, 5))
    for turn, about in judged(benchmark, scenes, tmp_path, BoxText("thousandths")):
        assert benchmark.judge(turn, about) is True, turn
        found[turn.kind] += 1
        other = benchmark.altered(turn, about)
        missed[turn.kind] += other is not None and benchmark.judge(other, about) is not False
    assert found.keys() >= {*KINDS} - {"describe_short", "describe_long"}
    assert found.total() > 400
    assert not missed.total()


def test_answers_about_real_boxes_are_true(
    benchmark: Any, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "DATA", data_dir)
    pictures = list(islice(chain(benchmark.boxed()), 0, None, 5))
    kinds: Counter[str] = Counter()
    for turn, about in judged(benchmark, pictures, tmp_path, BoxText("pixels", 28)):
        assert benchmark.judge(turn, about) is True, turn
        kinds[turn.kind] += 1
    assert kinds["grounding"]
    assert kinds["box"]
    assert kinds["count"]
    assert kinds["position"]
