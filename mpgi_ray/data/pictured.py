"""The pictures of any shards: final ones, those of `mpgi ingest`, and those of other programs.

What other programs write beside a picture (classes, captions, JSON of their own) is not read: nothing has to
be told of it, and nothing in it can spoil the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.data.final import Record, record_of
from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Rejected
from mpgi_ray.data.shards import ShardFields, is_own, sample_of
from mpgi_ray.data.storage import split_url
from mpgi_ray.data.tar import Group, group_members, is_image, read_members
from mpgi_ray.data.text import decode_json


def read_pictures(shard: str) -> Iterator[Record | Rejected]:
    """The samples of a shard in order, without texts unless they are final ones; a sample that is none is a
    `Rejected` in its place. Pictures keep the form that they have; none is decoded.

    Raises:
        InputError: the shard as a whole cannot be read, or a final sample cannot.
    """
    storage, name = split_url(shard)
    for index, group in enumerate(group_members(read_members(storage.read(name), name), name, None)):
        if _is_final(group):
            yield record_of(name, group)
            continue
        sample = sample_of(group if is_own(group) else _picture_of(group), index, ShardFields())
        if isinstance(sample, Rejected):
            yield sample
            continue
        note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
        yield Record(name, sample.key, sample.sample_id, {}, note, sample.image)


def trouble(found: Record | Rejected) -> str:
    """Why a sample's picture cannot be learnt from; empty if it can. It is decoded."""
    if isinstance(found, Rejected):
        return found.detail
    try:
        decode(found.image)
    except ImageError as error:
        return str(error)
    return ""


def _is_final(group: Group) -> bool:
    """Whether members of a shard are a final sample's, by their JSON."""
    try:
        note = decode_json(group.fields.get("json", b"{}"))
    except ValueError:
        return False
    told = (note.get("sample_id"), note.get("texts")) if isinstance(note, dict) else ()
    return list(map(type, told)) == [str, dict]


def _picture_of(group: Group) -> Group:
    """The same members without those that are no picture."""
    fields = {name: data for name, data in group.fields.items() if is_image(name)}
    troubles = {name: why for name, why in group.troubles.items() if is_image(name)}
    return Group(group.key, fields, troubles, group.unsafe)
