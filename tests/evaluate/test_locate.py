"""Semantic localization over whole pictures: tiles, heat maps and the file of the published test set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.localize.heat_map import tiles
from mpgi_ray.evaluate.localize.indicators import localize
from mpgi_ray.evaluate.localize.locate import Target, localize_text, read_air_slt, text_heat_maps
from mpgi_ray.evaluate.localize.peaks import peaks
from mpgi_ray.models.embed import Model

COLOURS = ["red", "green", "blue"]


class ColourSense(torch.nn.Module):
    """Features of a picture: how much there is of each colour; of a text: the colour that it names."""

    def __init__(self) -> None:
        super().__init__()
        self.place = torch.nn.Parameter(torch.zeros(()))
        self.seen: list[torch.Tensor] = []

    def encode_image(self, pixels: torch.Tensor, normalize: bool) -> torch.Tensor:
        self.seen.append(pixels)
        return torch.nn.functional.normalize(pixels.mean(dim=(2, 3)), dim=-1)

    def encode_text(self, tokens: torch.Tensor, normalize: bool) -> torch.Tensor:
        return torch.eye(3)[tokens]


def channels(picture: Image.Image) -> torch.Tensor:
    return torch.tensor(np.asarray(picture)).permute(2, 0, 1).float()


def colour_model() -> Model:
    def tokenize(texts: list[str]) -> torch.Tensor:
        return torch.tensor([COLOURS.index(text) for text in texts])

    return Model("colours", ColourSense().cpu(), channels, tokenize)


def box_of(left: int, top: int, right: int, bottom: int) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


RED, BLUE = box_of(800, 0, 1599, 599), box_of(0, 600, 799, 1199)  # opposite quarters


def quarters() -> np.ndarray:
    """A green picture of 1600×1200 whose quarter at the right top is red, at the left bottom blue."""
    pixels = np.full((1200, 1600, 3), (20, 180, 20), dtype=np.uint8)
    pixels[:600, 800:] = 230, 20, 20
    pixels[600:, :800] = 20, 20, 230
    return pixels


@pytest.mark.parametrize("jpeg", [False, True])
def test_a_model_that_sees_colours_finds_the_quarter_of_the_colour_that_is_named(jpeg: bool) -> None:
    model, picture = colour_model(), quarters()
    red, blue = text_heat_maps(model, picture, ["red", "blue"], jpeg=jpeg)
    for heat, (xs, ys) in (
        (red, (slice(800, None), slice(600))),
        (blue, (slice(800), slice(600, None))),
    ):
        assert heat.shape == (1200, 1600)
        inside = np.zeros(heat.shape, dtype=bool)
        inside[ys, xs] = True
        assert heat[inside].mean() > 200 > 100 > heat[~inside].mean()
        (peak,) = peaks(heat)
        assert inside[peak[1], peak[0]]
    found = localize_text(model, Image.fromarray(picture), "red", [RED], jpeg=jpeg)
    assert found == localize(red, [RED])  # a picture and its array are the same, alone and among other texts
    lost = localize_text(model, picture, "red", [BLUE], jpeg=jpeg)
    assert found.rmi > 0.7 > 0.3 > lost.rmi
    assert localize_text(model, picture, "blue", [BLUE], jpeg=jpeg).rmi > 0.7


def test_tiles_reach_the_preprocessing_in_order_and_scaled_by_the_cubic_of_the_protocol() -> None:
    model = colour_model()
    picture = np.random.default_rng(0).integers(0, 256, (512, 700, 3)).astype(np.uint8)
    text_heat_maps(model, picture, ["red"])
    seen, boxes = torch.cat(model.network.seen).numpy(), tiles(700, 512)
    assert seen.shape == (len(boxes), 3, 256, 256)
    # Keys' cubic with a = -3/4, half way between pixels: what OpenCV takes to make a tile half as large
    taps = np.array([-3, 19, 19, -3]) / 32
    sides = set()
    for got, (left, top, right, bottom) in zip(seen, boxes, strict=True):
        tile = picture[top:bottom, left:right].transpose(2, 0, 1).astype(float)
        sides.add((right - left, bottom - top))
        if tile.shape[1:] == (256, 256):
            assert np.array_equal(got, tile)
        elif tile.shape[1:] == (512, 512):
            for axis in (1, 2):
                edge = [(0, 0)] * 3
                edge[axis] = (1, 1)
                padded = np.pad(tile, edge, mode="edge")
                tile = np.lib.stride_tricks.sliding_window_view(padded, 4, axis=axis) @ taps
                tile = tile[:, ::2] if axis == 1 else tile[:, :, ::2]
            assert np.abs(got - tile.clip(0, 255)).max() < 0.51  # rounded to whole values
    assert sides == {(256, 256), (512, 512), (700, 512)}


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((60, 80), dtype=np.uint8), r"uint8 of shape \(60, 80\)"),
        (np.zeros((60, 80, 3)), "float64 of shape"),
        (Image.new("I;16", (80, 60)), "mode I;16: expected 8-bit RGB or grey"),
    ],
)
def test_pictures_that_are_not_8_bit_rgb_are_refused(picture: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        localize_text(colour_model(), picture, "red", [box_of(0, 0, 20, 20)])


def test_wrong_regions_are_refused_before_the_model_has_worked() -> None:
    model = colour_model()
    with pytest.raises(InputError, match="no region lies in the picture of 1600×1200"):
        localize_text(model, quarters(), "red", [box_of(2000, 2000, 2100, 2100)])
    assert not model.network.seen


def test_air_slt_is_read_as_it_is_published(tmp_path: Path) -> None:
    entry = {"caption": "red\n", "jpg_name": "0.jpg", "points": [RED, [[1.5, 2], [30, 4], [5, 60.25]]]}
    (tmp_path / "annotations").mkdir()
    file = tmp_path / "annotations" / "anno.json"
    file.write_text(json.dumps([entry]))
    triangle = ((1.5, 2), (30, 4), (5, 60.25))
    assert read_air_slt(tmp_path) == [Target(tmp_path / "imgs" / "0.jpg", "red", (tuple(RED), triangle))]
    for content, said in (
        (json.dumps([entry, {"caption": "red", "jpg_name": "0.jpg"}]), "points"),
        (json.dumps([entry | {"points": [[[1, "x"]]]}]), "expected AIR-SLT's list"),
        ("[", "expected AIR-SLT's list"),
    ):
        file.write_text(content)
        with pytest.raises(InputError, match=said):
            read_air_slt(tmp_path)
    file.unlink()
    with pytest.raises(InputError, match=r"anno\.json"):
        read_air_slt(tmp_path)
