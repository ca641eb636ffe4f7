"""Run-length masks of COCO: alternating counts of 0 and 1, down the columns, beginning with 0.

The compressed form is that of the COCO API (``maskApi.c``, ``rleToString``): five bits a character above
code 48, the sixth says that the number goes on; from the fourth count on the difference to the count two
before is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_FIRST, _LAST = 48, 48 + 63


def decode_rle(counts: str | Sequence[int], width: int, height: int) -> npt.NDArray[np.bool_]:
    """The mask, (height, width).

    Args:
        counts: compressed or plain.

    Raises:
        ValueError: the string is broken, a count is negative, or their sum is not the number of pixels.
    """
    runs = np.asarray(decode_counts(counts) if isinstance(counts, str) else counts, dtype=np.int64)
    if (runs < 0).any() or runs.sum() != width * height:
        raise ValueError(
            f"run lengths add up to {int(runs.sum())}, "
            f"expected {width * height} ({width}×{height} pixels) and none below 0"
        )
    flat = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    return np.asarray(flat.reshape(width, height).T)


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
