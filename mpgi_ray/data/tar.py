"""Tar shards at the level of members: read and check a whole archive, group members into samples, write.

A shard that ends too early is refused as a whole, also when it was cut between two members: its missing
samples would otherwise never be missed.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mpgi_ray.data.image import SUFFIXES as IMAGE_SUFFIXES
from mpgi_ray.errors import InputError

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Group:
    """The members of one sample: field (what follows the key's dot, lower case) to bytes."""

    key: str
    fields: dict[str, bytes] = field(default_factory=dict)
    unsafe: bool = False


def read_members(data: bytes, shard: str) -> list[tuple[str, bytes]]:
    """All regular files of a tar (plain or gzip) in order, as ``(name, bytes)``.

    Raises:
        InputError: the file is not a tar or is cut off, or a member is not a regular file.
    """
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        members = []
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if not member.isreg():
                    raise InputError(f"{shard}: member {member.name!r} is a link or device, expected a file")
                if member.offset_data + member.size > len(data):
                    raise InputError(
                        f"{shard} is cut off inside member {member.name!r}; fetch the shard again"
                    )
                members.append((member.name, data[member.offset_data : member.offset_data + member.size]))
            end = archive.offset
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(f"{shard} is not a whole tar ({error}); fetch the shard again") from error
    mark = data[end : end + _BLOCK]
    if len(mark) < _BLOCK or any(mark):
        last = f"after member {members[-1][0]!r}" if members else "at its start"
        raise InputError(
            f"{shard} has no end-of-archive mark, so it was cut off {last}; fetch the shard again"
        )
    return members


def group_members(members: Iterable[tuple[str, bytes]], shard: str, image: str | None) -> list[Group]:
    """Members of one sample belong together by key, wherever they stand in the archive.

    The key ends at the first dot of the file's name (the WebDataset rule), unless that would pile up
    different pictures under one key that no field tells apart: then names hold dots themselves and the
    key ends at the last one.
    A field that comes again under the same key begins another sample of that key.

    Args:
        image: the picture's field if the user named it (``jpg``, ``rgb.png``).

    Raises:
        InputError: samples hold several pictures and none is named.
    """
    named = [(name.removeprefix("./"), data) for name, data in members]
    named = [(name, data) for name, data in named if not _is_clutter(name)]
    at_last_dot = image is None and _keys_hold_dots([_split(name, False) for name, _ in named], shard)
    groups: list[Group] = []
    latest: dict[str, list[Group]] = defaultdict(list)
    for name, data in named:
        key, suffix = _split(name, at_last_dot)
        group = next((g for g in latest[key] if suffix not in g.fields), None)
        if group is None:
            group = Group(key, unsafe=name.startswith("/") or ".." in PurePosixPath(name).parts)
            groups.append(group)
            latest[key].append(group)
        group.fields[suffix] = data
    return groups


def write_members(samples: Iterable[tuple[str, Mapping[str, bytes]]]) -> bytes:
    """A tar of ``(key, {suffix: bytes})``, the same bytes for the same samples: no times, no owners."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for key, fields in samples:
            for suffix, data in fields.items():
                member = tarfile.TarInfo(f"{key}.{suffix}")
                member.size, member.mode = len(data), 0o644
                archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def is_image(suffix: str) -> bool:
    return suffix.rpartition(".")[2] in IMAGE_SUFFIXES


def _is_clutter(name: str) -> bool:
    """Files that some systems add beside the data; every other member belongs to a sample."""
    base = name.rpartition("/")[2]
    return base.startswith("._") or base == ".DS_Store"


def _split(name: str, at_last_dot: bool) -> tuple[str, str]:
    folder, slash, base = name.rpartition("/")
    stem, _, suffix = base.rpartition(".") if at_last_dot else base.partition(".")
    if not stem:  # no dot, or a dot file: a key without a field
        stem, suffix = base, ""
    return folder + slash + stem, suffix.lower()


def _keys_hold_dots(split: Iterable[tuple[str, str]], shard: str) -> bool:
    """Whether several pictures under one key are samples of their own, whose names hold dots.

    They are fields of one sample instead, so that one must be named, where a picture stands under the bare
    key (``k.jpg`` beside ``k.mask.png``), where a field of letters alone comes again under another key, or
    where every key holds the same.
    """
    pictures: dict[str, set[str]] = defaultdict(set)
    for key, suffix in split:
        if is_image(suffix):
            pictures[key].add(suffix)
    piled = {key: fields for key, fields in pictures.items() if len(fields) > 1}
    if not piled:
        return False
    keys_with = Counter(field for fields in pictures.values() for field in fields)
    alike = len(pictures) > 1 and len({frozenset(fields) for fields in pictures.values()}) == 1
    for key, fields in piled.items():
        if alike or any(_is_field(field, keys_with[field]) for field in fields):
            likely = sorted(fields, key=lambda field: (-keys_with[field], field))
            raise InputError(
                f"{shard}: sample {key!r} holds {len(fields)} pictures ({', '.join(likely[:3])}): "
                f"name the one to caption with input.fields.image, for example {likely[0]!r}; "
                "if each is a sample of its own, write the names without dots"
            )
    return True


def _is_field(suffix: str, keys: int) -> bool:
    """Whether a picture's suffix under so many keys is a field's name rather than the rest of a file's name.

    What numbers names holds digits (``scene.0.jpg``, ``S2A.tile0.v1.jpg``), and numbers do come again.
    """
    role = suffix.rpartition(".")[0]
    return not role or (keys > 1 and not any(letter.isdigit() for letter in role))
