"""What a release names among the pictures of a source, found by the bytes of their files.

A sample that is found gets the name that the release has for it, so that the shards can be told by names and
bytes together, wherever the user's folder of the source begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from mpgi_ray.data.missing import NOT_FOUND, OTHER_BYTES, OTHER_PIXELS, UNUSABLE
from mpgi_ray.data.release import Entry, Release, Window
from mpgi_ray.data.release_rows import source_of
from mpgi_ray.data.sample import Rejected, Sample
from mpgi_ray.data.shards import shard_key
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.item import Item, Listing
from mpgi_ray.ingest.source import SourceConfig
from mpgi_ray.ingest.windows import Tiling


class Join:
    """The samples of a release that belong to one source.

    Attributes:
        digest: of the release.

    Raises:
        InputError: the release is not finished or damaged, or names no sample of the source.
    """

    def __init__(self, release: Release, items: Listing, source: SourceConfig, tiling: Tiling | None) -> None:
        self.digest = release.digest
        self._release, self._tiling = release, tiling
        self._source = source_of({"source": source.name})
        self._by_id: dict[str, list[Entry]] = defaultdict(list)
        self._images: set[str] = set()  # names that the release has
        self._windows: dict[str, set[Window | None]] = defaultdict(set)  # by the hash of their file
        others: set[str] = set()
        for entry in release.entries():
            if entry.source != self._source:
                others.add(entry.source)
                continue
            self._by_id[entry.sample_id].append(entry)
            self._windows[entry.sha256].add(entry.window)
            self._images.add(entry.image)
        if not self._by_id:
            raise InputError(
                f"{release.storage.url} names no picture of the source {self._source!r}, only of "
                f"{', '.join(sorted(others)) or 'none'}: name the preset of the source with --source"
            )
        self._require_options()
        self._items = items
        self._absent: set[str] = set()  # names that are listed without a file
        self._seen: set[str] = set()  # hashes of files
        self._unusable: set[str] = set()  # names of entries of the source that were rejected

    @cached_property
    def _listed(self) -> frozenset[str]:
        """Names that are there; asked for only where a picture has another name than in the release."""
        return frozenset(clean_name(item.name) for item in self._items if isinstance(item, Item))

    def of(self, results: Iterable[Sample | Rejected]) -> Iterator[Sample | Rejected]:
        """Those that the release names, with its names, and what cannot be used of the others.

        Raises:
            InputError: a picture is cut into other windows than those of the release.
        """
        file, cut = "", set[Window | None]()
        for result in results:
            if isinstance(result, Rejected):
                if result.reason == "missing_image":  # it is only listed
                    self._absent.add(result.key)
                else:
                    self._unusable.add(result.key)
                file = "" if result.sample_id == file else file  # its windows are not complete
                if self._is_named(result):
                    yield result
                continue
            origin = result.annotation.origin
            now = origin.sha256 if origin else result.sample_id
            if now != file:
                self._require_cut(file, cut)
                file, cut = now, set()
            self._seen.add(now)
            cut.add(origin.window if origin else None)
            if (entry := self._take(result)) is not None:
                yield _as_named(result, entry)
        self._require_cut(file, cut)

    def missing(self) -> list[tuple[Entry, str]]:
        """What was not found, and why."""
        return [(entry, self._why(entry)) for entries in self._by_id.values() for entry in entries]

    def _take(self, sample: Sample) -> Entry | None:
        """The entry of a sample, which no other sample gets."""
        entries = self._by_id.get(sample.sample_id, [])
        if source_of({"source": sample.annotation.source}) != self._source:
            return None
        own = next((entry for entry in entries if entry.sample_name == sample.name), None)
        # the entries of names that are there wait for these, and go to no copy under another name
        found = own or next((entry for entry in entries if entry.image not in self._listed), None)
        if found is not None:
            entries.remove(found)
        return found

    def _is_named(self, rejected: Rejected) -> bool:
        """Whether the release has a picture of this name or of these bytes; others are of no account."""
        return rejected.sample_id in self._windows or rejected.key in self._images

    def _require_options(self) -> None:
        """Hold the options against those of the release, where it knows them, before anything is written."""
        made = [one for one in self._release.made.ingested if one.source == self._source]
        now = None if self._tiling is None else self._tiling.model_dump()
        cut = now is not None or any(windows - {None} for windows in self._windows.values())
        if made and cut and all(one.tiling != now for one in made):
            raise InputError(f"the release names other windows than {self._options} makes: {self._made_with}")

    def _require_cut(self, file: str, cut: set[Window | None]) -> None:
        """Hold the windows of a picture against those of the release, which may name a part of them."""
        if asked := self._windows.get(file, set()) - cut:
            first = next(iter(sorted(asked, key=str)))
            what = "a whole picture" if first is None else f"a window of a picture, {first},"
            raise InputError(
                f"the release names {what} that {self._options} does not make (file {file[:16]}…): "
                f"{self._made_with}"
            )

    @property
    def _options(self) -> str:
        cut = self._tiling
        return "an ingest without --tile" if cut is None else f"--tile {cut.tile} --overlap {cut.overlap}"

    @property
    def _made_with(self) -> str:
        """What to do about it."""
        known = (one.options for one in self._release.made.ingested if one.source == self._source)
        said = " or ".join(sorted({options or "no --tile" for options in known}))
        return f"it was made with {said}" if said else "give the --tile options that it was made with"

    def _why(self, entry: Entry) -> str:
        if entry.sha256 in self._seen:
            return OTHER_PIXELS
        if entry.image in self._unusable:
            return UNUSABLE
        there = entry.image in self._listed and entry.image not in self._absent
        return OTHER_BYTES if there else NOT_FOUND


def _as_named(sample: Sample, entry: Entry) -> Sample:
    """A sample as the release calls it."""
    annotation = sample.annotation
    if annotation.origin is not None:
        origin = annotation.origin.model_copy(update={"image": entry.image})
        annotation = annotation.model_copy(update={"origin": origin})
    return replace(sample, key=shard_key(entry.sample_name), name=entry.sample_name, annotation=annotation)
