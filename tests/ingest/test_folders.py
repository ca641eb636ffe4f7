"""Class folders: splits and image folders are recognised, and a structure that looks wrong is refused."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from mpgi_ray.cli import main
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import folders
from mpgi_ray.ingest.item import Item
from support.ingested import picture, put, samples

Told = dict[str, tuple[tuple[str, ...], str | None]]


def told(root: Path, *names: str, nearest: bool | None = None) -> Told:
    """Scene and split of each file."""
    put(root, dict.fromkeys(names, b""))
    items = [item for item in folders(str(root), nearest) if isinstance(item, Item)]
    return {item.name: (item.annotation["scene"], item.annotation["split"]) for item in items}


def test_splits_and_folders_of_images_are_no_classes(tmp_path: Path) -> None:
    names = ("Train/port/a.jpg", "valid/farm/b.jpg", "validation/farm/deep/c.jpg", "test/d.jpg", "notes/e.md")
    assert told(tmp_path / "splits", *names) == {
        "Train/port/a.jpg": (("port",), "train"),
        "valid/farm/b.jpg": (("farm",), "val"),
        "validation/farm/deep/c.jpg": (("farm",), "val"),
        "test/d.jpg": ((), "test"),
        "notes/e.md": (("notes",), None),  # it will be a rejected row
    }
    assert told(tmp_path / "images", "Images/port/a.jpg", "farm/images/b.jpg", "img/c.jpg") == {
        "Images/port/a.jpg": (("port",), None),
        "farm/images/b.jpg": (("farm",), None),
        "img/c.jpg": ((), None),
    }
    assert told(tmp_path / "both", "images/train/port/a.jpg", "images/test/port/a.jpg") == {
        "images/train/port/a.jpg": (("port",), "train"),
        "images/test/port/a.jpg": (("port",), "test"),
    }
    deep = told(tmp_path / "deep", "train/land/farm/images/a.jpg", nearest=True)
    assert deep == {"train/land/farm/images/a.jpg": (("farm",), "train")}
    assert told(tmp_path / "no", "train/a.jpg", "tram/b.jpg") == {  # a class that is called so
        "train/a.jpg": (("train",), None),
        "tram/b.jpg": (("tram",), None),
    }


def test_what_is_hidden_is_passed_over_and_the_classes_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hidden = ("__MACOSX/port/._a.png", ".DS_Store", "port/.ipynb_checkpoints/a.png", "farm/Thumbs.db")
    files: dict[str, str | bytes] = dict.fromkeys(("test/port/a.png", "train/farm/b.png"), picture())
    put(tmp_path / "in", files | dict.fromkeys(hidden, b"none"))
    assert main(["ingest", "folders", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "2 classes: port, farm" in said
    assert "2 in, 2 kept in 1 shard; rejected: none" in said
    assert "4 hidden files are passed over, the first is .DS_Store" in caplog.text
    kept = {name: sample.annotation for name, sample in samples(tmp_path / "out").items()}
    assert {name: note.split for name, note in kept.items()} == {
        "test/port/a.png": "test",
        "train/farm/b.png": "train",
    }


def test_what_is_read_as_before_has_the_fingerprint_of_before(tmp_path: Path) -> None:
    def is_as_before(root: Path, *names: str, nearest: bool | None = None) -> bool:
        told(root, *names)
        before = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
        return folders(str(root), nearest).fingerprint == before

    plain = ("port/a.jpg", "port/deep/b.jpg", "farm/c.jpg", "d.jpg", "farm/images/e.jpg")
    assert is_as_before(tmp_path / "plain", *plain)
    put(tmp_path / "plain", {".DS_Store": b""})
    assert is_as_before(tmp_path / "plain", *plain)
    assert not is_as_before(tmp_path / "plain", *plain, nearest=True)
    assert not is_as_before(tmp_path / "split", "train/port/a.jpg", "test/port/a.jpg")
    assert not is_as_before(tmp_path / "images", "images/port/a.jpg", "images/farm/a.jpg")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            ["a.jpg", "a.xml", "b.jpg", "b.xml"],
            "annotation files have the names of .* a.xml: `mpgi ingest auto",
        ),
        (
            ["images/a.jpg", "labels/a.txt"],
            "annotation files have the names of pictures, such as labels/a.txt",
        ),
        (
            ["images/a.jpg", "masks/a_mask.png"],
            "masks seems to hold masks or labels of the other pictures: `mpgi",
        ),
        ([f"{n}/a.jpg" for n in range(120)], "120 folders hold one picture each.*`mpgi ingest manifest`"),
        (["2750/farm/a.jpg", "2750/sea/b.jpg"], "lie in 2750: ingest {root}/2750, or take --nearest"),
        (["UCM/Images/farm/a.jpg", "UCM/Images/sea/b.jpg"], "lie in UCM: ingest {root}/UCM/Images, or take"),
        (["train/x/farm/a.jpg", "test/x/sea/b.jpg"], "all class folders lie in x: take --nearest"),
        (
            ["air/port/a.jpg", "air/strip/b.jpg", "sea/c.jpg"],
            "air holds folders that may be .* sea pictures: take --n",
        ),
        (["train/sea/a.jpg", "extra/sea/b.jpg"], "ingest them one by one, {root}/train with --split train"),
    ],
)
def test_a_structure_that_looks_wrong_is_refused_with_the_line_that_mends_it(
    tmp_path: Path, names: list[str], says: str
) -> None:
    put(tmp_path / "in", dict.fromkeys(names, b""))
    root = str(tmp_path / "in")
    with pytest.raises(InputError, match=says.format(root=re.escape(root))):
        folders(f"{root}/")
    for chosen in (True, False):  # a choice is not questioned
        assert len(list(folders(root, nearest=chosen))) == len(names)
