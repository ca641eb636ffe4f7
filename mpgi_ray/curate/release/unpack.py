"""Pictures that may be shared, unpacked into a folder: ``images/…`` beside ``captions.csv``.

A picture keeps the name that its source has for it, below a folder of its source; a window has its place in
the name. Names that not every system can hold, and those that differ by upper and lower case alone, give way
to ``images/_/KEY.jpg``, by the key of the final shard, which is safe and its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mpgi_ray.curate.csv_rows import encode_rows
from mpgi_ray.curate.release.mgrs import picture_of
from mpgi_ray.curate.release.parts import Job, Published, published
from mpgi_ray.data.licence import forbids_pictures
from mpgi_ray.data.storage import Storage

UNPACKED = "unpacked"  # folder within the output; paths are relative to it
_SAFE = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.+ -]{0,98}[A-Za-z0-9_+-])?")  # of a part of a path
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names that Windows keeps
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_MOST = 180  # characters of a path


def path_of(source: str, image: str, window: Iterable[int] | None, suffix: str) -> str | None:
    """The path of a picture by the name of its source; None if not every system can hold it."""
    folder = re.sub(r"[^A-Za-z0-9]+", "_", source).strip("_")
    *folders, name = image.split("/")
    stem = _SUFFIX.sub("", name)
    place = "" if window is None else "_" + "_".join(map(str, window))
    return _path([folder, *folders, f"{stem}{place}.{suffix}"]) if folder and stem else None


def lhrs_path_of(sample: Published) -> str | None:
    """The path of a picture as LHRS-Align has it: folders of country and city; None as `path_of`."""
    if (record := sample.georeferenced) is None:
        return None
    return _path([*record["info"]["location"], f"{record['name']}.{sample.suffix}"])


def _path(parts: Sequence[str]) -> str | None:
    path = "/".join(["images", *parts])
    # a folder that is named as a file could be one beside it
    safe = all(_SAFE.fullmatch(part) and not _DEVICE.fullmatch(part) for part in parts)
    plain = not any(_SUFFIX.search(part) for part in parts[:-1])
    return path if safe and plain and len(path) <= _MOST else None


def look_at(job: Job, number: int) -> dict[str, Any]:
    """Which pictures of a final shard go out, under which paths.

    Returns:
        ``paths`` by key, each None if its name is not safe; ``kept_back``: source, licence, why and samples.

    Raises:
        InputError: the shard cannot be read.
    """
    done = f"{number:06d}.paths.json"
    if job.work.exists(done):
        return job.work.read_json(done)
    paths: dict[str, str | None] = {}
    back: Counter[tuple[str, str, str]] = Counter()
    for sample in published(job, job.shards[number]):
        first = sample.rows(job.shards[number])[0]
        source, licence = first["source"], first["licence"]
        why = None if source in job.share else forbids_pictures(licence)
        if why is not None:
            back[source, licence or "", why] += 1
            continue
        own = lhrs_path_of(sample) if job.lhrs else None
        paths[sample.key] = own or path_of(source, first["image"], first["window"], sample.suffix)
    result = {"paths": paths, "kept_back": [[*key, samples] for key, samples in sorted(back.items())]}
    job.work.publish_json(done, result)
    return result


def met(looked: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Paths, in lower case, that several pictures would have."""
    times = Counter(path.lower() for one in looked for path in one["paths"].values() if path)
    return frozenset(path for path, number in times.items() if number > 1)


def unpack(job: Job, number: int, twice: frozenset[str]) -> dict[str, Any]:
    """Write the pictures of a final shard, and the rows of their texts.

    Args:
        twice: of `met`.

    Returns:
        ``pictures`` and ``texts`` that went out, ``labels`` of their objects.

    Raises:
        InputError: the shard cannot be read.
    """
    shard, done = job.shards[number], f"{number:06d}.unpacked.json"
    if job.work.exists(done):
        return job.work.read_json(done)
    paths = look_at(job, number)["paths"]
    folder = Storage(job.output).child(UNPACKED)
    rows: list[tuple[str, str]] = []
    listed: list[dict[str, Any]] = []
    for sample in published(job, shard):
        if sample.key not in paths:
            continue
        path = paths[sample.key]
        if path is None or path.lower() in twice:
            path = f"images/_/{sample.key}.{sample.suffix}"
        folder.publish(path, sample.image)
        rows += [(path, row["text"]) for row in sample.rows(shard)]
        if job.mgrs:
            listed.append(picture_of(path, sample.note, sample.text))
    job.work.publish(f"{number:06d}.unpacked.csv", encode_rows(rows))
    if job.mgrs:
        job.work.publish(f"{number:06d}.mgrs.json", json.dumps(listed, ensure_ascii=False).encode())
    labels = sorted({part["category"] for one in listed for part in one["segment"]})
    result = {"pictures": len(paths), "texts": len(rows), "labels": labels}
    job.work.publish_json(done, result)
    return result
