"""What several sources say of one picture, as one annotation: that of the kept one, and what it lacks.

What is said stays true. Boxes and covers of two sources would be counted twice, so they come along only where
the kept one has none, of one source. A class that the kept one's source labels exhaustively, but not here,
and that another source sees here, is no longer exhaustive: neither an absence nor an exact number is said of
it. An entry of a vocabulary that comes along is exhaustive only if no other source annotates the class.

Captions come along under the same licence alone, since a sample names one. Nothing comes along of a source
whose licence forbids that texts on its pictures are published, unless that of the kept one forbids it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from mpgi_ray.curate.duplicates.hashing import ANNOTATED
from mpgi_ray.curate.duplicates.texts import normalised
from mpgi_ray.data.licence import forbids_texts
from mpgi_ray.data.sample import Annotation, LabelClass
from mpgi_ray.data.shards import encode_json
from mpgi_ray.rules import lexicon

_WHOLE = ("objects", "cover")  # of one source, or not at all
_IF_AGREED = ("map", "gsd", "date", "place", "sensor", "bounds")


class Part(NamedTuple):
    """A field of an annotation, and the number of the one of the others that has it."""

    name: str
    other: int


@dataclass
class Merged:
    """A merge.

    Attributes:
        annotation: the kept one's, with what came along.
        taken: what came along, and of which of the others; ``vocabulary`` for a class that is no longer
            exhaustive, as the other one sees it here.
        refused: what did not, because of a licence.
    """

    annotation: Annotation
    taken: list[Part] = field(default_factory=list)
    refused: list[Part] = field(default_factory=list)


def merged(kept: Annotation, others: Sequence[Annotation]) -> Merged:
    """The annotation of a picture with what others say of the same bytes; their order does not matter.

    Of the others, the one of which most is annotated comes first. One for a picture of another size is none
    for this picture, and left.
    """
    ranks = {number: _rank(one) for number, one in enumerate(others)}
    same = [n for n in sorted(ranks, key=ranks.__getitem__) if _size(others[n]) == _size(kept)]
    free = [n for n in same if _may_be_told(others[n].licence, kept.licence)]
    result = Merged(kept, refused=_refused(kept, others, same, free))
    values: dict[str, Any] = {}
    brought: list[tuple[str, int, str]] = []  # label, which of the others, and the field that has it

    def take(name: str, value: Any, number: int) -> None:
        values[name] = value
        result.taken.append(Part(name, number))

    for number in same:  # whatever the licences: what would be false is not said
        if others[number].false_colour and not kept.false_colour:
            take("false_colour", True, number)
        if disputed := _disputed(kept, others[number]):
            take("vocabulary", _weakened(values.get("vocabulary", kept.vocabulary), disputed), number)
    for name in _WHOLE:
        for number in [n for n in free if getattr(others[n], name) and not getattr(kept, name)][:1]:
            take(name, getattr(others[number], name), number)
            brought += [(label, number, name) for label in _labels(others[number], name)]
    placed = {*_labels(kept, *_WHOLE), *(label for label, *_ in brought)}  # told better than by a mere label
    for number in free:
        for name in ("scene", "labels", "captions"):
            if name == "captions" and others[number].licence != kept.licence:
                continue
            own = values.get(name, getattr(kept, name))
            there = placed.union(own) if name == "labels" else own
            if more := _new(there, getattr(others[number], name), normalised if name == "captions" else str):
                take(name, (*own, *more), number)
                brought += [(label, number, name) for label in more if name == "labels"]
        own = values.get("tags", kept.tags)
        if new := {key: value for key, value in others[number].tags.items() if key not in own}:
            take("tags", {**own, **new}, number)
    for name in _IF_AGREED:
        if name == "map" and kept.tags:  # beside a map, tags are not told: these would be lost to texts
            continue
        told = [(getattr(others[n], name), n) for n in free if getattr(others[n], name) is not None]
        if told and getattr(kept, name) is None and all(value == told[0][0] for value, _ in told):
            take(name, *told[0])
    if brought:
        own = values.get("vocabulary", kept.vocabulary)
        values["vocabulary"] = _with_entries(own, kept, others, same, brought)
    result.annotation = kept.model_copy(update=values)
    return result


def _disputed(kept: Annotation, other: Annotation) -> frozenset[str]:
    """The classes that the kept one's source labels exhaustively, but not here, and the other one does."""
    own = _called(kept)
    seen = _kinds(_called(other) - own) - own
    return frozenset(n for n, kind in kept.vocabulary.items() if kind.exhaustive and seen & _names(n, kind))


def _weakened(vocabulary: dict[str, LabelClass], labels: Iterable[str]) -> dict[str, LabelClass]:
    return vocabulary | {n: vocabulary[n].model_copy(update={"exhaustive": False}) for n in labels}


def _with_entries(
    own: dict[str, LabelClass],
    kept: Annotation,
    others: Sequence[Annotation],
    same: Sequence[int],
    brought: Sequence[tuple[str, int, str]],
) -> dict[str, LabelClass]:
    """The kept one's vocabulary with entries for labels that come along.

    Args:
        same: the numbers of the others that are considered.
        brought: a label, which of the others has it, and in which field.
    """
    if not own:
        if not any(others[number].vocabulary for _, number, _ in brought):
            return own  # nothing is known of any label
        own = dict.fromkeys(_labels(kept, *_WHOLE, "labels"), LabelClass())
    if any(name == "cover" for *_, name in brought):
        # the mask of another source may not know a surface that the kept one's source marks completely
        own = _weakened(own, [label for label, kind in own.items() if not kind.countable])
    new: dict[str, LabelClass] = {}
    for label, number, name in brought:
        kind = others[number].label_class(label)
        complete = kind.exhaustive and name == ("objects" if kind.countable else "cover")
        rest = (kept, *(others[n] for n in same if n != number))
        alone = complete and not any(_names(label, kind) & _kinds(_called(one)) for one in rest)
        new.setdefault(label, kind.model_copy(update={"exhaustive": alone}))
    return new | own


def _refused(
    kept: Annotation, others: Sequence[Annotation], same: Sequence[int], free: Sequence[int]
) -> list[Part]:
    """What a licence holds back: captions of another one, and all of what may not be told."""
    parts = [Part(name, n) for n in same if n not in free for name in ANNOTATED if getattr(others[n], name)]
    captions = [n for n in free if others[n].captions and others[n].licence != kept.licence]
    return parts + [Part("captions", n) for n in captions]


def _may_be_told(licence: str | None, kept: str | None) -> bool:
    return forbids_texts(licence) is None or licence == kept or forbids_texts(kept) is not None


def _new(own: Iterable[str], more: Iterable[str], form: Callable[[str], str]) -> list[str]:
    """Those that are not there in this form, each once, without blank ones."""
    there = {"", *map(form, own)}
    by_form: dict[str, str] = {}
    for one in more:
        by_form.setdefault(form(one), one)
    return [one for told, one in by_form.items() if told not in there]


def _labels(annotation: Annotation, *names: str) -> list[str]:
    """The labels in some fields, each once."""
    values = (getattr(annotation, name) for name in names)
    return list(dict.fromkeys(getattr(one, "label", one) for one in chain(*values)))


def _called(annotation: Annotation) -> frozenset[str]:
    """The names of the classes that are annotated, with other names for the same."""
    labels = _labels(annotation, *_WHOLE, "labels")
    names = frozenset(chain(*(_names(label, annotation.label_class(label)) for label in labels)))
    return names.union(*map(lexicon.synonyms, names))


def _kinds(names: frozenset[str]) -> frozenset[str]:
    """They, and what they are kinds of: a source may label ships where another one labels vessels."""
    return names.union(*map(lexicon.hypernyms, names))


def _names(label: str, kind: LabelClass) -> frozenset[str]:
    named = lexicon.class_name(label, kind.name), lexicon.surface_name(label, kind.name)
    return frozenset(filter(None, named))


def _size(annotation: Annotation) -> tuple[int, int]:
    return annotation.width, annotation.height


def _rank(annotation: Annotation) -> tuple[int, bytes]:
    return -sum(len(getattr(annotation, name)) for name in ANNOTATED), encoded(annotation)


def encoded(annotation: Annotation) -> bytes:
    """The annotation as JSON, without what is not told."""
    return encode_json(annotation.model_dump(mode="json", exclude_defaults=True))
