"""Pieces of the viewer's data: what a page loads only when it is shown.

A piece is a script of one call, ``mpgi.piece(kind, number, rows)``, because a page that was opened from a
disk may load scripts and may not fetch. It is plain ASCII: no text in it ends a line or a script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mpgi_ray.data.caption import Caption, Status
from mpgi_ray.data.storage import Storage
from mpgi_ray.report.viewer.entry import Entry, Pictured, Text, hash_of

# samples in a piece; small where what belongs to a sample is long
SIZES = {"texts": 128, "shown": 32, "made": 32}
_LONGEST = 4000  # characters of a reply or of a source's text
_SAID = 2000  # of a detail


def script(call: str, *values: object) -> bytes:
    """A call with these values as JSON.

    Raises:
        ValueError: a number is not finite.
    """
    told = ",".join(json.dumps(value, separators=(",", ":"), allow_nan=False) for value in values)
    return f"{call}({told});\n".encode("ascii")


class Pieces:
    """Writes the pieces as they fill; at most one piece of each kind is held.

    Args:
        sizes: samples in a piece, by its kind.
    """

    def __init__(self, storage: Storage, sizes: Mapping[str, int]) -> None:
        self._storage = storage
        self._samples = 0
        self._sizes = sizes
        self._rows: dict[str, list[Any]] = {kind: [] for kind in sizes}

    def add(self, rows: Mapping[str, Any]) -> None:
        """What the kinds of pieces hold of the next sample.

        Raises:
            OutputError: a piece cannot be written.
        """
        self._samples += 1
        for kind, row in rows.items():
            self._rows[kind].append(row)
            if len(self._rows[kind]) == self._sizes[kind]:
                self._write(kind)

    def close(self) -> None:
        """Write what is left.

        Raises:
            OutputError: as `add`.
        """
        for kind, rows in self._rows.items():
            if rows:
                self._write(kind)

    def _write(self, kind: str) -> None:
        number = (self._samples - 1) // self._sizes[kind]
        data = script("mpgi.piece", kind, number, self._rows[kind])
        self._storage.publish(f"data/{kind}-{number}.js", data)
        self._rows[kind] = []


def rows_of(entry: Entry) -> dict[str, Any]:
    """What the pieces hold of a sample of a caption run."""
    told = shown(entry, picture=bool(entry.picture)) | {"texts": [_beside(text) for text in entry.texts]}
    return {"texts": texts(entry), "shown": told, "made": made(entry)}


def texts(entry: Entry) -> list[str]:
    """The texts of a sample, empty for records without one."""
    return [text.row.text for text in entry.texts]


def shown(entry: Pictured, *, picture: bool) -> dict[str, Any]:
    """What a card shows beside the texts.

    Args:
        picture: whether there is one.
    """
    note, over = entry.note, entry.overlay
    return {
        "id": entry.sample_id,
        "picture": picture,
        "trouble": entry.trouble,
        "size": entry.size,
        "scene": note.scene if note else (),
        "labels": note.labels if note else (),
        "cover": [(label, round(cover.fraction, 4)) for label, cover in note.cover.items()] if note else (),
        "captions": [cut(text) for text in note.captions] if note else (),
        "licence": note.licence if note else None,
        "gsd": note.gsd if note else None,
        "legend": over.legend if over else (),
        "font": round(over.font, 2) if over else 0,
        "shapes": [
            (shape.kind, shape.label, shape.colour, [round(n, 1) for point in shape.points for n in point])
            for shape in (over.shapes if over else ())
        ],
        "bands": [
            (band.label, band.colour, round(band.share, 3), *(round(n, 1) for n in band.box))
            for band in (over.bands if over else ())
        ],
        "chips": [
            (chip.label, chip.colour, *(round(n, 1) for n in chip.box))
            for chip in (over.chips if over else ())
        ],
    }


def _beside(text: Text) -> dict[str, Any]:
    """Whose text it is, its claims, and why there is none."""
    row = text.row
    told = {
        "id": row.caption_id,
        "hash": hash_of(row.text),
        "marks": [(mark.start, mark.end, mark.verdict, mark.told) for mark in text.marks],
    }
    return told if row.status == Status.OK else told | {"why": cut(row.why, _SAID), "raw": cut(row.raw)}


def made(entry: Entry) -> list[dict[str, Any]]:
    """How each text of a sample came to be."""
    return [
        {
            "engine": text.row.engine,
            "model": text.row.model,
            "revision": text.row.revision,
            "stage": text.row.stage,
            "prompt": text.row.prompt_hash,
            "sampling": text.row.sampling,
            "finish": text.row.finish_reason,
            "parents": text.row.parents,
            "scores": list(text.scores.items()),
            "fate": text.fate,
            "raw": cut(text.row.raw) if text.row.raw.strip() != text.row.text else "",
            **_asked(text.row),
            "earlier": [
                _asked(answer) | {"why": cut(answer.why, _SAID), "raw": cut(answer.raw)}
                for answer in text.earlier
            ],
        }
        for text in entry.texts
    ]


def _asked(row: Caption) -> dict[str, Any]:
    tokens = (row.prompt_tokens, row.cached_tokens, row.completion_tokens)
    return {"attempt": row.attempt, "draw": row.draw, "tokens": tokens, "seconds": round(row.seconds, 3)}


def cut(text: str, longest: int = _LONGEST) -> str:
    """A text that is not endless; half of a pair of UTF-16 units cannot be in it."""
    return text if len(text) <= longest else f"{text[:longest]} … and {len(text) - longest:,} more characters"
