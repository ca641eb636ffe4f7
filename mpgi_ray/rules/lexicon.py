"""The words for labels: class names, scene phrases, what is a kind of what.

A label is cut into words if they end in a noun that the lexicon knows (``small_vehicle``). Any other is
quoted as the source spells it (``objects labelled "Dead"``), for nobody knows what it names and how its
plural is spelled. A scene that the lexicon does not know is quoted too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
from typing import Any

import yaml

from mpgi_ray.rules.english import plural as in_plural
from mpgi_ray.rules.english import singular

_LABELLED = ' labelled "'
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Any]:
    """The parts of ``lexicon.yaml`` by name."""
    text = resources.files("mpgi_ray.rules").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    parts: dict[str, Any] = yaml.safe_load(text)
    return parts | {
        "mass": frozenset(parts["mass"]),
        "meaningless": frozenset(parts["meaningless"]),
        "nouns": frozenset(parts["nouns"].split()),
        "parents": {kind: name for name, kinds in parts["hypernyms"].items() for kind in kinds},
    }


def _fold(label: str) -> str:
    return "".join(character for character in label.lower() if character.isalnum())


def humanise(label: str) -> str:
    """A label as words: ``small_vehicle`` → ``small vehicle``, ``AnnualCrop`` → ``annual crop``."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in _WORDS.findall(label)]
    if all(word.isupper() for word in words):  # SHIP is a word in capitals, not an abbreviation
        words = [word.lower() for word in words]
    return " ".join(words)


def is_plural(label: str) -> bool:
    """Whether a source spells a label in the plural: ``cars``, ``mobile-homes``."""
    words = humanise(label)
    return singular(words) != words


@lru_cache(maxsize=4096)
def class_name(label: str, given: str | None = None) -> str:
    """The name of a class in the singular; `spelled` if the lexicon does not know the label.

    Args:
        given: the name that the source's vocabulary gives it, which comes before ours.

    Returns:
        An empty string if the label says nothing about what is visible (``other``, ``unlabeled``).
    """
    if own := _stated(given):
        return own
    if (folded := _fold(label)) in lexicon()["meaningless"]:
        return ""
    if not is_known(label):
        return spelled(label)
    name = str(lexicon()["classes"].get(folded) or humanise(label))
    return name if is_mass(name) else singular(name)


def _stated(given: str | None) -> str:
    """A name that a source gives, on one line; empty without one."""
    return " ".join((given or "").split()).strip(" .")


@lru_cache(maxsize=4096)
def surface_name(label: str, given: str | None = None) -> str:
    """The name of a mask's class: ``river water`` for what `class_name` would count as a ``river``."""
    if own := _stated(given) or lexicon()["surfaces"].get(_fold(label)):
        return str(own)
    return class_name(label) if is_known(label) else spelled(label, "area")


@lru_cache(maxsize=4096)
def is_known(label: str, given: str | None = None, *, surface: bool = False) -> bool:
    """Whether texts can say what a label names, or need not: the lexicon has it, or the noun that it ends in.

    ``storagetank``, ``TennisCourt`` and ``palm tree`` are known; ``Dead``, ``0``, ``tertiary`` and
    ``Agricultural`` are not: they are codes, or say of what kind a thing is and not the thing.

    Args:
        given: the name that the source's vocabulary gives it.
        surface: whether it is a class of a mask, whose names are those of `surface_name`.
    """
    words, folded = lexicon(), _fold(label)
    parts = ("meaningless", "classes", *(["surfaces"] if surface else []))
    if given or any(folded in words[part] for part in parts):
        return True
    name = humanise(label)
    if is_mass(name):
        return True
    *_, last = name.split() or [""]
    return any(word in words["nouns"] for word in (last, singular(last)))


def spelled(label: str, thing: str = "object") -> str:
    """How a label that the lexicon does not know is said, in the singular: ``object labelled "Dead"``.

    It is a name like any other of `class_name`, and `several` makes ``objects labelled "Dead"`` of it: the
    label itself is quoted as the source spells it and never inflected.

    Args:
        thing: what bears the label; ``area`` for a surface.
    """
    quoted = " ".join(label.replace('"', "'").split())
    return f'{thing}{_LABELLED}{quoted}"'


@lru_cache(maxsize=4096)
def is_mass(name: str) -> bool:
    """Whether a name has neither article nor plural: water, grass, sea ice."""
    return name in lexicon()["mass"] or name.rpartition(" ")[2] in lexicon()["mass"]


def several(name: str, plural: str | None = None) -> str:
    """The name for more than one of it, or for any amount of a mass.

    Args:
        plural: what the source's vocabulary gives, which comes before ours.
    """
    if own := _stated(plural):
        return own
    thing, labelled, label = name.partition(_LABELLED)
    if labelled:
        return f"{thing}s{labelled}{label}"
    return name if is_mass(name) or not name.isascii() else in_plural(name)


@lru_cache(maxsize=4096)
def hypernyms(name: str) -> tuple[str, ...]:
    """What a name is a kind of, nearest first: ``cargo ship`` → ``ship``, ``vessel``.

    A name that is not listed is a kind of what its synonyms are a kind of, or of what it ends in: ``rescue
    boat`` → ``boat``, ``vessel``.
    """
    parents: dict[str, str] = lexicon()["parents"]
    words = name.split(" ")
    ends = (" ".join(words[first:]) for first in range(1, len(words)))
    listed = (parents[one] for one in (name, *synonyms(name)) if one in parents)
    known = (end for end in ends if end in parents or end in lexicon()["hypernyms"])
    nearest = next(chain(listed, known), None)
    return () if nearest is None else (nearest, *hypernyms(nearest))


@lru_cache(maxsize=4096)
def synonyms(name: str) -> tuple[str, ...]:
    """Other names for the same thing: ``airplane`` → ``plane``, ``aeroplane``."""
    groups: list[list[str]] = lexicon()["synonyms"]
    return tuple(other for group in groups if name in group for other in group if other != name)


@cache
def thing_names() -> frozenset[str]:
    """Every name of a thing or surface that is a kind of something or has another name."""
    kinds: dict[str, list[str]] = lexicon()["hypernyms"]
    groups: list[list[str]] = lexicon()["synonyms"]
    return frozenset(chain(kinds, *kinds.values(), *groups))


@cache
def generic_names() -> frozenset[str]:
    """Names that other classes are kinds of: a truck is a vehicle."""
    return frozenset(lexicon()["generic"])


def is_noun(word: str) -> bool:
    """Whether a word, in the singular, is a plain noun of the field."""
    return word in lexicon()["nouns"]


def is_generic(name: str) -> bool:
    """Whether other things are kinds of it, so that not all of them are ever known."""
    return name in lexicon()["hypernyms"] or name in lexicon()["generic"]


@lru_cache(maxsize=4096)
def scene_phrase(label: str) -> str | None:
    """What a scene class shows, with its article or none (``an airport``, ``farmland``); None if unknown."""
    phrases: dict[str, str] = lexicon()["scenes"]
    return phrases.get(_fold(label))


def said_as(surface: str) -> str:
    """The plural by which texts tell a surface, ``roads`` of road surface; empty if they say its name."""
    return str(lexicon()["said"].get(surface, ""))


def implied_by(name: str) -> tuple[str, ...]:
    """Words that say a class already where a scene's phrase has one of them: a forest has trees."""
    return tuple(lexicon()["implied"].get(name, ()))


def is_several(name: str, scenes: Iterable[str] = ("any",)) -> bool:
    """Whether a picture of these scenes with such a thing has more than one, as a parking lot has cars."""
    several: dict[str, list[str]] = lexicon()["several"]
    return any(name in several.get(_fold(scene), ()) for scene in scenes)
