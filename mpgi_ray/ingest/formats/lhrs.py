"""LHRS-Align: captions of pictures whose names say where on the earth they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.lhrs import parse_name
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.footprint import of_corners
from mpgi_ray.ingest.item import Entry, Item, Listing, report_unused
from mpgi_ray.ingest.pictures import Pictures
from mpgi_ray.ingest.tables import read_json_file
from mpgi_ray.ingest.texts import captions_of


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class _Info(_Part):
    location: tuple[str, str]


class _Record(_Part):
    name: str = Field(min_length=1)
    info: _Info
    cap: str


def lhrs(
    captions: Annotated[str, typer.Argument(help="A JSON file, or a folder of them (features_*.json).")],
    images: Annotated[str, typer.Option(help="The folder of pictures, which lie at Country/City/NAME.jpg.")],
) -> Listing:
    """Read LHRS-Align: a caption for each picture, and the place that its name tells.

    Pictures are named `Country_Id_City_west_north_east_south`, in degrees; underscores and numbers in the
    names of countries and cities are understood by the `location` beside them. Features of a map for these
    pictures are read by `mpgi ingest osm`. Pictures that no record names are left out, and counted in a
    warning.

    Raises:
        InputError: a file or folder cannot be read, or is not of this layout.
    """
    found, digest = _files(captions), hashlib.sha256()
    contents: list[tuple[str, list[Any]]] = []
    for path in found:
        content, fingerprint = read_json_file(path)
        if not (isinstance(content, dict) and isinstance(content.get("data"), list)):
            raise InputError(f'{path} has no list "data": expected records with name, info and cap')
        contents.append((path, content["data"]))
        digest.update(f"{path.rpartition('/')[2]} {fingerprint}\n".encode())
    pictures = Pictures(images)

    def entries() -> Iterator[Entry]:
        used = set[str]()
        for path, records in contents:
            unused = set[str]()
            for position, raw in enumerate(records):
                try:
                    record = _Record.model_validate(raw)
                    item = _item(pictures, record)
                except ValueError as error:
                    detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                    called = raw.get("name") if isinstance(raw, dict) else None
                    yield Rejected(str(called or f"{path}, {position}"), 0, "bad_annotation", detail)
                    continue
                used.add(item.name)
                unused |= set(record.model_extra or ()) | set(record.info.model_extra or ())
                yield item
            report_unused(path, unused)
        pictures.tell_others(used)

    return Listing("lhrs", f"{captions} {images}", digest.hexdigest(), entries)


def _files(path: str) -> list[str]:
    """The file, or those that a folder holds."""
    if path.lower().endswith(".json"):
        return [path]
    folder = Storage(path)
    if not (names := folder.list(".json")):
        raise InputError(f"{path} holds no .json files: expected those of OSMCapAnn, or one file")
    return [folder.path(name) for name in names]


def _item(pictures: Pictures, record: _Record) -> Item:
    """Raises ValueError: name, picture or caption cannot be used."""
    told = parse_name(record.name, record.info.location[0])
    texts = captions_of([record.cap])
    if not texts:
        raise ValueError("the picture has no caption")
    where = of_corners(*told.bounds)
    name = pictures.find("/".join((*record.info.location, record.name)))
    return Item(pictures.root, name, {"captions": texts, "bounds": where.bounds}, across_m=where.metres)
