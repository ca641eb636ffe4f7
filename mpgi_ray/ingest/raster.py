"""The pixels of a source's picture: whole, as its file has them, or a window of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from mpgi_ray.data.image import Picture, decode, read_size, real_suffix
from mpgi_ray.ingest.windows import Window


class Raster(Protocol):
    """One picture."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hex."""
        ...

    @property
    def content(self) -> bytes:
        """What its split is drawn from: the file's bytes, or their digest where they are too many."""
        ...

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the file says of place, size and date: fields of `Annotation`."""
        ...

    def bounds(self, window: Window) -> tuple[float, float, float, float] | None:
        """Where a part of it lies on the earth, as `Annotation.bounds`, if the file says it."""
        ...

    @property
    def made(self) -> str:
        """How its pixels are made of the file's; empty if they are those."""
        ...

    def whole(self) -> tuple[bytes, str]:
        """The picture as a file, and its suffix.

        Raises:
            ImageError: it cannot be decoded.
        """
        ...

    def window(self, window: Window) -> tuple[bytes, str]:
        """A part of it as a file, and its suffix.

        Raises:
            ImageError: it cannot be decoded.
        """
        ...


class Plain:
    """A picture whose bytes are in memory; they stay as they are unless it is cut.

    Raises:
        ImageError: it is none, or too large.
    """

    made: str = ""
    fields: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, data: bytes) -> None:
        self.content = data
        self.size = read_size(data)

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def bounds(self, window: Window) -> None:
        """Such a file says nothing of its place."""

    def whole(self) -> tuple[bytes, str]:
        return self.content, real_suffix(self.content)

    def window(self, window: Window) -> tuple[bytes, str]:
        x, y, width, height = window
        picture = self._decoded
        part = Picture(b"", picture.pixels.crop((x, y, x + width, y + height)), picture.suffix)
        return part.encoded(), part.suffix

    @cached_property
    def _decoded(self) -> Picture:
        return decode(self.content)
