"""The two integrated texts as the embedded engine writes them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mpgi_ray.engines.template.tokens import TOKENS, tokens_at_most
from mpgi_ray.rules import colouring, maps, phrases, placing, regions, surfaces, things
from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.facts import ClassFact, CoverFact, Facts
from mpgi_ray.rules.lexicon import humanise
from mpgi_ray.rules.placing import Item
from mpgi_ray.rules.relations import Kind, Relation
from mpgi_ray.rules.sentences import FALSE_COLOUR, metadata

_ONLY_SEEN = "This is a view from straight above, of which only the colours are known."
_OPENING = 3  # things that the first sentence of a long text names
_WORDS = 45  # of a short text, as its prompt allows


def short(facts: Facts, others: Sequence[str], seed: str) -> str:
    """The scene, and number, colour, class and place of its most telling things, in what CLIP reads.

    Where not all fits, things that are less telling are left out first, then places, then the scene.

    Args:
        others: sentences of other engines; the shortest are added as far as they fit.
    """
    frames = ("overhead view of {}", "top-down view of {}", "the view from above shows {}")
    frame = choose(frames, seed, "headline")
    items = [placing.item(facts, c) for c in facts.counted] or _around(facts)
    main = [Item(things.group(facts, c)) for c in facts.counted[:1]]
    untold = phrases.untold_labels(facts)
    labels = [phrases.present(facts, untold[:count]) for count in range(len(untold), 0, -1)]
    told = [items[:count] for count in range(len(items), 0, -1)] or [_plain(one) for one in labels]
    openings = [_opening(_scene(facts), frame, some) for some in (*told, main)]
    openings += [_opening(None, frame, main)] if main else []
    text = next(filter(_fits, openings), None) or _cut(openings[-1])
    more = [_included(present) for present in labels] if items else []
    rest = [one for one in more if _fits(f"{text} {one}")][:1]
    rest += (
        [retold] if items != _plain(_setting(facts)) and (retold := maps.setting_retold(facts, seed)) else []
    )
    rest += _regions(facts) + _main_cover(facts)
    rest += _colours(facts) if len(items) < 2 and not (items and facts.cover) else []
    rest += others if text else sorted(others, key=tokens_at_most)
    for one in rest:
        if text and not _fits(f"{text} {one}"):
            break
        text = things.joined([text, one]).strip()
    return text or (FALSE_COLOUR if facts.false_colour else "")


def _fits(text: str) -> bool:
    return tokens_at_most(text) <= TOKENS and len(text.split()) <= _WORDS


def _cut(text: str) -> str:
    """The start of a text that fits, for labels that nobody would read to the end."""
    text = text[: 8 * TOKENS]
    while not _fits(f'{text}".'):
        text = text[:-1]
    closing = '"' if text.count('"') % 2 else ""
    return text and f"{text.rstrip('. ')}{closing}."


def _scene(facts: Facts) -> str | None:
    known = phrases.scene_of_things(facts)
    if known is None and facts.scenes:
        return f'an area labelled "{humanise(facts.scenes[0]) or facts.scenes[0]}"'
    return known


def _opening(scene: str | None, frame: str, items: Sequence[Item]) -> str:
    """The scene with its main things in one sentence; empty if there is neither."""
    told = placing.listed(items)
    if scene is None or not told:
        return sentence(frame.format(scene or told)) if scene or told else ""
    if " with " in scene and ";" not in told:  # "a river with a bridge, five barges and a ferry"
        return sentence(frame.format(placing.listed([Item(scene), *items])))
    return sentence(f"{frame.format(scene)}{', with' if ' with ' in scene else ' with'} {told}")


def _plain(phrases_: Sequence[str]) -> list[Item]:
    return [Item(phrase) for phrase in phrases_]


def _around(facts: Facts) -> list[Item]:
    """What tells a picture without objects from others, the main things first: covers or tags."""
    covers = surfaces.untold(facts)[:_OPENING] or ([] if _scene(facts) else facts.cover[:1])
    return _cover_items(covers) or _plain(_setting(facts) or maps.untold_tags(facts)[:2])


def _setting(facts: Facts) -> list[str]:
    """What a map has in the middle, as a phrase; none if it is told otherwise."""
    told = maps.untold_setting(facts)
    return [told.phrase] if told else []


def _regions(facts: Facts) -> list[str]:
    """Where which colour lies, where little else is known.

    Beside objects these places stay out, as in `layout`: models learn the opposite ones from them.
    """
    seen = facts.measured
    if seen is None or facts.counted or any(c.fraction >= surfaces.TOLD_COVER for c in facts.cover):
        return []
    return regions.found(seen)


def _main_cover(facts: Facts) -> list[str]:
    """How much the largest cover takes up."""
    if facts.counted or not facts.cover or facts.cover[0].fraction < surfaces.TOLD_COVER:
        return []
    c = facts.cover[0]
    cover = "cover" if surfaces.is_plural(c) else "covers"
    return [sentence(f"{things.told_again(facts, c)} {cover} {surfaces.share_of(c)} of the image")]


def _colours(facts: Facts) -> list[str]:
    return colouring.shares(facts.measured, "the image") if facts.measured else []


def _cover_items(covers: Sequence[CoverFact]) -> list[Item]:
    """``grass``, ``roads``, ``water on the left``: one with a place, last, so that it is not that of all."""
    placed = [c for c in covers if surfaces.where(c)][:1]
    last = [Item(surfaces.surface(c), place=surfaces.where(c) or "") for c in placed]
    return [*(Item(surfaces.surface(c)) for c in covers if c not in placed), *last]


def long(facts: Facts, others: Sequence[str], seed: str) -> str:
    """Everything that is known: the main things first, a caption by themselves, then the rest."""
    frames = ("this is a view of {}", "the image looks straight down on {}")
    main = [placing.item(facts, c) for c in facts.counted[:_OPENING]]
    spread = placing.spread(facts.counted[0]) if len(main) == 1 else ""
    main = [Item(f"{main[0].what}{spread}")] if spread else main
    main += _cover_items(surfaces.untold(facts)[:_OPENING]) if not main else []
    main += _plain(_setting(facts)) if not main else []
    frame, present = choose(frames, seed, "opening"), phrases.present(facts, phrases.untold_labels(facts))
    scene = _scene(facts)
    first = _opening(scene, frame if scene else frames[0], main or _plain(present))
    told: list[str | None] = [first, _included(present) if main and present else None, _further(facts)]
    known = facts.cover or facts.tags or facts.false_colour or others
    told += [] if any(told) or known else [_ONLY_SEEN]
    told += [text for c in facts.counted for text in _of_class(facts, c, seed, placed=bool(spread))]
    told += [maps.setting_retold(facts, seed)] if main != _plain(_setting(facts)) else []
    told += [_relations(facts), _cover(facts)]
    # beside objects their places stay out, as in `layout`: models learn the opposite ones from them
    told += [] if facts.counted else [_cover_places(facts)]
    if facts.measured:
        told += [] if facts.cover else colouring.shares(facts.measured, "the picture")
        if not facts.counted and not facts.cover:
            told += regions.located(facts.measured, seed)
            told += [sentence(regions.stand_out(spots, 1)) for spots in facts.measured.spots]
    told += [_tags(facts, seed, " also" if any(told) else ""), metadata(facts, seed)]
    return things.joined([*dict.fromkeys([text for text in told if text] + list(others))])


def _of_class(facts: Facts, c: ClassFact, seed: str, *, placed: bool) -> list[str]:
    """What else is known of a class that was told with its number: its look, colours and places."""
    look = things.looks(facts, c, told=True)
    of_all = look is not None and not look.startswith("Each ")  # after "each car" they are no "they"
    where = None if placed else placing.by_cells(c, seed, named=not of_all)
    told = [look, where, things.some(facts, c)]
    return [text for text in told if text]


def _included(present: Sequence[str]) -> str:
    """Classes that are only known to be present, after a sentence on others."""
    return sentence(f"also in view: {enumerate_(present)}")


def _further(facts: Facts) -> str | None:
    """The classes that are not in the opening."""
    items = [things.group(facts, c) for c in facts.counted[_OPENING:]]
    items += [phrases.group(c) for c in facts.counted if c.total and c.groups]
    if not items:
        return None
    return sentence(f"there {'is' if things.is_one(items[0]) else 'are'} also {enumerate_(items)}")


def _relations(facts: Facts) -> str | None:
    return (
        " ".join(sentence(_relation(facts, r)) for r in facts.relations if r.kind is not Kind.LARGER) or None
    )


def _relation(facts: Facts, r: Relation) -> str:
    subject, object_ = phrases.related(facts, r)
    if r.kind is Kind.NEAR:
        return f"{subject} is near {object_}"
    side = "to the right of" if r.kind is Kind.LEFT_OF else "below"
    return f"{object_} {'is' if r.single[1] else 'are'} {side} {subject}"


def _cover(facts: Facts) -> str | None:
    # without objects places are told next
    placed = [c for c in facts.cover if c.fraction >= surfaces.TOLD_COVER and surfaces.place(c) is not None]
    named = () if facts.counted else [*surfaces.untold(facts)[:_OPENING], *placed]
    return things.covers(facts, ("takes up", "take up"), "the frame", told=named)


def _cover_places(facts: Facts) -> str | None:
    """``Most of the water is on the left.``, or ``There is water on the left.`` where there may be more."""
    told: list[str] = []
    some: list[str] = []
    told_so = [c for c in surfaces.untold(facts)[:_OPENING] if surfaces.where(c)][:1]  # in the opening
    covers = [c for c in facts.cover if c not in told_so]
    for (place, exact), group in groupby(covers, key=lambda c: (surfaces.place(c), c.exact)):
        alike = [c for c in group if place is None or c.fraction >= surfaces.TOLD_COVER]
        if place is None:
            told += [text for c in alike if (text := _filled(facts, c))]
        elif alike and exact:
            names = enumerate_([f"the {surfaces.bare(c)}" for c in alike])
            be = "are" if len(alike) > 1 or surfaces.is_plural(alike[0]) else "is"
            told.append(sentence(f"most of {names} {be} {phrases.IN_PLACE[place]}"))
        elif alike:
            begins = f"there {'are' if surfaces.is_plural(alike[0]) else 'is'} " if not some else ""
            where = phrases.IN_PLACE[place]
            some.append(f"{begins}{enumerate_([surfaces.surface(c) for c in alike])} {where}")
    told += [sentence(enumerate_(some))] if some else []
    return " ".join(told) or None


def _filled(facts: Facts, c: CoverFact) -> str | None:
    """The cells that a cover fills."""
    full, many = surfaces.filled(c), surfaces.is_plural(c)
    if not full:
        return None
    subject = things.definite(surfaces.surface(c)) if len(facts.cover) > 1 else "they" if many else "it"
    return sentence(f"{subject} {'span' if many else 'spans'} most of {full}")


def _tags(facts: Facts, seed: str, also: str) -> str | None:
    items = maps.untold_tags(facts)[::-1]
    frames = (f"The ground here{also} has {{}}", f"{also} in the area: {{}}".strip())
    return sentence(choose(frames, seed, "tags retold").format(enumerate_(items))) if items else None
