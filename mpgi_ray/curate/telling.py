"""How much the texts of a set tell: the share that no other sample has, and their length in tokens of CLIP.

A text that two samples have tells neither of them from the other. Each final shard's texts are hashed while
it is written; then tasks compare them, each those of a range of hashes over all shards. So a task holds about
`AT_ONCE` texts, in half a gigabyte, whatever the size of the set, and the driver holds counts alone. Two of
100 million texts are taken for one by their hash about once in 4,000 sets.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.caption_figures import quantile
from mpgi_ray.data.clip_tokens import CONTEXT, clip_tokens
from mpgi_ray.data.final import CAPTIONS, Final
from mpgi_ray.data.text import text_hash

AT_ONCE = 1 << 23
NOT_COUNTED = "tokens of CLIP are not counted: open_clip is not installed (the extra `train` brings it)"
_ROW = np.dtype([("text", "<u8"), ("sample", "<u8"), ("name", "<u2")])

Tokens = dict[str, dict[int, int]]  # by text name: number of tokens to texts


@dataclass(frozen=True, slots=True)
class TextTelling:
    """What the texts of one name tell.

    Attributes:
        texts: how many there are.
        own: the share that no other sample has, under no name.
        tokens: of CLIP, with start and end: ``mean``, ``p95``, ``largest`` and ``cut``, the share of texts
            with more than 77; None where they are not counted.
    """

    texts: int
    own: float
    tokens: Mapping[str, float] | None

    def __str__(self) -> str:
        said = f"{self.texts:,} texts, {self.own:.1%} that no other sample has"
        if self.tokens is None:
            return said
        mean, p95, largest, cut = (self.tokens[key] for key in ("mean", "p95", "largest", "cut"))
        return (
            f"{said}; tokens of CLIP: {mean:.1f} on average, 95 % have at most {p95:,.0f}, the longest "
            f"{largest:,.0f}, {cut:.1%} more than {CONTEXT}"
        )


def text_rows(
    samples: Iterable[Final], names: Sequence[str], parts: int
) -> tuple[bytes, list[int], Tokens | None]:
    """The texts of a final shard, hashed, and their tokens.

    Args:
        names: all names of texts; others do not count.
        parts: into how many ranges of hashes the rows are cut.

    Returns:
        The rows in the order of their hashes; the byte at which each part ends; tokens, if they are counted.
    """
    count, place = clip_tokens(), {name: number for number, name in enumerate(names)}
    rows: list[tuple[int, int, int]] = []
    tokens: dict[str, Counter[int]] = {name: Counter() for name in names}
    for sample in samples:
        for name, text in _texts(sample):
            if name in place:
                rows.append((text_hash(text), int(sample.sample_id[:16], 16), place[name]))
                if count is not None:
                    tokens[name][count(text)] += 1
    table = np.sort(np.array(rows, _ROW), order="text")
    starts = np.array([-(-(part << 64) // parts) for part in range(1, parts)], np.uint64)
    ends = [*np.searchsorted(table["text"], starts).tolist(), len(table)]
    counted = {name: dict(sorted(of.items())) for name, of in tokens.items()}
    return table.tobytes(), [end * _ROW.itemsize for end in ends], None if count is None else counted


def compare(rows: bytes, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Texts by name: how many, and how many of them no other sample has.

    Args:
        rows: all of a range of hashes.
    """
    table = np.frombuffer(rows, _ROW)
    table = table[np.lexsort((table["sample"], table["text"]))]
    alone = _alone(table["text"], table["sample"])
    all_, own = (np.bincount(table["name"][of], minlength=len(names)) for of in (..., alone))
    return {name: (int(all_[n]), int(own[n])) for n, name in enumerate(names)}


def telling(
    compared: Iterable[Mapping[str, tuple[int, int]]], tokens: Iterable[Tokens | None]
) -> dict[str, TextTelling]:
    """The figures of a set from those of its parts and shards; names without a text are left out."""
    texts: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for part in compared:
        texts.update({name: count for name, (count, _) in part.items()})
        own.update({name: count for name, (_, count) in part.items()})
    shards = list(tokens)
    lengths: dict[str, Counter[int]] = {name: Counter() for name in texts}
    for name in texts:
        for shard in filter(None, shards):
            # JSON has made words of the numbers where a task was done before
            lengths[name].update({int(length): count for length, count in shard[name].items()})
    counted = None not in shards  # one machine without open_clip: figures of the others would mislead
    return {
        name: TextTelling(count, round(own[name] / count, 6), _lengths(lengths[name]) if counted else None)
        for name, count in texts.items()
        if count
    }


def _lengths(counts: Counter[int]) -> dict[str, float]:
    total = counts.total()
    return {
        "mean": round(sum(length * count for length, count in counts.items()) / total, 2),
        "p95": quantile(counts, 0.95),
        "largest": max(counts),
        "cut": round(sum(count for length, count in counts.items() if length > CONTEXT) / total, 6),
    }


def _alone(text: NDArray[Any], sample: NDArray[Any]) -> NDArray[np.bool_]:
    """Which texts only one sample has; both are sorted, by text and then by sample."""
    if not len(text):
        return np.zeros(0, bool)
    same = text[1:] == text[:-1]
    group = np.concatenate([[0], np.cumsum(~same)])
    shared = np.zeros(group[-1] + 1, bool)
    shared[group[1:][same & (sample[1:] != sample[:-1])]] = True
    return np.asarray(~shared[group])


def _texts(sample: Final) -> Iterator[tuple[str, str]]:
    record = json.loads(sample.record)
    yield from record["texts"].items()
    yield from ((CAPTIONS, text) for text in record["annotation"].get("captions", ()))
