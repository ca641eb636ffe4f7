"""The same facts in other words: for integrated texts, which must not repeat the perspectives' sentences.

Lists are reversed, places come before things, amounts are worded differently ("three or more" for
"at least three"). Nothing is said here that `sentences` does not say.
"""

from __future__ import annotations

from mpgi_ray.rules import phrases
from mpgi_ray.rules.english import choose, enumerate_, number, plural, sentence, with_article
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import humanise, several
from mpgi_ray.rules.phrases import MIN_COVER
from mpgi_ray.rules.relations import Kind, Relation
from mpgi_ray.rules.sentences import Sentence, metadata, tell


def retell(facts: Facts, seed: str) -> list[str]:
    """Everything the facts hold, one or more sentences per kind; empty if they hold nothing."""
    return tell(_RETOLD, facts, seed)


def headline(facts: Facts, seed: str, *, items: int = 3) -> str | None:
    """One clause for a short text: the scene, and at most so many of the most telling things in it."""
    shown = _most_telling(facts, items)
    scene = phrases.scene(facts)
    if scene is None and facts.scenes:
        scene = f'an area labelled "{humanise(facts.scenes[0]) or facts.scenes[0]}"'
    if scene is None:
        frame = choose(("Seen from overhead: {}", "Overhead view with {}"), seed, "headline")
        return frame.format(enumerate_(shown)) if shown else None
    named = {word for word in scene.split() if len(word) > 3}
    shown = [item for item in shown if not named & _words(item)]
    head = choose(
        ("Overhead view of {}", "A look down on {}", "Top-down view of {}"), seed, "headline"
    ).format(scene)
    return f"{head}, showing {enumerate_(shown)}" if shown else head


def _words(item: str) -> set[str]:
    return {word for part in item.split() for word in (part, plural(part))}


def _most_telling(facts: Facts, items: int) -> list[str]:
    things = [phrases.amount_coarse(c) for c in facts.counted]
    counted = {c.name for c in facts.counted}
    things += [phrases.surface(c) for c in facts.cover if c.fraction >= 0.05 and c.name not in counted]
    if things:
        return [*things[1:2], *things[:1], *things[2:]][:items]  # not the order of `sentences`
    labels = phrases.untold_labels(facts)[:items]
    return [phrases.present_retold(labels)] if labels else list(phrases.untold_tags(facts))[:items]


def _scene(facts: Facts, seed: str) -> str | None:
    phrase = phrases.scene(facts)
    if phrase is None:
        if not facts.scenes:
            return None
        return f'As a scene it bears the label "{enumerate_([humanise(s) or s for s in facts.scenes])}".'
    frames = ("Looking straight down, one sees {}", "From overhead one looks at {}")
    return sentence(choose(frames, seed, "scene retold").format(phrase))


def _totals(facts: Facts, seed: str) -> str | None:
    items = [phrases.group(c) for c in facts.counted if c.groups]
    items += [phrases.amount_retold(c, c.total) for c in reversed(facts.counted) if c.total]
    if not items:
        return None
    frame = choose(
        ("over the whole view one finds {}", "taken together, the view has {}"), seed, "totals retold"
    )
    return sentence(frame.format(enumerate_(items)))


def _centre_and_edge(facts: Facts, seed: str) -> str | None:
    centre = [phrases.amount_retold(c, c.centre) for c in facts.counted if c.centre]
    edge = [phrases.amount_retold(c, c.edge) for c in facts.counted if c.edge]
    if centre and edge:
        return f"The edges have {enumerate_(edge)}, while the central part has {enumerate_(centre)}."
    if not centre and not edge:
        return None
    return f"What is counted here lies {'in the central part' if centre else 'towards the edges'}."


def _cells(facts: Facts, seed: str) -> str | None:
    """Place by place from the lower right; places that hold the same are told together."""
    content: dict[str, list[str]] = {}
    for i in reversed(range(len(PLACES))):
        if any(phrases.clear_cells(c)[i] for c in facts.counted):
            held = enumerate_([_held(c, i) for c in facts.counted if phrases.clear_cells(c)[i]])
            content.setdefault(held, []).append(f"the {PLACES[i]}")
    told = []
    for held, places in content.items():
        verb = choose(("holds", "shows"), seed, held) if len(places) == 1 else "each hold"
        told.append(sentence(f"{enumerate_(places)} {verb} {held}"))
    return " ".join(told) or None


def _held(c: ClassFact, i: int) -> str:
    if not c.countable:
        return several(c.name)
    if c.exact and c.clear == c.cells and c.total <= phrases.MANY:
        return f"{number(c.clear[i])} {c.name if c.clear[i] == 1 else several(c.name)}"
    return with_article(c.name) if c.clear[i] == 1 else several(c.name)


def _relations(facts: Facts, seed: str) -> str | None:
    return " ".join(sentence(_relation(r)) for r in facts.relations) or None


def _relation(r: Relation) -> str:
    if r.kind is Kind.NEAR:
        return f"{with_article(r.object)} has {with_article(r.subject)} nearby"
    object_ = f"the {r.object if r.single[1] else several(r.object)}"
    subject = f"the {r.subject if r.single[0] else several(r.subject)}"
    if r.kind is Kind.LARGER:
        return f"{object_} {'is' if r.single[1] else 'are'} far smaller than {subject}"
    return f"{subject} has {object_} {'on its right' if r.kind is Kind.LEFT_OF else 'below it'}"


def _labels(facts: Facts, seed: str) -> str | None:
    present = phrases.present_retold(phrases.untold_labels(facts))
    frames = ("Among what can be made out: {}", "Within the frame one can see {}")
    return sentence(choose(frames, seed, "labels retold").format(present)) if present else None


def _cover(facts: Facts, seed: str) -> str | None:
    told = []
    for c in reversed(facts.cover):
        if c.fraction < MIN_COVER:
            continue
        verb = "take up" if phrases.is_plural(c) else "takes up"
        lump = ", all in one piece" if c.patches == 1 and c.fraction < 0.6 else ""
        told.append(sentence(f"{phrases.surface(c)} {verb} {phrases.share(c.fraction)} of the frame{lump}"))
    return " ".join(told) or None


def _cover_places(facts: Facts, seed: str) -> str | None:
    told = []
    for c in reversed(facts.cover):
        place, full = phrases.cover_place(c), phrases.full_cells(c)
        if place is not None:
            name = several(c.name) if phrases.is_plural(c) else c.name
            told.append(f"The {PLACES[place]} has most of the {name}.")
        elif full:
            where = enumerate_([f"the {PLACES[i]}" for i in reversed(full)])
            verb = "is" if len(full) == 1 else "are"
            told.append(sentence(f"{where} {verb} mostly {phrases.surface(c)}"))
    return " ".join(told) or None


def _tags(facts: Facts, seed: str) -> str | None:
    items = phrases.untold_tags(facts)[::-1]
    frames = ("The ground here also has {}", "Also in the area: {}")
    return sentence(choose(frames, seed, "tags retold").format(enumerate_(items))) if items else None


_RETOLD: tuple[Sentence, ...] = (
    _scene,
    _totals,
    _centre_and_edge,
    _cells,
    _relations,
    _labels,
    _cover,
    _cover_places,
    _tags,
    metadata,
)
