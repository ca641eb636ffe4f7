"""What is in a shard, or in a folder of them: plain data, and its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import SUFFIXES, find_shards, shards_in_words
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.tar import group_members, read_members
from mpgi_ray.data.text import clean_text
from mpgi_ray.report.gather import first_line


@dataclass(frozen=True, slots=True)
class ShardRow:
    """One sample of a shard.

    Attributes:
        fields: names of its members below the key, as they stand in the shard.
        size: of the picture in pixels, None for a refused sample.
        objects: boxes by class.
        texts: captions that the source gives and, in final shards, ours.
        refused: why it cannot be used; empty if it can.
    """

    key: str
    fields: tuple[str, ...]
    size: tuple[int, int] | None = None
    scene: tuple[str, ...] = ()
    objects: tuple[tuple[str, int], ...] = ()
    texts: tuple[str, ...] = ()
    refused: str = ""


def show_shard(path: str, fields: ShardFields | None = None) -> list[ShardRow]:
    """All samples of one shard, ours or of another program, in order.

    Args:
        path: a ``.tar``, ``.tar.gz`` or ``.tgz``, local or an fsspec URL.
        fields: as in a recipe's ``input.fields``.

    Raises:
        InputError: the shard is missing or cannot be read as a whole, or its folder is not finished.
    """
    fields = fields or ShardFields()
    shards = find_shards(path)
    shards.require_all()
    (name,) = shards.files.values()
    data = shards.root.read(name)
    groups = group_members(read_members(data, name), name, fields.image)
    rows = []
    for group, entry in zip(groups, read_shard(data, name, fields), strict=True):
        names = tuple(group.fields)
        if not isinstance(entry, Sample):
            rows.append(ShardRow(group.key, names, refused=f"{entry.reason}: {entry.detail}"))
            continue
        note = entry.annotation
        objects = tuple(Counter(obj.label for obj in note.objects).most_common())
        written = clean_text(group.fields.get("txt", b"").decode(errors="replace")).splitlines()
        texts = tuple(dict.fromkeys([*note.captions, *filter(None, map(str.strip, written))]))
        rows.append(ShardRow(group.key, names, (note.width, note.height), note.scene, objects, texts))
    return rows


def is_shard(path: str) -> bool:
    """Whether a path names one shard: it is neither a folder nor a pattern."""
    return path.endswith(SUFFIXES) and not any(mark in path for mark in "*?[{")


def count_samples(path: str) -> dict[str, int]:
    """The samples of each shard of a folder, a glob or a brace range, by the index where there is one.

    Raises:
        InputError: as `find_shards`, or a shard is missing or cannot be read.
    """
    shards = find_shards(path)
    shards.require_all()
    return {
        name: shards.samples.get(name) or len(read_shard(shards.read(name), file))
        for name, file in shards.files.items()
    }


def print_counts(samples: Mapping[str, int], console: Console) -> None:
    """One line a shard, and their sum."""
    table = Table("shard", Column("samples", justify="right"))
    for name, count in samples.items():
        table.add_row(Text(name), f"{count:,}")
    console.print(table)
    console.print(f"{shards_in_words(len(samples))} with {sum(samples.values()):,} samples")


def print_shard(rows: Sequence[ShardRow], console: Console) -> None:
    """One line a sample."""
    table = Table("key", "fields", "size", "scene", "objects", "texts")
    for row in rows:
        if row.refused:
            table.add_row(Text(row.key), Text(" ".join(row.fields)), "", "", Text(row.refused, "red"), "")
            continue
        size = f"{row.size[0]}×{row.size[1]}" if row.size else ""
        objects = ", ".join(f"{number} {label}" for label, number in row.objects)
        texts = f"{len(row.texts)}: {first_line(row.texts[0])}" if row.texts else ""
        cells = (row.key, " ".join(row.fields), size, ", ".join(row.scene), objects, texts)
        table.add_row(*map(Text, cells))
    console.print(table)
    refused = sum(bool(row.refused) for row in rows)
    console.print(f"{len(rows):,} samples, {refused:,} of them cannot be used")
