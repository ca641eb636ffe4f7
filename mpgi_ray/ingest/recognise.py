"""What the files at a place seem to be: the formats that would read them, why, and by which command."""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from mpgi_ray.data.claim import SHARD_JOBS, record_of
from mpgi_ray.data.image import ImageError, open_image, read_size
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import signs
from mpgi_ray.ingest.pictures import is_picture, stem
from mpgi_ray.ingest.places import is_hidden, places, require_plain
from mpgi_ray.ingest.roots import above, file_of, folder_of, mask_options, root_of, videos

_OUR_RECORDS = {record_of(job) for job in SHARD_JOBS}
_LOOKED_AT = 3  # files of a kind in a folder
_HEAD = 1 << 16  # bytes of a file
_LARGE = 256 << 20  # bytes of a file that is not read to look at its header
_GEO_KEYS = 34735  # tag of a GeoTIFF
_PACKED = {".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".tar"}
_FILE_NAME = re.compile(r'"file_name"\s*:\s*"([^"\\]+)"')
_FILENAME = re.compile(r'"filename"\s*:\s*"([^"\\]+)"')
_COLOURS = 64  # that a mask may have
_BESIDE = (".xml", ".json", ".txt")
_MASKS = re.compile(r"mask|msk|label|ann|gt|seg|index", re.IGNORECASE)
# folders that hold the pictures of all classes, or a part of them
_COMMON = {"images", "image", "img", "imgs", "jpegimages", "pictures", "tiles", "train", "val", "test"}


@dataclass(frozen=True)
class Belief:
    """A format that would read what is there.

    Attributes:
        why: what was seen.
        arguments: of ``mpgi ingest FORMAT``, without ``--out``.
    """

    format: str
    why: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        return shlex.join(["mpgi", "ingest", self.format, *self.arguments, "--out", "shards"])


def beliefs(path: str) -> list[Belief]:
    """The formats that would read a file, or the files below a folder; annotations before bare class folders.

    Raises:
        InputError: there is nothing, or nothing of a format that is known; the message says what was found.
    """
    tree = _Tree(path)
    found = [*tree.whole_files(), *tree.beside(), *tree.masks(), *tree.geotiffs()]
    found += tree.folders(anything_else=bool(found))
    if not found:
        kinds = Counter(PurePosixPath(name).suffix or "no suffix" for name in tree.meant)
        listed = ", ".join(f"{count:,} of {kind}" for kind, count in kinds.most_common(5))
        packed = " Unpack the archives first." if kinds.keys() & _PACKED else ""
        raise InputError(
            f"nothing at {path} is of a format that is known; found {listed}.{packed} `mpgi ingest --help` "
            "lists the formats; what has no reader can be written as a manifest, see docs/shards.md"
        )
    return found


class _Tree:
    """The files at a place.

    Attributes:
        meant: those that the user named: one, or all below the folder.

    Raises:
        InputError: there are none.
    """

    def __init__(self, path: str) -> None:
        self._root = Storage(path)
        self._names = self.meant = self._root.list("")
        if not self.meant:
            self._root, name = split_url(path)
            if not self._root.exists(name):
                raise InputError(f"there is nothing at {path}: expected a file, or a folder that holds files")
            self._names, self.meant = self._root.list(""), [name]
        else:  # tables of our own shards are no source
            ours = {folder_of(name) for name in self._names if file_of(name) in _OUR_RECORDS}
            self._names = self.meant = [name for name in self._names if folder_of(name) not in ours]
            if not self.meant:
                raise InputError(f"{path} holds shards already: `mpgi caption` reads them as they are")
        self._pictures = [name for name in self._names if is_picture(name)]

    def whole_files(self) -> Iterator[Belief]:
        """Files that hold a whole source."""
        read = {".json": signs.of_json, ".geojson": signs.of_json, ".jsonl": signs.of_json_lines}
        read |= {".ndjson": signs.of_json_lines, ".csv": signs.of_table, ".tsv": signs.of_table}
        for name in self.meant:
            suffix = PurePosixPath(name).suffix.lower()
            if suffix == ".parquet":
                yield Belief("manifest", f"{name} is a Parquet table", (self._path(name),))
            elif suffix in read and (sign := read[suffix](self._head(name))):
                images = () if sign[0] == "manifest" else self._of_file(sign[0], name)
                why = f"{name} {sign[1]}"
                if sign[0] == "karpathy" and (lacking := self._lacking(name)):
                    images = ("--images", "FOLDER")
                    why += f"; its pictures, such as {lacking}, are not here: FOLDER is where they are"
                yield Belief(sign[0], why, (self._path(name), *images))

    def beside(self) -> Iterator[Belief]:
        """Formats of one file a picture."""
        folders: defaultdict[signs.Sign, set[str]] = defaultdict(set)
        seen: Counter[tuple[str, str]] = Counter()
        for name in self.meant:
            kind = folder_of(name), PurePosixPath(name).suffix.lower()
            if kind[1] in _BESIDE and seen[kind] < _LOOKED_AT:
                seen[kind] += 1
                if sign := signs.beside(kind[1], self._head(name)):
                    folders[sign].add(kind[0])
        for (format, why), where in folders.items():
            own = {file_of(stem(name)) for name in self._names if folder_of(name) in where}
            pictures = [p for p in self._pictures if file_of(stem(p)) in own] or self._pictures
            if pictures:
                yield Belief(format, f"{why}, in {_shown(where)}", self._arguments(format, where, pictures))

    def _arguments(self, format: str, where: set[str], pictures: list[str]) -> tuple[str, ...]:
        notes = above(f"{place}/x".lstrip("/") for place in where)
        if format in ("fmow", "levir"):
            return (self._path(above(pictures)),)
        if format == "carpk":  # its root holds Annotations and Images
            return (self._path(folder_of(notes)),)
        if format == "stanford_drone":
            tracks, frames = videos(where, self._pictures)
            return (self._path(tracks), "--images", self._path(frames))
        return (self._path(notes), *self._images(pictures))

    def _of_file(self, format: str, file: str) -> tuple[str, ...]:
        """Where the pictures of a file lie; file names of COCO are paths, others are looked for."""
        named = _FILE_NAME.findall(self._head(file))[:_LOOKED_AT] if format == "coco" else []
        root = root_of(named, self._pictures, file)
        return self._images(self._pictures) if root is None else ("--images", self._path(root))

    def _lacking(self, file: str) -> str:
        """The first picture that a file names, if none of the first has the name of one that is there."""
        named = _FILENAME.findall(self._head(file))[:_LOOKED_AT]
        there = {file_of(name) for name in self._pictures}
        return named[0] if named and not {file_of(name) for name in named} & there else ""

    def masks(self) -> Iterator[Belief]:
        """Pairs of folders of which the second holds masks of the first's pictures."""
        by_folder: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._pictures if len(self.meant) > 1 else ():
            by_folder[folder_of(name)].append(name)
        for folder, names in by_folder.items():
            if not _of_masks(folder) or not self._is_mask(names[0]):
                continue
            for other, pictures in by_folder.items():
                if other == folder or _of_masks(other):
                    continue
                if (options := mask_options(pictures, names)) is not None:
                    why = f"{folder} holds pictures of few colours, by the names of those in {other or '.'}"
                    why += "; what they mean is said by --source"
                    yield Belief("masks", why, (self._path(other), "--masks", self._path(folder), *options))

    def geotiffs(self) -> Iterator[Belief]:
        """TIFF files that say where they lie, or that only GDAL reads."""
        names = [name for name in self.meant if name.lower().endswith((".tif", ".tiff"))]
        if names and (self._root.size(names[0]) > _LARGE or self._has_place(names[0])):
            why = f"{names[0]} says where it lies, or holds what only GDAL reads"
            yield Belief("geotiff", why, (self._path(above(names)),))

    def folders(self, *, anything_else: bool) -> Iterator[Belief]:
        """Class folders, or pictures alone."""
        classes = {
            folder_of(p) for p in self._pictures if file_of(folder_of(p)).lower() not in _COMMON | {""}
        }
        classes = {place for place in classes if not _of_masks(place)}
        if len(self.meant) > 1 and len({file_of(place) for place in classes}) > 1 and len(classes) > 2:
            some = ", ".join(sorted({file_of(place) for place in classes})[:3])
            why, root = f"pictures lie in class folders: {some} …", above(f"{place}/x" for place in classes)
            if not anything_else or self._are_classes(root):
                yield Belief("folders", why, (self._path(root),))
        elif len(self.meant) > 1 and not anything_else and self._are_classes(above(self._pictures)):
            if not self._pictures:
                return
            why = "pictures, and no annotation of a known format: they are kept without a class"
            yield Belief("folders", why, (self._path(above(self._pictures)),))

    def _are_classes(self, root: str) -> bool:
        """Whether the reader of class folders takes a folder for one without being told how."""
        start = f"{root}/" if root else ""
        inner = [name.removeprefix(start) for name in self._names if name.startswith(start)]
        try:
            require_plain(root, places([name for name in inner if not is_hidden(name)]))
        except InputError:
            return False
        return True

    def _images(self, pictures: list[str]) -> tuple[str, ...]:
        return ("--images", self._path(above(pictures))) if pictures else ()

    def _has_place(self, name: str) -> bool:
        try:
            data = self._root.read(name)
            read_size(data)  # which refuses the layouts that Pillow opens and does not read
            return _GEO_KEYS in getattr(open_image(data), "tag_v2", {})
        except (ImageError, InputError):
            return True

    def _is_mask(self, name: str) -> bool:
        try:
            image = open_image(self._root.read(name))
            colours = image.convert("RGB").resize((64, 64), 0).getcolors(_COLOURS)
        except (ImageError, InputError, OSError, ValueError):
            return False
        return colours is not None

    def _head(self, name: str) -> str:
        try:
            data = self._root.read_range(name, 0, min(_HEAD, self._root.size(name)))
        except InputError:
            return ""
        return data.decode("utf-8-sig", errors="replace")

    def _path(self, name: str) -> str:
        return f"{self._root.url}/{name}" if name else self._root.url


def _of_masks(folder: str) -> bool:
    """Whether a folder, or the one above it, is called as those of masks are."""
    return any(_MASKS.search(part) for part in folder.split("/")[-2:])


def _shown(where: Iterable[str]) -> str:
    return ", ".join(sorted(place or "the folder itself" for place in where))
