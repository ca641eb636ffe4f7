"""Words of denial that do not deny of the whole picture: ``not without cars``, a part of it that is named."""

from __future__ import annotations

from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_WITHOUT = ("without", "free", "empty", "devoid", "clear", "lack", "bare")
_SIDES = ("bottom", "top", "left", "right", "middle", "centre", "center", "rest", "remainder", "foot", "head")


def is_doubled(line: Line, noun: Noun) -> bool:
    """``no side of the yard is without cars``, ``the yard is not without cars``: there are some."""
    if not line.text(noun.first).startswith(_WITHOUT):
        return False
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.turns(n)), 0)
    own = any(
        first <= one.first < noun.first and one.denied for one in line.nouns
    )  # no cars, no road without
    return not own and any(
        line.kind(n) is Kind.DENIAL or line.text(n) in lists()["not"] or line.text(n).endswith("n't")
        for n in range(first, noun.first)
    )


def is_of_named_part(line: Line, noun: Noun) -> bool:
    """``the bottom of the scene is water without any boat``: of that part alone."""
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.ends_clause(n)), 0)
    first += line.text(first) in ("whereas", "while", "and", "but")
    side = first + (line.text(first) == "the")
    named = line.text(side) in _SIDES and line.text(side + 1) == "of"
    named &= line.text(noun.first).startswith("without")
    return named and any(line.kind(side + n) is Kind.PICTURE for n in (2, 3))
