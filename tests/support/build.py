"""What tests are built from: small pictures and tars made by hand."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture(colour: str = "green", size: tuple[int, int] = (16, 12), kind: str = "JPEG") -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", size, colour).save(sink, kind)
    return sink.getvalue()


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG by hand: Pillow writes no 16-bit colour and no header of a size it has not got."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    )


def tar(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def noise(seed: int, size: int = 32) -> bytes:
    """A JPEG like no other."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG")
    return sink.getvalue()


def write_shards(folder: Path, sizes: list[int], start: int = 0) -> None:
    """Shards ``s0.tar`` … of distinct pictures with a class each, as another program would write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes, start):
        members = []
        for i in range(size):
            members += [(f"{i:04d}.jpg", noise(1000 * number + i)), (f"{i:04d}.cls", b"airport")]
        (folder / f"s{number}.tar").write_bytes(tar(*members))
