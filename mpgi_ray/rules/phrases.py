"""Noun phrases: how many of what, and where. They are shared by the sentences and their retelling."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

from mpgi_ray.rules.arrangement import Arrangement, Pattern
from mpgi_ray.rules.english import number, with_article, with_look
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.form import Form
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import humanise, hypernyms, implied_by, is_mass, is_several, said_as, scene_phrase
from mpgi_ray.rules.relations import Kind, Relation

MANY = 12  # above it a number is written in digits; in facts a coarse word stands beside it
_FEW = 3  # of which a number says enough
_STEPS = ((100, 1), (1000, 50), (math.inf, 500))  # numbers below -> multiples told
IN_PLACE = (  # as `PLACES`
    "in the upper left", "at the top", "in the upper right",
    "on the left", "in the centre", "on the right",
    "in the lower left", "at the bottom", "in the lower right",
)  # fmt: skip


def amount(c: ClassFact, n: int, look: str = "") -> str:
    """``three cars``, ``at least three red cars``, ``many ships (309)``; a mass without number.

    Args:
        look: adjectives that stand before the name.
    """
    if not c.countable:
        return with_look(look, c.several)
    noun = with_look(look, c.name if n == 1 else c.several)
    told = number(n) if c.exact else f"at least {number(n)}"
    return f"many {noun} ({told})" if n > MANY else f"{told} {noun}"


def amount_told(c: ClassFact, look: str = "") -> str:
    """The number of a class as a reader would give it: ``one bus``, ``more than 25 cars``, ``many ships``.

    A number that leaves most of them out says too little: ``many cars`` of two that show and 48 too small.

    Args:
        look: adjectives that stand before the name.
    """
    if not c.countable:
        return with_look(look, c.several)
    n, noun = c.total, with_look(look, c.name if c.total == 1 else c.several)
    if is_undercount(c):
        return f"{'many' if n + c.tiny > MANY else 'several'} {with_look(look, c.several)}"
    if c.exact:
        return f"{number(n)} {noun}"
    if n == 1:
        return with_article(noun)
    return f"{_at_least(n) if n > MANY else f'at least {number(n)}'} {noun}"


def is_undercount(c: ClassFact) -> bool:
    """Whether most things of a class are too small to be counted: the number of the others misleads."""
    return c.countable and c.tiny > c.total > 0 and c.total + c.tiny > _FEW


def _at_least(n: int) -> str:
    """A large number that there may be more than, as round as people would give it: ``more than 25``."""
    step = next(step for bound, step in _STEPS if n < bound)
    low = n // step * step
    return f"at least {low}" if low == n else f"more than {low}"


def clear_cells(c: ClassFact) -> tuple[int, ...]:
    """`ClassFact.clear`, or zeros if it adds nothing to "in the centre"."""
    only_centre = c.edge == 0 and sum(c.clear) == c.clear[PLACES.index("centre")]
    return (0,) * len(PLACES) if only_centre else c.clear


def group(c: ClassFact) -> str:
    if not c.countable:
        return c.several
    return f"a group of {c.several}" if c.groups == 1 else f"groups of {c.several}"


def present(facts: Facts, names: Sequence[str]) -> list[str]:
    """Labels that are there in unknown number: ``grass``, ``cars``, ``at least one airplane``.

    A plural is the source's own, which labels a single one so, too, or sure: ``trees``, ``cars`` of a parking
    lot (`lexicon.is_several`).
    """
    sure = {n for n in names if n in facts.plural or is_mass(n) or is_several(n, facts.scenes)}
    plain = [facts.several(n) for n in names if n in sure]
    single = [f"at least one {n}" for n in names if n not in sure]
    return [*plain, *single, *(f"part of {with_article(name)}" for name in facts.parts)]


def related(facts: Facts, r: Relation) -> tuple[str, str]:
    """Subject and object of a relation: ``the van``, ``one of the vans`` that are near, ``the vans``."""
    return _related(facts, r, r.subject, r.single[0]), _related(facts, r, r.object, r.single[1])


def _related(facts: Facts, r: Relation, name: str, single: bool) -> str:
    if r.kind is Kind.NEAR:
        many = any(c.name == name and c.total + c.left_out + c.groups > 1 for c in facts.counted)
        return f"one of the {facts.several(name)}" if many else f"the {name}"
    return f"the {name if single else facts.several(name)}"


def scene(facts: Facts) -> str | None:
    """The first scene label that the lexicon knows, as a noun phrase."""
    return next((said_as(phrase) or phrase for phrase in map(scene_phrase, facts.scenes) if phrase), None)


def scene_of_things(facts: Facts) -> str | None:
    """As `scene`, for a sentence that goes on with the things in it: none of them is named twice.

    ``a river`` in place of ``a river with a bridge``, if a bridge is one of them; nothing of ``a bridge``.
    """
    whole = scene(facts)
    place, _, thing = (whole or "").partition(" with ")
    own = {word for c in facts.counted for word in (with_article(c.name), c.several)}
    named = own | {word for c in facts.counted for word in hypernyms(c.name)}
    return None if whole in own else place if thing in named else whole


def named_scene(facts: Facts) -> str | None:
    """As `scene_of_things`; a label that the lexicon does not know is quoted."""
    known = scene_of_things(facts)
    if known is None and facts.scenes:
        return f'an area labelled "{humanise(facts.scenes[0]) or facts.scenes[0]}"'
    return known


def month(date: str) -> str:
    """``June 2019`` of an ISO date; any other date as it is."""
    try:
        day = datetime.date.fromisoformat(date[:10])
    except ValueError:
        return date
    return f"{day:%B} {day.year}"


def untold_labels(facts: Facts) -> list[str]:
    """The labels whose class the scene's phrase neither names nor implies."""
    told = f" {scene(facts) or ''} "
    return [
        name
        for name in facts.labels
        if not any(f" {word} " in told for word in (name, facts.several(name), *implied_by(name)))
        and all(name != c.name for c in facts.cover)
    ]


def where(c: ClassFact) -> str:
    """Where all objects of a class lie, in one phrase; empty if no phrase holds for all."""
    used = [i for i, n in enumerate(c.clear) if n]
    if len(used) == 1 and c.clear == c.cells:
        return IN_PLACE[used[0]]
    if c.half:
        return f"in the {c.half} half"
    if c.total > 1 and not c.edge:
        return "around the centre"
    return "around the edges" if c.total > 3 and not c.centre else ""


def arranged(arrangement: Arrangement) -> str:
    """``in a horizontal row``, ``in three rows``, ``close together``."""
    along = f"{arrangement.direction} " if arrangement.direction else ""
    how = "mostly in" if arrangement.strays else "in"
    match arrangement.pattern:
        case Pattern.ROW:
            return f"{how} a {along}row"
        case Pattern.ROWS:
            return f"{how} {number(arrangement.lines)} {along}rows"
        case Pattern.GRID:
            return f"{how} a grid"
        case Pattern.CLUSTER:
            return "close together"
        case Pattern.BORDER:
            return "along the borders of the image"
        case Pattern.BOTH_SIDES:
            sides = (
                "the left and the right"
                if arrangement.direction == "horizontal"
                else "the top and the bottom"
            )
            return f"in two groups towards {sides}"
        case Pattern.SCATTERED:
            return "far apart over most of the image"


def is_whole(arrangement: Arrangement) -> bool:
    """Whether the arrangement says where the objects lie, too."""
    return arrangement.pattern in (Pattern.BORDER, Pattern.BOTH_SIDES, Pattern.SCATTERED)


def form(form: Form) -> list[str]:
    """Size and shape as predicates: ``large in the image``, ``elongated``, ``about 12 m long``.

    Small is what most things are from above: it is not said.
    """
    told = ["large in the image"] if form.size == "large" else []
    told += [form.shape] if form.shape else []
    return [*told, *_sides(form)]


def shape(form: Form) -> str:
    """Its length and width, or else its shape, which these tell as well, as a direction does; or empty."""
    return " ".join(_sides(form)) or ("" if form.direction else form.shape or "")


def _sides(form: Form) -> list[str]:
    if not form.metres:
        return []
    length, width = (metres(value) for value in form.metres)
    round_ = form.shape == "round" or length == width
    return [f"about {length} m across" if round_ else f"about {length} m long and {width} m wide"]


def metres(value: float) -> str:
    """A length to two figures: ``4.5``, ``12``, ``130``."""
    return f"{float(f'{value:.2g}'):g}"


def way(direction: str) -> str:
    """Which way long things lie in the image: ``from left to right``."""
    ways = {"horizontal": "from left to right", "vertical": "from top to bottom"}
    return ways.get(direction, "diagonally")
