"""The final sample: picture, record and texts, in a global random order.

The place of a sample is the hash of (seed, sample_id): cut into equal ranges it gives the final shard,
within a shard it gives the order. So sources that come class by class are mixed over the whole data set,
which contrastive training needs, without ever holding more than one shard.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.data.image import CONVERSION_VERSION, ImageError, to_plain
from mpgi_ray.data.sample import SCHEMA_VERSION, Rejected, Sample
from mpgi_ray.data.shards import encode_json

_PLACES = 2**64


@dataclass(frozen=True, slots=True)
class Final:
    """A sample as it is published.

    Attributes:
        place: in the global order, 0 to 2**64 - 1.
        suffix: of the picture, ``jpg`` or ``png``: 8-bit grey or RGB.
        text: the caption for ``.txt``.
        texts: every caption, one row each in ``captions.csv``.
    """

    place: int
    shard: str
    index: int
    sample_id: str
    suffix: str
    image: bytes
    record: bytes
    text: str
    texts: tuple[str, ...]

    def fields(self) -> dict[str, bytes]:
        return {self.suffix: self.image, "json": self.record, "txt": self.text.encode()}


def place_of(sample_id: str, seed: int) -> int:
    """A sample's place in the global order."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{sample_id}".encode()).digest()[:8], "big")


def bucket_of(place: int, buckets: int) -> int:
    """The final shard, 0 to buckets - 1, in which a place falls."""
    return place * buckets // _PLACES


def assemble(
    shard: str,
    entries: Iterable[Sample | Rejected],
    captions: Iterable[Caption],
    main_text: str,
    seed: int,
) -> tuple[list[Final], Counter[str]]:
    """Join a shard's samples with their captions.

    Args:
        main_text: the text that becomes ``.txt``; a sample without it is dropped.

    Returns:
        The samples to publish in their global order, and the number of the others by reason.
    """
    by_index: dict[int, list[Caption]] = defaultdict(list)
    for caption in captions:
        by_index[caption.index].append(caption)
    kept: list[Final] = []
    dropped: Counter[str] = Counter()
    for entry in entries:
        rows = by_index[entry.index]
        made = _final(shard, entry, rows, main_text, seed)
        if isinstance(made, Final):
            kept.append(made)
        else:
            dropped[made] += 1
    return sorted(kept, key=order), dropped


def order(sample: Final) -> tuple[int, str, int]:
    """The global order; pictures that repeat have one place and follow their shards."""
    return sample.place, sample.shard, sample.index


def with_keys(samples: Sequence[Final]) -> list[tuple[str, Final]]:
    """Keys that are unique over the whole data set: repeats of a picture are neighbours and get a number."""
    seen: Counter[str] = Counter()
    keyed = []
    for sample in samples:
        key = sample.sample_id[:24]
        keyed.append((f"{key}-{seen[key]}" if seen[key] else key, sample))
        seen[key] += 1
    return keyed


def _final(
    shard: str, entry: Sample | Rejected, rows: Sequence[Caption], main_text: str, seed: int
) -> Final | str:
    """The final sample, or the code of the reason why there is none."""
    refused = next((row for row in rows if row.stage == Stage.INPUT.value), None)
    if refused is not None:
        return refused.reason
    if isinstance(entry, Rejected):
        return entry.reason
    if not rows:
        return "not_captioned"
    usable = [row for row in rows if row.status == Status.OK.value]
    texts = {row.perspective: row.text for row in usable}
    if main_text not in texts:
        return f"no_{main_text}_text"
    try:
        image, suffix, converted = to_plain(entry.image)
    except ImageError as error:
        return error.reason
    record = {
        "mpgi": SCHEMA_VERSION,
        "name": entry.name,
        "sample_id": entry.sample_id,
        "shard": shard,
        "index": entry.index,
        "annotation": entry.annotation.model_dump(mode="json", exclude_defaults=True),
        "texts": texts,
        "captions": [_provenance(row) for row in usable],
    }
    if converted:
        record["converted"] = {"from": entry.suffix, "version": CONVERSION_VERSION}
    return Final(
        place_of(entry.sample_id, seed),
        shard,
        entry.index,
        entry.sample_id,
        suffix,
        image,
        encode_json(record),
        texts[main_text],
        tuple(texts.values()),
    )


def _provenance(row: Caption) -> dict[str, object]:
    return {
        "caption_id": row.caption_id,
        "perspective": row.perspective,
        "model": row.model,
        "revision": row.revision,
        "prompt_hash": row.prompt_hash,
        "attempt": row.attempt,
        "parents": list(row.parents),
    }
