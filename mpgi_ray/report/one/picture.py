"""What a shard holds of a sample: its members, its annotation in short, what rules say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.rules import Facts, trusted_text
from mpgi_ray.rules.of_sample import facts_of_sample

_PLAIN = (
    "scene",
    "labels",
    "gsd",
    "date",
    "place",
    "sensor",
    "source",
    "split",
    "licence",
    "bounds",
    "captions",
)


def of_entry(entry: Sample | Rejected, members: Mapping[str, bytes]) -> tuple[dict[str, Any], Facts | None]:
    """What is known of an entry of a shard, and the facts that claims are held against.

    Args:
        members: of the sample, by their names below the key.
    """
    told: dict[str, Any] = {"members": {name: len(data) for name, data in members.items()}}
    if isinstance(entry, Rejected):
        return told | {"trouble": f"{entry.reason}: {entry.detail}"}, None
    facts = facts_of_sample(entry, measured=True)
    note = entry.annotation
    told |= {"name": entry.name, "size": [note.width, note.height], "annotation": _short(note)}
    return told | {"facts": trusted_text(facts, entry.sample_id)}, facts


def _short(note: Annotation) -> dict[str, Any]:
    """Without outlines and what is not told; objects are counted."""
    whole = note.model_dump(mode="json", exclude_defaults=True)
    short = {name: whole[name] for name in _PLAIN if name in whole}
    if note.objects:
        short["objects"] = dict(Counter(thing.label for thing in note.objects).most_common())
    if note.cover:
        short["cover"] = {label: round(known.fraction, 4) for label, known in note.cover.items()}
    for name in ("tags", "map", "origin", "false_colour"):
        if name in whole:
            short[name] = whole[name]
    return short
