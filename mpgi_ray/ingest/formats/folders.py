"""Class folders: ``ROOT/CLASS/…/picture``, the layout of torchvision's ImageFolder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated

import typer

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing


def folders(
    root: Annotated[str, typer.Argument(help="The folder that holds one folder for each class.")],
    nearest: Annotated[
        bool,
        typer.Option(help="The folder that a picture lies in names its class: folders above group them."),
    ] = False,
) -> Listing:
    """Read class folders: the topmost folder of a picture names its scene class.

    A picture directly in the root has no class and is kept without one, so a flat folder of pictures is
    a source too. A file that is not a picture becomes a rejected row, whatever its suffix.

    Raises:
        InputError: there are no files below the folder.
    """
    storage = Storage(root)
    names = storage.list("")
    if not names:
        raise InputError(f"no files below {root}: expected {root}/CLASS/picture.jpg")

    def entries() -> Iterator[Entry]:
        for name in names:
            yield Item(storage, name, {"scene": (scene,) if (scene := class_of(name)) else ()})

    def class_of(name: str) -> str:
        *above, _ = name.split("/")
        return above[-1 if nearest else 0] if above else ""

    classes = dict.fromkeys(clean_name(scene) for name in names if (scene := class_of(name)))
    digest = hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()
    what = f"{root} nearest" if nearest else root
    return Listing("folders", what, digest, entries, tuple(classes), folder=root)
