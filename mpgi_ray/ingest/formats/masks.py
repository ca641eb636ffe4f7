"""Masks: a picture of classes for each picture, by value or by colour."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated

import typer

from mpgi_ray.data.sample import Rejected
from mpgi_ray.ingest.beside import partners
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import Pictures


def masks(
    images: Annotated[str, typer.Argument(help="The folder of pictures.")],
    masks: Annotated[str, typer.Option(help="The folder of masks; their names match the pictures'.")],
    ending: Annotated[
        str, typer.Option(help="What a mask's name has behind the picture's, such as _label.")
    ] = "",
    picture_ending: Annotated[
        str, typer.Option(help="What a picture's name has in place of it, such as _RGB.")
    ] = "",
) -> Listing:
    """Read a mask for each picture: how much of it, and where, belongs to which class.

    The classes' values or colours are those under `mask:` of the source (`--source`). A picture and a mask
    belong together if their paths below the two folders are the same but for the endings and suffix; of those
    that are left, if nothing else has their file name.

    Raises:
        InputError: a folder holds no pictures.
    """
    pictures, others = Pictures(images), Pictures(masks)
    partner = partners(pictures.names, others.names, ending, picture_ending)

    def entries() -> Iterator[Entry]:
        for name in pictures.names:
            if name in partner:
                yield Item(pictures.root, name, mask=partner[name], masks=others.root)
            else:
                detail = f"no mask below {masks} has its name" + (f" and {ending}" if ending else "")
                yield Rejected(name, 0, "missing_mask", detail)
        for mask in sorted(set(others.names) - set(partner.values())):
            yield Rejected(mask, 0, "missing_image", f"no picture below {images} has the name of this mask")

    listed = "\n".join((*pictures.names, "", *others.names)).encode("utf-8", "surrogateescape")
    what = f"{images} {masks} {ending} {picture_ending}".strip()
    return Listing("masks", what, hashlib.sha256(listed).hexdigest(), entries)
