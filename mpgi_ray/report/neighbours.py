"""What a model finds: for held-out pictures the nearest texts, and for their texts the nearest pictures."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.final import Record, list_shards, read_records, short_id
from mpgi_ray.models.embed import Floats, Model
from mpgi_ray.report.pictures import thumbnail

CANDIDATES = 128  # samples to find among; they are embedded on the spot
_QUERIES = 6
_NEAREST = 3
_PIXELS = 240  # longest side of an embedded picture
_TEXT = "short"  # or else the first that a sample has


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate.

    Attributes:
        index: of the picture or text.
        cosine: of its feature and the query's.
        right: whether it belongs to the query; for a text, also if another sample's text is equal.
    """

    index: int
    cosine: float
    right: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The first candidates for a query, and the rank of the first right one, from 1."""

    first: tuple[Found, ...]
    rank: int


@dataclass(frozen=True, slots=True)
class Query:
    """A sample as the query, by its picture and by its text.

    Attributes:
        picture: a ``data:`` URI.
        texts: texts by their cosine with the picture.
        pictures: URI, cosine and whether it is right, by their cosine with the text.
    """

    key: str
    picture: str
    text: str
    texts: tuple[tuple[str, float, bool], ...]
    pictures: tuple[tuple[str, float, bool], ...]
    text_rank: int
    picture_rank: int


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What some samples find.

    Attributes:
        pictures, texts: how many there were to find; equal texts are one.
    """

    queries: tuple[Query, ...]
    pictures: int
    texts: int


def neighbours(model: str, final: str, seen: Container[str]) -> Neighbours | None:
    """The neighbours of the first held-out samples, which are random ones; None if all were seen.

    Args:
        model: folder of a checkpoint.
        final: folder of final shards.
        seen: short ids of the samples that the model was trained on.

    Raises:
        InputError: the checkpoint or a shard cannot be read.
    """
    everything = read_records(list_shards(final))
    unseen = (record for record in everything if record.texts and short_id(record.sample_id) not in seen)
    records = list(islice(unseen, CANDIDATES))
    if not records:
        return None
    loaded = Model.load(model)
    texts = [_text(record) for record in records]
    distinct = list(dict.fromkeys(texts))
    owned = [distinct.index(text) for text in texts]
    by_picture, by_text = rankings(loaded.images(records), loaded.texts(distinct), owned)
    uris = [thumbnail(record.image, _PIXELS)[0] for record in records]
    queries = tuple(
        Query(
            record.key,
            uris[i],
            texts[i],
            tuple((distinct[found.index], found.cosine, found.right) for found in by_picture[i].first),
            tuple((uris[found.index], found.cosine, found.right) for found in by_text[owned[i]].first),
            by_picture[i].rank,
            by_text[owned[i]].rank,
        )
        for i, record in enumerate(records[:_QUERIES])
    )
    return Neighbours(queries, len(records), len(distinct))


def rankings(images: Floats, texts: Floats, owned: Sequence[int]) -> tuple[list[Ranking], list[Ranking]]:
    """For each picture the nearest texts, and for each text the nearest pictures.

    Args:
        images: unit features of pictures, (pictures, dim).
        texts: unit features of distinct texts, (texts, dim).
        owned: the text that each picture has; a text may have several pictures, and has one at least.
    """
    cosines = images @ texts.T
    right = np.asarray(owned)[:, None] == np.arange(len(texts))
    return (
        [_ranking(row, mask) for row, mask in zip(cosines, right, strict=True)],
        [_ranking(row, mask) for row, mask in zip(cosines.T, right.T, strict=True)],
    )


def _ranking(cosines: Floats, right: NDArray[np.bool_]) -> Ranking:
    # wrong ones first among the equally near: a model that tells nothing apart finds nothing
    order = np.lexsort((right, -cosines))
    first = tuple(Found(int(i), float(cosines[i]), bool(right[i])) for i in order[:_NEAREST])
    return Ranking(first, int(np.argmax(right[order])) + 1)


def _text(record: Record) -> str:
    return record.texts.get(_TEXT) or next(iter(record.texts.values()))
