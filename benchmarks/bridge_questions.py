"""Questions about generated scenes whose answers their annotation proves: presence, count and position.

Beside them, each scene has one conversation that asks for a description: the text ``layout`` by rules.

Presence is balanced for each class: as many scenes that show it as do not. Position is asked of a thing that
is the only one of its class and whose place nobody would dispute.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mpgi_ray.data.final import Record
from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.data.sample import Box
from mpgi_ray.rules.english import number, plural, with_article
from mpgi_ray.rules.geometry import PLACES, cell, has_clear_place


def conversations(records: Sequence[Record], turns: int) -> list[Conversation]:
    """The questions about scenes, at most so many in a conversation."""
    asked = presence(records)
    made = []
    for record in records:
        sample, split = record.sample_id, record.annotation.get("split")
        own = [*asked[sample], *counts(record), *places(record)]
        own.sort(key=lambda turn: chance(sample, turn.kind, turn.question))
        told = Turn("describe_short", "Describe the image.", record.texts["layout"])
        made.append(Conversation(sample, (told,), "mpgi-demo", split))
        parts = (own[first : first + turns] for first in range(0, len(own), turns))
        made += [Conversation(sample, tuple(part), "mpgi-demo", split) for part in parts]
    return made


def presence(records: Sequence[Record]) -> Mapping[str, list[Turn]]:
    """By sample: of each class, all scenes that show it, and as many others."""
    held = {record.sample_id: labels(record) for record in records}
    asked: dict[str, list[Turn]] = {sample: [] for sample in held}
    for name in sorted({name for own in held.values() for name in own}):
        shows = [sample for sample, own in held.items() if name in own]
        others = sorted((s for s, own in held.items() if name not in own), key=lambda s: chance(name, s))
        size = min(len(shows), len(others))
        for sample in (*sorted(shows, key=lambda s: chance(name, s))[:size], *others[:size]):
            there = name in held[sample]
            question = f"Is there {with_article(name)} in the image?"
            truth = {"names": [name], "present": there}
            asked[sample].append(Turn("presence", question, "Yes." if there else "No.", truth=truth))
    return asked


def counts(record: Record) -> Iterator[Turn]:
    """Of classes with up to nine things."""
    for name, count in labels(record).items():
        if count < 10:
            truth = {"names": [name], "count": count}
            yield Turn(
                "count", f"How many {plural(name)} are in the image?", f"{number(count)}.", truth=truth
            )


def places(record: Record) -> Iterator[Turn]:
    """Of things that are alone in their class."""
    note = record.annotation
    size = note["width"], note["height"]
    for name, count in labels(record).items():
        if count == 1:
            [thing] = [one for one in note["objects"] if one["label"] == name]
            box = Box(*thing["box"])
            if has_clear_place(box, *size):
                place = PLACES[cell(box, *size)]
                truth = {"names": [name], "cell": place}
                yield Turn("position", f"Where in the image is the {name}?", f"{place}.", truth=truth)


def labels(record: Record) -> Counter[str]:
    """How many things of each class a scene shows."""
    return Counter(thing["label"] for thing in record.annotation.get("objects", ()))


def chance(*about: object) -> float:
    """A number in [0, 1) that follows from what it is about."""
    digest = hashlib.sha256("/".join(map(str, about)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
