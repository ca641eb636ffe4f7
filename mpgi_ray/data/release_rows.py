"""From a final sample to the rows of a release, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mpgi_ray.data.final import CAPTIONS
from mpgi_ray.data.release import UNNAMED
from mpgi_ray.data.text import clean_name


def source_of(annotation: Mapping[str, Any]) -> str:
    """The name of a sample's source, in one line: a card has commands with it."""
    return clean_name(str(annotation.get("source") or UNNAMED))


def rows_of(note: Mapping[str, Any], text: str, shard: str, key: str) -> list[dict[str, Any]]:
    """The rows of a final sample, in `SCHEMA`: its texts in their order, then those that people wrote.

    Args:
        note: its ``.json``.
        text: its ``.txt``.

    Raises:
        KeyError: the ``.json`` is not one that curation wrote.
    """
    annotation = note["annotation"]
    origin = annotation.get("origin") or {}
    of_sample = {
        "source": source_of(annotation),
        "image": origin.get("image", note["name"]),
        "window": origin.get("window"),
        "sha256": origin.get("sha256", note["sample_id"]),
        "sample_id": note["sample_id"],
        "made": origin.get("made", ""),
        "licence": annotation.get("licence"),
        "split": annotation.get("split"),
        "shard": shard,
        "key": key,
        "sample_name": note["name"],
        "source_shard": note["shard"],
        "source_index": note["index"],
    }
    rows = [
        {
            **of_sample,
            **{name: made[name] for name in ("caption_id", "model", "revision", "prompt_hash", "attempt")},
            "name": made["perspective"],
            "number": 0,
            "text": note["texts"][made["perspective"]],
            "parents": made["parents"],
            "scores": json.dumps(made.get("scores", {}), sort_keys=True),
        }
        for made in note["captions"]
    ]
    none = {"caption_id": "", "model": "", "revision": "", "prompt_hash": "", "attempt": 0}
    people = [told for told in annotation.get(CAPTIONS, ()) if told.strip()]
    rows += [
        {**of_sample, **none, "name": CAPTIONS, "number": n, "text": told, "parents": [], "scores": "{}"}
        for n, told in enumerate(people)
    ]
    main = next((n for n, row in enumerate(rows) if row["text"] == text), None)
    return [{**row, "main": n == main} for n, row in enumerate(rows)]


def rebuilt_note(note: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The ``.json`` that a sample had, from that of the same sample without texts and the rows of its texts.

    Args:
        note: as curation makes it of the user's own copy; its annotation is kept but for what the rows tell.
    """
    first = rows[0]
    told = {name: first[name] for name in ("licence", "split")}
    annotation = {key: value for key, value in note["annotation"].items() if key not in (CAPTIONS, *told)}
    annotation |= {name: value for name, value in told.items() if value is not None}
    written = [row for row in rows if row["name"] != CAPTIONS]
    if people := [row["text"] for row in rows if row["name"] == CAPTIONS]:
        annotation[CAPTIONS] = people
    return {
        **note,
        "annotation": annotation,
        "name": first["sample_name"],
        "shard": first["source_shard"],
        "index": first["source_index"],
        "texts": {row["name"]: row["text"] for row in written},
        "captions": [_made(row) for row in written],
    }


def _made(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("caption_id", "model", "revision", "prompt_hash", "attempt", "parents")
    scores = {} if row["scores"] == "{}" else {"scores": json.loads(row["scores"])}
    return {"perspective": row["name"], **{name: row[name] for name in names}, **scores}
