"""The words for labels: class names, scene phrases, map tags.

A label that the lexicon does not know is cut into words; a scene it does not know is only quoted, and a
map tag it does not know is left unsaid, because nobody has checked that it shows from above.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

from mpgi_ray.rules.english import plural, singular

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, Any]:
    text = resources.files("mpgi_ray.rules").joinpath("lexicon.yaml").read_text(encoding="utf-8")
    lexicon: dict[str, Any] = yaml.safe_load(text)
    return lexicon | {"mass": frozenset(lexicon["mass"]), "meaningless": frozenset(lexicon["meaningless"])}


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
    """The name of a class in the singular.

    Args:
        given: the name that the source's vocabulary gives it, which comes before ours.

    Returns:
        An empty string if the label says nothing about what is visible (``other``, ``unlabeled``).
    """
    if given:
        return given.strip(" .")
    folded = _fold(label)
    if folded in _lexicon()["meaningless"]:
        return ""
    name = str(_lexicon()["classes"].get(folded) or humanise(label) or label)
    return name if is_mass(name) else singular(name)


@lru_cache(maxsize=4096)
def surface_name(label: str, given: str | None = None) -> str:
    """The name of a mask's class: ``river water`` for what `class_name` would count as a ``river``."""
    return (given or "").strip(" .") or _lexicon()["surfaces"].get(_fold(label)) or class_name(label)


@lru_cache(maxsize=4096)
def is_mass(name: str) -> bool:
    """Whether a name has neither article nor plural: water, grass."""
    return name in _lexicon()["mass"]


def several(name: str) -> str:
    """The name for more than one of it, or for any amount of a mass."""
    return name if is_mass(name) or not name.isascii() else plural(name)


@cache
def generic_names() -> frozenset[str]:
    """Names that other classes are kinds of: a truck is a vehicle."""
    return frozenset(_lexicon()["generic"])


@lru_cache(maxsize=4096)
def scene_phrase(label: str) -> str | None:
    """What a scene class shows, with its article or none (``an airport``, ``farmland``); None if unknown."""
    phrases: dict[str, str] = _lexicon()["scenes"]
    return phrases.get(_fold(label))


def visible_tags(tags: dict[str, str]) -> tuple[str, ...]:
    """Phrases for those map tags that show from above; several values of a key are split at ``;``."""
    known: dict[str, dict[str, str]] = _lexicon()["tags"]
    phrases: dict[str, None] = {}  # an ordered set
    for key, values in tags.items():
        for value in (value.strip() for value in values.split(";")):
            wordings = known.get(key, {})
            phrase = wordings.get(value) or (wordings.get("*") if value not in ("no", "") else None)
            if phrase:
                phrases[phrase] = None
    return tuple(phrases)
