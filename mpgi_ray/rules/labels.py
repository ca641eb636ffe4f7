"""The labels that the lexicon does not know, found before texts are written and told in a few words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mpgi_ray.data.sample import Annotation
from mpgi_ray.rules.lexicon import class_name, is_known, scene_phrase, several, spelled

_LISTED = 12
_SCENE, _AREA, _OBJECT = "scene", "area", "object"


class Unknown(NamedTuple):
    """A label that texts can only quote, and what bears it: ``object``, ``area`` (of a mask) or ``scene``."""

    label: str
    thing: str

    def __str__(self) -> str:
        said = spelled(self.label, self.thing)
        return f"a {said}" if self.thing == _SCENE else several(said)


def unknown_labels(annotations: Iterable[Annotation]) -> Counter[Unknown]:
    """The labels that texts can only quote, each with the number of samples in which it stands.

    Labels that only a vocabulary lists are there with 0: other samples may have them.
    """
    found: Counter[Unknown] = Counter()
    for note in annotations:
        found.update(_standing(note))
        for label, kind in note.vocabulary.items():
            if not is_known(label, kind.name, surface=not kind.countable):
                found[Unknown(label, _OBJECT if kind.countable else _AREA)] += 0
    return found


def plurals(note: Annotation) -> dict[str, str]:
    """The plurals that a source gives, by the name of their class: what `several` takes beside the name."""
    kinds = [kind for _, kind in sorted(note.vocabulary.items()) if kind.plural]
    return {class_name("", kind.name): str(kind.plural) for kind in reversed(kinds)}


def unknown_in_words(unknown: Mapping[Unknown, int], where: str = "") -> str:
    """What a user should know of labels before texts are written, in two lines; empty if all are known.

    Args:
        unknown: as `unknown_labels` counts them.
        where: what was looked at, if that is not everything: ``3 of 20 shards``.
    """
    if not unknown:
        return ""
    often = sorted(unknown, key=lambda one: (-unknown[one], one))
    told = ", ".join(f"{one} ({_samples(unknown[one])})" for one in often[:_LISTED])
    more = f" and {len(often) - _LISTED:,} more" if len(often) > _LISTED else ""
    head = (
        f"note: {len(often):,} label{' is' if len(often) == 1 else 's are'} not known as the name of a thing"
    )
    line = f"{head}{where and f', in {where}'}; texts say: {told}{more}"
    classes = [one.label for one in often if one.thing != _SCENE]
    if not classes:
        return line
    name = f"vocabulary: {{{json.dumps(classes[0], ensure_ascii=False)}: {{name: SINGULAR, plural: PLURAL}}}}"
    fix = "A source file (`mpgi ingest … --source FILE`) says what they name, beside the other classes"
    return f"{line}\n{fix}: {name}"


def _standing(note: Annotation) -> set[Unknown]:
    """The unknown labels of one sample."""
    labels = {*note.labels, *(thing.label for thing in note.objects)}
    objects = (label for label in labels if not is_known(label, note.label_class(label).name))
    areas = (label for label in note.cover if not is_known(label, note.label_class(label).name, surface=True))
    scenes = (scene for scene in note.scene if scene_phrase(scene) is None)
    things = ((_OBJECT, objects), (_AREA, areas), (_SCENE, scenes))
    return {Unknown(label, thing) for thing, found in things for label in found}


def _samples(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}" if count else "only in the vocabulary"
