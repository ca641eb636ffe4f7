"""Pictures that show the same ground by what is known of them; no pixel and no hash is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from mpgi_ray.curate.leaks.nodes import Met, Nodes, Numbers, Pairs, joined

WINDOW, LINEAGE, FOOTPRINT = "window", "lineage", "footprint"
LEAST_SHARED = 0.01  # of the smaller footprint: neighbours share a border, and coordinates are rounded
_AT_ONCE = 256  # training pictures: there may be very many pictures of one place
_WHOLE = (-np.inf, -np.inf, np.inf, np.inf)


def met_by_window(nodes: Nodes) -> Met:
    """Overlapping parts of one file; of other pixels than each other, or they were one picture."""
    files, windows = nodes.column("file"), nodes.column("window")

    def evidence(one: int, other: int) -> str:
        return f"of {files[one][:12]}…, {_parts(windows[one], windows[other])}"

    return Met.of(WINDOW, nodes, _in_same_window(nodes, windows, _numbered(files)), evidence)


def met_by_lineage(nodes: Nodes, related: Sequence[Sequence[str]]) -> Met:
    """Pictures of one name in sources that are made of the same pictures, and of other bytes.

    Args:
        related: groups of names of sources, whatever their case.
    """
    group = {name.casefold(): number for number, names in enumerate(related) for name in names}
    sources = [(source or "").casefold() for source in nodes.column("source")]
    images, told = nodes.column("image"), nodes.column("source")
    keys = [
        f"{group[source]} {_stem(image)}" if source in group else None
        for source, image in zip(sources, images, strict=True)
    ]
    windows, files, named = nodes.column("window"), nodes.column("file"), np.array(sources, object)

    def pairs() -> Iterator[Pairs]:
        for train, evaluation in _in_same_window(nodes, windows, _numbered(keys)):
            new = (files[train] != files[evaluation]) & (named[train] != named[evaluation])
            yield train[new], evaluation[new]

    def evidence(one: int, other: int) -> str:
        return f"{images[one]} of {told[one]} and {told[other]}, {_parts(windows[one], windows[other])}"

    return Met.of(LINEAGE, nodes, pairs(), evidence)


def met_by_footprint(nodes: Nodes) -> Met:
    """Pictures whose places on the earth have more in common than a border."""
    bounds = np.array([one or (np.nan,) * 4 for one in nodes.column("bounds")], float).reshape(-1, 4)
    with np.errstate(invalid="ignore"):
        there = np.isfinite(bounds).all(1) & (bounds[:, 0] < bounds[:, 2]) & (bounds[:, 1] < bounds[:, 3])
    train, evaluation = (side[there[side]] for side in (nodes.train, nodes.evaluation))
    tree = shapely.STRtree(shapely.box(*bounds[evaluation].T))

    def pairs() -> Iterator[Pairs]:
        for start in range(0, len(train), _AT_ONCE):
            some = train[start : start + _AT_ONCE]
            i, j = tree.query(shapely.box(*bounds[some].T), predicate="intersects")
            one, other = some[i], evaluation[j]
            new = _shared(bounds[one], bounds[other]) > LEAST_SHARED
            new &= nodes.identities[one] != nodes.identities[other]
            yield one[new], other[new]

    def evidence(one: int, other: int) -> str:
        shared = _shared(bounds[[one]], bounds[[other]])[0]
        return f"{shared:.0%} of the smaller footprint in common"

    return Met.of(FOOTPRINT, nodes, pairs(), evidence)


def _in_same_window(nodes: Nodes, windows: NDArray[Any], keys: Numbers) -> Iterator[Pairs]:
    """Pairs with the same key whose windows overlap, and that are not one picture."""
    corners = [_WHOLE if w is None else (w[0], w[1], w[0] + w[2], w[1] + w[3]) for w in windows]
    boxes = np.array(corners, float).reshape(-1, 4)
    for train, evaluation in joined(keys, nodes.train, nodes.evaluation):
        left, top, right, bottom = _common(boxes[train], boxes[evaluation]).T
        new = (left < right) & (top < bottom) & (nodes.identities[train] != nodes.identities[evaluation])
        yield train[new], evaluation[new]


def _shared(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """The share of the smaller one of two boxes that lies in both."""
    return np.asarray(_area(_common(one, other)) / np.minimum(_area(one), _area(other)))


def _numbered(keys: Sequence[str | None] | NDArray[Any]) -> Numbers:
    """Equal numbers for equal keys; -1 for None."""
    numbers: dict[str, int] = {}
    return np.array([-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _common(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    return np.hstack([np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])])


def _area(boxes: NDArray[Any]) -> NDArray[Any]:
    width, height = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).T
    return np.asarray(width * height)


def _stem(image: str) -> str:
    """``p0002`` of ``train/P0002.png``."""
    name = image.rpartition("/")[2]
    return (name.rpartition(".")[0] or name).casefold()


def _parts(one: list[int] | None, other: list[int] | None) -> str:
    return f"{one or 'whole'} and {other or 'whole'}"
