"""Pictures that real archives, broken downloads and malice produce, each with what is to become of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import numpy as np
from PIL import Image

from support.build import png, tar
from support.hostile_encodings import BROKEN, NO_PICTURE, RGB, HostilePicture, encoded, odd_encodings, tiff

MANY = "too_many_pixels"


def hostile_pictures() -> Iterator[HostilePicture]:
    """Some 200 small files, the same in every process."""
    for make in (_modes, _cut, _bombs, odd_encodings, _no_pictures):
        yield from make()


def _modes() -> Iterator[HostilePicture]:
    grey, turned = RGB.convert("L"), [RGB.rotate(9)] * 3
    deep = np.asarray(grey, np.float32) * 200
    holed = deep.copy()
    holed[0, :3] = np.nan, np.inf, -np.inf
    cases = {
        "cmyk.jpg": encoded(RGB.convert("CMYK"), "JPEG"),
        "ycbcr.tif": encoded(RGB.convert("YCbCr"), "TIFF", compression="jpeg"),
        "lab.tif": encoded(Image.new("LAB", (9, 9), (120, 10, 10)), "TIFF"),
        "one_bit.png": encoded(RGB.convert("1"), "PNG"),
        "one_bit.tif": encoded(RGB.convert("1"), "TIFF", compression="group4"),
        "palette.png": encoded(RGB.quantize(9), "PNG"),
        "palette_alpha.png": encoded(RGB.quantize(9), "PNG", transparency=bytes(range(9))),
        "palette_of_one.gif": encoded(Image.new("P", (9, 9)), "GIF"),
        "grey_key.png": encoded(grey, "PNG", transparency=7),
        "alpha.png": encoded(RGB.convert("RGBA"), "PNG"),
        "grey_alpha.png": encoded(RGB.convert("LA"), "PNG"),
        "deep.png": encoded(Image.fromarray(deep.astype(np.uint16)), "PNG"),
        "deep.tif": encoded(Image.fromarray(deep.astype(np.uint16)), "TIFF", compression="tiff_lzw"),
        "signed.tif": encoded(Image.fromarray(deep.astype(np.int32) - 9000), "TIFF"),
        "floats.tif": encoded(Image.fromarray(deep), "TIFF"),
        "not_finite.tif": encoded(Image.fromarray(holed), "TIFF"),
        "deep_colour.png": png(2, 2, 16, 2, (b"\0" + bytes(range(12))) * 2),
        "deep_alpha.png": png(2, 2, 16, 6, (b"\0" + bytes(range(16))) * 2),
        "one_pixel.png": encoded(RGB.resize((1, 1)), "PNG"),
        "one_row.jpg": encoded(RGB.resize((5000, 1)), "JPEG"),
        "one_column.png": encoded(RGB.resize((1, 9000)), "PNG"),
        "animated.gif": encoded(RGB, "GIF", save_all=True, append_images=turned),
        "animated.png": encoded(RGB, "PNG", save_all=True, append_images=turned),
        "animated.webp": encoded(RGB, "WEBP", save_all=True, append_images=turned),
        "mpo.jpg": encoded(RGB, "MPO", save_all=True, append_images=turned),
        "pages.tif": encoded(RGB, "TIFF", save_all=True, append_images=[RGB.resize((3, 2))] * 40),
        "jpeg_2000.jp2": encoded(RGB, "JPEG2000"),
        "upside_down.bmp": encoded(RGB, "BMP"),
        "lossless.webp": encoded(RGB, "WEBP", lossless=True),
        "a_png.jpg": encoded(RGB, "PNG"),
        "a_jpeg.tif": encoded(RGB, "JPEG"),
        "a_gif.png": encoded(RGB, "GIF"),
    }
    for name, data in cases.items():
        yield HostilePicture(name, data)
    empty = {
        "never_finite.tif": Image.new("F", (9, 9), float("nan")),
        "flat_floats.tif": Image.new("F", (9, 9), -1e38),
        "widest_floats.tif": Image.fromarray(np.float32([[-3.4e38, 3.4e38]] * 3)),
    }
    for name, image in empty.items():
        yield HostilePicture(name, encoded(image, "TIFF"), "no_data", "none of its pixels holds data")


def _cut() -> Iterator[HostilePicture]:
    large = RGB.resize((96, 72))
    kinds = {
        "baseline.jpg": encoded(large, "JPEG"),
        "progressive.jpg": encoded(large, "JPEG", progressive=True),
        "plain.png": encoded(large, "PNG"),
        "raw.tif": encoded(large, "TIFF"),
        "lzw.tif": encoded(large, "TIFF", compression="tiff_lzw"),
        "deflate.tif": encoded(large, "TIFF", compression="tiff_adobe_deflate"),
        "lossy.webp": encoded(large, "WEBP"),
        "lossless.webp": encoded(large, "WEBP", lossless=True),
        "plain.bmp": encoded(large, "BMP"),
        "plain.gif": encoded(large, "GIF"),
        "plain.jp2": encoded(large, "JPEG2000"),
    }
    for name, data in kinds.items():
        damaged = f"{BROKEN}|{NO_PICTURE}"
        yield HostilePicture(f"head_{name}", data[:11], NO_PICTURE, "cut off in its header")
        yield HostilePicture(f"half_{name}", data[: len(data) // 2], damaged)
        yield HostilePicture(f"zeros_{name}", data[:9] + bytes(len(data) - 9), damaged)
        hole = "any" if name != "plain.png" else BROKEN  # the one format with checksums
        yield HostilePicture(f"holed_{name}", data[:600] + bytes(len(data) - 600), hole)
        yield HostilePicture(f"last_{name}", data[:-1], "any")
        yield HostilePicture(f"behind_{name}", data + b"<html>more" * 99)


def _bombs() -> Iterator[HostilePicture]:
    jpeg, gif = bytearray(encoded(RGB, "JPEG")), bytearray(encoded(RGB, "GIF"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    gif[6:10] = b"\xff" * 4
    bmp, jp2 = encoded(RGB, "BMP"), bytearray(encoded(RGB, "JPEG2000", no_jp2=True))
    jp2[8:16] = b"\x7f\xff\xff\xff" * 2
    one = {256: 2**31 - 1, 257: 2**31 - 1, 258: 8, 259: 1, 262: 1, 273: 0, 278: 1, 279: 9}
    cases = {
        "bomb.png": png(60_000, 60_000, 8, 2, bytes(99)),
        "bomb_of_1_bit.png": png(2**31 - 1, 2**31 - 1, 1, 0, bytes(99)),
        "bomb_of_16_bit.png": png(12_000, 12_000, 16, 2, bytes(99)),
        "bomb_of_rows.png": png(1, 2**31 - 1, 8, 0, bytes(1 << 20)),
        "bomb.jpg": bytes(jpeg),
        "bomb.bmp": bmp[:18] + b"\xff\xff\xff\x7f" * 2 + bmp[26:],
        "bomb_upside_down.bmp": bmp[:18] + b"\0\0\0\x40\0\0\0\x80" + bmp[26:],
        "bomb.gif": bytes(gif),
        "bomb.tif": tiff(one, bytes(9)),
        "bomb_of_floats.tif": tiff(one | {256: 15_000, 257: 15_000, 258: 32, 339: 3}, bytes(9)),
        "bomb.jp2": bytes(jp2),
    }
    for name, data in cases.items():
        yield HostilePicture(name, data, MANY, "at most .* are decoded: cut it into windows")


def _no_pictures() -> Iterator[HostilePicture]:
    yield HostilePicture("nothing.jpg", b"", "empty_image", "zero bytes")
    texts = {
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "entities": b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg>&a;</svg>",
        "page": b"<!DOCTYPE html><html>404 Not Found</html>",
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/Launch/F(id)>>>>endobj",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch pwned) run\nshowpage\n",
        "magick": b"push graphic-context\nfill 'url(https://x/\"|touch pwned\")'\npop graphic-context",
        "text": b"see the attached picture\n",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "zip": b"PK\3\4" + bytes(99),
        "gzip": gzip.compress(encoded(RGB, "PNG"), mtime=0),
        "tar": tar(("a.jpg", encoded(RGB, "JPEG"))),
        "elf": b"\x7fELF\2\1\1" + bytes(99),
        "exe": b"MZ" + bytes(99) + b"PE\0\0",
        "script": b"#!/bin/sh\ntouch pwned\n",
        "pickle": b"\x80\4c__builtin__\neval\nX\x05\0\0\0touch",
        "numpy": b"\x93NUMPY\1\0v\0{'descr': '|O', 'shape': (1,)}",
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(99),
        "heic": b"\0\0\0\x18ftypheic" + bytes(99),
        "avif": b"\0\0\0\x18ftypavif" + bytes(99),
        "ico": encoded(RGB, "ICO"),
        "ppm": encoded(RGB, "PPM"),
        "zeros": bytes(9999),
        "ones": b"\xff" * 9999,
        "base64": b"data:image/png;base64,iVBORw0KGgo=",
    }
    for name, data in texts.items():
        yield HostilePicture(f"{name}.jpg", data, NO_PICTURE, r"starts with .*, expected JPEG, PNG")
