"""Pascal VOC: one XML file a picture, also with oriented boxes as in DIOR-R, HRSC2016 and roLabelImg."""

from __future__ import annotations

from typing import Annotated, Any
from xml.etree import ElementTree

import typer

from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers, oriented, outlined, points, turned
from mpgi_ray.ingest.source import TRUNCATED
from mpgi_ray.ingest.splits import with_splits
from mpgi_ray.ingest.xml import flag, parse_xml, pixels, values

_BOX = ("xmin", "ymin", "xmax", "ymax")
_CORNERS = tuple(
    f"{axis}_{corner}" for corner in ("left_top", "right_top", "right_bottom", "left_bottom") for axis in "xy"
)


def voc(
    annotations: Annotated[str, typer.Argument(help="The folder of XML files.")],
    images: Annotated[str, typer.Option(help="The folder of pictures; their names match the XML files'.")],
    one_based: Annotated[
        bool,
        typer.Option(help="Coordinates begin at 1 and the last pixel belongs to the box, as in VOC 2007."),
    ] = False,
    splits: Annotated[
        str | None, typer.Option(help="The folder of train.txt, val.txt and test.txt (ImageSets/Main).")
    ] = None,
) -> Listing:
    """Read Pascal VOC: one XML file a picture, with boxes, oriented boxes or polygons.

    Oriented boxes are understood as corners (`x_left_top` … of DIOR-R) and as middle, size and angle
    (`robndbox` of roLabelImg). `difficult` and `truncated` are kept. A file with a DOCTYPE is refused.

    Raises:
        InputError: a folder holds no pictures, or no XML files, or a picture is of two splits.
    """

    def read(text: str) -> Note:
        root = parse_xml(text, "annotation", "Pascal VOC")
        size = root.find("size")
        stated = (None, None) if size is None else (pixels(size, "width"), pixels(size, "height"))
        shift = 1.0 if one_based else 0.0
        return Note({"objects": tuple(_object(entry, shift) for entry in root.iter("object"))}, stated)

    listing = annotated("voc", images, annotations, "xml", read, given="one_based" if one_based else "")
    return with_splits(listing, splits)


def _object(entry: ElementTree.Element, shift: float) -> dict[str, Any]:
    label = (entry.findtext("name") or "").strip()
    if not label:
        raise ValueError("an object has no <name>")
    flags: dict[str, Any] = {"difficult": flag(entry, "difficult")}
    if flag(entry, "truncated"):
        flags["visible"] = TRUNCATED
    try:
        return _shape(label, entry, shift, flags)
    except ValueError as error:
        raise ValueError(f"object {label!r:.60}: {error}") from error


def _shape(label: str, entry: ElementTree.Element, shift: float, flags: dict[str, Any]) -> dict[str, Any]:
    polygon, rotated, box = (entry.find(name) for name in ("polygon", "robndbox", "bndbox"))
    if polygon is not None and len(polygon):
        flat = numbers(
            child.text or "" for child in polygon.iter() if child is not polygon and not len(child)
        )
        return outlined(label, (points([value - shift for value in flat]),), **flags)
    if rotated is None and box is None:
        raise ValueError("it has neither <bndbox>, <robndbox> nor <polygon>")
    corners = next((b for b in (rotated, box) if b is not None and b.find(_CORNERS[0]) is not None), None)
    if corners is not None:
        return oriented(label, [value - shift for value in values(corners, _CORNERS)], **flags)
    if rotated is not None:
        return oriented(
            label,
            [value - shift for value in turned(*values(rotated, ("cx", "cy", "w", "h", "angle")))],
            **flags,
        )
    assert box is not None
    x1, y1, x2, y2 = values(box, _BOX)
    return boxed(label, (x1 - shift, y1 - shift, x2, y2), **flags)
