"""Class folders: ``ROOT/CLASS/…/picture``, the layout of torchvision's ImageFolder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing


def folders(root: str) -> Listing:
    """Every file below ``root`` as a picture of the scene class that its topmost folder names.

    A picture directly in ``root`` has no class and is kept without one, so a flat folder of pictures is
    a source too. A file that is no picture becomes a rejected row, whatever its suffix.

    Args:
        root: a local folder or an fsspec URL.

    Raises:
        InputError: there is no file.
    """
    storage = Storage(root)
    names = storage.list("")
    if not names:
        raise InputError(f"no files below {root}: expected {root}/CLASS/picture.jpg")

    def entries() -> Iterator[Entry]:
        for name in names:
            scene, slash, _ = name.partition("/")
            yield Item(storage, name, {"scene": (scene,) if slash else ()})

    return Listing("folders", root, hashlib.sha256("\n".join(names).encode()).hexdigest(), entries)
