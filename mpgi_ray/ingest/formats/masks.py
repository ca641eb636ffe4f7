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
    instances: Annotated[
        str | None,
        typer.Option(help="A folder of masks that give each object a value or colour."),
    ] = None,
    instances_ending: Annotated[
        str, typer.Option(help="What the names of those have behind the picture's, such as _instance_id.")
    ] = "",
) -> Listing:
    """Read a mask for each picture: how much of it, and where, belongs to which class.

    The classes' values or colours are those under `mask:` of the source (`--source`). A picture and a mask
    belong together if their paths below the two folders are the same but for the endings and suffix; of those
    that are left, if nothing else has their file name.

    Masks of classes say cover and place. Numbers are only said of what `--instances` tells apart: each value
    or colour there but 0 or black is an object, of the class that most of it has.

    Raises:
        InputError: a folder holds no pictures.
    """
    pictures, others = Pictures(images), Pictures(masks)
    partner = partners(pictures.names, others.names, ending, picture_ending)
    singles = None if instances is None else Pictures(instances)
    objects = partners(pictures.names, singles.names, instances_ending, picture_ending) if singles else {}

    def entries() -> Iterator[Entry]:
        for name in pictures.names:
            if singles is not None and name in partner and name not in objects:
                detail = f"no mask of objects below {instances} has its name" + instances_ending
                yield Rejected(name, 0, "missing_mask", detail)
            elif name in partner:
                single = (singles.root, objects[name]) if singles else None
                yield Item(pictures.root, name, mask=partner[name], masks=others.root, instances=single)
            else:
                detail = f"no mask below {masks} has its name" + (f" and {ending}" if ending else "")
                yield Rejected(name, 0, "missing_mask", detail)
        for mask in sorted(set(others.names) - set(partner.values())):
            yield Rejected(mask, 0, "missing_image", f"no picture below {images} has the name of this mask")

    names = (*pictures.names, "", *others.stamped(), *(("", *singles.stamped()) if singles else ()))
    listed = "\n".join(names).encode("utf-8", "surrogateescape")
    what = f"{images} {masks} {ending} {picture_ending}".strip()
    what += f" {instances} {instances_ending}" if instances else ""
    return Listing("masks", what, hashlib.sha256(listed).hexdigest(), entries)
