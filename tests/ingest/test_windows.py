"""Large pictures cut into windows: nothing is lost, nothing counts twice, and names and identities stay."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.data.sample import Annotation, Box, Object
from mpgi_ray.ingest import IngestConfig, SourceConfig, ingest, manifest, yolo
from mpgi_ray.ingest.windows import Tiling, Window, in_window
from mpgi_ray.rules.gathering import COUNTED, gather
from mpgi_ray.rules.geometry import area
from mpgi_ray.rules.sentences import ALL, tell
from support.ingested import rejected, samples


@st.composite
def tilings(draw: st.DrawFn) -> Tiling:
    tile = draw(st.integers(32, 200))
    return Tiling(tile=tile, overlap=draw(st.integers(0, tile // 2)))


sides = st.integers(1, 700)


@given(sides, sides, tilings())
def test_windows_cover_a_picture(width: int, height: int, tiling: Tiling) -> None:
    found = tiling.windows(width, height)
    if max(width, height) <= tiling.tile:
        assert found == []
        return
    seen = np.zeros((height, width), int)
    for x, y, w, h in found:
        assert 0 < min(w, h) <= max(w, h) <= tiling.tile
        assert (min(x, 0), min(y, 0), max(x + w, width), max(y + h, height)) == (0, 0, width, height)
        seen[y : y + h, x : x + w] += 1
    assert seen.min() == 1
    if not tiling.overlap:
        assert seen.max() == 1
    assert len(set(found)) == len(found)
    for axis in (2, 3):
        lengths = {window[axis] for window in found}
        assert max(lengths) - min(lengths) <= 1


@st.composite
def things(draw: st.DrawFn, width: int, height: int) -> Object:
    def inside(side: int) -> tuple[float, float]:
        a, b = sorted(draw(st.tuples(st.integers(0, side), st.integers(0, side))))
        assume(a < b)
        return float(a), float(b)

    (x1, x2), (y1, y2) = inside(width), inside(height)
    box, kind = Box(x1, y1, x2, y2), draw(st.sampled_from(("box", "obb", "outline")))
    visible = draw(st.sampled_from((1.0, 0.8)))
    middle_x, middle_y = box.middle
    if kind == "obb":
        corners = ((middle_x, y1), (x2, middle_y), (middle_x, y2), (x1, middle_y))
        return Object(label="ship", box=box, obb=corners, visible=visible)
    outline = ((x1, y1), (x2, y1), (x2, y2))
    return Object(label="ship", box=box, polygons=(outline,) if kind == "outline" else (), visible=visible)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[Annotation, Tiling]:
    width, height = draw(st.integers(40, 400)), draw(st.integers(40, 400))
    objects = tuple(draw(st.lists(things(width, height), max_size=5)))
    tiling = Tiling(tile=draw(st.integers(32, 150)))
    assume(tiling.windows(width, height))
    return Annotation(width=width, height=height, objects=objects, scene=("port",)), tiling


@settings(max_examples=50)
@given(pictures())
def test_the_parts_of_an_object_make_the_object(given: tuple[Annotation, Tiling]) -> None:
    annotation, tiling = given
    parts = [
        Annotation.model_validate(in_window(annotation, window))
        for window in tiling.windows(annotation.width, annotation.height)
    ]
    found = [thing for part in parts for thing in part.objects]
    assert sum(map(area, found)) == pytest.approx(sum(map(area, annotation.objects)))
    for thing in annotation.objects if len(annotation.objects) == 1 else ():
        assert sum(part.visible for part in found) == pytest.approx(thing.visible)
        assert sum(part.visible >= COUNTED for part in found) <= 1
    assert all(part.scene == () for part in parts)


def turned(point: tuple[float, float], width: float) -> tuple[float, float]:
    """A point of a picture that is turned by a quarter, counterclockwise."""
    return point[1], width - point[0]


def turned_box(box: Box, width: float) -> Box:
    return Box(box.y1, width - box.x2, box.y2, width - box.x1)


def turned_note(note: Annotation) -> Annotation:
    objects = []
    for thing in note.objects:
        corners = thing.obb and tuple(turned(point, note.width) for point in thing.obb)
        outlines = tuple(tuple(turned(point, note.width) for point in outline) for outline in thing.polygons)
        moved = {"box": turned_box(thing.box, note.width), "obb": corners, "polygons": outlines}
        objects.append(thing.model_copy(update=moved))
    return note.model_copy(update={"width": note.height, "height": note.width, "objects": tuple(objects)})


@settings(max_examples=50)
@given(pictures())
def test_turning_and_cutting_commute(given: tuple[Annotation, Tiling]) -> None:
    annotation, tiling = given
    for window in tiling.windows(annotation.width, annotation.height):
        x, y, w, h = window
        other: Window = (y, annotation.width - x - w, h, w)
        one = turned_note(Annotation.model_validate(in_window(annotation, window)))
        two = Annotation.model_validate(in_window(turned_note(annotation), other))
        assert (one.width, one.height) == (two.width, two.height)
        for a, b in zip(one.objects, two.objects, strict=True):
            assert tuple(a.box) == pytest.approx(tuple(b.box))
            assert (a.visible, area(a)) == pytest.approx((b.visible, area(b)))


def test_a_scene_is_cut(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (150, 260, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    mask = np.zeros((150, 260), np.uint8)
    mask[:, 130:] = 1
    Image.fromarray(mask).save(tmp_path / "m.png")
    Image.fromarray(pixels[:90, :90]).save(tmp_path / "small.jpg", quality=95)
    boxes = [
        {"label": "ship", "bbox": [10, 10, 30, 30]},
        {"label": "ship", "bbox": [60, 60, 100, 80]},  # a part of 27 and one of 13 pixels
        {"label": "ship", "bbox": [250, 140, 270, 160]},  # a quarter of it lies in the picture
    ]
    first = {"image": "a.png", "boxes": boxes, "mask": "m.png", "captions": ["A port."], "gsd": 0.5}
    lines = [first | {"scene": "port"}, {"image": "small.jpg", "captions": ["A pier."]}]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    source = SourceConfig.model_validate({"mask": {"land": 0, "water": 1}, "splits": {"a": 0.5, "b": 0.5}})
    config = IngestConfig(output=str(tmp_path / "out"), source=source, tiling=Tiling(tile=100))
    summary = ingest(manifest(str(tmp_path / "m.jsonl")), config)
    assert (summary.kept, summary.rejected) == (7, {})
    found = samples(tmp_path / "out")
    whole = found.pop("small.jpg")
    assert (whole.annotation.captions, whole.annotation.origin) == (("A pier.",), None)
    assert whole.image == (tmp_path / "small.jpg").read_bytes()
    assert len({sample.annotation.split for sample in found.values()}) == 1
    for name, sample in found.items():
        window = tuple(map(int, name.removeprefix("a.png#").split("_")))
        x, y, w, h = window
        part = np.asarray(Image.open(io.BytesIO(sample.image)))
        assert np.array_equal(part, pixels[y : y + h, x : x + w])
        note = sample.annotation
        assert note.origin is not None
        assert (note.origin.image, note.origin.window) == ("a.png", window)
        assert (note.gsd, note.scene, note.captions) == (0.5, (), ())
        water = mask[y : y + h, x : x + w].mean()
        assert (note.cover["water"].fraction if "water" in note.cover else 0) == pytest.approx(water)
        if water:
            assert note.cover["water"].regions == (Box(max(0, 130 - x), 0, w, h),)
    assert len({sample.sample_id for sample in found.values()}) == 6
    shown = {name: [(tuple(o.box), o.visible) for o in s.annotation.objects] for name, s in found.items()}
    assert shown["a.png#0_0_87_75"] == [
        ((10, 10, 30, 30), 1.0),
        ((60, 60, 87, 75), pytest.approx(27 * 15 / 800)),
    ]
    assert Counter(len(objects) for objects in shown.values()) == {2: 1, 1: 4, 0: 1}
    assert rejected(tmp_path / "out") == []
    # the identity is that of file and window: the same in a run of other options and another order
    again = IngestConfig(output=str(tmp_path / "again"), source=source, tiling=Tiling(tile=100), shard_size=2)
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines[::-1])))
    ingest(manifest(str(tmp_path / "m.jsonl")), again)
    others = samples(tmp_path / "again")
    assert {name: s.sample_id for name, s in found.items()} == {n: others[n].sample_id for n in found}


def test_an_outline_that_reaches_over_a_border_by_a_rounding_error(tmp_path: Path) -> None:
    outlines = {
        "a.png": [[100 - 2**-46, 89], [128, 34], [147, 29]],
        "b.png": [[1, 1], [1e300, 2], [3, 1e300], [1e308, 5], [-1e308, -1e300], [7, 1e5]],
    }
    lines = []
    for name, points in outlines.items():
        Image.new("RGB", (200, 100)).save(tmp_path / name)
        lines.append({"image": name, "polygons": [{"label": "ship", "points": points}]})
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    config = IngestConfig(output=str(tmp_path / "out"), tiling=Tiling(tile=100))
    ingest(manifest(str(tmp_path / "m.jsonl")), config)
    found = {name: sample.annotation.objects for name, sample in samples(tmp_path / "out").items()}
    assert found["a.png#0_0_100_100"] == ()
    assert [thing.visible for thing in found["a.png#100_0_100_100"]] == [pytest.approx(1)]
    ((name, reason, detail),) = rejected(tmp_path / "out")
    assert (name, reason) == ("b.png", "bad_annotation")
    assert "an outline cannot be cut into windows" in detail


@pytest.mark.parametrize("reaching", [0, 20, 300])
def test_what_lies_outside_the_picture_counts_once(tmp_path: Path, reaching: float) -> None:
    left, right = -reaching, 120
    outline = [[left, 10], [right, 10], [right, 50], [left, 50]]
    Image.new("RGB", (200, 100)).save(tmp_path / "a.png")
    line = {"image": "a.png", "polygons": [{"label": "ship", "points": outline}]}
    (tmp_path / "m.jsonl").write_text(json.dumps(line))
    config = IngestConfig(output=str(tmp_path / "out"), tiling=Tiling(tile=100))
    ingest(manifest(str(tmp_path / "m.jsonl")), config)
    found = [thing for sample in samples(tmp_path / "out").values() for thing in sample.annotation.objects]
    assert [thing.visible for thing in found] == [
        pytest.approx(100 / (right - left)),
        pytest.approx(20 / (right - left)),
    ]


def test_pictures_below_a_number_of_pixels_stay_whole() -> None:
    tiling = Tiling(tile=1000, above=4_000_000)
    assert tiling.windows(2000, 2000) == []
    assert len(tiling.windows(2000, 2001)) == 6


def test_small_things_of_a_large_picture_are_told_in_its_windows(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "kit_ais_vehicles"
    lines = (folder / "labels/MOS155.txt").read_text().splitlines()  # of a frame of 1,764 pixels
    cars = sum(line.startswith("0 ") for line in lines)
    listing = yolo(str(folder / "labels"), images=str(folder / "images"))
    ingest(listing, IngestConfig(output=str(tmp_path), tiling=Tiling(tile=1024)))
    windows = [s.annotation for name, s in samples(tmp_path).items() if name.startswith("MOS155")]
    told = [fact.total for note in windows for fact in gather(note).classes if fact.name == "car"]
    assert len(told) == 2
    assert sum(told) == cars > 40


def test_what_a_window_says_of_parts() -> None:
    def told(*visible: float) -> str:
        kinds = {"ship": {"exhaustive": True}}
        objects = [
            {"label": "ship", "box": (10 * i, 10, 10 * i + 9, 40), "visible": v}
            for i, v in enumerate(visible)
        ]
        note = {"width": 100, "height": 100, "vocabulary": kinds, "objects": objects}
        return " ".join(tell(ALL, gather(Annotation.model_validate(note)), "seed"))

    assert "two ships" in told(1, COUNTED)
    assert "at least one ship" in told(1, 0.69)
    assert "part of a ship" in told(0.69, 0.2)
    assert "ship" not in told(0.19)
