"""Where the pixels of a picture come from."""

from __future__ import annotations

import hashlib

from pydantic import Field

from mpgi_ray.data.record import Record
from mpgi_ray.data.text import Text

CUT_VERSION = 1  # part of the identity of a cut picture: raise it when the same window gets other pixels


class Origin(Record):
    """What a picture was cut or converted from.

    Attributes:
        image: the name of the source's picture.
        sha256: of its file, in hex.
        window: x, y, width and height in its pixels; None if it is all of it.
        made: how the pixels were made of the file's (bands, stretch); empty if they are those.
    """

    image: Text
    sha256: str = Field(pattern="[0-9a-f]{64}")
    window: tuple[int, int, int, int] | None = None
    made: Text = ""

    @property
    def sample_id(self) -> str:
        """The identity of such a picture: another decoder or encoder does not change it."""
        return hashlib.sha256(f"{CUT_VERSION} {self.sha256} {self.window} {self.made}".encode()).hexdigest()
