"""The third kind of task: candidates that are no copies are looked at for ground that both show.

Views of their pictures are published once a shard; then pairs are looked at, some hundred a task.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.hashing import Job
from mpgi_ray.curate.duplicates.overlap import Overlap, View, grey_view, overlap, view_of
from mpgi_ray.curate.duplicates.pairing import OVERLAP, UNLIKE
from mpgi_ray.curate.duplicates.phash import turned
from mpgi_ray.curate.duplicates.pictures import Pictures
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample

_LOOKED = 1000  # pairs a task
_CACHED = 256  # views of a task, of 100 KiB each: pairs come in the order of their first picture


class Place(NamedTuple):
    """Where the view of a picture lies: bytes of a file, and its shape."""

    file: str
    start: int
    end: int
    height: int
    width: int


def looked_at(
    job: Job,
    pictures: Pictures,
    candidates: pa.Table,
    files: Mapping[str, str],
    each: Callable[..., list[Any]],
) -> pa.Table:
    """The candidates with what was seen of those that are no copies.

    Args:
        files: whole paths by shard.
        each: a task for each of many calls.
    """
    open_ = candidates.filter(pa.array(candidates["verdict"].to_numpy(zero_copy_only=False) == UNLIKE))
    if not len(open_):
        return candidates
    places = _places(job, pictures, np.unique(np.concatenate([open_["a"], open_["b"]])), files, each)
    pairs = [
        (places[a], places[b], symmetry)
        for a, b, symmetry in zip(*(open_[name].to_pylist() for name in ("a", "b", "symmetry")), strict=True)
    ]
    parts = enumerate(range(0, len(pairs), _LOOKED))
    found = each(look, ((job, number, pairs[start : start + _LOOKED]) for number, start in parts))
    rows = open_.to_pylist()
    for row, seen in zip(rows, (one for part in found for one in part), strict=True):
        row |= asdict(seen) | {"verdict": OVERLAP if seen.confirmed else UNLIKE}
    others = candidates.filter(pa.array(candidates["verdict"].to_numpy(zero_copy_only=False) != UNLIKE))
    looked = pa.Table.from_pylist(rows, candidates.schema)
    return pa.concat_tables([others, looked]).sort_by([("a", "ascending"), ("b", "ascending")])


def _places(
    job: Job,
    pictures: Pictures,
    numbers: NDArray[np.int64],
    files: Mapping[str, str],
    each: Callable[..., list[Any]],
) -> dict[int, Place]:
    """Where the views of pictures lie, by the pictures' numbers."""
    indices = pictures.table["index"].to_numpy()
    wanted: dict[str, dict[int, int]] = defaultdict(dict)
    for number, shard in zip(numbers.tolist(), pictures.shard_of(numbers).tolist(), strict=True):
        wanted[pictures.shards[shard]][int(indices[number])] = number
    made = each(make_views, [(job, name, files[name], sorted(want)) for name, want in wanted.items()])
    return {
        want[index]: place
        for want, views in zip(wanted.values(), made, strict=True)
        for index, place in views.items()
    }


def make_views(job: Job, shard: str, url: str, indices: Sequence[int]) -> dict[int, Place]:
    """Publish small grey pictures of some samples of a shard, for random access."""
    name, done = f"views/{shard}.bin", f"views/{shard}.json"
    if not job.work.exists(done):
        entries = job.entries(url)
        pieces, places, end = [], {}, 0
        for index in indices:
            sample = entries[index]
            assert isinstance(sample, Sample)  # it was decoded before
            grey = grey_view(decode(sample.image).pixels)
            start, end = end, end + grey.size
            pieces.append(grey.tobytes())
            places[index] = Place(name, start, end, *grey.shape)
        job.work.publish(name, b"".join(pieces))
        job.work.publish_json(done, {str(index): place for index, place in places.items()})
    return {int(index): Place(*place) for index, place in job.work.read_json(done).items()}


def look(job: Job, number: int, pairs: Sequence[tuple[Place, Place, int]]) -> list[Overlap]:
    """What the pictures of pairs share.

    Args:
        number: of this part of all pairs.
        pairs: two views each, and the symmetry in which the second one was found.
    """
    done = f"looked-{number:05d}.json"
    if not job.work.exists(done):

        @lru_cache(_CACHED)
        def seen(place: Place, symmetry: int) -> View:
            data = job.work.read_range(place.file, place.start, place.end)
            grey = np.frombuffer(data, np.uint8).reshape(place.height, place.width)
            return view_of(turned(grey, symmetry))

        found = [overlap(seen(a, 0), seen(b, symmetry)) for a, b, symmetry in pairs]
        record: dict[str, Any] = {"pairs": [[one.inliers, one.shared, one.alike] for one in found]}
        job.work.publish_json(done, record)
    return [Overlap(*one) for one in job.work.read_json(done)["pairs"]]
