"""The four perspectives as the embedded engine writes them: one text each, the main thing first."""

from __future__ import annotations

from mpgi_ray.rules import colouring, maps, phrases, placing, regions, sentences, surfaces, things
from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.seen import Measured

_SEEN = 0.05  # of the picture that has a colour which is told of it
_AT_MOST = 6  # classes that a text tells one by one


def objects(facts: Facts, seed: str) -> str:
    """What is there and how many, with the colours of things; of a picture without objects its surfaces."""
    told = [_main(facts, seed)] if facts.counted else _scene(facts, seed)
    labels = (_also,) if facts.counted else () if told else (sentences.labels,)
    told += sentences.tell((*labels, _covers, maps.setting, maps.tags), facts, seed)
    if (
        facts.measured
        and not facts.cover
        and not (facts.counted and (facts.scenes or len(facts.counted) > 1))
    ):
        told += colouring.shares(facts.measured, "the image" if told else "the scene")
    return things.joined(told)


def layout(facts: Facts, seed: str) -> str:
    """Where things lie, alone and to each other; of a picture without objects where its surfaces lie.

    Beside objects the places of what surrounds them stay out: they are mostly the opposite ones, and a model
    that reads words rather than sentences learns these.
    """
    told = placing.stand(facts, facts.counted[:_AT_MOST])
    told += sentences.tell((maps.setting_retold, sentences.sides), facts, seed)
    if facts.counted and not told:
        around = colouring.shares(facts.measured, "the view") if facts.measured else []
        return " ".join([_main(facts, seed), *around])
    told += [] if told else sentences.tell((surfaces.cover_places,), facts, seed)
    if facts.measured and not told:
        told += colouring.laid_out(facts.measured, seed)
        told += [sentence(regions.stand_out(spots)) for spots in facts.measured.spots[:1] if spots.place]
    return " ".join(told)


def attributes(facts: Facts, seed: str) -> str:
    """How the named things look."""
    seen = facts.counted[:_AT_MOST]
    looks = things.looks(facts, seen)
    told = [*looks, *(text for c in seen if (text := things.some(facts, c, few=not looks)))]
    if facts.measured and not looks:
        told += colouring.looks(facts.measured, seed, placed=not seen)
        spots = facts.measured.spots if not seen else ()  # beside objects they are mostly these
        told += [sentence(regions.stand_out(one)) for one in spots]
    return " ".join(told)


def scene(measured: Measured) -> str:
    """The picture as a whole, without any annotation: its main colours, and what stands out."""
    return " ".join(colouring.overview(measured))


def _also(facts: Facts, seed: str) -> str | None:
    present = phrases.present(facts, phrases.untold_labels(facts))
    be = "is" if present and things.is_one(present[0]) else "are"
    return sentence(f"there {be} also {enumerate_(present)}") if present else None


def _covers(facts: Facts, seed: str) -> str | None:
    return things.covers(facts, ("covers", "cover"), "the image")


def any_other(facts: Facts, seed: str) -> str:
    """A perspective of a user's own: all that is known."""
    told = sentences.tell(sentences.ALL, facts, seed)
    return " ".join([*told, *([scene(facts.measured)] if facts.measured else [])])


def plain(measured: Measured) -> str:
    """A picture of which nothing else can be said."""
    if not measured.colours:
        return sentences.FALSE_COLOUR
    colours = [colour for colour, part in measured.colours[:2] if part >= _SEEN] or [measured.colours[0][0]]
    return f"The picture is {enumerate_(colours)}."


def _scene(facts: Facts, seed: str) -> list[str]:
    """The scene with the classes that are known to be present; nothing without a scene."""
    told, present = sentences.scene(facts, seed), phrases.present(facts, phrases.untold_labels(facts))
    lead = next((c for c in facts.cover if c.fraction >= surfaces.MIN_COVER), None)
    if told is None or (lead and surfaces.is_plural(lead) and surfaces.single(lead) == phrases.scene(facts)):
        return []  # "ponds cover half of the image" says that it is a pond
    if phrases.scene(facts) is None:
        return [told, *filter(None, [_also(facts, seed)])]
    whole = told.removesuffix(".")
    if " with " in told:  # "a river with a bridge, sand and trees"
        return [f"{enumerate_([whole, *present])}."]
    return [f"{whole} with {enumerate_(present)}." if present else told]


def _main(facts: Facts, seed: str) -> str:
    """The scene and the objects in it, the most frequent class first."""
    items = [things.group(facts, c) for c in facts.counted]
    items += [phrases.group(c) for c in facts.counted if c.total and c.groups and c.countable]
    scene, whole = phrases.scene_of_things(facts), enumerate_(items)
    if scene is None:
        verb = "is" if things.is_one(items[0]) else "are"
        frames = (f"there {verb} {{}} in the image", "the image shows {}", "the picture shows {}")
    else:
        frames = ("{}", "the image shows {}", "this is {}")
        # "a river with a bridge, five barges and a ferry"
        whole = enumerate_([scene, *items]) if " with " in scene else f"{scene} with {whole}"
    return sentence(choose(frames, seed, "objects").format(whole))
