"""Pascal VOC: one XML file a picture, also with oriented boxes as in DIOR-R, HRSC2016 and roLabelImg."""

from __future__ import annotations

import math
from typing import Annotated, Any
from xml.etree import ElementTree

import typer

from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import boxed, numbers, oriented, outlined, points
from mpgi_ray.ingest.source import TRUNCATED

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
) -> Listing:
    """Read Pascal VOC: one XML file a picture, with boxes, oriented boxes or polygons.

    Oriented boxes are understood as corners (`x_left_top` … of DIOR-R) and as middle, size and angle
    (`robndbox` of roLabelImg). `difficult` and `truncated` are kept. A file with a DOCTYPE is refused.

    Raises:
        InputError: a folder holds no pictures, or no XML files.
    """

    def read(text: str) -> Note:
        root = _parsed(text)
        size = root.find("size")
        stated = (None, None) if size is None else (_pixels(size, "width"), _pixels(size, "height"))
        shift = 1.0 if one_based else 0.0
        return Note({"objects": tuple(_object(entry, shift) for entry in root.iter("object"))}, stated)

    return annotated("voc", images, annotations, "xml", read, given="one_based" if one_based else "")


def _parsed(text: str) -> ElementTree.Element:
    """The root of a file.

    Raises:
        ValueError: it is not XML, or declares entities, which can be made to fill the memory.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it has a DOCTYPE, which may hide anything: remove that line")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"it is not valid XML: {error}") from error
    if root.tag != "annotation":
        raise ValueError(f"its root is <{root.tag:.60}>: expected <annotation>, as of Pascal VOC")
    return root


def _object(entry: ElementTree.Element, shift: float) -> dict[str, Any]:
    label = (entry.findtext("name") or "").strip()
    if not label:
        raise ValueError("an object has no <name>")
    flags: dict[str, Any] = {"difficult": _flag(entry, "difficult")}
    if _flag(entry, "truncated"):
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
        return oriented(label, [value - shift for value in _values(corners, _CORNERS)], **flags)
    if rotated is not None:
        return oriented(
            label,
            [value - shift for value in _turned(*_values(rotated, ("cx", "cy", "w", "h", "angle")))],
            **flags,
        )
    assert box is not None
    x1, y1, x2, y2 = _values(box, _BOX)
    return boxed(label, (x1 - shift, y1 - shift, x2, y2), **flags)


def _turned(cx: float, cy: float, width: float, height: float, angle: float) -> list[float]:
    """The corners of a box of this middle and size, turned clockwise by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    sides = (
        (-width / 2, -height / 2),
        (width / 2, -height / 2),
        (width / 2, height / 2),
        (-width / 2, height / 2),
    )
    return [value for x, y in sides for value in (cx + x * cos - y * sin, cy + x * sin + y * cos)]


def _values(parent: ElementTree.Element, names: tuple[str, ...]) -> list[float]:
    if missing := [name for name in names if parent.find(name) is None]:
        raise ValueError(f"<{parent.tag}> has no <{missing[0]}>")
    return numbers((parent.findtext(name) or "").strip() for name in names)


def _pixels(size: ElementTree.Element, name: str) -> int | None:
    """A stated width or height; 0, which some tools write where they do not know it, states nothing."""
    text = (size.findtext(name) or "").strip()
    return int(numbers([text])[0]) or None if text else None


def _flag(entry: ElementTree.Element, name: str) -> bool:
    return (entry.findtext(name) or "0").strip().lower() in ("1", "true", "yes")
