"""The wordings of questions and answers: one of several, always the same for a picture and what is asked."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from mpgi_ray.rules import phrases
from mpgi_ray.rules.english import choose, number, with_article
from mpgi_ray.rules.facts import ClassFact, Facts
from mpgi_ray.rules.lexicon import is_mass


@cache
def _wordings() -> dict[str, dict[str, list[str]]]:
    text = resources.files(__package__).joinpath("wordings.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return found


def say(kind: str, what: str, seed: str, **slots: Any) -> str:
    """One of the wordings of a kind of question, with a capital.

    Args:
        what: the question or an answer to it, as ``wordings.yaml`` names them.
        seed: of the picture, and of what is asked about it.
        slots: what stands in braces.
    """
    text = choose(_wordings()[kind][what], seed, f"{kind} {what}").format(**slots)
    return f"{text[:1].upper()}{text[1:]}"


def forms(facts: Facts, name: str) -> dict[str, str]:
    """The slots that a class fills: ``name``, ``names``, ``a_name``, ``any_names``, ``are_no``."""
    several = facts.several(name)
    if is_mass(name):
        return {"name": name, "names": name, "a_name": f"any {name}", "any_names": f"any {name}", "are": "is"}
    single = with_article(name)
    return {"name": name, "names": several, "a_name": single, "any_names": f"any {several}", "are": "are"}


def there_are(c: ClassFact) -> str:
    """``there are three cars``, ``there is a group of people``."""
    if not c.total:
        return f"there {'is' if c.groups == 1 else 'are'} {phrases.group(c)}"
    one = c.total == 1 if c.countable else is_mass(c.name)
    return f"there {'is' if one else 'are'} {phrases.amount(c, c.total)}"


def counted(facts: Facts, name: str, count: int) -> str:
    """``three cars``, ``no cars``."""
    noun = name if count == 1 else facts.several(name)
    return f"{number(count) if count else 'no'} {noun}"
