"""docs/add-a-format.md, done as it says."""

from __future__ import annotations

from pathlib import Path

from support.ingested import picture, rejected, samples
from support.scratch_package import run_in, scratch_package


def test_a_format_is_one_file(tmp_path: Path) -> None:
    package = scratch_package(tmp_path, "add-a-format.md")
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.png").write_bytes(picture())
    (data / "pairs.csv").write_text('file,caption\na.png,A port.\n../b.png,Away.\na.png,"Ships, two."\n')
    command = ["-m", "mpgi_ray", "ingest"]
    assert "Read pairs of a picture and a caption from a CSV file." in run_in(package, *command, "--help")
    said = run_in(package, *command, "pairs", "data/pairs.csv", "--image", "file", "--out", "data/shards")
    assert "2 in, 1 kept in 1 shard;" in said
    (sample,) = samples(data / "shards").values()
    assert sample.annotation.captions == ("A port.", "Ships, two.")
    assert [(name, reason) for name, reason, _ in rejected(data / "shards")] == [
        ("../b.png", "bad_annotation")
    ]
