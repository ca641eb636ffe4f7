"""Small annotation files of many formats, bad ones too: a row with its reason, or one clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.errors import InputError
from mpgi_ray.ingest import IngestConfig, boxes, dota, ingest, karpathy, labels, load_source, masks, voc, yolo
from mpgi_ray.ingest.item import Listing
from support.ingested import HEIGHT, WIDTH, picture, rejected, samples


def ingested(listing: Listing, out: Path, source: str | None = None) -> None:
    ingest(listing, IngestConfig(output=str(out), source=load_source(source)))


def pictures(folder: Path, *names: str) -> str:
    for name in names:
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / name).write_bytes(picture())
    return str(folder / "images")


def voc_file(*objects: str, size: str = "") -> str:
    return f"<annotation>{size}{''.join(f'<object>{o}</object>' for o in objects)}</annotation>"


BOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>{}</xmax><ymax>9</ymax></bndbox>"
BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><annotation>&b;</annotation>'

FORMATS: dict[str, tuple[Callable[..., Listing], str]] = {
    "voc": (voc, "xml"),
    "dota": (dota, "txt"),
    "yolo": (yolo, "txt"),
}
BAD = [
    ("voc", BOMB, "it has a DOCTYPE"),
    ("voc", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>', "it has a DOCTYPE"),
    ("voc", "<annotation><object>", "is not valid XML"),
    ("voc", "<html/>", "its root is <html>: expected <annotation>"),
    ("voc", voc_file(BOX.format(8)), "an object has no <name>"),
    ("voc", voc_file("<name>ship</name>" + BOX.format("nan")), "object 'ship': expected a finite number"),
    ("voc", voc_file("<name>ship</name>" + BOX.format("many")), "expected a number, found 'many'"),
    ("voc", voc_file("<name>ship</name>" + BOX.format(0)), "inverted or empty"),
    ("voc", voc_file("<name>ship</name><bndbox/>"), "<bndbox> has no <xmin>"),
    ("voc", voc_file("<name>ship</name>"), "neither <bndbox>, <robndbox> nor <polygon>"),
    ("voc", voc_file(size="<size><width>9</width><height>9</height></size>"), "stated as 9×9"),
    ("dota", "1 2 3 4 5 6 ship 0", "line 1: 8 words"),
    ("dota", "imagesource:x\n1 2 3 4 5 6 7 inf ship 0", "line 2: expected a finite number"),
    ("dota", "gsd:thin\n", "line 1: expected a number, found 'thin'"),
    ("dota", "-9 -9 -5 -9 -5 -5 -9 -5 ship 0", "lies outside the image"),
    ("dota", b"\xff\xfe\x00", "is not UTF-8"),
    ("yolo", "7 0.5 0.5 0.1 0.1", "line 1: class 7: "),
    ("yolo", "0.5 0.5 0.5 0.1 0.1", "line 1: class 0.5"),
    ("yolo", "0 20 10 4 4", "coordinate 20: expected shares"),
    ("yolo", "0 0.5 0.5 -0.1 0.1", "inverted or empty"),
    ("yolo", "0 0.5 0.5 0.1 0.1 0.93", "confidence of a model"),
    ("yolo", "0 0.5 0.5 0.6 0.6 0.7 0.7 0.1", "expected x and y of three or more points"),
    ("yolo", "0 0.5", "an outline of 1 numbers"),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD)
def test_a_bad_file_rejects_its_picture_and_says_why(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    images = pictures(tmp_path, "a/good.png", "a/bad.png", "a/bare.png")
    reader, suffix = FORMATS[name]
    good = {"voc": voc_file("<name>ship</name>" + BOX.format(8)), "dota": "", "yolo": "1 .5 .5 .2 .2\n\n"}
    notes = tmp_path / "notes"
    (notes / "a").mkdir(parents=True)
    (notes / "classes.txt").write_text("ship\ntank\n") if name == "yolo" else None
    (notes / f"a/good.{suffix}").write_text(good[name])
    (notes / f"a/bad.{suffix}").write_bytes(content if isinstance(content, bytes) else content.encode())
    (notes / f"a/alone.{suffix}").write_text(good[name])
    ingested(reader(str(notes), images=images), tmp_path / "out")
    assert list(samples(tmp_path / "out")) == ["a/good.png"]
    details = {row: (reason, detail) for row, reason, detail in rejected(tmp_path / "out")}
    assert details.keys() == {"a/bad.png", "a/bare.png", f"a/alone.{suffix}"}
    assert said in details["a/bad.png"][1]
    assert f"bad.{suffix}" in details["a/bad.png"][1]
    assert details["a/bare.png"][0] == "missing_annotation"
    assert details[f"a/alone.{suffix}"][0] == "missing_image"


def test_yolo_pictures_without_a_file_may_be_background(tmp_path: Path) -> None:
    images = pictures(tmp_path, "train/a.png", "train/b.png")
    (tmp_path / "labels/train").mkdir(parents=True)
    (tmp_path / "labels/train/a.txt").write_text("0 0.5 0.5 0.5 0.4\n0 0 0 1 0 1 1\n0 0 0 1 0 1 1 0 1\n")
    (tmp_path / "data.yaml").write_text("names: [ship, tank]\nnc: 2\n")
    ingested(yolo(str(tmp_path / "labels"), images=images, background=True), tmp_path / "out")
    found = {name: sample.annotation for name, sample in samples(tmp_path / "out").items()}
    box, outline, turned = found["train/a.png"].objects
    assert tuple(box.box) == pytest.approx((WIDTH / 4, HEIGHT * 0.3, WIDTH * 3 / 4, HEIGHT * 0.7))
    assert outline.polygons == (((0, 0), (WIDTH, 0), (WIDTH, HEIGHT)),)
    assert turned.obb == ((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT))
    assert found["train/b.png"].objects == ()
    assert set(found["train/b.png"].vocabulary) == {"ship", "tank"}


def test_oriented_boxes_of_voc_files(tmp_path: Path) -> None:
    images = pictures(tmp_path, "a.png")
    sides = ("left_top", "right_top", "right_bottom", "left_bottom")
    values = dict(
        zip([f"{axis}_{side}" for side in sides for axis in "xy"], (1, 2, 5, 2, 5, 9, 1, 9), strict=True)
    )
    dior = "".join(f"<{key}>{value}</{key}>" for key, value in values.items())
    middle = "<cx>10</cx><cy>10</cy><w>8</w><h>2</h><angle>1.5707963267948966</angle>"
    objects = [
        f"<name>ship</name><robndbox>{inner}</robndbox><truncated>1</truncated>" for inner in (dior, middle)
    ]
    (tmp_path / "images/a.xml").write_text(voc_file(*objects))
    ingested(voc(images, images=images), tmp_path / "out")
    first, second = samples(tmp_path / "out")["a.png"].annotation.objects
    assert first.obb == ((1, 2), (5, 2), (5, 9), (1, 9))
    assert tuple(second.box) == pytest.approx((9, 6, 11, 14))
    assert first.visible == 0.7


def test_names_are_found_by_path_then_by_file_name(tmp_path: Path) -> None:
    images = pictures(tmp_path, "x/a.png", "y/b.png", "y/c.png", "z/c.png")
    notes = {"labels/b.txt": "", "x/a.txt": "", "labels/c.txt": ""}
    for name in notes:
        (tmp_path / "notes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notes" / name).write_text("")
    ingested(dota(str(tmp_path / "notes"), images=images), tmp_path / "out")
    assert set(samples(tmp_path / "out")) == {"x/a.png", "y/b.png"}  # c is two pictures': neither has it
    assert {name for name, *_ in rejected(tmp_path / "out")} == {"y/c.png", "z/c.png", "labels/c.txt"}
    pictures(tmp_path, "x/a.jpg")
    with pytest.raises(InputError, match=r"x/a.jpg and x/a.png share the file x/a.txt"):
        dota(str(tmp_path / "notes"), images=images)


TABLES: list[tuple[str, Callable[[str, str], Listing], str, set[tuple[str, str]]]] = [
    (
        "image_path;xmin;ymin;xmax;ymax;label\na.png;1;2;5;6;ship\na.tif;2;2;9;9;tank\nb.png;;;;;\nc.png;9;2;5;6;ship\n"
        "gone.png;1;2;5;6;ship\n../b.png;1;2;5;6;ship\nd.png;1;2;x;6;ship\ne.png;1;2;5;6;\n",
        lambda table, images: boxes(table, images),
        "ship tank",
        {
            ("c.png", "inverted"),
            ("gone.png", "no picture"),
            ("../b.png", "relative path"),
            ("d.png", "line 8: expected a number, found 'x'"),
            ("e.png", "line 9: the class is missing"),
        },
    ),
    (
        "a.png,1,2,5,6,ship\na.png,1,2,50,60,tank\nb.png,,,,,\n",
        lambda table, images: boxes(table, images),
        "ship tank",
        set(),
    ),
    (
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,30,ship,1,2,5,6\na.png,40,30,tank,1,2,50,60\n"
        "b.png,40,30,,,,,\nc.png,100,100,ship,1,2,5,6\nd.png,40,30,ship,1,2,5,6\nd.png,40,31,ship,1,2,5,6\n"
        "e.png,wide,30,ship,1,2,5,6\nf.png,,,ship,0.1,0.2,0.5,0.6\n",
        lambda table, images: boxes(table, images),
        "ship tank",
        {
            ("c.png", "stated as 100×100, the picture has 40×30"),
            ("d.png", "height is 30 and 31: expected one"),
            ("e.png", "expected a number, found 'wide'"),
            ("f.png", "they seem to be shares of its width and height"),
        },
    ),
    (
        "image,ship,tank\na,1,1\nb.png,0,0\nc.png,1\nd.png,maybe,0\n",
        lambda table, images: labels(table, images),
        "ship tank",
        {("c.png", "2 cells: expected 3"), ("d.png", "'maybe': expected 0 or 1")},
    ),
    (
        "image\twhat\na.png\tship, tank\nb.png\t\nnone.png\tship\n",
        lambda table, images: labels(table, images, column="what"),
        "ship tank",
        {("none.png", "no picture")},
    ),
]


@pytest.mark.parametrize(("text", "reader", "expected", "bad"), TABLES)
def test_tables(
    tmp_path: Path,
    text: str,
    reader: Callable[[str, str], Listing],
    expected: str,
    bad: set[tuple[str, str]],
) -> None:
    images = pictures(tmp_path, *(f"{name}.png" for name in "abcdef"))
    (tmp_path / "table.csv").write_text(text)
    ingested(reader(str(tmp_path / "table.csv"), images), tmp_path / "out")
    found = samples(tmp_path / "out")
    assert set(found) == {"a.png", "b.png"}
    (a, b) = (found[name].annotation for name in ("a.png", "b.png"))
    assert " ".join([*(o.label for o in a.objects), *a.labels]) == expected
    assert (b.objects, b.labels) == ((), ())
    refused = {name: detail for name, _, detail in rejected(tmp_path / "out")}
    assert refused.keys() == {name for name, _ in bad}
    assert all(said in refused[name] for name, said in bad)


@pytest.mark.parametrize(
    ("text", "reader", "said"),
    [
        ("", boxes, "holds no rows"),
        ("image,left\n", boxes, "has no column 'label'"),
        ("a,b\n", boxes, "has 2 columns: expected image_path"),
        ("image,ship\n", lambda t, i: labels(t, i, column="classes"), "has no column 'classes'"),
        ('{"images": {}}', karpathy, "has no list 'images'"),
        ('{"images": [', karpathy, "is not valid JSON"),
        ("\xff", karpathy, "is not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_error(
    tmp_path: Path, text: str, reader: Callable[..., Listing], said: str
) -> None:
    images = pictures(tmp_path, "a.png")
    (tmp_path / "table").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=said) as error:
        reader(str(tmp_path / "table"), images)
    assert "table" in str(error.value)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("names: [[car], {a: b}]\n", r"names has \"\['car'\]\": expected the name of a class"),
        (f"names: [{'x' * 300}]\n", "a class of 300 characters"),
    ],
)
def test_names_of_yolo_that_are_none(tmp_path: Path, names: str, said: str) -> None:
    images = pictures(tmp_path, "a.png")
    (tmp_path / "images/a.txt").write_text("0 0.5 0.5 0.1 0.1")
    (tmp_path / "data.yaml").write_text(names)
    with pytest.raises(InputError, match=said):
        yolo(images, images=images)


def test_the_difficulty_of_dota_is_no_part_of_a_class(tmp_path: Path) -> None:
    images = pictures(tmp_path, "a.png", "b.png")
    for name, end in {"a": "roundabout A 1", "b": "car 7"}.items():
        (tmp_path / f"images/{name}.txt").write_text(f"1 1 9 1 9 9 1 9 {end}")
    ingested(dota(images, images=images), tmp_path / "out")
    (thing,) = samples(tmp_path / "out")["a.png"].annotation.objects
    assert (thing.label, thing.difficult) == ("roundabout A", True)
    assert [(name, detail) for name, _, detail in rejected(tmp_path / "out")] == [
        ("b.png", "b.txt: line 1: difficulty 7: expected 0, 1 or 2")
    ]


def test_karpathys_layout(tmp_path: Path) -> None:
    images = pictures(tmp_path, "train/a.png", "b.png")
    said = [{"raw": "A port."}, {"raw": "A port."}, {"raw": "Ships."}]
    entries = [
        {"filename": "a.tif", "filepath": "train", "sentences": said, "split": "restval"},
        {"filename": "b.png", "sentences": []},
        {"filename": "c.png", "sentences": said},
        "b.png",
    ]
    (tmp_path / "all.json").write_text(json.dumps({"images": entries}))
    ingested(karpathy(str(tmp_path / "all.json"), images, scene=True), tmp_path / "out")
    ((name, sample),) = samples(tmp_path / "out").items()
    assert (name, sample.annotation.captions) == ("train/a.png", ("A port.", "Ships."))
    assert (sample.annotation.split, sample.annotation.scene) == ("train", ("train",))
    assert [name for name, *_ in rejected(tmp_path / "out")] == ["b.png", "c.png", "image 3"]


def test_masks_by_name(tmp_path: Path) -> None:
    images = pictures(tmp_path, "a_rgb.png", "b_rgb.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/a_rgb_label.png").write_bytes(picture("L", colour=1))
    (tmp_path / "masks/c_label.png").write_bytes(picture("L", colour=1))
    (tmp_path / "source.yaml").write_text("mask: {water: 1, land: 0}\n")
    listing = masks(images, masks=str(tmp_path / "masks"), ending="_label")
    ingested(listing, tmp_path / "out", str(tmp_path / "source.yaml"))
    ((name, sample),) = samples(tmp_path / "out").items()
    assert (name, sample.annotation.cover["water"].fraction) == ("a_rgb.png", 1)
    reasons = [(name, reason) for name, reason, _ in rejected(tmp_path / "out")]
    assert reasons == [("b_rgb.png", "missing_mask"), ("c_label.png", "missing_image")]


def test_objects_by_masks_of_instances(tmp_path: Path) -> None:
    images = pictures(tmp_path, "a.png", "b.png")
    classes, single = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    classes[2:12, 3:9] = classes[5:9, 20:30] = 1
    classes[20:25, 5:9] = 2
    for number, place in enumerate(((slice(2, 12), slice(3, 9)), (slice(5, 9), slice(20, 30)))):
        single[place] = (10, number, 200)
    single[20:25, 5:9] = (9, 9, 9)
    for folder, ending, pixels in (("masks", "", classes), ("ids", "_id", single)):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / f"a{ending}.png")
    Image.fromarray(classes).save(tmp_path / "masks/b.png")
    (tmp_path / "source.yaml").write_text("mask: {sea: 0, ship: 1, junk: 2}\ndrop: [sea, junk]\n")
    ids = {"instances": str(tmp_path / "ids"), "instances_ending": "_id"}
    listing = masks(images, masks=str(tmp_path / "masks"), **ids)
    ingested(listing, tmp_path / "out", str(tmp_path / "source.yaml"))
    ((name, sample),) = samples(tmp_path / "out").items()
    found = [(thing.label, tuple(thing.box)) for thing in sample.annotation.objects]
    assert (name, found) == ("a.png", [("ship", (3, 2, 9, 12)), ("ship", (20, 5, 30, 9))])
    assert sample.annotation.cover.keys() == {"ship"}
    assert [(name, reason) for name, reason, _ in rejected(tmp_path / "out")] == [("b.png", "missing_mask")]
