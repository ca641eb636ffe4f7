"""The two integrated texts as the embedded engine writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from mpgi_ray.rules import phrases, regions, things
from mpgi_ray.rules.english import choose, enumerate_, sentence, with_article
from mpgi_ray.rules.facts import CoverFact, Facts
from mpgi_ray.rules.geometry import PLACES
from mpgi_ray.rules.lexicon import humanise
from mpgi_ray.rules.relations import Kind, Relation
from mpgi_ray.rules.sentences import metadata

_OPENING = 3  # things that the first sentence of a long text names
_WORDS = 45  # of a short text, as its prompt allows
TOKENS = 75  # that CLIP reads, beside its marks for start and end
_WORD = re.compile(r"[^\W\d_]+|\d|[^\w\s]+")


def tokens_at_most(text: str) -> int:
    """At least as many tokens as CLIP's tokenizer makes of an English text; without its two marks.

    A bound, so that a text is the same where CLIP's vocabulary is installed and where it is not.
    """
    return sum(
        math.ceil(len(word.encode()) / 3) if len(word) > 6 or not word.isascii() else 1
        for word in _WORD.findall(text)
    )


def short(facts: Facts, others: Sequence[str], seed: str) -> str:
    """The scene, and number, colour, class and place of its most telling things, in what CLIP reads.

    Args:
        others: sentences of other engines; the shortest are added as far as they fit.
    """
    frames = ("overhead view of {}", "top-down view of {}", "the view from above shows {}")
    frame, items, text = choose(frames, seed, "headline"), _items(facts), ""
    for count in range(len(items), -1, -1):
        text = _opening(facts, frame, items[:count])
        if _fits(text):
            break
    more = [_labels(facts), *others] if text else [_labels(facts), *sorted(others, key=tokens_at_most)]
    for one in filter(None, more):
        if text and not _fits(f"{text} {one}"):
            break
        text = f"{text} {one}".strip()
    return text


def _fits(text: str) -> bool:
    return tokens_at_most(text) <= TOKENS and len(text.split()) <= _WORDS


def _opening(facts: Facts, frame: str, items: Sequence[str]) -> str:
    """The scene with its main things in one sentence; empty if there is neither."""
    scene = phrases.scene(facts)
    if scene is None and facts.scenes:
        scene = f'an area labelled "{humanise(facts.scenes[0]) or facts.scenes[0]}"'
    if scene is None and facts.measured and not (facts.counted or facts.cover or facts.tags):
        scene = "ground"  # whose regions are all that is known
    joined = enumerate_(items) if all("," not in item for item in items) else "; ".join(items)
    if scene is None or not joined:
        return sentence(frame.format(scene or joined)) if scene or joined else ""
    # "an airfield with aircraft, with grass"
    return sentence(f"{frame.format(scene)}{', with' if ' with ' in scene else ' with'} {joined}")


def _items(facts: Facts) -> list[str]:
    """What tells a picture from others, the main things first: classes, covers, tags, then regions."""
    items = [things.placed(facts, c) for c in facts.counted]
    # beside objects a cover would take the room of what tells a picture from others of its kind
    items += [cover_item(c) for c in facts.cover if c.fraction >= 0.05][:3] if not items else []
    items += list(phrases.untold_tags(facts))[:2] if not items else []
    seen = facts.measured
    if seen and len(items) < 2:
        items += [regions.item(region) for region in regions.placed(seen)[:2]]
        items += [f"{regions.spots(spots)} {regions.place(spots)}".strip() for spots in seen.spots[:1]]
    return items


def cover_item(c: CoverFact) -> str:
    """``about half water``, ``a small part forest mainly on the left``."""
    at = phrases.cover_place(c)
    place = f" mainly {phrases.IN_PLACE[at]}" if at is not None else ""
    part = phrases.share(c.fraction)
    return f"{'mostly' if part == 'most' else part} {phrases.surface(c)}{place}"


def long(facts: Facts, others: Sequence[str], seed: str) -> str:
    """Everything that is known: the main things first, a caption by themselves, then the rest."""
    frames = ("the view is of {}", "the image looks down on {}")
    told: list[str | None] = [_opening(facts, choose(frames, seed, "opening"), _items(facts)[:_OPENING])]
    told += [_labels(facts), _further(facts)]
    looks = ((things.looks(facts, c, 1), things.some(facts, c)) for c in facts.counted)
    told += [text for of_class in looks for text in of_class]
    told += [_places(facts, seed), _relations(facts), _cover(facts), _cover_places(facts)]
    if facts.measured:
        told += regions.ground(facts.measured)
        told += [sentence(regions.stand_out(spots, 1)) for spots in facts.measured.spots]
    told += [_tags(facts, seed), metadata(facts, seed)]
    return " ".join(dict.fromkeys([text for text in told if text] + list(others)))


def _labels(facts: Facts) -> str | None:
    present = phrases.present(facts, phrases.untold_labels(facts))
    return sentence(f"it holds {present}") if present else None


def _further(facts: Facts) -> str | None:
    """The classes that are not in the opening."""
    items = [things.group(facts, c, 1) for c in facts.counted[_OPENING:]]
    items += [phrases.group(c) for c in facts.counted if c.total and c.groups]
    if not items:
        return None
    return sentence(f"there {'is' if things.is_one(items[0]) else 'are'} also {enumerate_(items)}")


def _places(facts: Facts, seed: str) -> str | None:
    """Where objects lie by cells, of which the opening tells at most a half of the image."""
    told = [text for c in facts.counted if (text := things.by_cells(c, seed))]
    return " ".join(told) or None


def _relations(facts: Facts) -> str | None:
    return " ".join(sentence(_relation(facts, r)) for r in facts.relations) or None


def _relation(facts: Facts, r: Relation) -> str:
    if r.kind is Kind.NEAR:
        return f"near {with_article(r.object)} there is {with_article(r.subject)}"
    object_ = f"the {r.object if r.single[1] else facts.several(r.object)}"
    subject = f"the {r.subject if r.single[0] else facts.several(r.subject)}"
    if r.kind is Kind.LARGER:
        return f"{object_} {'is' if r.single[1] else 'are'} far smaller than {subject}"
    return f"{subject} has {object_} {'on its right' if r.kind is Kind.LEFT_OF else 'below it'}"


def _cover(facts: Facts) -> str | None:
    return things.covers(facts, ("takes up", "take up"), "the frame")


def _cover_places(facts: Facts) -> str | None:
    told = []
    for c in facts.cover:
        place, full = phrases.cover_place(c), phrases.full_cells(c)
        if place is not None:
            name = c.several if phrases.is_plural(c) else c.name
            told.append(
                f"Most of the {name} {'are' if phrases.is_plural(c) else 'is'} {phrases.IN_PLACE[place]}."
            )
        elif full:
            where = enumerate_([f"the {PLACES[i]}" for i in full])
            told.append(sentence(f"{where} {'is' if len(full) == 1 else 'are'} mostly {phrases.surface(c)}"))
    return " ".join(told) or None


def _tags(facts: Facts, seed: str) -> str | None:
    items = phrases.untold_tags(facts)[::-1]
    frames = ("The ground here also has {}", "Also in the area: {}")
    return sentence(choose(frames, seed, "tags retold").format(enumerate_(items))) if items else None
