"""Names of classes of which nobody knows whether a picture shows one: nothing is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from mpgi_ray.data.sample import Annotation
from mpgi_ray.rules import lexicon
from mpgi_ray.rules.english import with_article
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.verdict import Verdict, check


def open_names(note: Annotation, facts: Facts, texts: Iterable[str]) -> tuple[str, ...]:
    """Names of things that may be there although nothing says so, in alphabetical order.

    They are of classes that the source does not annotate exhaustively, or not at all; no name of what is
    there may name them, and no text has them.

    Args:
        texts: about the picture.
    """
    told = {label: lexicon.class_name(label, kind.name) for label, kind in note.vocabulary.items()}
    surfaces = {lexicon.surface_name(label, kind.name) for label, kind in note.vocabulary.items()}
    partly = {told[k] for k, kind in note.vocabulary.items() if kind.countable and not kind.exhaustive}
    present = {*facts.labels, *(c.name for c in facts.classes), *(c.name for c in facts.cover)}
    outside = _outside(frozenset({*told.values(), *surfaces, *present} - {""}))
    scene = [lexicon.scene_phrase(one) or lexicon.humanise(one) for one in facts.scenes]
    said = " ".join((*texts, *note.captions, *scene, *facts.tags)).lower()
    unsure = {name for name in partly - {""} if not any(alike(name, one) for one in present)}
    return tuple(sorted(n for n in unsure | outside if n not in said and " labelled " not in n))


def is_decided(name: str, facts: Facts) -> bool:
    """Whether the truth check can say if there is one: it knows more words for things than sources do."""
    judged = check(f"There is {with_article(name)}. There are {lexicon.several(name)}.", facts)
    return any(one.verdict is not Verdict.UNVERIFIABLE for one in judged)


def alike(name: str, other: str) -> bool:
    """Whether two names may name one thing: a car is a vehicle, a large vehicle is a vehicle."""
    if f" {name}".endswith(f" {other}") or f" {other}".endswith(f" {name}"):
        return True
    return not (_called(name).isdisjoint(_kinds(other)) and _called(other).isdisjoint(_kinds(name)))


@lru_cache(maxsize=4096)
def _called(name: str) -> frozenset[str]:
    return frozenset({name, *lexicon.synonyms(name)})


@lru_cache(maxsize=4096)
def _kinds(name: str) -> frozenset[str]:
    return _called(name) | {*lexicon.hypernyms(name)}


@lru_cache(maxsize=256)
def _outside(known: frozenset[str]) -> frozenset[str]:
    """Names of the lexicon that name none of what a source annotates."""
    return frozenset(
        name
        for name in lexicon.thing_names()
        if not lexicon.is_mass(name)
        and not lexicon.is_generic(name)
        and not any(alike(name, one) for one in known)
    )
