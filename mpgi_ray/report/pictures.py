"""Pictures at places in shards, as a page shows them: one shard in memory at a time, and not too many."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PIL.Image import Image

from mpgi_ray.data.image import ImageError, decode
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shards import ShardFields, read_shard
from mpgi_ray.data.storage import split_url
from mpgi_ray.data.tar import group_members, is_image, read_members
from mpgi_ray.errors import InputError

SHARDS = 24  # that are read for a panel
_PIXELS = 540  # longest side of an embedded picture: one and a half times its size on the page
_SMALL = 260  # of one beside others


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture lies.

    Attributes:
        path: the whole path of its shard; empty if nobody knows it.
        index: in the shard.
        sample_id: its identity when it was looked at; empty if that is not known.
    """

    path: str
    index: int
    sample_id: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a page.

    Attributes:
        picture: a ``data:`` URI, empty if there is none.
        trouble: why there is none.
        size: width and height of the picture itself.
        note: its annotation, None if that cannot be read.
    """

    picture: str = ""
    trouble: str = ""
    size: tuple[int, int] | None = None
    note: Annotation | None = None

    @property
    def described(self) -> str:
        """What is annotated, for those who do not see the picture."""
        labels = {*self.note.labels, *(thing.label for thing in self.note.objects)} if self.note else ()
        scene = self.note.scene if self.note else ()
        return ", ".join([*scene, *sorted(labels)]) or "nothing annotated"


@dataclass
class Pictures:
    """What was read.

    Attributes:
        troubles: of whole shards, a line each.
    """

    found: dict[Place, Shown] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def at(self, place: Place | None) -> Shown:
        """The picture at a place; None is one that nobody has pixels of."""
        if place is None:
            return Shown(trouble="It is known by its hash alone.")
        return self.found[place]


def read_pictures(places: Iterable[Place], fields: ShardFields) -> Pictures:
    """Pictures and annotations. What is missing or has changed is said in its place."""
    wanted: dict[str, set[Place]] = defaultdict(set)
    for place in places:
        wanted[place.path].add(place)
    pictures = Pictures()
    for at, (path, inside) in enumerate(wanted.items()):
        try:
            if not path:
                raise InputError("Where the shard of this picture lies is not known.")
            if at >= SHARDS:
                raise InputError(f"{path} is not read: pictures come from at most {SHARDS} shards")
            _read(pictures, path, inside, fields)
        except InputError as error:
            pictures.troubles.append(str(error))
            pictures.found |= dict.fromkeys(inside, Shown(trouble=str(error)))
    return pictures


def _read(pictures: Pictures, path: str, places: set[Place], fields: ShardFields) -> None:
    storage, name = split_url(path)
    data = storage.read(name)
    samples = {entry.index: entry for entry in read_shard(data, path, fields) if isinstance(entry, Sample)}
    lost = [place.index for place in places if place.index not in samples]
    bare = bare_pictures(data, path, fields, lost) if lost else {}
    for place in places:
        sample = samples.get(place.index)
        if sample and place.sample_id not in ("", sample.sample_id):
            shown = Shown(trouble="The shard has changed since: another picture is here now.")
        else:
            shown = _shown(sample.image if sample else bare.get(place.index, b""), sample)
        pictures.found[place] = shown


def _shown(image: bytes, sample: Sample | None) -> Shown:
    note = sample.annotation if sample else None
    try:
        uri, size = thumbnail(image, _SMALL)
    except ImageError as error:
        return Shown(trouble=str(error), note=note)
    return Shown(uri, size=size, note=note)


def bare_pictures(data: bytes, shard: str, fields: ShardFields, wanted: Sequence[int]) -> dict[int, bytes]:
    """The picture bytes of samples that were refused for another reason, by position."""
    groups = group_members(read_members(data, shard), shard, fields.image)
    found = {}
    for index in wanted:
        members = groups[index].fields if index < len(groups) else {}
        name = fields.image or next((name for name in members if is_image(name)), "")
        if name in members:
            found[index] = members[name]
    return found


def thumbnail(image: bytes, longest: int = _PIXELS) -> tuple[str, tuple[int, int]]:
    """A picture as a ``data:`` URI, its sides at most ``longest`` pixels, and its own (width, height).

    Raises:
        ImageError: it cannot be decoded.
    """
    pixels = decode(image).pixels
    return as_uri(small_jpeg(pixels, longest)), pixels.size


def as_uri(jpeg: bytes) -> str:
    """A JPEG as a ``data:`` URI; nothing of nothing."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else ""


def small_jpeg(pixels: Image, longest: int) -> bytes:
    """RGB pixels as a JPEG, its sides at most ``longest`` pixels."""
    small = pixels.copy()
    small.thumbnail((longest, longest))
    sink = io.BytesIO()
    small.save(sink, "JPEG", quality=85)
    return sink.getvalue()
