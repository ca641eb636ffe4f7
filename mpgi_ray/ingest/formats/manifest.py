"""Manifests: JSONL, CSV or Parquet, one picture a row. The format for everything that no other module reads.

```
{"image": "images/7.png", "scene": "harbour", "gsd": 0.5,
 "boxes": [{"label": "ship", "bbox": [10, 20, 60, 45]}]}
```

Paths are relative to the manifest's folder. All other fields may be missing; see `Line`. Fields of other
names are left alone and named once in a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.text import JsonError
from mpgi_ray.ingest.item import Entry, Item, Listing, below, report_unused
from mpgi_ray.ingest.rows import read_rows
from mpgi_ray.ingest.source import TRUNCATED, MaskTable
from mpgi_ray.ingest.texts import captions_of

Point = tuple[float, float]


_Text = Annotated[str, Field(coerce_numbers_to_str=False)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)


class LabelledBox(_Record):
    """An axis-parallel box, ``[x1, y1, x2, y2]`` in pixels."""

    label: str
    bbox: tuple[float, float, float, float]
    truncated: bool = False
    difficult: bool = False
    crowd: bool = False


class OrientedBox(_Record):
    """Four corners in drawing order, ``[x1, y1, … x4, y4]`` in pixels."""

    label: str
    poly: tuple[float, float, float, float, float, float, float, float]
    difficult: bool = False


class Outline(_Record):
    """An outline of three or more points ``[x, y]`` in pixels."""

    label: str
    points: tuple[Point, ...] = Field(min_length=3)


class Line(_Record):
    """One picture.

    Attributes:
        image: its path.
        id: names it in messages.
        width, height: if stated, the picture must have them.
        scene, labels: classes of the whole picture; classes present somewhere in it.
        mask, mask_classes: path of an index or colour mask; its values or colours by label, where the
            source config does not list them.
        tags: of a map (OpenStreetMap's keys and values).
        gsd, gsd_m: metres per pixel, either name.
    """

    image: _Text = Field(min_length=1)
    id: str | None = None
    width: int | None = None
    height: int | None = None
    scene: _Text | tuple[_Text, ...] = ()
    labels: tuple[str, ...] = ()
    captions: tuple[_Text, ...] = ()
    boxes: tuple[LabelledBox, ...] = ()
    obb: tuple[OrientedBox, ...] = ()
    polygons: tuple[Outline, ...] = ()
    mask: str | None = None
    mask_classes: MaskTable | None = None
    tags: dict[str, str] = {}
    gsd: float | None = None
    gsd_m: float | None = None
    date: str | None = None
    place: str | None = None
    sensor: str | None = None
    split: str | None = None
    licence: str | None = None
    source: str | None = None


def manifest(
    path: Annotated[str, typer.Argument(help="The JSONL, CSV, TSV or Parquet file, one picture a row.")],
) -> Listing:
    """Read a manifest: JSONL, CSV or Parquet, one picture a row, with all that is known of it.

    Paths are relative to the manifest's folder; docs/shards.md lists the fields. In CSV the first row names
    them, a cell that begins with [ or { is JSON, and an empty one says nothing. A row that cannot be used
    becomes a rejected row that names it. Empty lines are skipped.

    Raises:
        InputError: the file cannot be read.
    """
    rows = read_rows(path)

    def entries() -> Iterator[Entry]:
        unused: set[str] = set()
        for where, read in rows:
            try:
                parsed = Line.model_validate(read())
                note = _annotation(parsed)
                unused |= _unused(parsed)
                image, mask = below(parsed.image), None if parsed.mask is None else below(parsed.mask)
            except ValueError as error:
                detail = first_problem(error) if isinstance(error, ValidationError) else str(error)
                reason = "broken_json" if isinstance(error, JsonError) else "bad_annotation"
                yield Rejected(where, 0, reason, f"{where}: {detail}")
                continue
            where = where if parsed.id is None else f"{where} ({parsed.id})"
            size = parsed.width, parsed.height
            yield Item(
                rows.root,
                image,
                note,
                size,
                mask,
                mask_classes=parsed.mask_classes,
                where=where,
            )
        report_unused(path, unused)

    return Listing("manifest", path, rows.fingerprint, entries)


def _annotation(line: Line) -> dict[str, Any]:
    same = ("labels", "tags", "date", "place", "sensor", "split", "licence", "source")
    return {name: getattr(line, name) for name in same} | {
        "scene": (line.scene,) if isinstance(line.scene, str) else line.scene,
        "objects": (*map(_boxed, line.boxes), *map(_oriented, line.obb), *map(_outlined, line.polygons)),
        "captions": captions_of(line.captions),
        "gsd": line.gsd if line.gsd is not None else line.gsd_m,
    }


def _boxed(box: LabelledBox) -> dict[str, Any]:
    visible = {"visible": TRUNCATED} if box.truncated else {}
    return {"label": box.label, "box": box.bbox, "difficult": box.difficult, "crowd": box.crowd} | visible


def _oriented(box: OrientedBox) -> dict[str, Any]:
    corners = tuple(zip(box.poly[::2], box.poly[1::2], strict=True))
    return {"label": box.label, "box": _around(corners), "obb": corners, "difficult": box.difficult}


def _outlined(outline: Outline) -> dict[str, Any]:
    return {"label": outline.label, "box": _around(outline.points), "polygons": (outline.points,)}


def _around(points: tuple[Point, ...]) -> tuple[float, ...]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _unused(line: Line) -> set[str]:
    parts = {"boxes": line.boxes, "obb": line.obb, "polygons": line.polygons}
    inner = {f"{name}.{key}" for name, group in parts.items() for o in group for key in o.model_extra or ()}
    return inner | set(line.model_extra or ())
