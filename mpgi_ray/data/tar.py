"""Tar shards at the level of members: read and check a whole archive, group members into samples.

A shard that ends too early is refused as a whole, also when it was cut between two members: its missing
samples would otherwise never be missed. A member that cannot be used costs its sample alone.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mpgi_ray.data.image import SUFFIXES as IMAGE_SUFFIXES
from mpgi_ray.data.tar_headers import entries
from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError

MAX_UNPACKED = 2 << 30  # bytes of a gzip shard: it is held in memory
MAX_MEMBERS = 1_000_000  # of a shard
MAX_NAME = 1024  # characters of a member's name

_PIECE = 1 << 20


class Member(NamedTuple):
    """One file of a shard.

    Attributes:
        name: by the rule of `mpgi_ray.data.text`.
        trouble: why there are no bytes, in one line; empty if they are there.
    """

    name: str
    data: bytes
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The members of one sample.

    Attributes:
        fields: field (what follows the key's dot, lower case) to bytes.
        troubles: field to why its bytes are not there, for those whose member cannot be used.
        unsafe: a name is absolute, or climbs out of the shard.
    """

    key: str
    fields: dict[str, bytes] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    unsafe: bool = False


def read_members(data: bytes, shard: str) -> list[Member]:
    """All files of a tar in order: plain or gzip, one archive or several that were joined.

    Links to a file of the archive have its bytes; other links, devices and sparse members have none, and
    say why. A gzip file may unpack to `MAX_UNPACKED` bytes, a shard hold `MAX_MEMBERS` members.

    Raises:
        InputError: the file is not a tar, is cut off or damaged, has a hole, or exceeds a limit.
    """
    whole = memoryview(_unpacked(data, shard) if data[:2] == b"\x1f\x8b" else data)
    members: list[Member] = []
    files: dict[str, bytes] = {}
    links: list[tuple[int, str]] = []  # those whose file has not come yet
    for entry in entries(whole, shard):
        if len(members) == MAX_MEMBERS:
            raise InputError(f"{shard} holds more than {MAX_MEMBERS:,} members: write smaller shards")
        content, trouble = b"", entry.trouble
        target = None if entry.link is None else _plain(entry.link)
        if len(entry.name) > MAX_NAME:
            trouble = f"its name has {len(entry.name):,} characters, expected at most {MAX_NAME:,}"
        elif target is not None and target not in files:
            links.append((len(members), target))
        elif not trouble:
            end = entry.start + entry.size
            content = bytes(whole[entry.start : end]) if target is None else files[target]
            files[_plain(entry.name)] = content
        members.append(Member(clean_name(entry.name[:MAX_NAME]), content, trouble))
    for place, target in links:
        lost = "" if target in files else "it is a link to what is not a file of the shard"
        members[place] = Member(members[place].name, files.get(target, b""), lost)
    return members


def group_members(members: Iterable[Member], shard: str, image: str | None) -> list[Group]:
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
    named = [Member(m.name.removeprefix("./"), *m[1:]) for m in members if not _is_clutter(m.name)]
    at_last_dot = image is None and _keys_hold_dots([_split(m.name, False) for m in named], shard)
    groups: list[Group] = []
    samples: dict[str, list[Group]] = defaultdict(list)  # by key
    times: Counter[tuple[str, str]] = Counter()  # that a field has come under a key
    for name, data, trouble in named:
        key, suffix = _split(name, at_last_dot)
        time = times[key, suffix]
        times[key, suffix] += 1
        if time == len(samples[key]):
            group = Group(key, unsafe=name.startswith("/") or ".." in name.split("/"))
            groups.append(group)
            samples[key].append(group)
        group = samples[key][time]
        group.fields[suffix] = data
        if trouble:
            group.troubles[suffix] = trouble
    return groups


def is_image(suffix: str) -> bool:
    return suffix.rpartition(".")[2] in IMAGE_SUFFIXES


def _unpacked(data: bytes, shard: str) -> bytearray:
    """The content of a gzip file, piece by piece up to the limit."""
    content = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while piece := file.read(_PIECE):
                content += piece
                if len(content) > MAX_UNPACKED:
                    raise InputError(
                        f"{shard} unpacks to more than {MAX_UNPACKED:,} bytes: unpack it to a .tar, "
                        "or write smaller shards"
                    )
    except (zlib.error, EOFError, OSError) as error:
        raise InputError(f"{shard} is not whole gzip data ({error}); fetch the shard again") from error
    return content


def _plain(name: str) -> str:
    plain = "./" not in name and "//" not in name and name[:1] != "/"
    return name if plain else posixpath.normpath(name).lstrip("/")


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
