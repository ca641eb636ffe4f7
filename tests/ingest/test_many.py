"""Many sources in one file: each by its preset, in one table; what is done is not done again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.shard_list import find_shards
from support.ingested import picture, samples
from support.miniature_hqrs import MINIATURES


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_all_miniatures_in_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, expected = [], 0
    for name, miniature in MINIATURES.items():
        (tmp_path / name).mkdir()
        expected += len(miniature(tmp_path / name))
        lines.append(f"  {name}: {{root: {tmp_path / name}}}")
    file = write(tmp_path / "sources.yaml", "sources:\n" + "\n".join(lines))
    out = tmp_path / "shards"
    assert main(["ingest", "many", file, "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert sum(line.rstrip().endswith(" done") for line in table.splitlines()) == len(list(out.iterdir()))
    kept = [sample for folder in out.iterdir() for sample in samples(folder).values()]
    assert len(kept) >= expected
    assert len(find_shards(str(out)).files) == len(list(out.iterdir()))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.tar")}
    assert main(["ingest", "many", file, "--out", str(out)]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.tar")} == before


def test_one_that_fails_keeps_none_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        path = tmp_path / "in" / ("a", "b", "c")[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(colour=number))
    monkeypatch.chdir(tmp_path)
    file = write(
        tmp_path / "sources.yaml",
        """sources:
  gone: {root: in, commands: [mpgi ingest folders nowhere]}
  whole: {root: in, commands: [mpgi ingest folders .]}
  tenth: {root: in, commands: [mpgi ingest folders . --out x], share: 0.1}
  half: {root: in, commands: [mpgi ingest folders .], share: 0.5}
""",
    )
    assert main(["ingest", "many", file, "--out", "shards"]) == 1
    told = capsys.readouterr()
    assert "no files below nowhere" in told.err
    rows = [line.split() for line in told.out.splitlines() if line.rstrip().endswith(("done", "see above"))]
    states = {row[0]: row[-1] for row in rows}
    assert states == {"gone": "above", "whole": "done", "tenth": "done", "half": "done"}
    tenth, half = (set(samples(tmp_path / "shards" / name)) for name in ("tenth", "half"))
    assert tenth < half
    assert 0 < len(tenth) < 15 < len(half) < 45
    assert len(samples(tmp_path / "shards/whole")) == 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {}", "sources"),
        ("sources: {dota: {root: nowhere}}", "the root of dota, .*nowhere, is not a folder"),
        ("sources: {dotta: {root: .}}", "there is no preset 'dotta'"),
        ("sources: {gid_mtl15: {root: .}}", "tells no command"),
        ("sources: {a: {root: ., commands: [rm -r x]}}", "expected `mpgi ingest FORMAT …`, found 'rm -r x'"),
        ("sources: {a: {root: ., share: 2, commands: [mpgi ingest folders .]}}", "share"),
        ("sources: {a: {root: ., what: 2}}", "what"),
    ],
)
def test_a_file_that_is_wrong_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path / "sources.yaml", text)
    assert main(["ingest", "many", file, "--out", "shards"]) == 1
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "shards").exists()
