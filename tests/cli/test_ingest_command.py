"""`mpgi ingest FORMAT`: what a format brings to its subcommand, and what the command says of the result."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpgi_ray.cli import main
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
    assert main(["ingest", "folders", str(root), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "2 classes: port, train" in said
    assert "2 in, 1 kept in 1 shard;" in said
    assert "first rejected: train/1.png (not_an_image): not a picture" in said
    assert list(samples(tmp_path / "out")) == ["port/1.png"]


def test_an_ingest_that_keeps_nothing_fails_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = class_folders(tmp_path / "in", port=b"none")
    for _ in range(2):  # also when it is done already
        assert main(["ingest", "folders", str(root), "--out", str(tmp_path / "out")]) == 1
        error = capsys.readouterr().err
        assert "error: every entry was rejected. First: port/1.png (not_an_image): not a picture" in error


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
