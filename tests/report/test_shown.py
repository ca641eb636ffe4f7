"""What a notebook shows: painted boxes, texts with their verdicts, and nothing of a text taken as HTML."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

import mpgi_ray as mpgi
from support.report_runs import SCRIPT, draw, make_run


def pixels(jpeg: bytes | str) -> np.ndarray:
    assert isinstance(jpeg, bytes)
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def test_boxes_are_painted_and_titles_stand_below() -> None:
    samples = [draw(number) for number in range(4)]
    rows = [
        {"key": one.key, "image": one.image, "annotation": one.annotation.model_dump_json()}
        for one in samples
    ]
    (plain,) = mpgi.show_pictures(rows, ["a title"] * 4, columns=2, boxes=False).parts
    (boxed,) = mpgi.show_pictures(rows, ["a title"] * 4, columns=2).parts
    bare, drawn = pixels(plain), pixels(boxed)
    assert bare.shape == drawn.shape
    height, width, _ = drawn.shape
    assert width == 2 * 256 + 10
    assert height > 2 * 192  # pictures of 4:3 with a line below each
    changed = np.abs(drawn.astype(int) - bare).max(axis=2) > 60
    assert 0.02 < changed.mean() < 0.3


def test_texts_stand_beside_their_picture_and_are_escaped(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    good = mpgi.show_captions(run.captions, cards=8).parts
    pictures = [part for part in good if isinstance(part, bytes)]
    tables = "".join(part for part in good if isinstance(part, str))
    assert len(pictures) == 8
    assert tables.count("<table>") == 8
    assert "<td>objects</td>" in tables
    refused = "".join(
        part
        for part in mpgi.show_captions(run.captions, cards=8, rejected=True).parts
        if isinstance(part, str)
    )
    assert ": rejected</td>" in refused
    assert SCRIPT not in tables + refused
    assert "&lt;script&gt;" in tables + refused
