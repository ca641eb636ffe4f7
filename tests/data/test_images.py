"""Pictures of every kind that sources hold: what becomes of them, and what is refused with which reason."""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.data.image import ImageError, decode, read_size, real_suffix, to_plain, to_view
from support.build import png


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def filled(mode: str, value: Any) -> Image.Image:
    return Image.new(mode, (6, 4), value)


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 50, 3), dtype=np.uint8))
RAMP = np.linspace(1000, 5000, 24).reshape(4, 6)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encoded(filled("CMYK", (0, 255, 255, 0)), "JPEG"), (255, 0, 0)),
        (encoded(filled("RGBA", (200, 100, 0, 128)), "PNG"), (100, 50, 0)),
        (encoded(filled("RGBA", (200, 100, 0, 0)), "TIFF"), (200, 100, 0)),
        (encoded(filled("LA", (200, 128)), "PNG"), (100, 100, 100)),
        (encoded(filled("RGB", (9, 8, 7)).quantize(4), "PNG", transparency=0), (0, 0, 0)),
        (encoded(filled("RGB", (9, 8, 7)).quantize(4), "GIF"), (9, 8, 7)),
        (encoded(filled("1", 1), "TIFF"), (255, 255, 255)),
        (encoded(Image.fromarray(np.full((4, 6), 77, np.uint16)), "PNG"), (77, 77, 77)),
        (encoded(filled("RGB", (1, 2, 3)), "TIFF", save_all=True, append_images=[NOISE]), (1, 2, 3)),
    ],
    ids=[
        "cmyk",
        "half alpha",
        "empty alpha",
        "grey alpha",
        "palette",
        "gif",
        "1 bit",
        "8 bits in 16",
        "pages",
    ],
)
def test_other_modes_become_rgb_png(data: bytes, colour: tuple[int, int, int]) -> None:
    plain, suffix, converted = to_plain(data)
    assert (suffix, converted) == ("png", True)
    image = Image.open(io.BytesIO(plain))
    assert (image.mode, image.size) == ("RGB", (6, 4))
    assert image.getpixel((5, 3)) == colour


@pytest.mark.parametrize(
    ("dtype", "kind"), [(np.uint16, "PNG"), (np.uint16, "TIFF"), (np.int32, "TIFF"), (np.float32, "TIFF")]
)
def test_deep_grey_is_stretched_over_the_whole_range(dtype: type, kind: str) -> None:
    pixels = np.asarray(decode(encoded(Image.fromarray(RAMP.astype(dtype)), kind)).pixels)[..., 0]
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert (np.diff(pixels.ravel().astype(int)) >= 0).all()


def test_sixteen_bit_colour_keeps_its_lower_bytes() -> None:
    values = RAMP.repeat(3).reshape(4, 6, 3) // 16 + np.array(
        [0, 1, 2]
    )  # 62 … 314: one upper byte is not enough
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    data = png(6, 4, 16, 2, rows)
    assert to_plain(data)[1:] == ("png", True)
    pixels = np.asarray(decode(data).pixels)[..., 1].ravel().astype(int)
    assert pixels[0] < 5
    assert pixels[-1] > 250
    assert len(set(pixels)) > 20


def test_values_that_are_no_numbers_become_black_and_move_no_others() -> None:
    values = RAMP.astype(np.float32)
    holed = values.copy()
    holed[0, :4] = np.nan, np.inf, np.finfo(np.float32).min, np.finfo(np.float32).max
    pixels = np.asarray(decode(encoded(Image.fromarray(holed), "TIFF")).pixels)[..., 0]
    assert pixels[0, :4].tolist() == [0, 0, 0, 0]
    assert pixels[1:].min() > 0
    assert pixels.max() == 255


@pytest.mark.parametrize(
    "image", [(NOISE, "JPEG", "jpg"), (NOISE.convert("L"), "PNG", "png")], ids=["jpg", "png"]
)
def test_plain_pictures_keep_their_bytes(image: tuple[Image.Image, str, str]) -> None:
    data = encoded(image[0], image[1])
    assert to_plain(data) == (data, image[2], False)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("JPEG", "jpg"), ("TIFF", "tif"), ("WEBP", "webp"), ("BMP", "bmp")]
)
def test_the_real_format_is_read_from_the_bytes(kind: str, suffix: str) -> None:
    data = encoded(NOISE, kind)
    assert read_size(data) == (50, 60)
    assert real_suffix(data) == suffix


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "GIF"])
def test_a_cut_picture_is_broken(kind: str) -> None:
    data = encoded(NOISE, kind)
    cut = data[: len(data) // 2] if kind != "GIF" else data[:-2000]
    for call in (decode, to_plain):
        with pytest.raises(ImageError) as caught:
            call(cut)
        assert caught.value.reason in ("broken_image", "not_an_image")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n", "not_an_image"),
        (encoded(NOISE, "JPEG")[:12], "not_an_image"),
        (png(60_000, 60_000, 8, 2, b"\0" * 100), "too_many_pixels"),
    ],
    ids=["zero bytes", "svg", "postscript", "header cut", "bomb"],
)
def test_refused_from_the_header(data: bytes, reason: str) -> None:
    for call in (read_size, decode, to_plain):
        with pytest.raises(ImageError) as caught:
            call(data)
        assert caught.value.reason == reason


SEEDS = [encoded(NOISE.resize((9, 9)), kind) for kind in ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")]
SEEDS.append(encoded(NOISE.resize((9, 9)), "TIFF", compression="tiff_lzw"))


REASONS = ("broken_image", "not_an_image", "tiff_layout", "too_many_pixels")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=300)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 10_000),
)
def test_damage_is_an_image_error_or_a_picture(data: bytes, bytes_: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(data)
    for position, value in bytes_:
        damaged[position % len(damaged)] = value
    damaged = damaged[: max(1, cut)]
    try:
        plain, _, _ = to_plain(bytes(damaged))
    except Exception as error:
        if not (isinstance(error, ImageError) and error.reason in REASONS):
            raise
    else:
        assert decode(plain).pixels.mode == "RGB"


def test_a_view_is_scaled_down_to_the_patch_grid_and_else_untouched() -> None:
    sink = io.BytesIO()
    Image.effect_noise((1000, 600), 60).convert("RGB").save(sink, "PNG")
    data = sink.getvalue()
    scaled = to_view(data, 300 * 300)
    assert scaled is not None
    assert scaled.pixels.size == (364, 224)
    assert Image.open(io.BytesIO(scaled.encoded())).format == "JPEG"
    assert to_view(data, 1000 * 600) is None
    with pytest.raises(ImageError):
        to_view(data[:500], 100)


def test_what_a_file_says_of_its_pixels_does_not_travel_with_others() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    data = encoded(filled("CMYK", (0, 255, 255, 0)), "JPEG", exif=exif)
    converted = to_view(data, 1000)
    assert converted is not None
    again = pickle.loads(pickle.dumps(converted))
    assert (again.pixels.getexif(), again.pixels.tobytes()) == ({}, decode(data).pixels.tobytes())


def test_the_size_of_a_jpeg_is_read_from_its_frame_header_alone() -> None:
    for mode, options in (("RGB", {}), ("L", {"progressive": True}), ("CMYK", {"quality": 30})):
        sink = io.BytesIO()
        Image.new(mode, (321, 123)).save(sink, "JPEG", **options)
        assert read_size(sink.getvalue()) == (321, 123)
        with pytest.raises(ImageError, match="cut off in its header"):
            read_size(sink.getvalue()[:60])


@pytest.mark.parametrize(
    ("colour", "most"),
    [(2, 64_000_000), (0, 192_000_000)],  # 16-bit colour takes 45 bytes a pixel to stretch, grey 20
)
def test_pictures_of_many_bytes_a_pixel_have_a_limit_of_their_own(colour: int, most: int) -> None:
    side = math.isqrt(most)
    assert read_size(png(side, side, 16, colour, b"\0" * 100)) == (side, side)
    with pytest.raises(ImageError, match=f"at most {most:,} are decoded") as error:
        read_size(png(side + 1, side + 1, 16, colour, b"\0" * 100))
    assert error.value.reason == "too_many_pixels"
    assert read_size(png(side + 1, side + 1, 8, colour, b"\0" * 100)) == (side + 1, side + 1)
