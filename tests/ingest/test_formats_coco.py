"""What tools leave in COCO files: odd ids, things listed twice, bad outlines; and files of other tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.errors import InputError
from mpgi_ray.ingest import coco
from mpgi_ray.ingest.item import Listing
from support.ingested import HEIGHT, WIDTH, ingest_all, picture, put

_BOX = {"category_id": 1, "bbox": [1, 2, 10, 5]}


def listing(folder: Path, images: list[Any], annotations: list[Any], categories: list[Any]) -> Listing:
    put(folder, {f"img/{name}.png": picture() for name in "abc"})
    content = {"images": images, "annotations": annotations, "categories": categories}
    put(folder, {"x.json": json.dumps(content)})
    return coco(str(folder / "x.json"), str(folder / "img"))


def test_ids_of_other_types_and_entries_that_stand_twice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = [
        {"id": 1, "file_name": "a.png"},
        {"id": "2", "file_name": "b.png"},
        {"id": 1, "file_name": "a.png"},  # the very same
        {"id": 3, "file_name": "./b.png"},  # the same file, under another id
    ]
    annotations = [
        {"id": 1, "image_id": "1", **_BOX},
        {"id": 1, "image_id": 1, **_BOX, "category_id": "1"},  # the same again
        {"id": 2, "image_id": 1.0, "category_id": "2", "bbox": [1, 2, 10, 5]},
        {"id": 3, "image_id": 2, **_BOX},
        {"id": 4, "image_id": 3, **_BOX},
        {"id": 5, "image_id": "3", "category_id": 2, "bbox": [5, 5, 5, 5]},
    ]
    categories = [{"id": 1, "name": "ship"}, {"id": "2", "name": "pier"}, {"id": 1.0, "name": "ship"}]
    kept, lost = ingest_all(listing(tmp_path, images, annotations, categories), tmp_path / "out")
    assert not lost
    found = {name: [(o.label, tuple(o.box)) for o in s.annotation.objects] for name, s in kept.items()}
    assert found == {
        "a.png": [("ship", (1, 2, 11, 7)), ("pier", (1, 2, 11, 7))],
        "b.png": [("ship", (1, 2, 11, 7)), ("pier", (5, 5, 10, 10))],
    }
    assert "count once: 2" in caplog.text
    assert "images that are listed again; the annotations of a file are joined: 2" in caplog.text


def test_an_id_of_two_files_rejects_both(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": f"{name}.png"} for name in "ab"] + [{"id": 2, "file_name": "c.png"}]
    source = listing(tmp_path, images, [{"image_id": 1, **_BOX}], [{"id": 1, "name": "ship"}])
    kept, lost = ingest_all(source, tmp_path / "out")
    assert set(kept) == {"c.png"}
    assert lost.keys() == {"a.png", "b.png", "image_id 1"}
    assert "image id 1 is that of a.png and of b.png" in lost["a.png"][1]


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 5, 5]],
        [[1, 1, 5, 5, 9]],
        [[]],
        [1, 1, 5, 5, 9, 9],
        [[1, 1, 5, "x", 9, 9]],
        "mask.png",
        {"size": [HEIGHT, WIDTH]},
        {"size": [9, 9], "counts": [0, 81]},  # of another picture
        {"size": [HEIGHT, WIDTH], "counts": [10**12]},
        {"size": [HEIGHT, WIDTH], "counts": [WIDTH * HEIGHT + 5, -5]},
        {"size": [HEIGHT, WIDTH], "counts": "garbage\\"},
    ],
)
def test_a_bad_outline_beside_a_good_box(
    tmp_path: Path, segmentation: Any, caplog: pytest.LogCaptureFixture
) -> None:
    images: list[dict[str, Any]] = [{"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT}]
    images += [{**images[0], "id": 2, "file_name": "b.png"}]
    annotations = [
        {"id": 8, "image_id": 1, **_BOX, "segmentation": segmentation},
        {"id": 9, "image_id": 2, "category_id": 1, "segmentation": segmentation},  # and without one
    ]
    source = listing(tmp_path, images, annotations, [{"id": 1, "name": "ship"}])
    kept, lost = ingest_all(source, tmp_path / "out")
    (thing,) = kept["a.png"].annotation.objects
    assert (tuple(thing.box), thing.polygons) == ((1, 2, 11, 7), ())
    assert lost["b.png"][0] == "bad_annotation"
    assert "annotation 9: " in lost["b.png"][1]
    assert "outlines that cannot be read, beside boxes that are kept: 1" in caplog.text


def test_run_lengths_state_the_size_of_their_picture(tmp_path: Path) -> None:
    """Where the file states none."""
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}]
    right, other = (
        {"size": size, "counts": [0, 6, size[0] * size[1] - 6]} for size in ((HEIGHT, WIDTH), (9, 9))
    )
    annotations = [
        {"id": 8, "image_id": 1, "category_id": 1, "segmentation": right},
        {"id": 9, "image_id": 2, "category_id": 1, "segmentation": other},
    ]
    source = listing(tmp_path, images, annotations, [{"id": 1, "name": "ship"}])
    kept, lost = ingest_all(source, tmp_path / "out")
    assert [*kept] == ["a.png"]
    assert lost["b.png"] == ("size_mismatch", f"stated as 9×9, the picture has {WIDTH}×{HEIGHT} pixels")


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ({"id": 1, "image_id": 1, "caption": "A pier."}, "a COCO captions file"),
        ({"image_id": 1, "file_name": "a.png", "segments_info": []}, "a COCO panoptic file"),
    ],
)
def test_files_of_other_tasks_are_named(tmp_path: Path, note: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"x\.json is {message}"):
        listing(tmp_path, [{"id": 1, "file_name": "a.png"}], [note], [])
    with pytest.raises(InputError, match="category id 1 is both 'ship' and 'pier'"):
        listing(tmp_path, [], [], [{"id": 1, "name": "ship"}, {"id": "1", "name": "pier"}])
