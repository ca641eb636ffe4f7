"""What is known of a picture that is asked about, and a question with its answer before it is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from mpgi_ray.data.annotated import annotation_of
from mpgi_ray.data.box import Box
from mpgi_ray.data.final import Record
from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.open_names import is_decided, open_names
from mpgi_ray.rules import geometry
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.gathering import told_objects
from mpgi_ray.rules.of_sample import facts_of_record


@dataclass(frozen=True, slots=True)
class Thing:
    """An object that texts speak of.

    Attributes:
        box: in shares of the image's width and height.
        area: of its outline or oriented box, as a share of the image.
    """

    box: Box
    area: float


@dataclass(frozen=True, slots=True)
class Known:
    """What questions about a picture are made of.

    Attributes:
        seed: of the wordings.
        size: width and height in pixels.
        things: by class name, the largest box first; `ClassFact.total` of them.
        open: names of classes that may be there although nothing says so: the source does not annotate all
            of them, or none.
        texts: descriptions, by kind of question.
    """

    sample_id: str
    seed: str
    size: tuple[int, int]
    facts: Facts
    things: Mapping[str, tuple[Thing, ...]]
    open: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)

    def undecided(self, most: int, what: str) -> list[str]:
        """At most so many of the `open` names, of which the truth check knows nothing either."""
        turns = self.drawn(self.open, len(self.open), what)
        unsure = (name for name in turns if not is_decided(name, self.facts))
        return list(islice(unsure, most))

    def drawn(self, names: Iterable[str], most: int, what: str) -> list[str]:
        """At most so many of the names, always the same ones for a picture, a seed and what is asked."""

        def turn(name: str) -> bytes:
            return hashlib.blake2b(f"{self.seed}\0{what}\0{name}".encode(), digest_size=8).digest()

        return sorted(names, key=turn)[:most]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question with its true answer that may become one of the instructions.

    Attributes:
        about: the classes that are asked about.
        told: the answer in short, by which kinds are balanced: ``yes``, ``3``, ``upper left`` …; empty where
            no answer can dominate.
        follow: the question in a conversation, right after one about the same class; empty if it has none.
    """

    turn: Turn
    about: str
    told: str = ""
    follow: str = ""

    @property
    def untold(self) -> bool:
        """Whether the answer is that it cannot be told."""
        return self.turn.truth.get("told") is False


def known_of(record: Record, seed: int, *, measured: bool) -> Known:
    """What is known of a final sample, but for texts.

    Args:
        measured: look at the colours of things in the pixels, too.

    Raises:
        InputError: its annotation cannot be read.
    """
    note = annotation_of(record)
    facts = facts_of_record(record, measured=measured)
    things: dict[str, list[Thing]] = {}
    for name, one in told_objects(note):
        box = Box(
            one.box.x1 / note.width,
            one.box.y1 / note.height,
            one.box.x2 / note.width,
            one.box.y2 / note.height,
        )
        things.setdefault(name, []).append(Thing(box, geometry.area(one) / (note.width * note.height)))
    return Known(
        record.sample_id,
        f"{seed}/{record.sample_id}",
        (note.width, note.height),
        facts,
        {name: tuple(own) for name, own in things.items()},
        open_names(note, facts, record.texts.values()),
    )
