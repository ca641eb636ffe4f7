"""The folders and options that a command names, found by the names of files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import takewhile
from pathlib import PurePosixPath

from mpgi_ray.ingest.beside import partners
from mpgi_ray.ingest.pictures import stem


def above(names: Iterable[str]) -> str:
    """The innermost folder that holds all of these files."""
    steps = zip(*(PurePosixPath(name).parent.parts for name in names), strict=False)
    return "/".join(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, steps))


def root_of(named: Iterable[str], pictures: list[str], beside: str) -> str | None:
    """The folder below which pictures have these paths; of several that nearest to a file, None if none."""
    roots = Counter(
        picture.removesuffix(name).rstrip("/")
        for name in named
        for picture in pictures
        if f"/{picture}".endswith(f"/{name}")
    )
    return max(roots, key=lambda root: (roots[root], len(above((f"{root}/x", beside)))), default=None)


def videos(tracks: Iterable[str], pictures: list[str]) -> tuple[str, str]:
    """The folders of tracks and of frames that end in the same folders of scene and video.

    Args:
        tracks: the folders of the videos' files; pictures there are no frames.
    """
    tracks = set(tracks)
    frames = {folder_of(p) for p in pictures if re.search(r"\d$", stem(p))} - tracks
    if not frames:
        return above(f"{place}/x" for place in tracks), above(pictures)
    same, notes, shown = max((_same_end(one, other), one, other) for one in tracks for other in frames)
    one, other = ("/".join(place.split("/")[: -same or None]) for place in (notes, shown))
    return one, other


def mask_options(pictures: list[str], masks: list[str]) -> tuple[str, ...] | None:
    """What tells the masks' names from the pictures'; None if they do not belong together."""
    if partners(pictures, masks):
        return ()
    own, theirs = _ending(pictures), _ending(masks)
    if own != theirs and partners(pictures, masks, theirs, own):
        endings = {"--ending": theirs, "--picture-ending": own}
        return tuple(word for option, ending in endings.items() if ending for word in (option, ending))
    return None


def _ending(names: list[str]) -> str:
    """What all names end in, before the suffix: ``_label``."""
    found = {match[0] if (match := re.search(r"_[A-Za-z]+$", stem(name))) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


def _same_end(one: str, other: str) -> int:
    """How many folders at the end of two paths are the same."""
    pairs = zip(one.split("/")[::-1], other.split("/")[::-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def file_of(name: str) -> str:
    return name.rpartition("/")[2]
