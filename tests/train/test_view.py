"""What a task sees of a sample: parts of the original, turned as the picture is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.data.final import Record
from mpgi_ray.data.sample import Box
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.augment import Transform, apply, move_box
from mpgi_ray.train.view import Taken, View

SIDE = 32
TOKENS = TextTokenizer.train(["a ship"], 8).to_json()
TAKEN = Taken.by(Inputs({"size": SIDE, "resize_mode": "squash"}, 8, TOKENS))
PIXELS = TAKEN.pixels


@pytest.mark.parametrize("transform", Transform)
def test_a_cut_is_what_lies_in_the_moved_box_of_the_turned_picture(transform: Transform) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    picture = np.stack([4 * rows, 6 * columns, rows + 2 * columns], axis=2).astype(np.uint8)
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "PNG")
    record = Record("s", "k", "id", {}, {}, sink.getvalue())
    view = View(record, ("",), transform, (0, 0, "id"), TAKEN, {})
    whole = apply(PIXELS(Image.fromarray(picture)), transform, (1, 2))
    assert (view.cut(Box(-5, -5, SIDE + 5, SIDE + 5)) == whole).all()
    box = Box(4, 8, 12, 24)
    x1, y1, x2, y2 = map(int, move_box(box, transform, SIDE, SIDE))
    turned = Image.fromarray(whole.transpose(1, 2, 0)).crop((x1, y1, x2, y2))
    assert np.abs(view.cut(box).astype(int) - PIXELS(turned)).max() <= 1  # resized before or after the turn
    assert view.cut(Box(SIDE, SIDE, SIDE, SIDE)).shape == (3, SIDE, SIDE)
