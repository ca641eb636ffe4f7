"""Run-length masks of COCO: alternating counts of 0 and 1, down the columns, beginning with 0.

The compressed form is that of the COCO API (``maskApi.c``, ``rleToString``): five bits a character above
code 48, the sixth says that the number goes on; from the fourth count on the difference to the count two
before is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mpgi_ray.data.image import MAX_PIXELS

_FIRST, _LAST = 48, 48 + 63
_MAX_BITS = 60  # of a count


def decode_rle(counts: str | Sequence[int], width: int, height: int) -> npt.NDArray[np.bool_]:
    """The mask, (height, width).

    Args:
        counts: compressed or plain.

    Raises:
        ValueError: the string is broken, a count is negative, their sum is not the number of pixels, or these
            are more than a picture may have.
    """
    runs = np.asarray(run_lengths(counts, width, height), dtype=np.int64)
    flat = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    return np.asarray(flat.reshape(width, height).T)


def run_lengths(counts: str | Sequence[int], width: int, height: int) -> Sequence[int]:
    """The counts of a mask of this size.

    Raises:
        ValueError: as `decode_rle`.
    """
    pixels = width * height
    if min(width, height) < 1 or pixels > MAX_PIXELS:
        raise ValueError(f"a mask of {width}×{height} pixels, expected 1 to {MAX_PIXELS:,}")
    lengths = decode_counts(counts) if isinstance(counts, str) else counts
    if sum(lengths) != pixels or min(lengths, default=0) < 0:
        raise ValueError(
            f"run lengths add up to {float(sum(lengths)):.15g}, "
            f"expected {pixels} ({width}×{height} pixels) and none below 0"
        )
    return lengths


def decode_counts(text: str) -> list[int]:
    """The counts of a compressed string.

    Raises:
        ValueError: a character outside the code, or an end in the middle of a number.
    """
    counts: list[int] = []
    value = shift = 0
    for position, character in enumerate(text):
        code = ord(character)
        if not _FIRST <= code <= _LAST:
            raise ValueError(
                f"character {character!r} at position {position} has no place in a compressed mask"
            )
        bits = code - _FIRST
        value |= (bits & 0x1F) << shift
        shift += 5
        if shift > _MAX_BITS:
            raise ValueError(
                f"a count of more than {_MAX_BITS} bits at position {position} of a compressed mask"
            )
        if bits & 0x20:
            continue
        if bits & 0x10:  # the sign of the last five bits
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError(f"the compressed run-length mask ends inside a number, after {len(text)} characters")
    return counts


def mask_box(mask: npt.NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """The box (x1, y1, x2, y2) around a mask's pixels; the right and lower edges lie beyond the last ones.

    Raises:
        ValueError: the mask is empty.
    """
    xs, ys = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not xs.size:
        raise ValueError("the mask is empty, so it has no box")
    return float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1)
