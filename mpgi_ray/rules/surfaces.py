"""What a mask covers: phrases and sentences of how much of the image, in which part of it, by which name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from mpgi_ray.rules.english import choose, enumerate_, sentence, singular, with_article
from mpgi_ray.rules.facts import CoverFact, Facts
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import is_mass, is_several, said_as
from mpgi_ray.rules.phrases import IN_PLACE, scene

_THIRDS = {
    "top third": {0, 1, 2},
    "bottom third": {6, 7, 8},
    "left third": {0, 3, 6},
    "right third": {2, 5, 8},
}
MIN_COVER = 0.01  # of the image; less is too small to see
_PARTS = 2  # that a surface is said to fill: more would be nearly all
_NET = 0.18  # of the image: a patch of roads as large is a net of them
_NEARLY_ALL = 0.72  # of the image, of which the parts need not be told
TOLD_COVER = 0.05  # of the image; less is not told among the main things
# upper bound of a fraction -> words; people do not estimate cover more finely. The bounds lie about one half
# as mirror images, so that the words for two parts that fill a whole make one
_SHARES = (
    (0.05, "a very small part"),
    (0.18, "a small part"),
    (0.28, "about a quarter"),
    (0.42, "about a third"),
    (0.58, "about half"),
    (0.72, "about two thirds"),
    (0.95, "most"),
    (1.01, "almost all"),
)
_OF_MASK = (  # people see of a sharp outline whether it is more than a third, or than half
    *_SHARES[:3],
    (0.37, "about a third"),
    (0.45, "more than a third"),
    (0.55, "about half"),
    (0.63, "more than half"),
    *_SHARES[5:],
)
SOME = "a part"
LITTLE = ("a small part", "a very small part")
_LEAST_SHARES = (  # for a mask that marks some of what there is: each share holds from the bound before it on
    (0.2, SOME),
    (0.25, "at least a fifth"),
    (1 / 3, "at least a quarter"),
    (0.5, "at least a third"),
    (0.72, "at least half"),
    (0.95, "most"),
    (1.01, "almost all"),
)


def share(fraction: float) -> str:
    """``about a quarter``: a fraction of the image in coarse words, to be followed by "of"."""
    return next(words for bound, words in _SHARES if fraction < bound)


def share_of(c: CoverFact) -> str:
    """How much of the image: ``about a quarter``, or ``at least a fifth`` where it may be more."""
    return next(words for bound, words in (_OF_MASK if c.exact else _LEAST_SHARES) if c.fraction < bound)


def is_plural(c: CoverFact) -> bool:
    """Whether a cover is spoken of in the plural: countable things in more than one patch, and canopies."""
    if said_as(c.name):  # a single one is seen as such only where it is small
        is_net = said_as(c.name) == "roads" and (not c.exact or c.fraction >= _NET)
        return c.patches > 1 or is_net
    return not is_mass(c.name) and (c.patches > 1 or is_several(c.name))


def surface(c: CoverFact) -> str:
    """The subject of a sentence on a cover: ``water``, ``a building``, ``buildings``."""
    return bare(c) if is_plural(c) or (is_mass(c.name) and not said_as(c.name)) else with_article(bare(c))


def bare(c: CoverFact) -> str:
    """The same without an article: ``building``, ``buildings``."""
    if plural := said_as(c.name):
        return plural if is_plural(c) else singular(plural)
    return c.several if is_plural(c) else c.name


def single(c: CoverFact) -> str:
    """One of it with an article: ``a pond`` of ponds; empty for what is said by its name."""
    plural = said_as(c.name)
    return with_article(singular(plural)) if plural else ""


def where(c: CoverFact) -> str | None:
    """``mainly on the left``, or ``on the left`` where there may be more elsewhere; None as `place`."""
    at = place(c)
    return None if at is None else f"mainly {IN_PLACE[at]}" if c.exact else IN_PLACE[at]


def place(c: CoverFact) -> int | None:
    """Where a cover mainly lies, as an index of `PLACES`; None if it is spread or too small to see.

    A corner or the centre must hold 0.6 of it; a side 0.7, and the opposite side almost none.
    """
    total = math.fsum(c.cells)
    if total <= 0 or not MIN_COVER <= c.fraction <= 0.6:
        return None
    parts = [value / total for value in c.cells]
    if max(parts) >= 0.6:
        return parts.index(max(parts))
    columns = [sum(parts[i::3]) for i in range(3)]
    rows = [sum(parts[3 * i : 3 * i + 3]) for i in range(3)]
    sides = ((columns, "left", "right"), (rows, "top", "bottom"))
    for (first, _, last), low, high in sides:
        if first >= 0.7 and last <= 0.05:
            return PLACES.index(low)
        if last >= 0.7 and first <= 0.05:
            return PLACES.index(high)
    return None


def filled(c: CoverFact) -> str:
    """The parts of the image that a cover fills by 0.7 or more: ``the left third and the upper right``.

    Empty if it fills none, or more than two. A side is filled where its corners are, too.
    """
    full = {i for i, fraction in enumerate(c.cells) if fraction >= 0.7}
    if len(full) > 5:
        return ""
    thirds = [name for name, cells in _THIRDS.items() if cells <= full]
    rest = full.difference(*(_THIRDS[name] for name in thirds))
    parts = [*thirds, *(PLACES[i] for i in sorted(rest) if i % 2 == 0)]
    return enumerate_([f"the {name}" for name in parts]) if len(parts) <= _PARTS else ""


def apart(covers: Sequence[CoverFact]) -> list[CoverFact]:
    """The covers whose shares in words no other has, and of which these say something."""
    shares = Counter(map(share_of, covers))
    return [c for c in covers if shares[share_of(c)] == 1 and share_of(c) not in (SOME, *LITTLE)]


def including(c: CoverFact) -> str:
    """``, including most of the top third``, behind its share; empty if it fills no part, or nearly all."""
    parts = filled(c) if place(c) is None and c.fraction < _NEARLY_ALL else ""
    return f", including most of {parts}" if parts else ""


def untold(facts: Facts) -> list[CoverFact]:
    """The larger covers that the scene's phrase does not name."""
    words = {word.removesuffix("s") for word in (scene(facts) or "").split()}
    large = [c for c in facts.cover if c.fraction >= TOLD_COVER]
    return [c for c in large if not words & {c.name.split()[0].removesuffix("s"), c.several.split()[0]}]


def cover(facts: Facts, seed: str) -> str | None:
    """How much of the image each class of a mask covers."""
    told = []
    for c in facts.cover:
        if c.fraction < MIN_COVER:
            continue
        subject, verb = surface(c), "cover" if is_plural(c) else "covers"
        of = choose(("of the image", "of the picture"), seed, "cover")
        patches = ", in one patch" if c.exact and c.patches == 1 and c.fraction < 0.6 else ""
        told.append(sentence(f"{subject} {verb} {share_of(c)} {of}{patches}"))
    return " ".join(told) or None


def cover_places(facts: Facts, seed: str) -> str | None:
    """Where each class of a mask mainly lies."""
    told = []
    for way, group in groupby(facts.cover, key=_cover_way):
        alike = list(group)
        if way is None:
            continue
        many = len(alike) > 1 or is_plural(alike[0])
        told.append(
            sentence(f"{enumerate_([surface(c) for c in alike])} {way[0]}{'' if many else 's'} {way[1]}")
        )
    return " ".join(told) or None


def _cover_way(c: CoverFact) -> tuple[str, str] | None:
    """Where a cover lies, after its verb in the plural: ``lie``, ``mainly on the left``."""
    lies, full = where(c), filled(c)
    if lies is not None and c.fraction >= TOLD_COVER:
        return "lie", lies
    return ("fill", f"most of {full}") if full else None
