"""An annotation, counted and placed: its facts.

Sources label partly. A number is exact, and an absence can be said, only of a class that the source's
vocabulary calls exhaustive and countable, and of which nothing was left out here. Left out of texts, and
counted as such, are objects

- too small to be seen at a model's input size,
- of which less than 0.7 lies in the image (cut windows): from 0.2 on a text may say that a part is there,
- that the source itself marks as difficult: a text does not assert what an annotator hardly recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mpgi_ray.data.sample import Annotation, Box, Object
from mpgi_ray.rules import geometry, lexicon
from mpgi_ray.rules.arrangement import arrangement_of
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.form import form_of
from mpgi_ray.rules.labels import plurals
from mpgi_ray.rules.relations import find_relations
from mpgi_ray.rules.setting import setting_of
from mpgi_ray.rules.tags import tag_phrase, visible_tags

COUNTED = 0.7  # of an object's own area that lies in the image, as in DOTA's windows; less is not counted
PARTLY = 0.2  # of which less is not told at all


def gather(annotation: Annotation, *, view_px: int = 224, min_px: int = 4) -> Facts:
    """The facts of an annotation.

    Args:
        view_px: the size in pixels to which a model scales the image's longer side.
        min_px: an object of less than ``min_px × min_px`` pixels at that size is left out.
    """
    scale = view_px / max(annotation.width, annotation.height)
    names = _names(annotation)
    by_name: dict[str, list[Object]] = {}
    for obj in annotation.objects:
        by_name.setdefault(names[obj.label], []).append(obj)
    unnamed = {label for label, name in names.items() if not name}
    by_name.pop("", None)
    kept = {
        name: [o for o in objects if not o.crowd and _is_told(o, scale, min_px)]
        for name, objects in by_name.items()
    }
    given = plurals(annotation)
    classes = [
        replace(
            _class_fact(name, objects, kept[name], annotation, given.get(name)),
            partly=sum(_is_part(o, scale, min_px) for o in objects),
            tiny=sum(_is_tiny(o, scale, min_px) for o in objects),
        )
        for name, objects in by_name.items()
    ]
    classes.sort(key=lambda c: (-c.total, c.name))
    exact = frozenset(c.name for c in classes if c.exact)
    countable = {c.name: kept[c.name] for c in classes if c.countable}
    cover = _cover(annotation, given)
    labels = tuple(dict.fromkeys(names[x] for x in annotation.labels if names[x] and names[x] not in by_name))
    return Facts(
        scenes=annotation.scene,
        classes=tuple(classes),
        labels=labels,
        plural=tuple(
            name
            for name in labels
            if any(names[x] == name and lexicon.is_plural(x) for x in annotation.labels)
        ),
        complete=tuple(sorted(_complete(annotation, names))),
        absent=_absent(annotation, names, {*by_name, *labels, *(names[x] for x in annotation.cover)}),
        relations=find_relations(countable, exact, annotation.width, annotation.height),
        cover=cover,
        uncovered=_uncovered(annotation, {fact.name for fact in cover}),
        tags=_tags(annotation),
        setting=setting_of(annotation.map.central if annotation.map else None, annotation.gsd),
        gsd=annotation.gsd,
        date=annotation.date,
        place=annotation.place,
        sensor=annotation.sensor,
        false_colour=annotation.false_colour,
        plurals=given,
        unnamed=tuple(sorted(unnamed)),
    )


def told_objects(annotation: Annotation, *, view_px: int = 224, min_px: int = 4) -> list[tuple[str, Object]]:
    """The objects that facts speak of, each with the name that texts give its class; largest box first."""
    scale = view_px / max(annotation.width, annotation.height)
    names = _names(annotation)
    told = [o for o in annotation.objects if names[o.label] and not o.crowd and _is_told(o, scale, min_px)]
    return [(names[o.label], o) for o in sorted(told, key=lambda o: -o.box.area)]


def _names(annotation: Annotation) -> dict[str, str]:
    labels = {o.label for o in annotation.objects} | {
        *annotation.labels,
        *annotation.cover,
        *annotation.vocabulary,
    }
    return {label: lexicon.class_name(label, annotation.label_class(label).name) for label in sorted(labels)}


def _is_seen(obj: Object, scale: float, min_px: int) -> bool:
    return geometry.area(obj) * scale * scale >= min_px * min_px


def _is_told(obj: Object, scale: float, min_px: int) -> bool:
    return _is_seen(obj, scale, min_px) and obj.visible >= COUNTED and not obj.difficult


def _is_part(obj: Object, scale: float, min_px: int) -> bool:
    single = not obj.difficult and not obj.crowd
    return single and PARTLY <= obj.visible < COUNTED and _is_seen(obj, scale, min_px)


def _is_tiny(obj: Object, scale: float, min_px: int) -> bool:
    single = not obj.difficult and not obj.crowd
    return single and obj.visible >= COUNTED and not _is_seen(obj, scale, min_px)


def _class_fact(
    name: str,
    objects: list[Object],
    kept: list[Object],
    annotation: Annotation,
    plural: str | None,
) -> ClassFact:
    size = annotation.width, annotation.height
    labels = tuple(sorted({o.label for o in objects}))
    kinds = [annotation.label_class(label) for label in labels]
    countable = all(kind.countable for kind in kinds) and not lexicon.is_mass(name)
    groups = sum(o.crowd for o in objects)
    left_out = len(objects) - groups - len(kept)
    centre = sum(geometry.in_centre(o.box, *size) for o in kept)
    return ClassFact(
        name=name,
        labels=labels,
        centre=centre,
        edge=len(kept) - centre,
        cells=_per_cell(kept, size),
        clear=_per_cell([o for o in kept if geometry.has_clear_place(o.box, *size)], size),
        left_out=left_out,
        groups=groups,
        plural=plural,
        exact=countable and all(kind.exhaustive for kind in kinds) and not left_out and not groups,
        countable=countable,
        complete=countable and all(kind.exhaustive for kind in kinds),
        boxes=tuple(_in_shares(o.box, *size) for o in objects if not o.crowd),
        half=geometry.half([o.box for o in kept], *size),
        form=form_of(kept, *size, annotation.gsd) if countable and kept else None,
        # what is left out may lie between and beside the others: a row of them is none that an eye sees
        arrangement=arrangement_of(kept, *size) if countable and not left_out and not groups else None,
    )


def _per_cell(objects: Iterable[Object], size: tuple[int, int]) -> tuple[int, ...]:
    counts = [0] * len(geometry.PLACES)
    for obj in objects:
        counts[geometry.cell(obj.box, *size)] += 1
    return tuple(counts)


def _cover(annotation: Annotation, given: Mapping[str, str]) -> tuple[CoverFact, ...]:
    kinds = {label: annotation.label_class(label) for label in annotation.cover}
    facts = [
        CoverFact(
            name,
            told.fraction,
            told.cells,
            told.patches,
            given.get(name),
            kinds[label].exhaustive,
            tuple(_in_shares(box, annotation.width, annotation.height) for box in told.regions),
        )
        for label, told in annotation.cover.items()
        if (name := lexicon.surface_name(label, kinds[label].name)) and told.fraction > 0
    ]
    return tuple(sorted(facts, key=lambda c: (-c.fraction, c.name)))


def _uncovered(annotation: Annotation, there: set[str]) -> tuple[str, ...]:
    """Names of completely marked surfaces without a pixel, if the picture has a mask."""
    if not annotation.cover:
        return ()
    marked = {
        lexicon.surface_name(label, kind.name)
        for label, kind in annotation.vocabulary.items()
        if kind.exhaustive and not kind.countable
    }
    return tuple(sorted(name for name in marked - there if name))


def unseen(annotation: Annotation, *, view_px: int = 224, min_px: int = 4) -> int:
    """How many objects are too small to be seen, see `gather`."""
    scale = view_px / max(annotation.width, annotation.height)
    return sum(not _is_seen(o, scale, min_px) for o in annotation.objects)


def _in_shares(box: Box, width: float, height: float) -> Box:
    return Box(box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height)


def _complete(annotation: Annotation, names: Mapping[str, str]) -> set[str]:
    """Names of the countable classes that the source labels exhaustively."""
    return {
        names[label]
        for label, kind in annotation.vocabulary.items()
        if kind.exhaustive and kind.countable and names[label] and not lexicon.is_mass(names[label])
    }


def _tags(annotation: Annotation) -> tuple[str, ...]:
    """Phrases for the map tags that show, of each feature one where the features are known."""
    if annotation.map is None:
        return visible_tags(annotation.tags, annotation.gsd)
    told = (tag_phrase(tag, annotation.gsd) for tag in annotation.map.shown)
    return tuple(dict.fromkeys(phrase for phrase in told if phrase))


def _absent(annotation: Annotation, names: Mapping[str, str], present: set[str]) -> tuple[str, ...]:
    """Names of exhaustive countable classes without any annotation.

    "No vehicles" beside "three small vehicles" would read as a contradiction, and so would "no airplanes"
    at an airfield: a name that ends a present one, or stands in a scene's or a tag's phrase, is not absent.
    """
    candidates = _complete(annotation, names) - lexicon.generic_names()
    if not candidates:
        return ()
    phrases = [lexicon.scene_phrase(scene) or lexicon.humanise(scene) for scene in annotation.scene]
    words = " ".join((*phrases, *visible_tags(annotation.tags, annotation.gsd)))
    return tuple(
        name
        for name in sorted(candidates)
        if not any(f" {p}".endswith(f" {name}") for p in present) and name not in words
    )
