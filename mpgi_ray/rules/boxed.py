"""Annotated objects as pictures of their own: where they lie, and what such a picture is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mpgi_ray.data.box import Box
from mpgi_ray.rules.lexicon import class_name, humanise, is_known


class Region(NamedTuple):
    """An object.

    Attributes:
        name: of its class; empty if its label says nothing of what it is (``other``).
        crowd: the box holds a group.
    """

    box: Box
    label: str
    name: str
    crowd: bool


def regions_of(note: Mapping[str, Any]) -> Iterator[Region]:
    """The objects of an annotation, given as JSON."""
    vocabulary = note.get("vocabulary") or {}
    for thing in note.get("objects", ()):
        label = thing["label"]
        name = region_name(label, (vocabulary.get(label) or {}).get("name"))
        yield Region(Box(*thing["box"]), label, name, bool(thing.get("crowd")))


def region_name(label: str, given: str | None = None) -> str:
    """What an object by itself is called: as `class_name`, but a label that the lexicon does not know comes
    in its own words, where a caption would quote it: they need not be good English to tell classes apart.

    Args:
        given: the name that the source's vocabulary gives the class.
    """
    name = class_name(label, given)
    return name if given or not name or is_known(label) else humanise(label) or label
