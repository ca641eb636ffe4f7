"""GeoTIFFs against rasterio's own reading: bands, types, layouts, nodata, place."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

from mpgi_ray.data.sample import Sample
from mpgi_ray.errors import InputError, MpgiError
from mpgi_ray.ingest import IngestConfig, ingest
from mpgi_ray.ingest.formats.geotiff import geotiff
from mpgi_ray.ingest.windows import Tiling
from support.ingested import rejected, samples

WIDTH, HEIGHT = 90, 70
PLACE = {"crs": "EPSG:32629", "transform": from_origin(500_000, 4_300_000, 0.5, 0.5)}
Values = npt.NDArray[Any]


def smooth(bands: int, kind: str, seed: int = 0) -> Values:
    """Bands whose values differ, of a type; reflectances up to 3,000, or grey levels."""
    chance = np.random.default_rng(seed)
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [
        np.sin(down / chance.uniform(5, 20)) + np.cos(across / chance.uniform(5, 20)) for _ in range(bands)
    ]
    scaled = (np.stack(waves) + 2) / 4
    if kind == "uint8":
        return (scaled * 255).astype(np.uint8)
    if kind == "uint16":
        return (scaled * 3000).astype(np.uint16)
    return scaled.astype(kind)


def write(path: Path, values: Values, **profile: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    given = {"driver": "GTiff", "width": WIDTH, "height": HEIGHT, "count": len(values), "dtype": values.dtype}
    with rasterio.open(path, "w", **(given | PLACE | profile)) as file:
        file.write(values)


def pixels(sample: Sample) -> Values:
    return np.asarray(Image.open(io.BytesIO(sample.image))).astype(int)


def expected(path: Path, bands: tuple[int, ...]) -> Values:
    """The colours by rasterio's reading, (height, width, 3); black where there is no data."""
    with rasterio.open(path) as file:
        values = np.ma.masked_invalid(file.read(bands))
        if file.nodata is not None:
            values = np.ma.masked_equal(values, file.nodata)
    hidden = values.mask.all(axis=0) if np.ma.is_masked(values) else np.zeros(values.shape[1:], bool)
    if values.dtype != np.uint8:
        low, high = np.percentile(values.compressed(), (2, 98))
        values = np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255
    colour = np.moveaxis(np.broadcast_to(values.filled(0), (3, *values.shape[1:])), 0, -1).copy()
    colour[hidden] = 0
    return colour


CASES = [
    (count, kind, layout)
    for count, kind in itertools.product((1, 3, 4, 13), ("uint8", "uint16", "float32"))
    for layout in (
        {"interleave": "pixel"},
        {"interleave": "band", "compress": "lzw"},
        {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "deflate", "nodata": 0},
    )
]


def test_colours_are_those_of_rasterio(tmp_path: Path) -> None:
    for number, (count, kind, layout) in enumerate(CASES):
        values = smooth(count, kind, number)
        if "nodata" in layout:
            values[:, :20, :30] = 0
        write(tmp_path / f"in{count}" / f"{number}.tif", values, **layout)
    for count, bands in {1: "", 3: "", 4: "3,2,1", 13: "4,3,2"}.items():
        folder, out = tmp_path / f"in{count}", tmp_path / f"out{count}"
        ingest(geotiff(str(folder), bands=bands), IngestConfig(output=str(out)))
        assert rejected(out) == []
        chosen = tuple(map(int, bands.split(","))) if bands else tuple(range(1, count + 1))
        for name, sample in samples(out).items():
            wanted = expected(folder / name, chosen)
            assert np.abs(pixels(sample) - wanted).max() <= 2, (count, name)
            assert sample.annotation.gsd == pytest.approx(0.5, rel=1e-3)
            assert sample.annotation.origin is not None
            assert "bands" in sample.annotation.origin.made


def test_colours_that_the_file_names(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    colour = smooth(3, "uint8")
    alpha = np.full((1, HEIGHT, WIDTH), 255, np.uint8)
    alpha[:, :10] = 0
    infrared = chance.integers(1, 255, (1, HEIGHT, WIDTH), dtype=np.uint8)
    inks = np.concatenate([colour, np.zeros_like(alpha)])  # no black
    black = np.where(alpha > 0, colour, 0)
    cases: dict[str, tuple[Values, dict[str, Any], Values]] = {
        "alpha": (np.concatenate([colour, alpha]), {"photometric": "RGB", "alpha": "YES"}, black),
        # a fourth band that says it is alpha, but holds values of all kinds, is another band
        "no_alpha": (np.concatenate([colour, infrared]), {"photometric": "RGB", "alpha": "YES"}, colour),
        "rgb_of_4": (np.concatenate([colour, infrared]), {"photometric": "RGB", "alpha": "NO"}, colour),
        "white": (colour[:1], {"photometric": "MINISWHITE"}, np.broadcast_to(255 - colour[:1], colour.shape)),
        "inks": (inks, {"photometric": "CMYK"}, 255 - inks[:3]),
        "jpeg": (colour, {"photometric": "YCbCr", "compress": "jpeg", "jpeg_quality": 100}, colour),
    }
    for name, (values, profile, _) in cases.items():
        write(tmp_path / "in" / f"{name}.tif", values, **profile)
    palette = (smooth(1, "uint8") // 64).astype(np.uint8)
    table = {0: (10, 20, 30, 255), 1: (200, 0, 0, 255), 2: (0, 200, 0, 255), 3: (0, 0, 200, 255)}
    write(tmp_path / "in/palette.tif", palette)
    with rasterio.open(tmp_path / "in/palette.tif", "r+") as file:
        file.write_colormap(1, table)
    ingest(geotiff(str(tmp_path / "in")), IngestConfig(output=str(tmp_path / "out")))
    found = samples(tmp_path / "out")
    assert rejected(tmp_path / "out") == []
    for name, (_, _, wanted) in cases.items():
        far = np.abs(pixels(found[f"{name}.tif"]) - np.moveaxis(wanted, 0, -1).astype(int))
        assert far.max() <= (2 if name != "jpeg" else 40), name
        assert far.mean() < 2
    shown = np.array([table[value][:3] for value in palette.ravel().tolist()]).reshape(HEIGHT, WIDTH, 3)
    assert np.array_equal(pixels(found["palette.tif"]), shown)


def test_what_cannot_be_shown_says_how_to_convert(tmp_path: Path) -> None:
    write(tmp_path / "in/complex.tif", smooth(1, "complex64"))
    write(tmp_path / "in/many.tif", smooth(13, "uint16"))
    write(tmp_path / "in/unplaced.tif", smooth(3, "uint8"), crs=None)
    (tmp_path / "in/text.tif").write_bytes(b"II*\0 not a picture")
    write(tmp_path / "in/whole.tif", smooth(3, "uint8"))
    data = (tmp_path / "in/whole.tif").read_bytes()
    (tmp_path / "in/cut.tif").write_bytes(data[: len(data) // 2])
    ingest(geotiff(str(tmp_path / "in")), IngestConfig(output=str(tmp_path / "out")))
    said = {name: f"{reason}: {detail}" for name, reason, detail in rejected(tmp_path / "out")}
    assert list(samples(tmp_path / "out")) == ["whole.tif"]
    for name, words in {
        "complex.tif": "no_colours: its values are complex: write their amplitude",
        "many.tif": "no_colours: it has 13 bands and does not say which are colours: name them with --bands",
        "unplaced.tif": "no_place: it does not say where it lies (no CRS, or no place on the earth)",
        "text.tif": "broken_image: GDAL cannot read it as a GeoTIFF",
        "cut.tif": "broken_image: GDAL cannot read it as a GeoTIFF",
    }.items():
        assert said[name].startswith(words)
    ingest(geotiff(str(tmp_path / "in"), unplaced=True), IngestConfig(output=str(tmp_path / "kept")))
    kept = samples(tmp_path / "kept")["unplaced.tif"].annotation
    assert (kept.gsd, kept.bounds) == (None, None)
    for wrong in ({"bands": "4,3"}, {"bands": "red"}, {"values": "0"}, {"values": "9,1"}):
        with pytest.raises(MpgiError, match=next(iter(wrong.values()))):
            geotiff(str(tmp_path / "in"), **wrong)
    with pytest.raises(InputError, match="no GeoTIFFs below"):
        geotiff(str(tmp_path / "nowhere"))


def test_windows_are_read_alone_and_stretched_alike(tmp_path: Path) -> None:
    values = smooth(3, "uint16")
    degrees = {"crs": "EPSG:4326", "transform": from_origin(-9.5, 38.9, 1e-5, 1e-5)}
    write(tmp_path / "in/a.tif", values, tiled=True, blockxsize=16, blockysize=16, **degrees)
    with rasterio.open(tmp_path / "in/a.tif", "r+") as file:
        file.update_tags(ACQUISITION_DATE="2021-06-03", TIFFTAG_DATETIME="2024:01:01 00:00:00")
    ingest(geotiff(str(tmp_path / "in")), IngestConfig(output=str(tmp_path / "whole")))
    tiled = IngestConfig(output=str(tmp_path / "tiles"), tiling=Tiling(tile=40))
    ingest(geotiff(str(tmp_path / "in")), tiled)
    (whole,) = samples(tmp_path / "whole").values()
    together = np.zeros((HEIGHT, WIDTH, 3), int)
    for name, sample in samples(tmp_path / "tiles").items():
        x, y, w, h = map(int, name.removeprefix("a.tif#").split("_"))
        together[y : y + h, x : x + w] = pixels(sample)
        note = sample.annotation
        assert note.bounds == pytest.approx(
            (-9.5 + x * 1e-5, 38.9 - (y + h) * 1e-5, -9.5 + (x + w) * 1e-5, 38.9 - y * 1e-5)
        )
        assert note.gsd == pytest.approx(1.113 * np.cos(np.radians(38.9)) ** 0.5, rel=1e-3)
        assert note.date == "2021-06-03"
    assert np.array_equal(together, pixels(whole))
    fixed = IngestConfig(output=str(tmp_path / "fixed"))
    ingest(geotiff(str(tmp_path / "in"), values="0,3000"), fixed)
    (shown,) = samples(tmp_path / "fixed").values()
    assert np.abs(pixels(shown) - np.moveaxis(values, 0, -1) / 3000 * 255).max() <= 1
    assert len({whole.sample_id, shown.sample_id}) == 2


def test_what_hides_pixels_moves_no_other(tmp_path: Path) -> None:
    deep = smooth(3, "uint16")
    grey, none = smooth(3, "uint8"), np.zeros((1, HEIGHT, WIDTH), np.uint8)
    part = deep.astype("float32")
    part[0, :20], part[1, 30:50] = -9999, -9999  # of one band of a pixel
    hidden = deep.copy()
    hidden[:, :20] = 65535
    write(tmp_path / "in/part.tif", part, nodata=-9999)
    write(tmp_path / "in/mask.tif", hidden)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(tmp_path / "in/mask.tif", "r+") as file:
        file.write_mask(np.arange(HEIGHT)[:, None].repeat(WIDTH, 1) >= 20)
    write(tmp_path / "in/empty_alpha.tif", np.concatenate([grey, none]), photometric="RGB", alpha="YES")
    write(tmp_path / "in/low.tif", (deep // 20).astype(np.uint16))
    write(tmp_path / "in/nothing.tif", np.full_like(part, -9999), nodata=-9999)
    write(tmp_path / "in/black.tif", np.zeros_like(grey), nodata=0)
    write(tmp_path / "in/flat.tif", np.full_like(deep, 700))
    config = IngestConfig(output=str(tmp_path / "out"))
    ingest(geotiff(str(tmp_path / "in")), config)
    kept = samples(tmp_path / "out")
    assert {(name, reason) for name, reason, _ in rejected(tmp_path / "out")} == {
        ("nothing.tif", "no_data"),
        ("black.tif", "no_data"),
        ("flat.tif", "one_value"),
    }
    assert np.abs(pixels(kept["part.tif"]) - expected(tmp_path / "in/part.tif", (1, 2, 3))).max() <= 2
    low, high = np.percentile(deep[:, 20:], (2, 98))
    wanted = np.clip((deep.astype(float) - low) / (high - low), 0, 1) * 255
    wanted[:, :20] = 0
    assert np.abs(pixels(kept["mask.tif"]) - np.moveaxis(wanted, 0, -1)).max() <= 2
    assert np.array_equal(pixels(kept["empty_alpha.tif"]), np.moveaxis(grey, 0, -1))
    assert np.array_equal(pixels(kept["low.tif"]), np.moveaxis(deep // 20, 0, -1))
    origin = kept["low.tif"].annotation.origin
    assert origin is not None
    assert origin.made == "GeoTIFF, bands 1,2,3, values 0 to 255"
    # windows without data are none, those beside them stay
    grey[:, :, :50] = 0
    write(tmp_path / "half/a.tif", np.maximum(grey, (np.arange(WIDTH) >= 50).astype(np.uint8)), nodata=0)
    tiled = IngestConfig(output=str(tmp_path / "tiles"), tiling=Tiling(tile=50))
    assert (ingest(geotiff(str(tmp_path / "half")), tiled).kept, rejected(tmp_path / "tiles")) == (2, [])


def test_place_and_size_on_the_ground(tmp_path: Path) -> None:
    values = smooth(3, "uint8")
    turned = {
        "north": rasterio.Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000),
        "south": rasterio.Affine(0.5, 0, 500_000, 0, 0.5, 4_000_000),
        "quarter": rasterio.Affine(0, 0.5, 500_000, -0.5, 0, 4_000_000),
    }
    for name, transform in turned.items():
        write(tmp_path / f"in/{name}.tif", values, transform=transform)
    web = from_origin(
        1_113_194.9, 8_399_737.9, 1, 1
    )  # at 60 degrees north a metre of this map is half of one
    write(tmp_path / "in/web.tif", values, crs="EPSG:3857", transform=web)
    write(tmp_path / "in/nowhere.tif", values, crs="EPSG:4326", transform=from_origin(500, 400, 1, 1))
    local = 'LOCAL_CS["of the site",UNIT["metre",1]]'
    write(tmp_path / "in/site.tif", values, crs=local, transform=from_origin(500, 400, 1, 1))
    with rasterio.open(tmp_path / "in/web.tif", "r+") as file:
        file.update_tags(ACQUISITION_DATE="garbage\nline")
    with rasterio.open(tmp_path / "in/north.tif", "r+") as file:
        file.update_tags(SENSING_TIME="2021-06-03T10:30:21Z")
    config = IngestConfig(output=str(tmp_path / "out"), tiling=Tiling(tile=45))
    ingest(geotiff(str(tmp_path / "in")), config)
    assert {(name, reason) for name, reason, _ in rejected(tmp_path / "out")} == {
        ("nowhere.tif", "no_place"),
        ("site.tif", "no_place"),
    }
    for name, sample in samples(tmp_path / "out").items():
        file_name, _, window = name.partition("#")
        x, y, w, h = map(int, window.split("_"))
        with rasterio.open(tmp_path / "in" / file_name) as file:
            at = file.transform
            xs = [at.a * i + at.b * j + at.c for i in (x, x + w) for j in (y, y + h)]
            ys = [at.d * i + at.e * j + at.f for i in (x, x + w) for j in (y, y + h)]
            wanted = transform_bounds(file.crs, "EPSG:4326", min(xs), min(ys), max(xs), max(ys))
        note = sample.annotation
        assert note.bounds == pytest.approx(wanted), name
        assert note.gsd == pytest.approx(0.5, rel=5e-3), name
        assert note.date == ("2021-06-03" if file_name == "north.tif" else None)
