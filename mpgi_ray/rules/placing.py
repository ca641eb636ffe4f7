"""Sentences on where the objects of a class lie: their arrangement, halves, and cells of the 3×3 grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mpgi_ray.rules import phrases
from mpgi_ray.rules.english import choose, enumerate_, number, sentence
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.geometry import HALVES, PLACES, cell, in_half
from mpgi_ray.rules.lexicon import is_mass
from mpgi_ray.rules.listing import Item
from mpgi_ray.rules.phrases import IN_PLACE, MANY
from mpgi_ray.rules.things import again, group, is_one

_LISTED = 3  # places of a list at most
_BORDERS = (
    ("along the top", (0, 1, 2)),
    ("along the bottom", (6, 7, 8)),
    ("along the left side", (0, 3, 6)),
    ("along the right side", (2, 5, 8)),
)
_NAMED = 4  # cells of a list without numbers: more would say no more than "over much of the image"
_SEVERAL, _MANY_THERE = 3, 6  # objects in a cell at least, where several or many are said to lie there
_WIDE = 0.6  # of the image: least extent of what is spread
_ENOUGH = 4  # objects of a class at least, where most of them are said to lie in a half
_MOSTLY = 0.75  # of them that must lie there


def item(facts: Facts, c: ClassFact) -> Item:
    """A group with all that is clear of where it is."""
    return Item(group(facts, c), _arranged(c), _place_of(c))


def spread(c: ClassFact) -> str:
    """`` spread over most of the image``, ``, most of them on the left``, behind a group that has no place.

    It is for a group that a text names alone, so that no further sentence needs to point back at it.
    """
    if _how(c) or _numbers(c):
        return ""
    over, (word, where) = _cells(c) or _over(c), _part(c)
    return f" {over}" if over else f", {word} of them {where}" if word else ""


def stand(facts: Facts, classes: Sequence[ClassFact]) -> list[str]:
    """Sentences on the places of classes, for a perspective: one for neighbours of which the same is true."""
    told = []
    known = [(c, so) for c in classes if (so := _stands(c))]
    for (so, _), some in groupby(known, key=lambda one: (one[1], _is_apart(one[0]) and one[0].name)):
        members = [c for c, _ in some]
        alike = [group(facts, c) for c in members]
        be = "is" if len(alike) == 1 and is_one(alike[0]) else "are"
        parts = enumerate_([f"{word} of {again(c)}" for c in members if (word := _part(c)[0])])
        told.append(sentence(so.format(subject=enumerate_(alike), be=be, parts=parts)))
    return told


def _is_apart(c: ClassFact) -> bool:
    """Whether what is said of where they lie would be read of the things of two classes together."""
    return c.arrangement is not None or (not _place(c) and bool(_numbers(c)))


def _stands(c: ClassFact) -> str:
    """A frame of a sentence on the places of a class; empty where most of them are not known."""
    if phrases.is_undercount(c):
        return ""
    how, numbers = _how(c), _numbers(c)
    if numbers and not c.arrangement and not _place(c):
        return f"of the {{subject}}, {_listed(numbers, 'are' if numbers[0][0] > 1 else 'is')}"
    all_ = _cells(c) or _over(c)
    if how:
        # a part of the place that all are said to lie in says little more
        rest = "" if _place(c) or not all_ or all_.startswith("spread") else f", {all_}"
        return f"{{subject}} {{be}} {how}{rest}"
    word, where = _part(c)
    if word and not all_:
        return f"{{parts}} are {where}"
    said = all_ or _sides(c)
    return f"{{subject}} {{be}} {said}" if said else ""


def by_cells(c: ClassFact, seed: str, *, named: bool) -> str | None:
    """A sentence on the cells that a class was found in, for a text that told its number before.

    Args:
        named: whether it names the class; if not, the sentence before did.
    """
    who = again(c)
    if _place(c):
        return None
    if numbers := _numbers(c):
        said = _listed(numbers, "is" if numbers[0][0] == 1 else "are")
        return sentence(f"of {who}, {said}" if named else said)
    over = _cells(c) or _over(c)
    if c.arrangement and over.startswith("spread"):
        return None
    if over:
        one = c.total == 1 if c.countable else is_mass(c.name)
        subject = who if named else "it" if one else "they"
        verb = choose(("is" if one else "are", "can be found" if _cells(c) else "are"), seed, c.name)
        return sentence(f"{subject} {verb} {over}")
    word, where = _part(c)
    return sentence(f"{word} of {who if named else 'them'} are {where}") if word else None


def _how(c: ClassFact) -> str:
    """Arrangement and place of all, as far as they are clear."""
    return f"{_arranged(c)} {_place_of(c)}".strip()


def _place_of(c: ClassFact) -> str:
    across = c.arrangement is not None and c.arrangement.lines == 1
    return _place(c).replace("around the centre", "across the centre") if across else _place(c)


def _arranged(c: ClassFact) -> str:
    return phrases.arranged(c.arrangement) if c.arrangement else ""


def _place(c: ClassFact) -> str:
    """Where all lie; empty if the arrangement says it, or if most of them are not known."""
    return "" if _is_told(c) or phrases.is_undercount(c) else phrases.where(c)


def _is_told(c: ClassFact) -> bool:
    """Whether the arrangement says where all lie."""
    return c.arrangement is not None and phrases.is_whole(c.arrangement)


def _used(c: ClassFact) -> list[int]:
    """The cells in which one lies whose place nobody would dispute; none where they say nothing more."""
    used = [i for i, n in enumerate(phrases.clear_cells(c)) if n]
    told = _is_told(c) or phrases.is_undercount(c) or (len(used) == 1 and c.clear == c.cells)
    return [] if told else used


def _numbers(c: ClassFact) -> list[tuple[int, str]]:
    """How many lie in which cell, where that is known of all."""
    if not c.exact or c.clear != c.cells or c.total > MANY:
        return []
    return [(c.clear[i], IN_PLACE[i]) for i in _used(c)]


def _cells(c: ClassFact) -> str:
    """``on the left and at the top``: the cells of all, if they are few; without numbers."""
    used = _used(c)
    return enumerate_([IN_PLACE[i] for i in used]) if c.clear == c.cells and len(used) <= _NAMED else ""


def _over(c: ClassFact) -> str:
    """``mostly in the left half``, ``spread over much of the image``; empty if neither holds."""
    if _is_told(c) or phrases.is_undercount(c):
        return ""
    if c.complete and not c.groups and len(c.boxes) >= _ENOUGH:
        for name in HALVES:
            share = sum(in_half(box, name, 1, 1) for box in c.boxes) / len(c.boxes)
            if share >= _MOSTLY:
                return f"{'mostly ' if share < 1 else ''}in the {name} half"
    used, held = _used(c), sum(n > 0 for n in c.cells)
    if held <= _NAMED or min(_extents(c)) < _WIDE:
        return ""
    if not c.countable:
        return f"in {'every part' if len(used) == len(PLACES) else 'many parts'} of the image"
    most = sorted(sorted(used, key=lambda i: -c.clear[i])[:2])
    told = [i for i in most if c.clear[i] >= max(_SEVERAL, c.total / len(PLACES))]
    amount = "many" if told and min(c.clear[i] for i in told) >= _MANY_THERE else "several"
    if len(used) == len(PLACES):
        over = "spread over the whole image"
    else:
        over = f"spread over {'most' if held > _NAMED + 1 else 'much'} of the image"
    return over + (f", {amount} of them {enumerate_([IN_PLACE[i] for i in told])}" if told else "")


def _extents(c: ClassFact) -> tuple[float, float]:
    """How far the middles lie apart, across and down, in widths and heights of the image; 0 without any."""
    middles = [box.middle for box in c.boxes] or [(0.0, 0.0)]
    across, down = (max(axis) - min(axis) for axis in zip(*middles, strict=True))
    return across, down


def _part(c: ClassFact) -> tuple[str, str]:
    """``most`` and ``on the left and at the top``, the cells in which so many lie; empty where few are known.

    ``several`` of a class of which there may be more than is annotated. No numbers: one beside the border of
    a cell may be counted there, too. Where the smaller ones are, nobody sees most of a class.
    """
    if c.total < _SEVERAL or not c.countable or c.groups:
        return "", ""
    everything = c.total + c.left_out
    for least in (2, 1):
        cells = sorted((i for i in _used(c) if c.clear[i] >= least), key=lambda i: -c.clear[i])[:_NAMED]
        number = sum(c.clear[i] for i in cells)
        if 2 * number > everything and len(told := _joined(cells)) <= _LISTED and _hold_most(c, cells):
            return ("most" if c.complete else "several" if number >= _SEVERAL else ""), enumerate_(told)
    return "", ""


def _hold_most(c: ClassFact, cells: Sequence[int]) -> bool:
    """Whether half of what the things cover lies in these cells, by their middles."""
    areas = [(box.area, cell(box, 1, 1)) for box in c.boxes]
    return 2 * sum(area for area, at in areas if at in cells) >= sum(area for area, _ in areas)


def _joined(cells: Sequence[int]) -> list[str]:
    """Cells in words, the three along a border as one."""
    told, rest = [], set(cells)
    for border, side in _BORDERS:
        if set(side) <= rest:
            told.append(border)
            rest -= set(side)
    return [*told, *(IN_PLACE[i] for i in sorted(rest))]


def _listed(numbers: list[tuple[int, str]], verb: str) -> str:
    """``two are on the left and one at the top``: how many of things lie in which place.

    Args:
        verb: between the first number and its place.
    """
    (first, place), *others = numbers
    return enumerate_([f"{number(first)} {verb} {place}", *(f"{number(n)} {at}" for n, at in others)])


def _sides(c: ClassFact) -> str:
    """By centre and edge, where no cell is clear; empty where even that says nothing."""
    if not c.total:
        return "somewhere in the image"
    if not c.edge:
        return "near the centre"
    return "" if c.centre else "near the edges"
