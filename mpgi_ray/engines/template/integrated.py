"""The two integrated texts as the embedded engine writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from mpgi_ray.rules import phrases, regions, things
from mpgi_ray.rules.english import choose, enumerate_, sentence, with_article
from mpgi_ray.rules.facts import CoverFact, Facts
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import humanise, several
from mpgi_ray.rules.measured import Region, Spots
from mpgi_ray.rules.relations import Kind, Relation
from mpgi_ray.rules.sentences import metadata

_OPENING = 3  # things that the first sentence of a long text names
TOKENS = 75  # that CLIP reads, beside its marks for start and end
_WORD = re.compile(r"[^\W\d_]+|\d|[^\w\s]+")


def clip_tokens(text: str) -> int:
    """At least as many tokens as CLIP's tokenizer makes of an English text; without its two marks."""
    return sum(
        math.ceil(len(word.encode()) / 3) if len(word) > 6 or not word.isascii() else 1
        for word in _WORD.findall(text)
    )


def short(facts: Facts, others: Sequence[str], seed: str) -> str:
    """The scene, and number, colour, class and place of its most telling things, in what CLIP reads.

    Args:
        others: sentences of other engines; the shortest are added as far as they fit.
    """
    frame, items = _short_items(facts, seed)
    text = ""
    for count in range(len(items), -1, -1):
        text = sentence(frame.format(_joined(items[:count]))) if count else _bare(frame)
        if clip_tokens(text) <= TOKENS:
            break
    for other in sorted(others, key=clip_tokens) if not text else others:
        if text and clip_tokens(f"{text} {other}") > TOKENS:
            break
        text = f"{text} {other}".strip()
    return text


def _short_items(facts: Facts, seed: str) -> tuple[str, list[str]]:
    scene = phrases.scene(facts)
    if scene is None and facts.scenes:
        scene = f'an area labelled "{humanise(facts.scenes[0]) or facts.scenes[0]}"'
    items = [things.placed(facts, c, 1) for c in facts.counted]
    counted = {c.name for c in facts.counted}
    covers = [c for c in facts.cover if c.fraction >= 0.05 and c.name not in counted]
    items += [cover_item(c) for c in covers[: 3 - min(2, len(items))]]
    labels = phrases.present(facts, phrases.untold_labels(facts))
    items += [labels] if labels else []
    items += list(phrases.untold_tags(facts))[:2] if not items else []
    seen = facts.measured
    if seen and len(items) < 2:
        items += [region_item(region) for region in seen.regions[:2]]
        items += [_spots_item(spots) for spots in seen.spots[:1]]
    if scene is None:
        return choose(("seen from overhead: {}", "overhead view of {}"), seed, "headline"), items
    heads = ("overhead view of {} with {{}}", "a look down on {} with {{}}", "top-down view of {} with {{}}")
    return choose(heads, seed, "headline").format(scene), items


def _bare(frame: str) -> str:
    """The scene alone; empty if there is none."""
    return sentence(frame.removesuffix(" with {}")) if frame.endswith(" with {}") else ""


def _joined(items: Sequence[str]) -> str:
    return enumerate_(items) if all("," not in item for item in items) else "; ".join(items)


def cover_item(c: CoverFact) -> str:
    """``water over about half, mainly on the left``."""
    at = phrases.cover_place(c)
    where = f", mainly {phrases.IN_PLACE[at]}" if at is not None else ""
    return f"{phrases.surface(c)} over {phrases.share(c.fraction)}{where}"


def region_item(region: Region) -> str:
    """``a smooth dark green area in the left half``."""
    subject = regions.noun(region, texture=True)
    if region.form == "frame":
        return f"{subject} around it"
    if region.direction:
        start, end = region.direction.split(" to ")
        return f"{subject} from {start} to {end}"
    where = regions.place(region)
    return f"{subject} {where}".strip() if where else f"{subject} over {phrases.share(region.share)}"


def _spots_item(spots: Spots) -> str:
    noun = "spot" if spots.amount == "one" else "spots"
    amount = "a single" if spots.amount == "one" else spots.amount
    return " ".join(x for x in (amount, "small", spots.colour, noun, regions.place(spots)) if x)


def long(facts: Facts, others: Sequence[str], seed: str) -> str:
    """Everything that is known: the main things first, a caption by themselves, then the rest."""
    told = [_opening(facts, seed), _further(facts)]
    looks = ((things.looks(facts, c, 1), things.some(facts, c)) for c in facts.counted)
    told += [text for of_class in looks for text in of_class]
    told += [_places(facts, seed)]
    told += [_relations(facts), _cover(facts), _cover_places(facts)]
    if facts.measured:
        told += [sentence(regions.lies(region, seed, 1)) for region in facts.measured.regions[:4]]
        told += [sentence(regions.stand_out(spots, 1)) for spots in facts.measured.spots]
        told += regions.shares(facts.measured, seed, 1)
    told += [_labels(facts, seed), _tags(facts, seed), metadata(facts, seed)]
    return " ".join(dict.fromkeys([text for text in told if text] + list(others)))


def _opening(facts: Facts, seed: str) -> str | None:
    """The scene with the main things: the classes of objects, or the largest covers, or the regions."""
    _, items = _short_items(facts, seed)
    scene = phrases.scene(facts)
    if scene is None:
        return sentence(f"the view from above holds {_joined(items[:_OPENING])}") if items else None
    frames = ("this is {} seen from above, with {}", "the view is of {}, with {}", "below lies {} with {}")
    if not items:
        return sentence(f"below lies {scene}")
    return sentence(choose(frames, seed, "opening").format(scene, _joined(items[:_OPENING])))


def _further(facts: Facts) -> str | None:
    """The classes that are not in the opening."""
    items = [things.group(facts, c, 1) for c in facts.counted[_OPENING:]]
    if not items:
        return None
    return sentence(f"there {'is' if things.is_one(items[0]) else 'are'} also {enumerate_(items)}")


def _places(facts: Facts, seed: str) -> str | None:
    """Where objects lie by cells, of the classes whose place is not in the opening."""
    told = [things.stands(facts, c, seed, 1) for c in facts.counted if any(phrases.clear_cells(c))]
    return " ".join(told) or None


def _relations(facts: Facts) -> str | None:
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
    present = phrases.present(facts, phrases.untold_labels(facts)[::-1])
    frames = ("among what can be made out are {}", "within the frame one can see {}")
    return sentence(choose(frames, seed, "labels retold").format(present)) if present else None


def _cover(facts: Facts) -> str | None:
    return things.covers(facts, ("takes up", "take up"), "the frame")


def _cover_places(facts: Facts) -> str | None:
    told = []
    for c in facts.cover:
        place, full = phrases.cover_place(c), phrases.full_cells(c)
        if place is not None:
            name = several(c.name) if phrases.is_plural(c) else c.name
            told.append(f"The {PLACES[place]} has most of the {name}.")
        elif full:
            where = enumerate_([f"the {PLACES[i]}" for i in full])
            told.append(sentence(f"{where} {'is' if len(full) == 1 else 'are'} mostly {phrases.surface(c)}"))
    return " ".join(told) or None


def _tags(facts: Facts, seed: str) -> str | None:
    items = phrases.untold_tags(facts)[::-1]
    frames = ("The ground here also has {}", "Also in the area: {}")
    return sentence(choose(frames, seed, "tags retold").format(enumerate_(items))) if items else None
