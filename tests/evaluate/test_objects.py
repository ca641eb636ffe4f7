"""Objects by themselves and masks by patches: what is asked, and what the figures count."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.data.final import Record
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.regions import Regions, figures
from mpgi_ray.evaluate.segment import (
    UNKNOWN,
    always_the_largest,
    by_chance,
    confusion,
    mean_iou,
    segmented,
    windows,
)
from mpgi_ray.evaluate.segment import figures as pixel_figures
from mpgi_ray.ingest.masked import NO_CLASS, Masked


def record(*things: dict[str, Any]) -> Record:
    """Left half red, right half blue."""
    picture = Image.new("RGB", (80, 40), "red")
    picture.paste("blue", (40, 0, 80, 40))
    sink = io.BytesIO()
    picture.save(sink, "PNG")
    return Record("s", "k", "id", {}, {"objects": list(things)}, sink.getvalue())


SHIP = {"label": "Ship", "box": [0, 0, 30, 20]}
CAR = {"label": "small-vehicle", "box": [50, -10, 90, 30]}
TINY = {"label": "ship", "box": [0, 0, 15, 16]}
GROUP = {"label": "ship", "box": [0, 0, 80, 40], "crowd": True}


def test_objects_are_cut_out_whole_and_classes_are_those_of_all_splits() -> None:
    records = [record(SHIP, TINY, GROUP), record(TINY), record(CAR, SHIP)]
    asked = Regions.of(records, [record({"label": "airport", "box": [0, 0, 40, 40]})])
    assert asked.rows == (0, 2)
    assert asked.classes == ("airport", "ship", "small vehicle")
    assert asked.names[2] == "a satellite image of small vehicle"
    crops = list(asked.crops([records[row] for row in asked.rows]))
    assert [crop.size for crop in crops] == [(30, 30), (30, 30), (30, 30)]
    assert [crop.getpixel((15, 15)) for crop in crops] == [(255, 0, 0), (0, 0, 255), (255, 0, 0)]


def test_objects_are_called_by_their_source_or_in_its_own_words() -> None:
    box, vocabulary = [0, 0, 30, 20], {"SV": {"name": "small vehicle"}}
    made = record(*({"label": label, "box": box} for label in ("SV", "oiltank", "other")))
    made = replace(made, annotation={**made.annotation, "vocabulary": vocabulary})
    assert Regions.of([made]).classes == ("oiltank", "small vehicle")


def test_an_object_outside_of_its_picture_is_a_pixel_at_its_edge() -> None:
    outside = record({"label": "ship", "box": [-40, 10, 0.3, 30]})
    assert [crop.size for crop in Regions.of([outside]).crops([outside])] == [(20, 20)]


def test_figures_of_objects_are_over_all_and_over_classes() -> None:
    asked = Regions.of([record(SHIP), record(CAR, SHIP), record(SHIP)])
    by_picture = asked.by_picture([0, 0, 0, 1])
    assert figures(by_picture) == pytest.approx([50, (100 * 2 / 3 + 0) / 2])
    assert figures(by_picture[:1]) == pytest.approx([100, 100])


def test_a_mask_follows_its_patches_and_its_figure_is_the_mean_over_classes() -> None:
    names = np.eye(3, dtype=np.float32)
    patches = np.zeros((2, 2, 3), np.float32)
    patches[:, 0, 0] = patches[:, 1, 1] = 1
    said = segmented(patches, names, (8, 4))
    assert said.shape == (4, 8)
    assert (said[:, :4] == 0).all()
    assert (said[:, 4:] == 1).all()
    true = np.full((4, 8), 1)
    true[:, :2] = 0
    true[0] = UNKNOWN
    pixels = confusion(said, true, 3)
    assert pixels.tolist() == [[6, 0, 0], [6, 12, 0], [0, 0, 0]]
    assert mean_iou(pixels) == pytest.approx((100 * 6 / 12 + 100 * 12 / 18) / 2)


def test_a_set_of_masks_is_read_as_its_source_says(tmp_path: Path) -> None:
    (tmp_path / "source.yaml").write_text(
        "mask: {w: 0, grass: 1, none: 9}\ndrop: [none]\n"
        "vocabulary: {w: {name: water, countable: false}, grass: {}}"
    )
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    values = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [9, 9, 1, 1]], np.uint8)
    Image.fromarray(values).save(tmp_path / "masks/a.png")
    Image.new("RGB", (4, 3), "green").save(tmp_path / "images/a.png")
    found = Masked.of(str(tmp_path), str(tmp_path / "source.yaml"))
    assert found.names == ("water", "grass")
    ((picture, mask),) = found
    assert picture.size == (4, 3)
    assert mask.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [NO_CLASS, NO_CLASS, 1, 1]]
    with pytest.raises(InputError, match="are not known: expected a source that lists two or more"):
        Masked.of(str(tmp_path), None)
    Image.new("L", (4, 3), 7).save(tmp_path / "masks/a.png")
    with pytest.raises(InputError, match=r"a.png: 12 of 12 pixels belong to no class"):
        list(found)


def test_windows_cover_a_picture_once() -> None:
    mask = np.arange(50 * 70, dtype=np.int16).reshape(50, 70)
    parts = list(windows(Image.new("RGB", (70, 50)), mask, 32))
    assert len(parts) == 6
    assert all(part.size == true.shape[::-1] and max(part.size) <= 32 for part, true in parts)
    assert sorted(np.concatenate([true.ravel() for _, true in parts])) == list(range(3500))


def test_baselines_of_masks_need_no_model() -> None:
    pixels = np.array([[[6, 0, 0], [0, 2, 0], [0, 0, 0]], [[0, 0, 0], [0, 4, 0], [0, 0, 0]]])
    assert pixel_figures(always_the_largest(pixels)) == pytest.approx([25, 50])
    even = by_chance(pixels)
    assert even.sum() == pixels.sum()
    assert pixel_figures(even) == pytest.approx([100 * 2 / (6 + 4 - 2), 100 / 3])
