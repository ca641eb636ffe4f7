"""The pictures of a folder, found by what an annotation file calls them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection

from mpgi_ray.data.image import SUFFIXES
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import below

_log = logging.getLogger(__name__)


class Pictures:
    """All pictures below a folder.

    Raises:
        InputError: it holds none, or cannot be listed.
    """

    def __init__(self, folder: str) -> None:
        self.root = Storage(folder)
        self.names = [name for name in self.root.list("") if is_picture(name)]
        if not self.names:
            raise InputError(f"no pictures below {folder}: expected files ending in .{', .'.join(SUFFIXES)}")
        self._by: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.names:
            for key in {_file(name), stem(name), _file(stem(name))} - {name}:
                self._by[key].append(name)
        self._all = set(self.names)

    def find(self, called: str) -> str:
        """The path of the picture that is called so: by its path, its file name, or either of them without or
        with another suffix, if only one picture fits.

        Raises:
            ValueError: none does, or several do, or this cannot be a name.
        """
        called = below(called)
        for key in (called, _file(called), stem(called), _file(stem(called))):
            if key in self._all:
                return key
            if found := self._by.get(key):
                if len(found) == 1:
                    return found[0]
                raise ValueError(f"{called!r} may be {found[0]} or {found[1]} below {self.root.url}")
        raise ValueError(f"there is no picture {called!r:.200} below {self.root.url}")

    def stamped(self) -> list[str]:
        """The names, each with what changes when its file does: for pictures that are annotations."""
        stamps = self.root.stamps("")
        return [f"{name}\0{stamps[name]}" for name in self.names]

    def tell_others(self, used: Collection[str]) -> None:
        """Warn of the pictures that an annotation file does not name, and that are left out so."""
        if others := [name for name in self.names if name not in used]:
            some = ", ".join(map(clean_name, others[:5])) + (" …" if len(others) > 5 else "")
            number = f"{len(others)} of {len(self.names)} pictures"
            _log.warning("%s: no entry that can be read names %s: %s", self.root.url, number, some)


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's."""
    return _file(name).rpartition(".")[2].lower() in SUFFIXES and "." in _file(name)


def stem(name: str) -> str:
    """A path without the suffix of its file."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + (file.rpartition(".")[0] or file)


def _file(name: str) -> str:
    return name.rpartition("/")[2]
