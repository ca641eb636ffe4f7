"""Semantic localization: filters by their definition, indicators by their identities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.localize.heat_map import heat_map, median_of_cells, tiles
from mpgi_ray.evaluate.localize.indicators import (
    WEIGHTS,
    Localization,
    Region,
    attention_shift,
    discrete_attention,
    localize,
    salient_area,
)
from mpgi_ray.evaluate.localize.peaks import box_filter, component_middles, peaks

SQUARE = [(500, 300), (900, 300), (900, 700), (500, 700)]  # middle (700, 500)
PLACE = Region(700, 500, 424)


def points(*found: tuple[int, int]) -> np.ndarray:
    return np.array(found, dtype=np.intp).reshape(-1, 2)


def near(boxes: np.ndarray, x: int, y: int) -> np.ndarray:
    """How similar the tiles are to a text about the place (x, y)."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.exp(-(np.linalg.norm(middles - (x, y), axis=1) ** 2) / 2 / 250**2)


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_tiles_cover_the_picture_in_every_size_and_never_leave_it(width: int, height: int) -> None:
    boxes = tiles(width, height)
    assert len(np.unique(boxes, axis=0)) == len(boxes)
    left, top, right, bottom = boxes.T
    assert left.min() == top.min() == 0
    assert (right.max(), bottom.max()) == (width, height)
    for step in (256, 512, 768):
        wide, high = min(step, width), min(step, height)
        of_step = boxes[(right - left == wide) & (bottom - top == high)]
        for low, high_end, side in ((0, 2, width), (1, 3, height)):
            edges = np.unique(of_step[:, [low, high_end]], axis=0)
            assert (edges[1:, 0] <= edges[:-1, 1]).all()  # no gap between neighbours
            assert (edges[0, 0], edges[-1, 1]) == (0, side)


def test_tiles_of_a_picture_by_hand() -> None:
    wide = tiles(1000, 256)
    starts = wide[wide[:, 2] - wide[:, 0] == 256][:, 0].tolist()
    assert starts == [0, 128, 256, 384, 512, 640, 744]  # the last of both passes is moved back to the border
    assert len(tiles(256, 256)) == 1  # all sizes are cut down to the same one


edges = st.lists(st.integers(1, 9), min_size=1, max_size=5).map(lambda sides: np.cumsum([0, *sides]))


@settings(max_examples=60)
@given(rows=edges, columns=edges, size=st.sampled_from([1, 3, 7, 15, 41]), seed=st.integers(0, 10_000))
def test_median_of_cells_is_the_median_of_the_window(
    rows: np.ndarray, columns: np.ndarray, size: int, seed: int
) -> None:
    cells = np.random.default_rng(seed).integers(0, 256, (len(rows) - 1, len(columns) - 1)).astype(np.uint8)
    picture = np.repeat(np.repeat(cells, np.diff(rows), axis=0), np.diff(columns), axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(picture, size // 2, mode="edge"), (size, size))
    assert np.array_equal(median_of_cells(cells, rows, columns, size), np.median(windows, axis=(2, 3)))


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 2, 5, 8, 40]), st.integers(0, 10_000))
def test_the_box_filter_follows_its_definition(height: int, width: int, size: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    around = (size // 2, size - 1 - size // 2)
    mirrored = np.pad(picture, around, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, (size, size))
    assert np.array_equal(box_filter(picture, size), np.rint(windows.mean(axis=(2, 3))))


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 1), st.integers(0, 10_000))
def test_components_are_found_as_by_flooding(height: int, width: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    middles = []
    while left:
        group, frontier = [], [left.pop()]
        while frontier:
            y, x = frontier.pop()
            group.append((x, y))
            touching = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= touching
            frontier += touching
        middles.append(tuple(sum(axis) // len(group) for axis in zip(*group, strict=True)))
    assert sorted(map(tuple, component_middles(mask).tolist())) == sorted(middles)


def test_identities_of_the_indicators() -> None:
    assert sum(WEIGHTS) == pytest.approx(1.0)
    assert Region.around(SQUARE) == PLACE  # corners 282.8 away, times 1.5
    assert attention_shift(points((700, 500)), [PLACE]) == 0
    assert attention_shift(points(), [PLACE]) == 1  # no peak at all
    assert attention_shift(points((0, 0)), [PLACE]) == 1  # none in the circle
    assert attention_shift(points((700, 712)), [PLACE]) == pytest.approx((np.exp(1.5) - 1) / (np.exp(3) - 1))
    assert discrete_attention(points(), [PLACE]) == 0
    assert discrete_attention(points((710, 500), (0, 0)), [PLACE]) == 1
    # two peaks, each a quarter of the radius from their middle
    assert discrete_attention(points((594, 500), (806, 500)), [PLACE]) == pytest.approx(
        0.5 * 0.75 + np.exp(-0.5 * 4)
    )
    elsewhere = Region(5000, 5000, 10)
    assert attention_shift(points((700, 500)), [PLACE, elsewhere]) == pytest.approx(
        (np.exp(1.5) - 1) / (np.exp(3) - 1)
    )
    assert discrete_attention(points((700, 500)), [PLACE, elsewhere]) == 0.5
    assert Localization(rsu=1, ras=0, rda=1).rmi == pytest.approx(1)
    assert Localization(rsu=0.7556, ras=0.2580, rda=0.7309).row()["rmi"] == 0.7447  # GeoRSCLIP, as published


def test_salient_area_by_hand() -> None:
    heat = np.full((10, 10), 51, dtype=np.uint8)
    mask = np.zeros((10, 10), dtype=bool)
    mask[:2] = True
    assert salient_area(heat, mask) == pytest.approx(1 - np.exp(-0.707))  # as much inside as anywhere
    heat[:2] = 255
    assert salient_area(heat, mask) == pytest.approx(1 - np.exp(-0.707 * 5))
    heat[2:] = 0
    assert salient_area(heat, mask) == pytest.approx(1)
    assert salient_area(heat, np.ones((10, 10), dtype=bool)) == 0  # nothing is left to stand out from


def test_figures_of_the_published_code_on_the_same_picture() -> None:
    boxes = tiles(2300, 900)
    heat = heat_map(
        near(boxes, 400, 300) + 0.8 * near(boxes, 1100, 500) + near(boxes, 2000, 700), boxes, jpeg=True
    )
    assert sorted(peaks(heat).tolist()) == [[383, 24], [2048, 877]]
    apart = [[(300, 200), (600, 200), (600, 500), (300, 500)], [(1900, 500), (2200, 700), (1900, 850)]]
    wide = [[(400, 100), (2100, 100), (2200, 850), (500, 800)]]  # holds both peaks
    # its formulas on OpenCV, SciPy and scikit-image; Pillow fills other pixels at the border of a region
    for polygons, figures in (
        (apart, (0.6808, 0.5833, 0.5000, 0.5432)),
        (wide, (0.5033, 0.3448, 0.2979, 0.5051)),
    ):
        assert list(localize(heat, polygons).row().values()) == pytest.approx(figures, abs=2e-4)


def test_a_model_that_finds_the_region_beats_one_that_looks_elsewhere() -> None:
    width, height = 1600, 1200
    boxes = tiles(width, height)
    for jpeg in (False, True):
        found = localize(heat_map(near(boxes, 700, 500), boxes, jpeg=jpeg), [SQUARE])
        lost = localize(heat_map(near(boxes, 1450, 1050), boxes, jpeg=jpeg), [SQUARE])
        assert found.ras < 0.2
        assert found.rda == 1
        assert found.rsu > 0.8
        assert (lost.ras, lost.rda) == (1, 0)
        assert lost.rsu < 0.3
        assert lost.rmi < 0.15 < 0.8 < found.rmi
    plain, lossy = (heat_map(near(boxes, 700, 500), boxes, jpeg=jpeg).astype(int) for jpeg in (False, True))
    assert plain.shape == (height, width)
    assert plain.min() == 0
    assert 200 < plain.max() < 255  # the median takes the tip off
    assert 0 < np.abs(plain - lossy).max() < 30


def test_a_text_that_fits_everywhere_alike_finds_nothing() -> None:
    boxes = tiles(900, 800)
    heat = heat_map(np.full(len(boxes), 0.3), boxes)
    assert not heat.any()
    assert localize(heat, [SQUARE]) == Localization(rsu=0, ras=1, rda=0)
    assert peaks(np.full((60, 80), 255, dtype=np.uint8)).tolist() == [[39, 29]]  # one plateau is one peak
    assert len(peaks(np.full((60, 80), 127, dtype=np.uint8))) == 0  # and too low a one none


@pytest.mark.parametrize(
    ("polygons", "said"),
    [
        ([], "at least one region"),
        ([[(0, 0), (5, 5)]], r"\[2\] corners"),
        ([[(900, 900), (950, 900), (950, 950)]], "no region lies in the picture of 80×60"),
    ],
)
def test_regions_that_cannot_be_found_are_refused(polygons: list[list[tuple[int, int]]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        localize(np.zeros((60, 80), dtype=np.uint8), polygons)


def test_similarities_that_do_not_fit_the_tiles_are_refused() -> None:
    boxes = tiles(900, 800)
    with pytest.raises(ValueError, match="one for each tile"):
        heat_map(np.ones(3), boxes)
    with pytest.raises(ValueError, match="uncovered"):
        heat_map(np.ones(2), boxes[[0, -1]])


def test_peaks_and_figures_are_those_of_the_protocols_own_code(data_dir: Path) -> None:
    """RS5M's own code ran on maps of Gaussians; Pillow fills some 1 % other pixels of a slanted region."""
    for case in json.loads((data_dir / "oracles" / "selo_metrics.json").read_text())["cases"]:
        y, x = np.mgrid[: case["height"], : case["width"]]
        bumps = [
            top * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 2 / sigma**2)
            for at_x, at_y, sigma, top in case["peaks_cx_cy_sigma_height"]
        ]
        heat = (255 * np.max(bumps, axis=0)).astype(np.uint8)
        assert peaks(heat).tolist() == case["peak_points_xy"]
        found = localize(heat, case["regions"])
        assert (found.rsu, found.ras, found.rda, found.rmi) == pytest.approx(
            [case[name] for name in ("rsu", "ras", "rda", "rmi")], abs=1e-6
        )
