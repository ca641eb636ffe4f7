"""`mpgi ingest FORMAT`: what a format brings to its subcommand, and what the command says of the result."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.sample import LabelClass
from support.ingested import picture, samples


@pytest.fixture(autouse=True)
def sigterm() -> Iterator[None]:
    """`main` takes the signal over."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def class_folders(folder: Path, **files: bytes) -> Path:
    for name, data in files.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "1.png").write_bytes(data)
    return folder


def test_the_classes_and_the_first_rejected_rows_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = class_folders(tmp_path / "in", port=picture(), train=b"none")
    command = ["ingest", "folders", str(root), "--out", str(tmp_path / "out")]
    assert main([*command, "--max-reject-rate", "0.5"]) == 0
    said = capsys.readouterr().out
    assert "2 classes: port, train" in said
    assert "2 in, 1 kept in 1 shard;" in said
    assert "first rejected: train/1.png (not_an_image): not a picture" in said
    assert list(samples(tmp_path / "out")) == ["port/1.png"]
    for _ in range(2):  # what was written stays
        assert main(command) == 1
        error = capsys.readouterr().err
        assert "error: 1 of 2 entries were rejected (50.0%), --max-reject-rate allows 10.0%. " in error
        assert "First: train/1.png (not_an_image): not a picture" in error
        assert list(samples(tmp_path / "out")) == ["port/1.png"]


def test_an_ingest_that_keeps_nothing_fails_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = class_folders(tmp_path / "in", port=b"none")
    for _ in range(2):  # also when it is done already
        assert main(["ingest", "folders", str(root), "--out", str(tmp_path / "out")]) == 1
        error = capsys.readouterr().err
        assert "error: every entry was rejected. First: port/1.png (not_an_image): not a picture" in error
        assert f"remove {tmp_path / 'out'} before" in error


def test_a_format_has_help_and_options_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("coco", "folders", "manifest"))
    assert main(["ingest", "coco", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--images" in said
    assert "--shard-size" in said
    assert "The categories become the vocabulary." in said
    assert "Raises" not in said
    assert main(["ingest", "folders", "--help"]) == 0
    assert "--images" not in capsys.readouterr().out


def test_a_format_that_is_not_there_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "folder", "a", "--out", "b"]) == 1
    assert "there is no format 'folder': did you mean 'folders'?" in capsys.readouterr().err


def test_labels_that_texts_can_only_quote_are_named_and_a_source_file_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.png").write_bytes(picture())
    boxes = [{"label": label, "bbox": [1, 1, 9, 9]} for label in ("Dead", "Dead", "0", "car")]
    listing = tmp_path / "list.jsonl"
    listing.write_text(json.dumps({"image": "1.png", "boxes": boxes}))
    command = ["ingest", "manifest", str(listing)]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert 'texts say: objects labelled "0" (1 sample), objects labelled "Dead" (1 sample)' in said
    assert 'vocabulary: {"0": {name: SINGULAR, plural: PLURAL}}' in said
    assert b"plural" not in (tmp_path / "out/shard-000000.tar").read_bytes()
    source = tmp_path / "mine.yaml"
    source.write_text("vocabulary: {Dead: {name: snag, plural: dead trees}, '0': {name: stump}, car: {}}")
    assert main([*command, "--out", str(tmp_path / "named"), "--source", str(source)]) == 0
    assert "not known" not in capsys.readouterr().out
    (sample,) = samples(tmp_path / "named").values()
    assert sample.annotation.vocabulary["Dead"] == LabelClass(name="snag", plural="dead trees")
    source.write_text("vocabulary: {Dead: {plural: dead trees}}")
    assert main([*command, "--out", str(tmp_path / "half"), "--source", str(source)]) == 1
    assert "plural 'dead trees' stands without a name: give both" in capsys.readouterr().err
    source.write_text("vocabulary: {Dead: {plurl: dead trees}}")
    assert main([*command, "--out", str(tmp_path / "half"), "--source", str(source)]) == 1
    assert "unknown key 'vocabulary.Dead.plurl': did you mean 'plural'" in capsys.readouterr().err
