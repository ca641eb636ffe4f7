"""JPEG, PNG and TIFF files by hand, as no encoder writes them, each with what is to become of it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

BROKEN, NO_PICTURE = "broken_image", "not_an_image"
RGB = Image.fromarray(np.random.default_rng(16).integers(0, 256, (18, 24, 3), dtype=np.uint8))


class HostilePicture(NamedTuple):
    """A picture's file and what is to become of it.

    Attributes:
        reason: of its rejected row, several with ``|``; empty if it is captioned, ``any`` if that is up to
            its decoder.
        says: a regular expression that the row's detail has to match.
    """

    name: str
    data: bytes
    reason: str = ""
    says: str = ""


def odd_encodings() -> Iterator[HostilePicture]:
    """Some 75 small files, the same in every process."""
    for make in (_jpegs, _pngs, _tiffs):
        yield from make()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def part(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiff(tags: Mapping[int, int | tuple[int, ...]], pixels: bytes = b"", following: int = 0) -> bytes:
    """A TIFF by hand: its tags (all of 32 bits) at byte 8, then lists, then the pixels.

    Args:
        tags: offsets of strips count from the first byte of the pixels.
        following: byte of the next directory.
    """
    lists = {tag: value for tag, value in tags.items() if isinstance(value, tuple)}
    after = 8 + 2 + 12 * len(tags) + 4
    begin = after + sum(4 * len(value) for value in lists.values())
    entries, tail = b"", b""
    for tag, value in sorted(tags.items()):
        moved = tuple(v + begin for v in lists.get(tag, ())) if tag in (273, 324) else lists.get(tag, ())
        one = value + begin if tag in (273, 324) and isinstance(value, int) else value
        stated = after + len(tail) if moved else one
        entries += struct.pack("<HHII", tag, 4, len(moved) or 1, stated)
        tail += struct.pack(f"<{len(moved)}I", *moved)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return b"II*\0\x08\0\0\0" + directory + tail + pixels


def _jpegs() -> Iterator[HostilePicture]:
    plain = encoded(RGB, "JPEG")
    frame, scan, app = plain.index(b"\xff\xc0"), plain.index(b"\xff\xda"), plain[:2]
    exif = Image.Exif()
    exif[0x0112] = 6

    def changed(at: int, *values: int) -> bytes:
        return plain[:at] + bytes(values) + plain[at + len(values) :]

    def noted(marker: int, body: bytes) -> bytes:
        return app + bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body + plain[2:]

    comment, decoy = b"\xff\xfe\x80\0" + bytes(0x7FFE), bytearray(b"\xff\xfe\x80\0" + bytes(0x7FFE))
    decoy[0x7E7F:] = (b"\xff\xc0\0\x11\x08\0\x01\0\x01" * 99)[: len(decoy) - 0x7E7F]
    loop = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    cases = {
        "turned.jpg": encoded(RGB, "JPEG", exif=exif),
        "turned_by_99.jpg": noted(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0"),
        "exif_in_a_loop.jpg": noted(0xE1, loop),
        "exif_of_noise.jpg": noted(0xE1, b"Exif\0\0" + plain[:500]),
        "exif_endless.jpg": noted(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 60_000),
        "profile_of_noise.jpg": noted(0xE2, b"ICC_PROFILE\0\x01\x01" + plain[:500]),
        "profile_in_parts.jpg": noted(0xE2, b"ICC_PROFILE\0\x09\xff" + plain[:500]),
        "adobe_of_noise.jpg": noted(0xEE, b"Adobe\0\0\0\0\0\0\xff"),
        "comments.jpg": app + (b"\xff\xfe\xff\xff" + b"x" * 65_533) * 2 + plain[2:],
        "fill_bytes.jpg": app + b"\xff" * 700 + plain[2:],
        "decoy_behind_a_fill_byte.jpg": app + b"\xff" + comment + decoy + plain[2:],
    }  # fmt: skip
    for name, data in cases.items():
        yield HostilePicture(name, data)
    refused = {
        "no_height.jpg": changed(frame + 5, 0, 0),
        "no_width.jpg": changed(frame + 7, 0, 0),
        "twelve_bits.jpg": changed(frame + 4, 12),
        "no_components.jpg": changed(frame + 9, 0),
        "two_components.jpg": changed(frame + 9, 2),
        "no_scan.jpg": plain[:scan],
        "no_tables.jpg": plain[:2] + plain[frame:],
        "lossless.jpg": changed(frame + 1, 0xC3),
        "short_frame.jpg": changed(frame + 2, 0, 2),
        "two_frames.jpg": plain[:frame] + changed(frame + 5, 0, 99)[frame : frame + 19] + plain[frame:],
        "markers_only.jpg": plain[:2] + b"\xff\xd9",
        "endless_markers.jpg": plain[:2] + b"\xff\xe0\0\0" * 9000,
    }
    for name, data in refused.items():
        yield HostilePicture(name, data, f"{BROKEN}|{NO_PICTURE}")
    for name, data in {"too_high": changed(frame + 5, 0x20), "arithmetic": changed(frame + 1, 0xC9)}.items():
        yield HostilePicture(f"{name}.jpg", data, "any")  # its decoder makes some pixels of it


def _pngs() -> Iterator[HostilePicture]:
    plain = encoded(RGB, "PNG")
    head, body = plain[:33], plain[33:]
    text = zlib.compress(bytes(80 << 20), 9)
    many = part(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(1 << 20)))
    header = struct.pack(">IIBBBBB", 24, 18, 8, 2, 0, 0, 0)

    def with_header(*values: int) -> bytes:
        return plain[:8] + part(b"IHDR", struct.pack(">IIBBBBB", *values)) + body

    kept = {
        "long_text.png": head + part(b"tEXt", b"k\0" + b"x" * 60_000) + body,
        "text_of_noise.png": head + part(b"iTXt", b"\xff\0\1\0\0\0" + b"noise") + body,
        "odd_gamma.png": head + part(b"gAMA", bytes(4)) + part(b"pHYs", b"\xff" * 9) + body,
        "unknown_chunk.png": head + part(b"abCd", bytes(5000)) + body,
        "profile_of_noise.png": head + part(b"iCCP", b"p\0\0noise") + body,
        "exif_of_noise.png": head + part(b"eXIf", b"noise") + body,
        "interlaced.png": plain[:8] + part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1))
        + part(b"IDAT", zlib.compress(bytes(4))) + part(b"IEND", b""),
    }  # fmt: skip
    for name, data in kept.items():
        yield HostilePicture(name, data)
    wrong = bytearray(plain)
    wrong[30] ^= 1
    refused = {
        "text_bomb.png": (head + part(b"zTXt", b"k\0\0" + text) + body, "(?i)too large"),
        "texts_bomb.png": (head + many * 99 + body, "(?i)too much"),
        "profile_bomb.png": (head + part(b"iCCP", b"p\0\0" + text) + body, "(?i)too large"),
        "zero_wide.png": (with_header(0, 18, 8, 2, 0, 0, 0), ""),
        "zero_high.png": (with_header(24, 0, 8, 2, 0, 0, 0), ""),
        "three_bits.png": (with_header(24, 18, 3, 2, 0, 0, 0), ""),
        "unknown_colour.png": (with_header(24, 18, 8, 9, 0, 0, 0), ""),
        "interlaced_wrongly.png": (with_header(24, 18, 8, 2, 0, 0, 1), ""),
        "no_palette.png": (with_header(24, 18, 8, 3, 0, 0, 0), ""),
        "wrong_checksum.png": (bytes(wrong), ""),
        "no_pixels.png": (head + part(b"IEND", b""), ""),
        "chunk_of_4_GB.png": (head + b"\xff\xff\xff\xffIDAT" + bytes(99), ""),
        "header_twice.png": (plain[:8] + part(b"IHDR", header[:9]) + body, ""),
    }  # fmt: skip
    for name, (data, says) in refused.items():
        yield HostilePicture(name, data, f"{BROKEN}|{NO_PICTURE}", says)


def _tiffs() -> Iterator[HostilePicture]:
    one = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 273: 0, 278: 4, 279: 16}
    pixels = bytes(range(16))
    after = len(tiff(one, pixels))
    kept = {
        "own_directory_next.tif": tiff(one, pixels, 8),
        "next_directory_far.tif": tiff(one, pixels, 2**31),
        "many_directories.tif": tiff(one, pixels, after) + b"".join(
            struct.pack("<HHHIII", 1, 256, 4, 1, 4, after + 18 * (number + 1)) for number in range(5000)
        ),
        "exif_in_a_loop.tif": tiff(one | {34665: 8, 34853: 8}, pixels),
        "turned_by_99.tif": tiff(one | {274: 99}, pixels),
        "no_resolution.tif": tiff(one | {282: 2**31, 283: 2**31}, pixels),
        "one_strip_of_rows_without_end.tif": tiff(one | {278: 2**32 - 1}, pixels),
        "unknown_tags.tif": tiff(one | {60_000 + number: 9 for number in range(3000)}, pixels),
    }  # fmt: skip
    for name, data in kept.items():
        yield HostilePicture(name, data)
    refused = {
        "no_size.tif": tiff({tag: value for tag, value in one.items() if tag != 256}, pixels),
        "no_rows.tif": tiff(one | {257: 0}, pixels),
        "strip_far.tif": tiff(one | {273: 2**31}, pixels),
        "strip_of_4_GB.tif": tiff(one | {257: 1 << 20, 278: 1 << 20, 279: 2**32 - 1}, pixels),
        "unknown_compression.tif": tiff(one | {259: 60_001}, pixels),
        "unknown_colour.tif": tiff(one | {262: 77}, pixels),
        "noise_as_lzw.tif": tiff(one | {259: 5}, pixels),
        "noise_as_deflate.tif": tiff(one | {259: 8}, pixels),
        "noise_as_jpeg.tif": tiff(one | {259: 7}, pixels),
        "directory_far.tif": b"II*\0\xff\xff\xff\xff" + pixels,
        "directory_at_0.tif": b"II*\0\0\0\0\0" + pixels,
        "no_tags.tif": b"II*\0\x08\0\0\0" + bytes(6),
        "tags_without_end.tif": b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 99,
        "list_of_4_GB.tif": b"II*\0\x08\0\0\0\x01\0\x00\x01\x04\0\xff\xff\xff\xff\x08\0\0\0" + bytes(4),
        "big_tiff_cut.tif": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
    }
    for name, data in refused.items():
        yield HostilePicture(name, data, f"{BROKEN}|{NO_PICTURE}")
    yield HostilePicture("many_bands.tif", tiff(one | {277: 60_000}, pixels), "tiff_layout", "60000 bands")
    yield HostilePicture("tiles_of_1_pixel.tif", tiff(
        {256: 99, 257: 99, 258: 8, 259: 1, 262: 1, 322: 1, 323: 1, 324: (0,) * 9801, 325: (1,) * 9801}, pixels
    ), "any")  # fmt: skip
