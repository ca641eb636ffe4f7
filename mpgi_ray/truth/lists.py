"""The words that make claims, and the names of things, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.tokens import folded

Name = tuple[str, bool]  # what it stands for, and whether for several


@cache
def lists() -> dict[str, Any]:
    """``words.yaml``."""
    found: dict[str, Any] = yaml.safe_load(
        resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8")
    )
    return found | {name: {folded(k): v for k, v in found[name].items()} for name in ("amounts", "shares")}


def names_of(known: Collection[str], there: Collection[str] | None = None) -> dict[str, Name]:
    """Names of things in texts: those of a sample, and all that are a kind of something.

    The last word of the name of what is there stands for it where it is nothing else: containers are shipping
    containers.

    Args:
        known: the names of a sample's classes.
        there: those of which there is something; by default all.
    """
    there = known if there is None else there
    heads = Counter(name.rpartition(" ")[2] for name in known)
    found = dict(_common_names())
    if any("settlement" in also_called(name) for name in known):
        found |= {said: (name, True) for said, name in lists()["villages"].items()}
    for name in sorted(there):
        for said in lists()["called"].get(name, ()):
            for word, several in ((said, False), (lexicon.several(said), True)):
                if found.get(word, ("",))[0] not in known:
                    found[word] = name, several
    for name in sorted(known):  # a set has another order in each process, and names may meet: road, roads
        head = name.rpartition(" ")[2]
        plain = {*lists()["picture"], *lists()["covers"]}  # the cover of a name is that of a verb, too
        own = name in there and heads[head] == 1 and head not in found and head not in plain
        for said in (name, *((head,) if own else ())):
            one, more = said.lower(), lexicon.several(said.lower())  # texts are read without quotes
            found |= {f"plot of {one}": (name, False)} if lexicon.is_mass(name) else {}
            found |= {more.replace('"', ""): (name, True), one.replace('"', ""): (name, False)}
    return found


@lru_cache(maxsize=1000)  # pictures of a source have much in common
def names_by(known: frozenset[str], there: frozenset[str]) -> Mapping[str, Name]:
    """`names_of`, made once."""
    return names_of(known, there)


@cache
def _common_names() -> Mapping[str, Name]:
    names = {name: name for name in lexicon.thing_names()} | lists()["names"]
    names |= {  # the water area, the grass surface
        f"{said} {area}": name
        for said, name in names.items()
        for area in ("area", "surface")
        if lexicon.is_mass(name) and " " not in said
    }
    plurals = {lexicon.several(said): (name, True) for said, name in names.items()}
    plurals |= {said: (name, True) for said, name in lists()["several"].items()}
    names |= {  # a plot of cropland lies at the top
        f"{part} of {said}": name
        for said, name in names.items()
        for part in ("plot", "tract", "patch")
        if lexicon.is_mass(name) and " " not in said
    }
    return plurals | {said: (name, False) for said, name in names.items()}


@cache
def also_called(name: str) -> frozenset[str]:
    """Other names by which people call what a source calls so."""
    return frozenset(lists()["also"].get(name, ()))


def goes_by(name: str, wanted: str) -> bool:
    """Whether a thing of a name goes by another one."""
    return wanted in (name, *lexicon.synonyms(name), *lexicon.hypernyms(name), *also_called(name))


def implied(*names: str, words: str) -> frozenset[str]:
    """What is there where things of these names are, or what a scene's words name: roofs where houses are."""
    kinds = {kind for name in names for kind in (name, *lexicon.synonyms(name), *lexicon.hypernyms(name))}

    def is_there(whole: str) -> bool:
        return whole in kinds or f" {whole} " in f" {words} "

    implies = lists()["implies"].items()
    return frozenset(
        part for wholes, parts in implies if all(map(is_there, wholes.split(" + "))) for part in parts
    )


@cache
def is_stood_for(name: str) -> bool:
    """Whether another thing may stand for it."""
    return any(name in others for others in lists()["stands_for"].values())


def stands_for(name: str, other: str) -> bool:
    """Whether sources without a class of its own for a thing label it as another: boats as ships."""
    return other in lists()["stands_for"].get(name, ())


@cache
def is_surface(name: str) -> bool:
    """Whether it is what one sees of a thing from above."""
    return name in lists()["surfaces"]
