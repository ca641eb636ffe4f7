"""HRSC2016: ships in harbors, one XML file of a form of its own for each picture."""

from __future__ import annotations

from typing import Annotated, Any
from xml.etree import ElementTree

import typer

from mpgi_ray.ingest.beside import Note, annotated
from mpgi_ray.ingest.item import Listing
from mpgi_ray.ingest.outline import oriented, turned
from mpgi_ray.ingest.source import TRUNCATED
from mpgi_ray.ingest.splits import with_splits
from mpgi_ray.ingest.xml import flag, parse_xml, pixels, values

# by the last two digits of Class_ID, with the names that mmrotate's reader gives them
CLASSES = {
    **{1: "ship", 2: "aircraft carrier", 3: "warcraft", 4: "merchant ship", 5: "Nimitz", 6: "Enterprise"},
    **{7: "Arleigh Burke", 8: "WhidbeyIsland", 9: "Perry", 10: "Sanantonio", 11: "Ticonderoga"},
    **{12: "Kitty Hawk", 13: "Kuznetsov", 14: "Abukuma", 15: "Austen", 16: "Tarawa", 17: "Blue Ridge"},
    **{18: "Container", 19: "OXo|--)", 20: "Car carrier([]==[])", 22: "Hovercraft", 24: "yacht"},
    **{25: "CntShip(_|.--.--|_]=", 26: "Cruise", 27: "submarine", 28: "lute", 29: "Medical"},
    **{30: "Car carrier(======|", 31: "Ford-class", 32: "Midway-class", 33: "Invincible-class"},
}
_FIRST = 100_000_000  # a Class_ID is this and its number
_ANGLED = ("mbox_cx", "mbox_cy", "mbox_w", "mbox_h", "mbox_ang")


def hrsc(
    annotations: Annotated[str, typer.Argument(help="The folder of XML files (FullDataSet/Annotations).")],
    images: Annotated[str, typer.Option(help="The folder of pictures (FullDataSet/AllImages).")],
    splits: Annotated[
        str | None, typer.Option(help="The folder of train.txt, val.txt and test.txt (ImageSets).")
    ] = None,
) -> Listing:
    """Read HRSC2016: oriented boxes of ships, with the resolution and the date of each picture.

    The class of a ship is the name that belongs to its `Class_ID`, from `ship` over `warcraft` to `Nimitz`.
    `difficult` and `truncated` are kept.

    Raises:
        InputError: a folder holds no pictures or no XML files, or a picture is of two splits.
    """
    listing = annotated("hrsc", images, annotations, "xml", _note, classes=tuple(CLASSES.values()))
    return with_splits(listing, splits)


def _note(text: str) -> Note:
    root = parse_xml(text, "HRSC_Image", "HRSC2016")
    fields: dict[str, Any] = {
        "objects": tuple(_object(entry) for entry in root.iterfind("HRSC_Objects/HRSC_Object")),
        "vocabulary": dict.fromkeys(CLASSES.values()),
        "date": (root.findtext("Img_Date") or "").strip() or None,
    }
    if (root.findtext("Img_Resolution") or "").strip():
        (gsd,) = values(root, ("Img_Resolution",))
        fields["gsd"] = gsd if gsd > 0 else None
    return Note(fields, (pixels(root, "Img_SizeWidth"), pixels(root, "Img_SizeHeight")))


def _object(entry: ElementTree.Element) -> dict[str, Any]:
    (number,) = values(entry, ("Class_ID",))
    label = CLASSES.get(int(number) - _FIRST)
    if label is None:
        raise ValueError(f"Class_ID {number:.0f}: expected {_FIRST + 1} to {_FIRST + max(CLASSES)}")
    flags: dict[str, Any] = {"difficult": flag(entry, "difficult")}
    if flag(entry, "truncated"):
        flags["visible"] = TRUNCATED
    return oriented(label, turned(*values(entry, _ANGLED)), **flags)
