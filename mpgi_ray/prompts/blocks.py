"""What goes into many prompts: system texts, and what is known of an image, in blocks with headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import jinja2

from mpgi_ray.prompts.body import sandbox
from mpgi_ray.prompts.front import Kind

KNOWN = ("facts", "measured")  # what stands in brackets before what no description says
_HEADED = ("_facts.j2", "_sources.j2", "_example.j2", "_again.j2")
_OF_KIND = {  # the files that a prompt's text depends on, beside its own
    Kind.FREE: ("_system.j2", "_example.j2", "_again.j2"),
    Kind.RELAY: ("_system.j2", "_facts.j2", "_example.j2", "_again.j2"),
    Kind.INTEGRATE: ("_system_integrate.j2", "_names.j2", "_sources.j2", "_example.j2", "_again.j2"),
}


@dataclass(frozen=True)
class Boxes:
    """Object boxes as a model's family writes them: how to read them, and one line a box."""

    convention: str
    lines: tuple[str, ...]


def files_of(kind: Kind) -> dict[str, str]:
    """The files that go into the prompts of a kind, by name."""
    return {name: read(name) for name in _OF_KIND[kind]}


def shared_blocks() -> dict[str, str]:
    """The files that go into many prompts, by name: system texts and what has headings."""
    return {name: text for kind in Kind for name, text in files_of(kind).items()}


@lru_cache(maxsize=1)
def headings() -> tuple[str, ...]:
    """How the parts of a prompt are headed, up to the first comma: no answer may hold these words."""
    lines = [line for name in _HEADED for line in read(name).splitlines()]
    headed = [re.split("[,;:]", line)[0] for line in lines if line.endswith(":")]
    return tuple(dict.fromkeys([*headed, *(f"[{name}]" for name in KNOWN)]))


def facts_block(
    facts: Sequence[str],
    boxes: Boxes | None = None,
    measured: Sequence[str] = (),
    *,
    picture: bool = True,
) -> str:
    """What every relay prompt of an image begins with.

    Args:
        facts: the rules' sentences, which are trusted.
        measured: sentences on what pixels show, which weigh less.
        picture: whether the model is shown the picture.
    """
    return _rendered("_facts.j2", facts=facts, boxes=boxes, measured=measured, picture=picture)


def sources_block(facts: Sequence[str], texts: Mapping[str, str], measured: Sequence[str] = ()) -> str:
    """What an integration ends with: facts, and the texts by perspective.

    Args:
        facts, measured: see `facts_block`.
    """
    told = {name: _line(text) for name, text in texts.items()}
    known = {"facts": [*map(_line, facts)], "measured": [*map(_line, measured)]}
    return _rendered("_sources.j2", texts=told, **known)


def _line(text: str) -> str:
    """The text in one line: no line of it begins with a name in brackets."""
    return " ".join(text.split())


def again(text: str, code: str, detail: str) -> str:
    """A prompt for a further attempt: it says why the answer before could not be used.

    Args:
        code, detail: of the fault; `_again.j2` words the codes that it knows.
    """
    return f"{text}\n\n{_rendered('_again.j2', code=code, detail=detail)}"


def _rendered(name: str, **given: object) -> str:
    return _environment().get_template(name).render(given).strip()


def example_block(example: str) -> str:
    """A worked example, after the instruction."""
    return _rendered("_example.j2", example=example)


def names_block() -> str:
    """What the names in brackets of `sources_block` mean; no system text, which a file may replace."""
    return read("_names.j2").strip()


@lru_cache(maxsize=32)
def read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return sandbox(lambda name: read(name) if name in _HEADED else None)
