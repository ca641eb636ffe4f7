"""Names of pictures in LHRS-Align, which say where on the earth they lie, and its records of captions.

A name is ``Country_Id_City_west_north_east_south``, the last four in degrees (the upper left corner, then the
lower right one), and the picture lies at ``Country/City/NAME.jpg``. Names of countries and cities may hold
underscores and numbers themselves. After Muhtar et al., LHRS-Bot, 2024.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.image import SUFFIXES

Bounds = tuple[float, float, float, float]  # west, south, east and north in degrees
UNKNOWN = "unnamed"  # country or city of a picture whose place is known by its bounds alone
_LONGEST = 400  # characters of a name; no folder holds a longer one
_NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"
_REST = re.compile(rf"([0-9]+)_(.+)_{_NUMBER}_{_NUMBER}_{_NUMBER}_{_NUMBER}", re.DOTALL)
_COUNTRY = re.compile(r"(.+?)_(?=[0-9]+_)", re.DOTALL)  # up to the first number that may be the id
_NO_PART = re.compile(r"[/\\\x00-\x1f\x7f]+")  # of the name of a folder


@dataclass(frozen=True, slots=True)
class Georeference:
    """A name in its parts; ``str()`` puts it together again, with seven decimals of a degree.

    Attributes:
        id: of the picture among those of its place.

    Raises:
        ValueError: the bounds are not degrees in their order, or country or city is empty.
    """

    country: str
    id: int
    city: str
    bounds: Bounds

    def __post_init__(self) -> None:
        west, south, east, north = self.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError(
                f"west {west:g}, south {south:g}, east {east:g}, north {north:g}: expected degrees, west "
                "below east and south below north"
            )
        if not (self.country and self.city):
            raise ValueError("expected a country and a city, both of some letters")

    def __str__(self) -> str:
        west, south, east, north = map(_degrees, self.bounds)
        return "_".join((self.country, str(self.id), self.city, west, north, east, south))

    @property
    def location(self) -> tuple[str, str]:
        """Country and city, also the folders of the picture."""
        return self.country, self.city


def parse_name(name: str, country: str | None = None) -> Georeference:
    """The parts of a name.

    Args:
        name: without folders and suffix.
        country: as a record of the picture tells it, with spaces or underscores; without it, the country
            ends before the first number.

    Raises:
        ValueError: it is not a name of this form.
    """
    first = _COUNTRY.match(name) if len(name) <= _LONGEST else None
    ends = [len(country)] if country and _as_named(name).startswith(f"{_as_named(country)}_") else []
    for end in [*ends, len(first[1])] if first else []:
        if parts := _REST.fullmatch(name[end + 1 :]):
            number, city, *sides = parts.groups()
            west, north, east, south = map(float, sides)
            return Georeference(name[:end], int(number), city, (west, south, east, north))
    raise ValueError(
        f"the name {name!r:.120} is none of LHRS-Align: expected Country_Id_City_west_north_east_south"
    )


def record_of(name: str, sample_id: str, annotation: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """A picture with its caption, as an element of ``data``; None if it is not known where it lies.

    A picture that has such a name keeps it. Others get the name of their source for a country, their
    ``place`` for a city, and a number that its identity gives.

    Args:
        name: of the sample, with folders and suffix.
        annotation: as a final sample holds it.
    """
    *folders, file = name.split("/")
    own = file.rpartition(".")[0] if file.lower().endswith(tuple(f".{s}" for s in SUFFIXES)) else file
    try:
        told = parse_name(own, folders[-2] if len(folders) > 1 else None)
    except ValueError:
        if (found := _georeference(sample_id, annotation)) is None:
            return None
        own, told = str(found), found
    location = list(told.location)
    if [*map(_as_named, folders[-2:])] == [*map(_as_named, location)]:
        location = folders[-2:]  # a name may have underscores where the place has spaces
    return {"name": own, "info": {"location": location}, "cap": text}


def _georeference(sample_id: str, annotation: Mapping[str, Any]) -> Georeference | None:
    parts = (_NO_PART.sub(" ", annotation.get(key) or "").strip() or UNKNOWN for key in ("source", "place"))
    country, city = parts
    try:
        west, south, east, north = annotation["bounds"]
        return Georeference(country, int(sample_id[:12], 16), city, (west, south, east, north))
    except (KeyError, TypeError, ValueError):
        return None


def _as_named(place: str) -> str:
    return place.replace(" ", "_")


def _degrees(value: float) -> str:
    """To a centimetre on the ground: a name with all digits would be too long for some systems."""
    return f"{value:.7f}".rstrip("0").rstrip(".")
