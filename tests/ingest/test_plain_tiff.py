"""TIFF files among plain pictures: as rasterio reads them, or a row with the command that does."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from rasterio.io import MemoryFile

from mpgi_ray.cli import main
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.ingest import IngestConfig, folders, ingest
from support.ingested import put, rejected, samples

WIDTH, HEIGHT = 60, 50
BLOCKS = {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "lzw"}
LAYOUTS: tuple[dict[str, Any], ...] = (
    {},
    {"photometric": "RGB"},
    {"photometric": "RGB", "alpha": "NO", "compress": "deflate"},
    {"interleave": "band"},
    {"interleave": "band", **BLOCKS},
    {"interleave": "band", "photometric": "RGB", **BLOCKS},
    {"nodata": 7},
)
KINDS = ("uint8", "int8", "uint16", "int16", "float32", "float64", "complex64")
Values = npt.NDArray[Any]
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def smooth(bands: int, kind: str) -> Values:
    """Bands of different values; 7, the nodata value, in one corner."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    scaled = (
        np.stack([2 + np.sin(down / (5 + 3 * b)) + np.cos(across / (7 + 2 * b)) for b in range(bands)]) / 4
    )
    scaled = scaled - 0.5 if kind == "int8" else scaled
    values = (scaled * {"uint8": 255, "int8": 200}.get(kind, 3000)).astype(kind)
    values[:, :9, :20] = 7
    return values


def tiff(values: Values, **profile: Any) -> bytes:
    size = {"width": WIDTH, "height": HEIGHT, "count": len(values), "dtype": values.dtype}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", **(size | profile)) as file:
            file.write(values)
        return bytes(memory.read())


def shown(values: Values, bands: list[int], nodata: float | None) -> Values:
    """The colours of bands, (height, width, 3), black where all of them have the nodata value."""
    chosen = values[[band - 1 for band in bands]].astype(float)
    known = np.ones(chosen.shape[1:], bool) if nodata is None else ~(chosen == nodata).all(axis=0)
    if values.dtype != np.uint8:
        low, high = np.percentile(chosen[:, known], (2, 98))
        chosen = np.clip((chosen - low) / (high - low), 0, 1) * 255
    return np.moveaxis(np.broadcast_to(np.where(known, chosen, 0), (3, *known.shape)), 0, -1)


def test_every_mix_is_read_rightly_or_says_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, tuple[Values, dict[str, Any]]] = {}
    for bands, kind, (number, layout) in itertools.product((1, 2, 3, 4, 13), KINDS, enumerate(LAYOUTS)):
        if bands >= 3 or "photometric" not in layout:
            files[f"{bands}_{kind}_{number}.tif"] = smooth(bands, kind), layout
    put(tmp_path / "in", {name: tiff(values, **layout) for name, (values, layout) in files.items()})
    ingest(folders(str(tmp_path / "in")), IngestConfig(output=str(tmp_path / "out")))
    kept = samples(tmp_path / "out")
    said = {name: (reason, detail) for name, reason, detail in rejected(tmp_path / "out")}
    assert {*kept, *said} == {*files}
    for name, sample in kept.items():
        values, layout = files[name]
        wanted = shown(values, [1, 2, 3] if len(values) >= 3 else [1], layout.get("nodata"))
        assert np.abs(np.asarray(decode(sample.image).pixels) - wanted).max() <= 2, name
    assert {"1_float32_0.tif", "3_uint8_4.tif", "3_uint16_1.tif", "4_uint8_0.tif", "4_uint16_2.tif"} <= {
        *kept
    }
    commands: dict[str, list[str]] = {}
    for name, (reason, detail) in said.items():
        assert reason == "tiff_layout", (name, detail)
        assert re.search(r"`gdal_translate -of PNG( -b \d)*( -ot Byte -scale)? \S+ OUT.png`", detail), detail
        if command := re.search(r"`mpgi (ingest geotiff .*?)`", detail):
            commands.setdefault(command[1], []).append(name)
        else:
            assert "complex64" in name
    monkeypatch.chdir(tmp_path)
    assert len(commands) == 4
    for number, (command, names) in enumerate(commands.items()):  # the line does what it says
        put(tmp_path / "FOLDER", {name: (tmp_path / "in" / name).read_bytes() for name in names})
        assert main([*shlex.split(command), "--out", f"again{number}"]) == 0
        again = samples(tmp_path / f"again{number}")
        option = re.search(r"--bands (\S+)", command)
        for name in names:
            values, layout = files[name]
            bands = list(map(int, option[1].split(","))) if option else [1, 2, 3][: len(values)]
            wanted = shown(values, bands, layout.get("nodata"))
            assert np.abs(np.asarray(decode(again[name].image).pixels) - wanted).max() <= 2, name
            (tmp_path / "FOLDER" / name).unlink()


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_a_fourth_band_that_is_called_alpha_and_one_that_is(kind: str) -> None:
    def pixels(fourth: Values) -> Values:
        return np.asarray(
            decode(tiff(np.concatenate([colour, fourth]), photometric="RGB", alpha="YES")).pixels
        )

    colour, infrared = smooth(3, kind), smooth(4, kind)[3:]
    assert np.abs(pixels(infrared) - shown(colour, [1, 2, 3], None)).max() <= 2
    for full in (1, np.iinfo(kind).max):  # 0 and 1 is a mask, too
        alpha = np.full_like(infrared, full)
        alpha[:, :, :8] = 0
        found = pixels(alpha)
        assert not found[:, :8].any()
        assert np.abs(found[:, 8:] - shown(colour[:, :, 8:], [1, 2, 3], None)).max() <= 2


def test_nodata_moves_no_other_value() -> None:
    values = smooth(1, "int16") + np.int16(100)
    values[:, :9, :20] = -9999
    pixels = np.asarray(decode(tiff(values, nodata=-9999)).pixels)
    assert np.abs(pixels - shown(values, [1], -9999)).max() <= 2
    small = np.clip(values, -9999, 255)  # the others are grey levels
    assert np.array_equal(np.asarray(decode(tiff(small, nodata=-9999)).pixels)[..., 0], small[0].clip(0))
    white = np.full((3, HEIGHT, WIDTH), 255, np.uint8)
    white[:, 20:] = 200
    pixels = np.asarray(decode(tiff(white, nodata=255)).pixels)
    assert (pixels[:20].max(), pixels[20:].min()) == (0, 200)
    deep = smooth(3, "uint16")
    deep[0, 20:30] = 65535  # in one band of three
    pixels = np.asarray(decode(tiff(deep, nodata=65535, photometric="RGB")).pixels)
    low, high = np.percentile(deep[deep != 65535], (2, 98))
    wanted = np.clip((deep.astype(float) - low) / (high - low), 0, 1) * 255
    assert np.abs(pixels - np.moveaxis(wanted, 0, -1)).max() <= 2


def test_what_would_be_black_all_over_is_refused() -> None:
    values = smooth(1, "int16")
    colour, none = smooth(3, "uint8"), np.zeros((1, HEIGHT, WIDTH), np.uint8)
    masked = {"photometric": "RGB", "alpha": "YES"}
    for data, reason in (
        (tiff(np.full_like(values, -9999), nodata=-9999), "no_data"),
        (tiff(np.zeros_like(colour), nodata=0, photometric="RGB"), "no_data"),
        (tiff(np.full_like(values, np.nan, dtype="float32")), "no_data"),
        (tiff(np.full_like(values, 700)), "one_value"),
    ):
        with pytest.raises(ImageError) as caught:
            decode(data)
        assert caught.value.reason == reason
    shown_all = np.asarray(decode(tiff(np.concatenate([colour, none]), **masked)).pixels)
    assert np.array_equal(shown_all, np.moveaxis(colour, 0, -1))


def test_a_mask_of_the_files_own_is_no_matter_for_pillow() -> None:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), MemoryFile() as memory:
        size = {"width": WIDTH, "height": HEIGHT, "count": 3, "dtype": "uint8", "photometric": "RGB"}
        with memory.open(driver="GTiff", **size) as file:
            file.write(smooth(3, "uint8"))
            file.write_mask(np.eye(HEIGHT, WIDTH) == 0)
        data = bytes(memory.read())
    with pytest.raises(ImageError, match=r"mask of its own.*geotiff FOLDER --unplaced.*-b 3 -b mask IN"):
        decode(data)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_cut_or_foreign_file_is_not_called_a_layout() -> None:
    whole = tiff(smooth(13, "uint16"))
    for data in (whole[:6], whole[:40], b"II*\0" + bytes(40), b"BM" + whole[2:]):
        with pytest.raises(ImageError) as caught:
            decode(data)
        assert caught.value.reason == "not_an_image"
