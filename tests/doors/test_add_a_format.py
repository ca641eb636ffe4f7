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
    asked = [*command, "pairs", "data/pairs.csv", "--image", "file", "--out", "data/shards"]
    said = run_in(package, *asked, "--max-reject-rate", "0.5")
    assert "2 in, 1 kept in 1 shard;" in said
    (sample,) = samples(data / "shards").values()
    assert sample.annotation.captions == ("A port.", "Ships, two.")
    assert [(name, reason) for name, reason, _ in rejected(data / "shards")] == [
        ("../b.png", "bad_annotation")
    ]


def test_a_format_that_cannot_be_used_is_told_and_leaves_the_others(tmp_path: Path) -> None:
    package = scratch_package(tmp_path, "add-a-format.md")
    formats = package / "mpgi_ray" / "ingest" / "formats"
    (formats / "geo.py").write_text("import not_there\n")
    (formats / "other.py").write_text("def another() -> None: ...\n")
    (formats / "taken.py").write_text("def taken(source: str) -> None: ...\n")
    (formats / "torn.py").write_text("def torn(:\n")
    (package / "asks.py").write_text(_ASKS)
    listed, *used = run_in(package, "asks.py").split("===")
    assert all(name in listed for name in ("geo", "other", "taken", "torn", "folders", "pairs"))
    for said in ("needs not_there, which is not installed", "no function other", "raises SyntaxError"):
        assert said in " ".join(listed.replace("│", " ").split())
    reasons = (
        "it needs not_there, which is not installed",
        "its module has no function other: give the function the module's name",
        "its parameter 'source' has the name of an option of every format "
        "(out, source, split, share, shard_size, tile, overlap, cut_above, join, max_reject_rate, "
        "takeover, grace): ",
    )
    for name, reason, said in zip(("geo", "other", "taken"), reasons, used, strict=True):
        assert said.strip().startswith(f"1 error: the format {name!r} cannot be used: {reason}")


_ASKS = """
import contextlib
import io

from mpgi_ray.cli import main

main(["ingest", "--help"])
for name in ("geo", "other", "taken"):
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        code = main(["ingest", name, "a", "--out", "b"])
    print("===", code, told.getvalue())
"""
