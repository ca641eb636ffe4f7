"""Formats of one source each: what a bad file of them becomes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mpgi_ray.errors import InputError
from mpgi_ray.ingest import fmow, folders, hrsc, labels, levir, voc
from mpgi_ray.ingest.source import TRUNCATED
from support.ingested import ingest_all, picture, put

SHIP = "<Class_ID>100000001</Class_ID><mbox_cx>9</mbox_cx><mbox_cy>9</mbox_cy><mbox_w>4</mbox_w>"
SHIP += "<mbox_h>2</mbox_h><mbox_ang>0</mbox_ang><truncated>1</truncated><difficult>1</difficult>"


def image(ship: str, more: str = "") -> str:
    objects = f"<HRSC_Objects><HRSC_Object>{ship}</HRSC_Object></HRSC_Objects>"
    return f"<HRSC_Image>{more}{objects}</HRSC_Image>"


def place(**fields: object) -> str:
    return json.dumps({"bounding_boxes": [{"category": "zoo", "box": [1, 2, 3, 4]}]} | fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!DOCTYPE a>" + image(SHIP), "DOCTYPE"),
        ("<annotation/>", r"its root is <annotation>: expected <HRSC_Image>"),
        (
            image(SHIP.replace("100000001", "100000021")),
            "Class_ID 100000021: expected 100000001 to",
        ),
        (image(SHIP.replace("<mbox_w>4</mbox_w>", "")), r"<HRSC_Object> has no <mbox_w>"),
        (image(SHIP.replace("<mbox_ang>0", "<mbox_ang>nan")), "finite number, found 'nan'"),
        (image(SHIP, "<Img_SizeWidth>1166</Img_SizeWidth>"), "stated as 1166×30"),
    ],
)
def test_a_bad_file_of_hrsc(tmp_path: Path, text: str, message: str) -> None:
    put(tmp_path, {"n/bad.xml": text, "n/good.xml": image(SHIP)})
    put(tmp_path, {"i/bad.bmp": picture(kind="BMP"), "i/good.bmp": picture(kind="BMP")})
    kept, lost = ingest_all(hrsc(str(tmp_path / "n"), str(tmp_path / "i")), tmp_path / "out")
    assert re.search(message, lost["bad.bmp"][1])
    (ship,) = kept["good.bmp"].annotation.objects
    assert (ship.label, tuple(ship.box), ship.visible, ship.difficult) == (
        "ship",
        (7, 8, 11, 10),
        TRUNCATED,
        True,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is not valid JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        ("{}", "bounding_boxes: Field required"),
        (place(bounding_boxes=[{"category": "zoo", "box": [1, 2, 3]}]), "bounding_boxes.0.box"),
        (place(bounding_boxes=[{"category": "zoo", "box": [1, 2, -3, 4]}]), "inverted or empty"),
        (place(img_width=41), "stated as 41×30"),
    ],
)
def test_a_bad_file_of_fmow(tmp_path: Path, text: str, message: str) -> None:
    files = {"bad_rgb.json": text, "good_rgb.json": place(gsd=0), "good_msrgb.json": place()}
    put(tmp_path, files | {name.replace("json", "jpg"): picture(kind="JPEG") for name in files})
    kept, lost = ingest_all(fmow(str(tmp_path)), tmp_path / "out")
    assert re.search(message, lost["bad_rgb.jpg"][1])
    assert kept.keys() == {"good_rgb.jpg"}
    assert kept["good_rgb.jpg"].annotation.gsd is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("4 1 2 3 4", r"line 1: class 4: expected 1 \(airplane\)"),
        ("1 1 2 3", "4 numbers: expected the class"),
        ("1 5 2 3 4", "inverted or empty"),
    ],
)
def test_a_bad_line_of_levir(tmp_path: Path, line: str, message: str) -> None:
    put(tmp_path, {"bad.txt": line, "good.txt": "3,1,2,3,4\n"})
    put(tmp_path, {f"{name}.jpg": picture(kind="JPEG") for name in ("bad", "good", "bare")})
    kept, lost = ingest_all(levir(str(tmp_path), background=True), tmp_path / "out")
    assert re.search(message, lost["bad.jpg"][1])
    assert [len(kept[name].annotation.objects) for name in ("bare.jpg", "good.jpg")] == [0, 1]


def test_splits_that_lists_name(tmp_path: Path) -> None:
    put(tmp_path, {f"i/{name}.png": picture() for name in "abc"})
    put(tmp_path, {f"n/{name}.xml": "<annotation/>" for name in "abc"})
    put(tmp_path, {"s/train.txt": "a\n", "s/val.txt": "b\n"})

    def read(splits: str | None) -> object:
        listing = voc(str(tmp_path / "n"), str(tmp_path / "i"), splits=splits and str(tmp_path / splits))
        kept, _ = ingest_all(listing, tmp_path / f"out-{splits}")
        return {name: sample.annotation.split for name, sample in kept.items()}

    assert read("s") == {"a.png": "train", "b.png": "val", "c.png": None}
    assert read(None) == dict.fromkeys(("a.png", "b.png", "c.png"))
    with pytest.raises(InputError, match=r"no names in .*: expected train\.txt"):
        read("i")
    put(tmp_path, {"s/test.txt": "a\n"})
    with pytest.raises(InputError, match=r"a is listed in train\.txt and test\.txt"):
        read("s")


def test_a_folder_of_tables_names_the_one_that_is_wrong(tmp_path: Path) -> None:
    put(tmp_path, {"i/x/a.png": picture(), "i/y/b.png": picture(), "t/x.csv": "image,car\na.png,1\n"})
    put(tmp_path, {"t/y.csv": "image,car,ship\nb.png,1,2\n"})
    kept, lost = ingest_all(labels(str(tmp_path / "t"), str(tmp_path / "i"), scene=True), tmp_path / "out")
    assert (kept["x/a.png"].annotation.scene, kept["x/a.png"].annotation.labels) == (("x",), ("car",))
    assert set(kept["x/a.png"].annotation.vocabulary) == {"car", "ship"}
    assert re.search(r"y\.csv, line 2: '2': expected 0 or 1", lost["b.png"][1])


def test_classes_in_groups_of_folders(tmp_path: Path) -> None:
    put(tmp_path, {"a/b/c.png": picture(), "d/e.png": picture(), "f.png": picture()})
    found = {
        nearest: ingest_all(folders(str(tmp_path), nearest), tmp_path.with_name(f"out{nearest}"))[0]
        for nearest in (False, True)
    }
    scenes = {nearest: [note.annotation.scene for note in kept.values()] for nearest, kept in found.items()}
    assert scenes == {False: [("a",), ("d",), ()], True: [("b",), ("d",), ()]}
