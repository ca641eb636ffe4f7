"""Texts of any origin against shards: verdicts by text and claim, and what has no picture."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mpgi_ray.check import audit
from mpgi_ray.cli import main
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.errors import InputError
from mpgi_ray.truth.verdict import Verdict


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    (folder / "s.tar").write_bytes(write_members(sample_members(scene(n, 5)) for n in range(3)))
    return folder


def written(path: Path, header: tuple[str, str], *rows: tuple[str, str]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def test_texts_find_their_pictures_and_get_verdicts(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = scene(0, 5), scene(1, 5)
    rows = [
        (f"images/{first.name}.png", "There are no trucks."),
        (f"s/{second.key}.jpg", "A quiet place."),
        (f"images/{first.name}.png", "There are four trucks on pavement, and forty helicopters."),
        ("images/elsewhere.png", "A bridge."),
    ]
    texts = written(tmp_path / "t.csv", ("filepath", "caption"), *rows)
    assert main(["check", texts, "--shards", str(shards), "--out", str(tmp_path / "v.parquet")]) == 0
    said = capsys.readouterr().out
    assert "1 texts have no picture in the shards, the first is images/elsewhere.png" in said
    assert "“forty helicopters”: helicopter: 0" in said
    table = pq.read_table(tmp_path / "v.parquet").to_pylist()
    assert [(row["line"], row["key"], row["verdict"]) for row in table] == [
        (2, first.key, "contradicted"),
        (4, first.key, "contradicted"),
        (3, second.key, "unverifiable"),
    ]
    by_words = {claim["words"]: claim["verdict"] for claim in table[1]["claims"]}
    assert by_words["four trucks"] == "supported"
    found = audit(texts, str(shards), measured=False)
    assert found.texts == {Verdict.CONTRADICTED: 2, Verdict.UNVERIFIABLE: 1}
    assert [checked.text.number for checked in found.worst] == [4, 2]


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (("image", "text"), ("a", "b"), r"has no column key or filepath; it has image, text"),
        (("key", "words"), ("a", "b"), r"has no column text or caption"),
        (("key", "text"), ("a", "b"), r"none of the 1 texts .* the first names 'a', expected a sample's key"),
    ],
)
def test_what_cannot_be_checked_is_one_error(
    shards: Path, tmp_path: Path, header: tuple[str, str], row: tuple[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        audit(written(tmp_path / "t.csv", header, row), str(shards))
