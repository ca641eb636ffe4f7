"""Large text files line by line, in pieces that are read anew where reading one fails."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

MAX_LINE = 64 << 20  # bytes
_PIECE = 16 << 20  # bytes


def read_lines(storage: Storage, name: str) -> Iterator[bytes]:
    """The lines of a file, without their ends; memory holds a piece of it and one line.

    Raises:
        InputError: it cannot be read, changed meanwhile, or holds a line beyond `MAX_LINE`.
    """
    before, size = storage.stamp(name), storage.size(name)
    begun: list[bytes] = []  # of a line that reaches over pieces
    for start in range(0, size, _PIECE):
        first, *others = storage.read_range(name, start, min(start + _PIECE, size)).split(b"\n")
        begun.append(first)
        if sum(map(len, begun)) > MAX_LINE:
            raise InputError(
                f"{storage.path(name)} has a line of more than {MAX_LINE:,} bytes: expected one picture each"
            )
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun = others[-1:]
    if storage.stamp(name) != before:
        raise InputError(f"{storage.path(name)} changed while it was read; run the same command again")
    if last := b"".join(begun):
        yield last
