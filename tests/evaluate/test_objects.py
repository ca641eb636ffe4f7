"""Objects by themselves and masks by patches: what is asked, and what the figures count."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.data.final import Record
from mpgi_ray.evaluate.regions import Regions, figures
from mpgi_ray.evaluate.segment import UNKNOWN, confusion, mean_iou, segmented


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
