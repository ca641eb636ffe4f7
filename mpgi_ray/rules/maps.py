"""Sentences on what a map shows of a picture's place: what is in the middle, and what else is there."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.rules.english import choose, enumerate_, sentence
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.lexicon import is_plural
from mpgi_ray.rules.setting import Setting


def setting(facts: Facts, seed: str) -> str | None:
    """What is in the middle, and what lies around it."""
    if (told := untold_setting(facts)) is None:
        return None
    if told.through:
        return sentence(f"{told.central} {'run' if told.plural else 'runs'} through the centre of the image")
    verbs = ("lie", "are", "can be seen") if told.plural else ("lies", "is", "can be seen")
    lies = choose(verbs, seed, "setting")
    clause = f"{told.whole} {lies} in the centre of the image"
    return sentence(", ".join(filter(None, (clause, told.beside))))


def setting_retold(facts: Facts, seed: str) -> str | None:
    """The same in other words."""
    if (told := untold_setting(facts)) is None:
        return None
    if told.through:
        return sentence(f"the centre is crossed by {told.central}")
    where = choose(("in the centre", "in the middle of the view"), seed, "setting retold")
    there = f"{where} there {'are' if told.plural else 'is'} {told.whole}"
    around = f"with {enumerate_(told.around)} {'around it' if told.surrounded else 'nearby'}"
    return sentence(f"{there}, {around}" if told.around else there)


def tags(facts: Facts, seed: str) -> str | None:
    """Map features that show from above, unless they are told already."""
    items = untold_tags(facts)
    if not items:
        return None
    be = "are" if is_plural(items[0]) else "is"
    frames = (f"Within this area there {be} {{}}", "The area on view has {}", "The area shows {}")
    return sentence(choose(frames, seed, "tags").format(enumerate_(items)))


def untold_tags(facts: Facts) -> list[str]:
    """The features that are told neither by their class nor by what is in the middle."""
    told = untold_setting(facts)
    return [tag for tag in _unnamed(facts, facts.tags) if told is None or tag not in told.tags]


def untold_setting(facts: Facts) -> Setting | None:
    """What is in the middle, unless all of it are classes whose number and place are told."""
    return facts.setting if facts.setting and _unnamed(facts, facts.setting.tags) else None


def _unnamed(facts: Facts, tags: Sequence[str]) -> list[str]:
    """The phrases of features that are no objects: of these as much is told as shows."""
    told = {name for c in facts.classes for name in (c.name, c.several)} | set(facts.labels)
    return [tag for tag in tags if not any(f" {tag}".endswith(f" {name}") for name in told)]
