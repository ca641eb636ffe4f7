"""The job: one table of all shards, the same after a stop, and what it tells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.instructions import read_instructions
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.instruct.config import MakeConfig
from mpgi_ray.instruct.job import make_instructions
from support.endpoint import Endpoint, Request, completion
from support.final_scenes import final_scenes

pytestmark = pytest.mark.usefixtures("ray_cluster")


@pytest.fixture(scope="module")
def final(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("final")
    final_scenes(folder, range(20), split=None)
    return str(folder)


def test_a_run_that_was_stopped_goes_on_and_gives_the_same(
    final: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    command = ["instruct", "make", final, "--form", "llava", "--form", "webdataset"]
    assert main([*command, "--out", str(whole)]) == 0
    assert "questions in" in capsys.readouterr().out
    shutil.copytree(whole, stopped)
    for name in ("instructions.parquet", "summary.json", "parts/shard-000001.parquet"):
        (stopped / name).unlink()
    kept = (stopped / "parts/shard-000000.parquet").stat().st_mtime_ns
    assert main([*command, "--out", str(stopped)]) == 0
    for name in ("instructions.parquet", "summary.json", "llava-train.json", "parts/shard-000001.parquet"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes()
    assert (stopped / "parts/shard-000000.parquet").stat().st_mtime_ns == kept
    made = read_instructions(str(whole))
    assert len(made) == 20
    assert all(len({one.split for one in own}) == 1 for own in made.values())
    entries = [entry for path in whole.glob("llava-*.json") for entry in json.loads(path.read_bytes())]
    assert {entry["id"] for entry in entries} == {one.id for own in made.values() for one in own}
    with pytest.raises(OutputError, match="turns was 4, is 2"):
        make_instructions(MakeConfig(shards=final, output=str(whole), turns=2, forms=("llava", "webdataset")))


@pytest.mark.slow  # a pool of Ray Data
def test_a_model_words_them_anew(final: str, tmp_path: Path) -> None:
    def script(request: Request) -> object:
        told = request.text
        question = told.partition("[question] ")[2].partition("\n")[0]
        answer = told.partition("[answer] ")[2].partition("\n")[0]
        return completion(json.dumps({"question": f"Please tell: {question}", "answer": answer}))

    with Endpoint(script) as endpoint:  # type: ignore[arg-type]
        words = {"engine": {"kind": "http", "url": endpoint.url, "model": "writer"}}
        (tmp_path / "words.yaml").write_text(json.dumps(words))
        out = str(tmp_path / "out")
        command = ["instruct", "make", final, "--out", out, "--kind", "count", "--kind", "presence"]
        assert main([*command, "--turns", "1", "--engine", str(tmp_path / "words.yaml")]) == 0
    turns = [turn for own in read_instructions(out).values() for one in own for turn in one.turns]
    assert turns
    assert all(turn.question.startswith("Please tell: ") and turn.model == "writer" for turn in turns)


def test_shards_of_which_nothing_can_be_asked_are_said(tmp_path: Path) -> None:
    nothing: dict[str, object] = {"vocabulary": {}, "objects": (), "cover": {}, "scene": ()}
    final_scenes(tmp_path / "bare", range(2), shards=1, split="train", **nothing)
    with pytest.raises(InputError, match="no question of the kinds count, relation can be asked"):
        make_instructions(
            MakeConfig(
                shards=str(tmp_path / "bare"),
                output=str(tmp_path / "o"),
                kinds=("count", "relation"),
                untold=0,
            )
        )
    with pytest.raises(InputError, match="nothing of split dev: the shards hold splits train"):
        make_instructions(MakeConfig(shards=str(tmp_path / "bare"), output=str(tmp_path / "d"), split="dev"))
