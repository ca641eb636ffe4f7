"""Class folders: ``ROOT/CLASS/…/picture``, the layout of torchvision's ImageFolder."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from typing import Annotated

import typer

from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.places import Place, is_hidden, places, require_plain

_log = logging.getLogger(__name__)


def folders(
    root: Annotated[str, typer.Argument(help="The folder that holds one folder for each class.")],
    nearest: Annotated[
        bool | None,
        typer.Option(
            "--nearest/--topmost",
            help="Which folder above a picture names its class. Without either it is the topmost, and a "
            "structure in which that seems wrong is refused.",
        ),
    ] = None,
) -> Listing:
    """Read class folders: the topmost folder of a picture names its scene class.

    Folders of splits at the top (`train`, `val`, `valid`, `validation`, `test`) name the split, and the class
    is the next folder. Folders that only say that they hold pictures (`images`) are passed through; hidden
    files and folders are passed over.

    A picture directly in the root has no class and is kept without one, so a flat folder of pictures is
    a source too. A file that is not a picture becomes a rejected row, whatever its suffix.

    Raises:
        InputError: there are no files below the folder, or its structure is not that of class folders.
    """
    storage = Storage(root)
    there = storage.list("")
    names = [name for name in there if not is_hidden(name)]
    if not names:
        raise InputError(f"no files below {root}: expected {root}/CLASS/picture.jpg")
    if hidden := [clean_name(name) for name in there if is_hidden(name)]:
        _log.warning("%s: %d hidden files are passed over, the first is %s", root, len(hidden), hidden[0])
    found = places(names)
    if nearest is None:
        require_plain(root.rstrip("/"), found)

    def entries() -> Iterator[Entry]:
        for place in found:
            scene = (named,) if (named := place.scene(nearest)) else ()
            yield Item(storage, place.name, {"scene": scene, "split": place.split})

    classes = dict.fromkeys(clean_name(scene) for place in found if (scene := place.scene(nearest)))
    listed = "\n".join(_listed(place, nearest) for place in found)
    digest = hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
    what = f"{root} nearest" if nearest else root
    return Listing("folders", what, digest, entries, tuple(classes), folder=root)


def _listed(place: Place, nearest: bool | None) -> str:
    """A file in the fingerprint: its name alone where earlier versions read the same class and no split."""
    *above, _ = place.name.split("/")
    first = Place(place.name, tuple(above))
    told = place.scene(nearest), place.split
    return place.name if told == (first.scene(nearest), None) else repr((place.name, *told))
