"""True sentences from facts, one function per kind; None where a kind has nothing to say.

After the annotation-to-caption rules of RSM-ITD (He et al., ICONIP 2024: all classes in one sentence, then
centre and edge), the box-to-caption rules of RemoteCLIP (Liu et al., 2024) and the 3×3 and metadata
templates of RS5M (Zhang et al., 2024), in words of our own. The wording is chosen by the sample's id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mpgi_ray.rules import maps, phrases, regions, surfaces
from mpgi_ray.rules.english import choose, enumerate_, number, sentence, with_article
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.lexicon import humanise, is_mass
from mpgi_ray.rules.phrases import IN_PLACE
from mpgi_ray.rules.relations import Kind, Relation

Sentence = Callable[[Facts, str], str | None]
FALSE_COLOUR = "The picture is in false colours, which are not those that an eye sees."

# kinds of sensor, which many sources give instead of a name
_SENSORS = {
    "aerial": "from the air",
    "airborne": "from the air",
    "aircraft": "from an aircraft",
    "drone": "by a drone",
    "satellite": "by a satellite",
    "uav": "by a drone",
}


def scene(facts: Facts, seed: str) -> str | None:
    """The scene class; one that the lexicon does not know is quoted."""
    phrase = phrases.scene(facts)
    if phrase is None:
        if not facts.scenes:
            return None
        labels = enumerate_([f'"{humanise(label) or label}"' for label in facts.scenes])
        return sentence(f"the scene is labelled {labels}")
    frames = (
        "The image shows {}",
        "The image is an overhead view of {}",
        "This is an overhead image of {}",
    )
    return sentence(choose(frames, seed, "scene").format(phrase))


def totals(facts: Facts, seed: str) -> str | None:
    """Every class with its number over the whole image."""
    items = [phrases.amount(c, c.total) for c in facts.counted if c.total]
    items += [phrases.group(c) for c in facts.counted if c.groups]
    if not items:
        return None
    frames = (
        "There {be} {items} in the image",
        "In this image there {be} {items}",
        "From above, the image shows {items}",
    )
    return sentence(choose(frames, seed, "totals").format(be=_be(items[0]), items=enumerate_(items)))


def centre_and_edge(facts: Facts, seed: str) -> str | None:
    """The counts split into centre and edge; a side without objects is not spoken of."""
    centre = [phrases.amount(c, c.centre) for c in reversed(facts.counted) if c.centre]
    edge = [phrases.amount(c, c.edge) for c in reversed(facts.counted) if c.edge]
    frames: tuple[str, ...] = ()
    if centre and edge:
        frames = (
            "The centre of the image holds {centre}, and its edges hold {edge}",
            "The image has {centre} in its centre and {edge} near its edges",
            "In its centre the image has {centre}; near its edges it has {edge}",
        )
    elif centre:
        frames = ("The centre of the image holds {centre}", "The image has {centre} in its centre")
    elif edge:
        frames = ("The edges of the image hold {edge}", "The image has {edge} near its edges")
    else:
        return None
    return sentence(choose(frames, seed, "split").format(centre=enumerate_(centre), edge=enumerate_(edge)))


def cells(facts: Facts, seed: str) -> str | None:
    """Places in the 3×3 grid, one sentence per class, of objects whose place nobody would dispute."""
    told = [_class_cells(c, seed) for c in facts.counted if any(phrases.clear_cells(c))]
    return " ".join(told) or None


def _class_cells(c: ClassFact, seed: str) -> str:
    used = [i for i, n in enumerate(c.clear) if n]
    if c.exact and c.clear == c.cells and c.total <= phrases.MANY:
        first, *others = used
        told = [f"{number(c.clear[i])} {IN_PLACE[i]}" for i in others]
        n = c.clear[first]
        head = f"{number(n)} {c.name} lies" if n == 1 else f"{number(n)} {c.several} lie"
        return sentence(enumerate_([f"{head} {IN_PLACE[first]}", *told]))
    where = (
        "in every part of the image"
        if len(used) == len(IN_PLACE)
        else enumerate_([IN_PLACE[i] for i in used])
    )
    if c.countable and sum(c.clear) == 1:
        return sentence(
            f"{with_article(c.name)} {choose(('is', 'lies', 'can be seen'), seed, c.name)} {where}"
        )
    noun = c.several
    verbs = ("is", "lies") if is_mass(c.name) else ("are", "can be found")
    return sentence(f"{noun} {choose(verbs, seed, c.name)} {where}")


def relations(facts: Facts, seed: str) -> str | None:
    """Neighbours, sizes and sides."""
    return _related(facts, facts.relations, seed)


def sides(facts: Facts, seed: str) -> str | None:
    """As `relations` without sizes, which are plain to everybody: a car is smaller than a house."""
    return _related(facts, [r for r in facts.relations if r.kind is not Kind.LARGER], seed)


def _related(facts: Facts, told: Sequence[Relation], seed: str) -> str | None:
    return " ".join(sentence(_relation(facts, r, seed)) for r in told) or None


def _relation(facts: Facts, r: Relation, seed: str) -> str:
    subject, object_ = phrases.related(facts, r)
    if r.kind is Kind.NEAR:
        return f"{subject} {choose(('is close to', 'is right by', 'lies next to'), seed, 'near')} {object_}"
    words = {Kind.LARGER: "much larger than", Kind.LEFT_OF: "to the left of", Kind.ABOVE: "above"}[r.kind]
    return f"{subject} {'is' if r.single[0] else 'are'} {words} {object_}"


def labels(facts: Facts, seed: str) -> str | None:
    """Classes that are known to be present, without place or number."""
    present = phrases.present(facts, phrases.untold_labels(facts))
    frames = ("The image contains {}", "The image includes {}", "The picture contains {}")
    return sentence(choose(frames, seed, "labels").format(enumerate_(present))) if present else None


def forms(facts: Facts, seed: str) -> str | None:
    """How the objects of a class are arranged, how large they are, which way they point."""
    told = []
    for c in facts.counted:
        subject = phrases.amount(c, c.total)
        if c.arrangement is not None:
            verb = "stands" if c.total == 1 else "stand"
            told.append(sentence(f"{subject} {verb} {phrases.arranged(c.arrangement)}"))
        if c.form is not None and (form := phrases.form(c.form)):
            told.append(sentence(f"{subject} {'is' if c.total == 1 else 'are'} {enumerate_(form)}"))
        if c.form is not None and c.form.direction:
            verb = "points" if c.total == 1 else "point"
            told.append(sentence(f"{subject} {verb} {c.form.direction}ly"))
    return " ".join(told) or None


def metadata(facts: Facts, seed: str) -> str | None:
    """Ground sampling distance, date, place and sensor, as far as they are known; colours that are none."""
    taken = [f"in {phrases.month(facts.date)}"] if facts.date else []
    taken += [f"over {facts.place}"] if facts.place else []
    taken += [_SENSORS.get(facts.sensor.lower(), f"by {facts.sensor}")] if facts.sensor else []
    told = [f"The image was taken {' '.join(taken)}."] if taken else []
    if facts.gsd:
        frames = ("One pixel measures {:g} m on the ground.", "The ground sampling distance is {:g} m.")
        told.append(choose(frames, seed, "gsd").format(float(f"{facts.gsd:.3g}")))
    return " ".join([*told, FALSE_COLOUR] if facts.false_colour else told) or None


WHAT: tuple[Sentence, ...] = (scene, totals, labels, surfaces.cover, maps.setting, maps.tags)
WHERE: tuple[Sentence, ...] = (centre_and_edge, cells, surfaces.cover_places, relations)
SHOWN: tuple[Sentence, ...] = (*WHAT, *WHERE, forms)
ALL: tuple[Sentence, ...] = (*SHOWN, metadata)


def tell(kinds: tuple[Sentence, ...], facts: Facts, seed: str) -> list[str]:
    """The sentences of these kinds that have something to say."""
    return [text for kind in kinds if (text := kind(facts, seed))]


def rule_text(facts: Facts, seed: str, *, how_taken: bool = True) -> list[str]:
    """The sentences that a relay prompt hands over as trusted facts; never empty.

    Args:
        seed: the sample's id.
        how_taken: also say how the picture was taken, and how large a pixel is.
    """
    return tell(ALL if how_taken else SHOWN, facts, seed) or ["Nothing is annotated in this image."]


def told(facts: Facts, seed: str) -> bool:
    """Whether there is anything to say of what the image shows; how it was taken alone is nothing."""
    return bool(tell(SHOWN, facts, seed) or measured_text(facts, seed))


def trusted_text(facts: Facts, seed: str) -> list[str]:
    """All that is known of an image in sentences: `rule_text`, then `measured_text`."""
    return [*rule_text(facts, seed), *measured_text(facts, seed)]


def measured_text(facts: Facts, seed: str) -> list[str]:
    """The sentences on what pixels show, which is weaker than `rule_text`; empty if nothing was measured."""
    if facts.measured is None:
        return []
    told = []
    for thing in facts.measured.things:
        ground = f" on {thing.ground} ground" if thing.ground else ""
        if thing.shared:
            c = next(c for c in facts.counted if c.name == thing.name)
            who = f"{phrases.amount(c, c.total)} here {'is' if c.total == 1 else 'are'}"
        else:
            verb = "is" if thing.agreeing == 1 else "are"
            who = f"at least {number(thing.agreeing)} of the {facts.several(thing.name)} here {verb}"
        told.append(sentence(f"{who} {thing.colour}{ground}"))
    told += regions.each(facts.measured, seed)
    return told + [sentence(regions.stand_out(spots)) for spots in facts.measured.spots]


def _be(item: str) -> str:
    first = item.removeprefix("at least ")
    return "is" if first.startswith(("one ", "a ")) or is_mass(first) else "are"
