"""What a map shows of the place where a picture lies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mpgi_ray.data.record import Record
from mpgi_ray.data.text import Text

Numbered = tuple[Text, Annotated[int, Field(ge=1)]]


class Central(Record):
    """The feature of a map in the middle of a picture, see `mpgi_ray.ingest.central`.

    Tags are ``key=value``, with the number of areas that bear them; lines, which maps cut into pieces, count
    as one. What takes up most of the picture comes first.

    Attributes:
        through: it is a line that runs through the middle.
        within: tags of what lies in it.
        around: tags of what lies around it.
        surrounded: that is so on three of its sides or more.
    """

    tag: Text
    through: bool = False
    within: tuple[Numbered, ...] = ()
    around: tuple[Numbered, ...] = ()
    surrounded: bool = False


class MapView(Record):
    """What shows from above of the features of a map where a picture lies.

    Attributes:
        shown: the most telling tag of each, ``key=value``; what takes up most of the picture comes first.
        features: what the map calls them (``way/4711``), the central one first; a part of them if they are
            many.
        extract: when the map was drawn from, as its file states it.
        licence: of the map, whatever that of the picture is.
    """

    shown: tuple[Text, ...] = ()
    central: Central | None = None
    features: tuple[Text, ...] = ()
    extract: Text | None = None
    licence: Text | None = None
