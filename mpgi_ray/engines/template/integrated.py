"""The two integrated texts as the embedded engine writes them."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.engines.template import covered
from mpgi_ray.engines.template.tokens import TOKENS, estimated_tokens
from mpgi_ray.rules import colouring, maps, phrases, placing, regions, surfaces, things
from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.listing import Item, listed
from mpgi_ray.rules.relations import Kind, Relation
from mpgi_ray.rules.sentences import FALSE_COLOUR, metadata

_ONLY_SEEN = "This is a view from straight above."
_WORDS = 45  # of a short text, as its prompt allows


def short(facts: Facts, others: Sequence[str], seed: str) -> str:
    """The scene, and number, colour, class and place of its most telling things, in what CLIP reads.

    Where not all fits, things that are less telling are left out first, then places, then the scene.

    Args:
        others: sentences of other engines; the shortest are added as far as they fit.
    """
    frames = ("overhead view of {}", "top-down view of {}", "the view from above shows {}")
    frame = choose(frames, seed, "headline")
    ground = covered.ground(facts, covered.COVER, "the image")
    items = [placing.item(facts, c) for c in facts.counted] or _around(facts)
    main = [Item(things.group(facts, c)) for c in facts.counted[:1]]
    untold = phrases.untold_labels(facts)
    labels = [phrases.present(facts, untold[:count]) for count in range(len(untold), 0, -1)]
    told = [items[:count] for count in range(len(items), 0, -1)] or [_plain(one) for one in labels]
    openings = [_opening(ground, phrases.named_scene(facts), frame, some) for some in (*told, main)]
    openings += [_opening(None, None, frame, main)] if main else []
    text = next(filter(_fits, openings), None) or _cut(openings[-1])
    more = [_included(present) for present in labels] if items else []
    rest = [one for one in more if _fits(f"{text} {one}")][:1]
    rest += (
        [retold] if items != _plain(_setting(facts)) and (retold := maps.setting_retold(facts, seed)) else []
    )
    rest += [] if ground else covered.main(facts)
    if len(items) < 2 and not (items and facts.cover):
        rest += _colours(facts, "view" if ground else "image")
    rest += _regions(facts)
    rest += others if text else sorted(others, key=estimated_tokens)
    for one in rest:
        if text and not _fits(f"{text} {one}"):
            break
        text = things.joined([text, one]).strip()
    return text or (FALSE_COLOUR if facts.false_colour else "")


def _fits(text: str) -> bool:
    return estimated_tokens(text) <= TOKENS and len(text.split()) <= _WORDS


def _cut(text: str) -> str:
    """The start of a text that fits, for labels that nobody would read to the end."""
    text = text[: 8 * TOKENS]
    while not _fits(f'{text}".'):
        text = text[:-1]
    closing = '"' if text.count('"') % 2 else ""
    return text and f"{text.rstrip('. ')}{closing}."


def _opening(ground: str | None, scene: str | None, frame: str, items: Sequence[Item]) -> str:
    """The scene with its main things in one sentence; empty if there is neither.

    Args:
        ground: a clause that says how much of the image the surface covers that is the scene.
    """
    told = listed(items)
    if ground is not None:
        be = "is" if items and things.is_one(items[0].what) else "are"
        return sentence(f"{ground}; there {be} also {told}" if told else ground)
    if scene is None or not told:
        return sentence(frame.format(scene or told)) if scene or told else ""
    plain = ";" not in told and '"' not in scene
    if " with " in scene and plain:  # "a river with a bridge, five barges and a ferry"
        return sentence(frame.format(listed([Item(scene), *items])))
    return sentence(f"{frame.format(scene)}{', with' if ' with ' in scene else ' with'} {told}")


def _plain(phrases_: Sequence[str]) -> list[Item]:
    return [Item(phrase) for phrase in phrases_]


def _around(facts: Facts) -> list[Item]:
    """What tells a picture without objects from others, the main things first: covers or tags."""
    covers = covered.opened(facts) or (
        [] if covered.leading(facts) or phrases.named_scene(facts) else facts.cover[:1]
    )
    return covered.items(covers) or _plain(_setting(facts) or maps.untold_tags(facts)[:2])


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


def _colours(facts: Facts, whole: str) -> list[str]:
    return colouring.shares(facts.measured, f"the {whole}") if facts.measured else []


def long(facts: Facts, others: Sequence[str], seed: str) -> str:
    """Everything that is known: the main things first, a caption by themselves, then the rest."""
    frames = ("this is a view of {}", "the image looks straight down on {}")
    main = [placing.item(facts, c) for c in facts.counted[: covered.OPENING]]
    spread = placing.spread(facts.counted[0]) if len(main) == 1 else ""
    main = [Item(f"{main[0].what}{spread}")] if spread else main
    main += covered.items(covered.opened(facts)) if not main else []
    main += _plain(_setting(facts)) if not main else []
    frame, present = choose(frames, seed, "opening"), phrases.present(facts, phrases.untold_labels(facts))
    scene = phrases.named_scene(facts)
    first = covered.all_shares(facts) or _opening(
        None, scene, frame if scene else frames[0], main or _plain(present)
    )
    told: list[str | None] = [first, _included(present) if main and present else None, _further(facts)]
    known = facts.cover or facts.tags or facts.false_colour or others
    told += [] if any(told) or known else [_ONLY_SEEN]
    told += [text for c in facts.counted for text in _of_class(facts, c, seed, placed=bool(spread))]
    told += [maps.setting_retold(facts, seed)] if main != _plain(_setting(facts)) else []
    told += [_relations(facts), covered.shares(facts)]
    # beside objects their places stay out, as in `layout`: models learn the opposite ones from them
    told += [] if facts.counted else [covered.places(facts)]
    if facts.measured:
        told += [] if facts.cover else colouring.shares(facts.measured, "the picture")
        if not facts.counted and not facts.cover:
            told += regions.located(facts.measured, seed)
            told += [sentence(regions.stand_out(spots, retold=True)) for spots in facts.measured.spots]
    told += [_tags(facts, seed, " also" if any(told) else ""), metadata(facts, seed)]
    return things.joined([*dict.fromkeys([text for text in told if text] + list(others))])


def _of_class(facts: Facts, c: ClassFact, seed: str, *, placed: bool) -> list[str]:
    """What else is known of a class that was told with its number: its look, colours and places."""
    look = things.look_again(facts, c)
    of_all = look is not None and not look.startswith("Each ")  # after "each car" they are no "they"
    where = None if placed else placing.by_cells(c, seed, named=not of_all)
    told = [look, where, things.some(facts, c)]
    return [text for text in told if text]


def _included(present: Sequence[str]) -> str:
    """Classes that are only known to be present, after a sentence on others."""
    return sentence(f"also in view: {enumerate_(present)}")


def _further(facts: Facts) -> str | None:
    """The classes that are not in the opening."""
    items = [things.group(facts, c) for c in facts.counted[covered.OPENING :]]
    items += [phrases.group(c) for c in facts.counted if c.total and c.groups and c.countable]
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


def _tags(facts: Facts, seed: str, also: str) -> str | None:
    items = maps.untold_tags(facts)[::-1]
    be = "is" if items and things.is_one(items[0]) else "are"
    frames = (f"The area{also} has {{}}", f"There {be}{also} {{}}")
    return sentence(choose(frames, seed, "tags retold").format(enumerate_(items))) if items else None
