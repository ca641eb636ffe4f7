"""Pictures and their annotation files: a file for each picture, found by its name."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from mpgi_ray.data.image import SUFFIXES
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.text import clean_name, decode_text
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Entry, Item, Listing
from mpgi_ray.ingest.pictures import is_picture, stem

T = TypeVar("T")
_READERS = 16  # annotation files are small: on an object store the time goes into waiting
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """What an annotation file says of its picture.

    Attributes:
        fields: of `Annotation`, with labels as the source spells them.
        size: the width and height that it states, each None if it does not.
        in_fractions: coordinates are shares of the picture's width and height.
    """

    fields: Mapping[str, Any]
    size: tuple[int | None, int | None] = (None, None)
    in_fractions: bool = False


def annotated(
    name: str,
    images: str,
    notes: str,
    suffix: str,
    read: Callable[[str], Note],
    *,
    besides: Iterable[str] = (),
    nothing: Note | None = None,
    given: str = "",
    classes: tuple[str, ...] = (),
) -> Listing:
    """The pictures of a folder, each with what its annotation file says.

    A picture and a file belong together if their paths below the two folders are the same but for the suffix;
    of those that are left, if nothing else has their file name. Other files are named once in a warning.

    Args:
        name: of the format.
        images, notes: the folders of the pictures and of the annotation files; may be one.
        suffix: of annotation files.
        read: understands the text of one. ValueError: it cannot.
        besides: files with the suffix that are not annotations.
        nothing: what is known of a picture without a file; None rejects it.
        given: whatever else the user chose.
        classes: those that are known beforehand.

    Raises:
        InputError: a folder holds no pictures, or no annotation files.
    """
    root, folder = Storage(images), Storage(notes)
    found = root.list("")
    pictures = [file for file in found if is_picture(file)]
    others = set(besides)
    files = [file for file in folder.list("") if _suffix(file) == suffix and file not in others]
    if not pictures:
        raise InputError(f"no pictures below {images}: expected files ending in .{', .'.join(SUFFIXES)}")
    if not files:
        raise InputError(f"no .{suffix} files below {notes}: expected one for each picture")
    _tell_others(images, [f for f in found if not is_picture(f) and _suffix(f) != suffix and f not in others])
    partner = partners(pictures, files)

    def entries() -> Iterator[Entry]:
        for picture in pictures:
            yield _entry(root, folder, picture, partner.get(picture), suffix, read, nothing)
        for file in sorted(set(files) - set(partner.values())):
            yield Rejected(file, 0, "missing_image", f"no picture below {images} has the name of {file}")

    what = " ".join(filter(None, (images, notes, given)))
    return Listing(name, what, _digest(found, folder, files), entries, classes)


def _entry(
    root: Storage,
    folder: Storage,
    picture: str,
    file: str | None,
    suffix: str,
    read: Callable[[str], Note],
    nothing: Note | None,
) -> Entry:
    try:
        if file is not None:
            note = read(decode_text(folder.read(file), file))
        elif nothing is not None:
            note = nothing
        else:
            detail = f"no .{suffix} file below {folder.url} has its name"
            return Rejected(picture, 0, "missing_annotation", detail)
    except (ValueError, InputError) as error:
        return Rejected(picture, 0, "bad_annotation", f"{file}: {error}")
    return Item(root, picture, note.fields, note.size, where=file or "", in_fractions=note.in_fractions)


def each_line(text: str, read: Callable[[str], T]) -> tuple[T, ...]:
    """What the lines of a text say; blank ones say nothing.

    Raises:
        ValueError: one cannot be read; the message begins with its number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            found += [read(line)] if line.strip() else []
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    return tuple(found)


def partners(
    pictures: list[str], files: list[str], ending: str = "", picture_ending: str = ""
) -> dict[str, str]:
    """The file of each picture that has one.

    Args:
        ending: what a file's name has behind the picture's, before the suffix.
        picture_ending: what the names of pictures have in its place.

    Raises:
        InputError: two pictures claim one file.
    """
    called = {picture: stem(picture).removesuffix(picture_ending) for picture in pictures}
    by_path = {stem(file).removesuffix(ending): file for file in files if stem(file).endswith(ending)}
    same = {picture: by_path[key] for picture, key in called.items() if key in by_path}
    if twice := [file for file, number in Counter(same.values()).items() if number > 1]:
        both = " and ".join(picture for picture, file in same.items() if file == twice[0])
        raise InputError(f"{both} share the file {twice[0]}: keep one of the pictures")
    taken, left = set(same.values()), defaultdict[str, list[str]](list)
    for key, file in by_path.items():
        if file not in taken:
            left[key.rpartition("/")[2]].append(file)
    alone = Counter(key.rpartition("/")[2] for picture, key in called.items() if picture not in same)
    for picture, key in called.items():
        name = key.rpartition("/")[2]
        if picture not in same and alone[name] == 1 and len(left[name]) == 1:
            same[picture] = left[name][0]
    return same


def _digest(found: list[str], folder: Storage, files: list[str]) -> str:
    digest = hashlib.sha256("\n".join(found).encode("utf-8", "surrogateescape"))
    with ThreadPoolExecutor(_READERS) as readers:
        for file, content in zip(files, readers.map(lambda f: _content(folder, f), files), strict=True):
            digest.update(f"\n{file}\n".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest()


def _content(folder: Storage, file: str) -> bytes:
    try:
        return hashlib.sha256(folder.read(file)).digest()
    except InputError:  # told when its turn comes
        return b""


def _tell_others(folder: str, files: list[str]) -> None:
    if files:
        some = ", ".join(map(clean_name, files[:5])) + (" …" if len(files) > 5 else "")
        _log.warning("%s: %d files are neither pictures nor annotations: %s", folder, len(files), some)


def _suffix(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[2].lower()
