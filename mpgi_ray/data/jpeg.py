"""The size of a JPEG, many times faster than Pillow tells it, which reads all tables first."""

from __future__ import annotations

_NO_LENGTH = (0x00, 0x01, *range(0xD0, 0xDA), 0xFF)  # fill bytes, and markers without a segment
_NO_FRAMES = (0xC4, 0xC8, 0xCC)  # tables, and a marker that is reserved


def frame_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in a JPEG's frame header; None if it is not one, or not a plain one."""
    if data[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] not in _NO_LENGTH:
        if 0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in _NO_FRAMES:
            width, height = int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
