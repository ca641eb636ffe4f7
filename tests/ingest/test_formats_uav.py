"""Annotations of pictures taken by drones, each against the raw lines of its files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mpgi_ray.errors import InputError
from mpgi_ray.ingest import SourceConfig, auair, carpk, stanford_drone, visdrone
from mpgi_ray.ingest.source import TRUNCATED
from support.ingested import HEIGHT, WIDTH, ingest_all, picture, put

_VISDRONE = [  # as the README of the benchmark's toolkit numbers them
    *("ignored regions", "pedestrian", "people", "bicycle", "car", "van", "truck"),
    *("tricycle", "awning-tricycle", "bus", "motor", "others"),
]


def random_box(random: Random) -> tuple[int, int, int, int]:
    """Left, top, width and height, inside a picture of the tests."""
    left, top = random.randrange(WIDTH - 5), random.randrange(HEIGHT - 5)
    return left, top, random.randint(1, WIDTH - left), random.randint(1, HEIGHT - top)


def corners(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top, width, height = box
    return left, top, left + width, top + height


def test_visdrone_line_by_line(tmp_path: Path) -> None:
    random, texts = Random(0), {}
    for name in ("0000001_02999_d_0000005", "0000002_00005_d_0000014"):
        lines = []
        for category in range(12):
            numbers = (*random_box(random), int(category not in (0, 11)), category)
            lines.append(",".join(map(str, (*numbers, random.randint(0, 1), random.randint(0, 2)))))
        texts[name] = "\n".join(line + "," * (name < "0000002") for line in lines) + "\n"
    files: dict[str, str | bytes] = {f"images/{name}.jpg": picture(kind="JPEG") for name in texts}
    put(tmp_path, files | {f"annotations/{name}.txt": text for name, text in texts.items()})
    listing = visdrone(str(tmp_path / "annotations"), str(tmp_path / "images"))
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert not lost
    for name, text in texts.items():
        note = kept[f"{name}.jpg"].annotation
        assert set(note.vocabulary) == set(_VISDRONE)
        told = zip(note.objects, text.splitlines(), strict=True)
        for thing, line in told:
            x, y, w, h, score, category, cut, hidden = map(int, line.split(",")[:8])
            assert thing.label == _VISDRONE[category]
            assert tuple(thing.box) == (x, y, x + w, y + h)
            assert thing.visible == (TRUNCATED if cut else 1)
            assert thing.difficult == (score == 0 or hidden == 2)
    dropped = SourceConfig(drop=("ignored regions", "others"))
    kept, _ = ingest_all(listing, tmp_path / "dropped", dropped)
    labels = [thing.label for sample in kept.values() for thing in sample.annotation.objects]
    assert labels == _VISDRONE[1:11] * 2


def test_carpk_boxes_and_splits(tmp_path: Path) -> None:
    random = Random(1)
    names = {"20160331_NTU_00001": "train", "20161225_TPZ_00001": "test", "20161225_TPZ_00099": None}
    texts = {
        name: "".join("{} {} {} {} 1\n".format(*corners(random_box(random))) for _ in range(7))
        for name in names
    }
    put(tmp_path, {f"data/Images/{name}.png": picture() for name in names})
    put(tmp_path, {f"data/Annotations/{name}.txt": text for name, text in texts.items()})
    put(tmp_path, {f"data/ImageSets/{split}.txt": f"{name}\n" for name, split in names.items() if split})
    listing = carpk(str(tmp_path / "data"))
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert not lost
    for name, split in names.items():
        note = kept[f"{name}.png"].annotation
        assert note.split == split
        boxes = [tuple(map(int, line.split()[:4])) for line in texts[name].splitlines()]
        assert [tuple(thing.box) for thing in note.objects] == boxes
        assert {thing.label for thing in note.objects} == {"car"}
    put(tmp_path, {"data/ImageSets/test.txt": "20161225_TPZ_00099\n"})
    assert carpk(str(tmp_path / "data")).fingerprint != listing.fingerprint  # splits are facts, too
    put(tmp_path, {"data/ImageSets/test.txt": "20160331_NTU_00001\n"})
    with pytest.raises(InputError, match=r"20160331_NTU_00001 is listed in train\.txt and test\.txt"):
        carpk(str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3,4,1,4,0", "7 numbers: expected left, top"),
        ("1,2,3,4,0.87,4,-1,-1", "score 0.87: expected 0 or 1"),
        ("1,2,3,4,1,12,0,0", "category 12: expected 0 to 11"),
        ("1,2,3,4,1,4,0,3", "occlusion 3: expected"),
        ("1,2,x,4,1,4,0,0", "expected a number, found 'x'"),
        ("1,2,nan,4,1,4,0,0", "finite number, found 'nan'"),
        ("1,2,-3,4,1,4,0,0", "inverted or empty"),
    ],
)
def test_a_bad_line_of_visdrone(tmp_path: Path, line: str, message: str) -> None:
    texts: dict[str, str | bytes] = {"t/good.txt": "1,2,3,4,1,4,0,0\n", "t/bad.txt": f"\n{line}\n"}
    put(tmp_path, texts | {"i/good.png": picture(), "i/bad.png": picture(), "i/bare.png": picture()})
    kept, lost = ingest_all(visdrone(str(tmp_path / "t"), str(tmp_path / "i")), tmp_path / "out")
    assert set(kept) == {"good.png"}
    assert lost["bare.png"][0] == "missing_annotation"
    assert lost["bad.png"][0] == "bad_annotation"
    assert re.search(message, lost["bad.png"][1])


@pytest.mark.parametrize("line", ["1 2 3 4", "1 2 3 4 2", "1 2 3 4 1 1", "1 2 3 x 1", "9 9 1 1 1"])
def test_a_bad_line_of_carpk(tmp_path: Path, line: str) -> None:
    put(tmp_path, {"Annotations/a.txt": line, "Images/a.png": picture()})
    kept, lost = ingest_all(carpk(str(tmp_path)), tmp_path / "out")
    assert not kept
    assert lost["a.png"][0] == "bad_annotation"


def frame(name: str, *boxes: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A frame as AU-AIR's file has it."""
    day = {"year": 2019, "month": 8, "day": 29, "hour": 9, "min": 11, "sec": 11, "ms": 394400.0}
    size = {"image_width:": float(WIDTH), "image_height": float(HEIGHT), "platform": "Parrot Bebop 2"}
    flight = {"longtitude": 10.18, "latitude": 56.2, "altitude": 19921.6, "linear_x": 0.03}
    return {"image_name": name, **size, "time": day, **flight, "bbox": list(boxes)} | others


def test_auair_against_its_own_json(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    classes = ["Human", "Car", "Truck", "Van", "Motorbike", "Bicycle", "Bus", "Trailer"]
    random = Random(2)

    def box(number: int) -> dict[str, int]:
        return dict(zip(("left", "top", "width", "height"), random_box(random), strict=True)) | {
            "class": number
        }

    car = box(1)
    frames = [
        frame("a.jpg", *map(box, range(8))),
        frame("empty.jpg"),
        frame("b.jpg", car | {"class": 8}),
        frame("c.jpg", car | {"width": 0}),
        frame("d.jpg", car, **{"image_width:": 1920.0}),
        frame("gone.jpg", car),
        frame("e.jpg", {"left": 1}),
        frame("f.jpg", car, time={"year": 2019, "month": 13, "day": 1}),
        "g.jpg",
    ]
    pictures = {f"images/{name}.jpg": picture(kind="JPEG") for name in ("a", "empty", *"bcdef", "other")}
    put(tmp_path, {**pictures, "a.json": json.dumps({"categories": classes, "annotations": frames})})
    listing = auair(str(tmp_path / "a.json"), str(tmp_path / "images"))
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert set(kept) == {"a.jpg", "empty.jpg"}
    assert kept["empty.jpg"].annotation.objects == ()
    note = kept["a.jpg"].annotation
    raw = json.loads((tmp_path / "a.json").read_text())["annotations"][0]
    assert [(thing.label, tuple(thing.box)) for thing in note.objects] == [
        (classes[b["class"]], (b["left"], b["top"], b["left"] + b["width"], b["top"] + b["height"]))
        for b in raw["bbox"]
    ]
    assert (note.date, note.sensor, set(note.vocabulary)) == ("2019-08-29", "Parrot Bebop 2", set(classes))
    expected = {
        "b.jpg": "class 8: the file names 8 categories",
        "c.jpg": "inverted or empty",
        "d.jpg": "stated as 1920×30",
        "gone.jpg": "there is no picture 'gone.jpg'",
        "e.jpg": "bbox.0.top: Field required",
        "f.jpg": "month must be in 1..12",
        "frame 8": "Input should be",
    }
    assert lost.keys() == expected.keys()
    for name, message in expected.items():
        assert message in lost[name][1]
    assert "not used: altitude, latitude, linear_x, longtitude" in caplog.text
    assert "names 2 of 8 pictures: e.jpg, other.jpg" in caplog.text
    put(tmp_path, {"a.json": '{"annotations": []}'})
    with pytest.raises(InputError, match="no lists 'annotations' and 'categories'"):
        auair(str(tmp_path / "a.json"), str(tmp_path / "images"))


def track(number: int, box: tuple[int, ...], at: int, label: str, lost: int = 0, hidden: int = 0) -> str:
    """A line of the Stanford Drone Dataset."""
    return f'{number} {" ".join(map(str, box))} {at} {lost} {hidden} 1 "{label}"\n'


def test_stanford_drone_by_frame(tmp_path: Path) -> None:
    random = Random(3)
    labels = ("Pedestrian", "Biker", "Skater", "Cart", "Car", "Bus")
    text = "".join(
        track(number, corners(random_box(random)), at, label, random.randint(0, 1), random.randint(0, 1))
        for number, label in enumerate(labels)
        for at in range(61)
        if at != 30
    )
    files = {f"quad/video{video}/annotations.txt": text for video in (0, 1)}
    put(tmp_path / "notes", {**files, "quad/video0/reference.jpg": picture(kind="JPEG")})
    frames = ("quad/video0/000001.jpg", "quad/video0/000002.jpg", "quad/video0/000003.jpg")
    others = ("quad/video0/cover.jpg", "quad/video0/000004.jpg", "quad/video9/000001.jpg")
    put(tmp_path / "cut", {name: picture(kind="JPEG") for name in (*frames, *others)})
    listing = stanford_drone(str(tmp_path / "notes"), str(tmp_path / "cut"), every=30)
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert set(kept) == set(frames)
    for name, at in zip(frames, (0, 30, 60), strict=True):
        rows = [line.split() for line in text.splitlines() if line.split()[5] == str(at)]
        expected = [
            (row[9].strip('"'), tuple(map(float, row[1:5])), row[7] == "1") for row in rows if row[6] == "0"
        ]
        things = kept[name].annotation.objects
        assert [(thing.label, tuple(thing.box), thing.difficult) for thing in things] == expected
    assert {name: reason for name, (reason, _) in lost.items()} == {
        "quad/video0/000004.jpg": "missing_annotation",
        "quad/video0/cover.jpg": "missing_annotation",
        "quad/video1/annotations.txt": "missing_image",
        "quad/video9/000001.jpg": "missing_annotation",
    }
    assert "frame 90 comes after the last one" in lost["quad/video0/000004.jpg"][1]


def test_bad_lines_of_stanford_drone(tmp_path: Path) -> None:
    box = (1, 2, 9, 8)
    lines = [
        track(0, box, 0, "Car"),
        track(0, box, 1, "Horse"),
        track(0, (9, 2, 1, 8), 2, "Car"),
        track(0, box, 3, "Car", lost=7),
        track(0, (99, 2, 120, 8), 4, "Car", lost=1),  # out of view, and left out
        track(0, box, 5, "Car").replace(" 9 ", " inf "),
    ]
    put(tmp_path, {f"cut/{number}.png": picture() for number in range(6)})
    put(tmp_path, {"notes/annotations.txt": "".join(lines)})
    listing = stanford_drone(str(tmp_path / "notes"), str(tmp_path / "cut"), first=0)
    kept, lost = ingest_all(listing, tmp_path / "out")
    assert {name: len(sample.annotation.objects) for name, sample in kept.items()} == {"0.png": 1, "4.png": 0}
    expected = {
        "1.png": "line 2: label 'Horse': expected one of Pedestrian",
        "2.png": "inverted",
        "3.png": "line 4: '7': expected 0 or 1",
        "5.png": "line 6: expected a finite number",
    }
    assert lost.keys() == expected.keys()
    for name, message in expected.items():
        assert message in lost[name][1]
    put(tmp_path, {"notes/annotations.txt": "".join(lines) + "0 1 2 9 8\n"})
    with pytest.raises(InputError, match=r"annotations\.txt, line 7: '0 1 2 9 8': expected track"):
        list(stanford_drone(str(tmp_path / "notes"), str(tmp_path / "cut")))
    with pytest.raises(InputError, match=r"no annotations\.txt below"):
        stanford_drone(str(tmp_path / "cut"), str(tmp_path / "cut"))
