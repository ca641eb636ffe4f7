"""Prompts: Jinja2 files with YAML front matter, shipped here or written by a user.

A file starts with ``---``, its settings and ``---``. Its body is the instruction: the same bytes for every
image. What is known of an image is given in a block of its own: the facts for a relay prompt, facts and
texts for an integration, nothing for a free perspective, which stays independent of the facts.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

import jinja2
from pydantic import BaseModel

from mpgi_ray.config import nearest, read_mapping, read_text
from mpgi_ray.config import parse as parse_config
from mpgi_ray.data.caption import Shown
from mpgi_ray.errors import RecipeError
from mpgi_ray.prompts.body import BodyError, render, sandbox
from mpgi_ray.prompts.front import Front, Words
from mpgi_ray.prompts.front import Kind as Kind
from mpgi_ray.prompts.reply import reply_model, schema_of
from mpgi_ray.secrets import secret_in

_KNOWN = ("facts", "measured")  # what stands in brackets before what no description says
_HEADED = ("_facts.j2", "_sources.j2", "_example.j2", "_again.j2")
_SHARED = ("_system.j2", "_system_integrate.j2", *_HEADED)


@dataclass(frozen=True)
class Boxes:
    """Object boxes as a model's family writes them: how to read them, and one line a box."""

    convention: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PromptTemplate:
    """A prompt file.

    Attributes:
        texts: the texts of a good answer, each with its least and its largest number of words: one of the
            prompt's own name for a perspective, those of the JSON reply for an integration.
        source: the whole file.
        picture: whether a perspective shows the picture.
        example: a worked example, whose words no answer may have; empty for none.
        own_system: the system text, if it is not that of all prompts.
    """

    name: str
    kind: Kind
    texts: Mapping[str, Words]
    source: str
    description: str = ""
    picture: bool = True
    example: str = ""
    own_system: str | None = None

    @cached_property
    def hash(self) -> str:
        """Identity of the prompt, 16 hex digits: the file, the system texts and the shared blocks."""
        parts = [self.source, *(_read(name) for name in _SHARED)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def system(self) -> str:
        """The system message."""
        if self.own_system is not None:
            return self.own_system
        name = "_system_integrate.j2" if self.kind is Kind.INTEGRATE else "_system.j2"
        return _read(name).strip()

    @property
    def shown(self) -> Shown:
        """What it shows of a sample."""
        return Shown.PICTURE if self.picture and self.kind is not Kind.INTEGRATE else Shown.TEXT

    @property
    def reply(self) -> type[BaseModel]:
        """The JSON object that an integration is answered with: a text under each name."""
        return reply_model(tuple(self.texts))

    @cached_property
    def schema(self) -> dict[str, object] | None:
        """JSON schema of the reply to an integration; None for prose."""
        return schema_of(self.reply) if self.kind is Kind.INTEGRATE else None

    @cached_property
    def instruction(self) -> str:
        """The body, rendered."""
        given: dict[str, object] = {"texts": self.texts}
        if self.kind is not Kind.INTEGRATE:
            given = {"words": self.texts[self.name], "picture": self.picture}
        front, body = _split(self.name, self.source)
        try:
            return render(body, given).strip()
        except BodyError as error:
            line = f"line {front.count(chr(10)) + 2 + error.line}: " if error.line else ""
            raise RecipeError(
                f"{line}prompt {self.name!r} of kind {self.kind} cannot be rendered: {error}; "
                f"it is given {', '.join(given)} alone: what is known of an image is put before it"
            ) from error

    def with_block(self, block: str) -> str:
        """The prompt as a model reads it, after the system text and the picture.

        What many requests share comes first, so that a model reads it once: the facts of an image in a
        relay prompt, the instruction with its example in an integration. A free prompt takes no block.
        """
        own = [self.instruction]
        if self.example:
            own.append(_shared("_example.j2", example=self.example))
        parts = {Kind.FREE: own, Kind.RELAY: [block, *own], Kind.INTEGRATE: [*own, block]}
        return "\n\n".join(parts[self.kind])

    @property
    def opening(self) -> str:
        """What the prompts of all images begin with, after the system text and the picture."""
        return self.with_block("\0").partition("\0")[0]


def shared_blocks() -> dict[str, str]:
    """The files that go into many prompts, by name: system texts and what has headings."""
    return {name: _read(name) for name in _SHARED}


@lru_cache(maxsize=1)
def headings() -> tuple[str, ...]:
    """How the parts of a prompt are headed, up to the first comma: no answer may hold these words."""
    lines = [line for name in _HEADED for line in _read(name).splitlines()]
    headed = [re.split("[,;:]", line)[0] for line in lines if line.endswith(":")]
    return tuple(dict.fromkeys([*headed, *(f"[{name}]" for name in _KNOWN)]))


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
    return _shared("_facts.j2", facts=facts, boxes=boxes, measured=measured, picture=picture)


def sources_block(facts: Sequence[str], texts: Mapping[str, str], measured: Sequence[str] = ()) -> str:
    """What an integration ends with: facts, and the texts by perspective.

    Args:
        facts, measured: see `facts_block`.
    """
    return _shared("_sources.j2", facts=facts, texts=texts, measured=measured)


def again(text: str, code: str, detail: str) -> str:
    """A prompt for a further attempt: it says why the answer before could not be used.

    Args:
        code, detail: of the fault; `_again.j2` words the codes that it knows.
    """
    return f"{text}\n\n{_shared('_again.j2', code=code, detail=detail)}"


def _shared(name: str, **given: object) -> str:
    return _environment().get_template(name).render(given).strip()


def shipped() -> list[str]:
    """The names of the prompts that come with the package."""
    files = resources.files(__name__).iterdir()
    return sorted(f.name[:-3] for f in files if f.name.endswith(".j2") and not f.name.startswith("_"))


def load(name_or_path: str) -> PromptTemplate:
    """A shipped prompt by its name, or a user's own by the path of its file.

    Raises:
        RecipeError: neither a shipped name nor a file, or a file that is not a prompt.
    """
    if name_or_path in shipped():
        return parse(name_or_path, _read(f"{name_or_path}.j2"))
    path = Path(name_or_path)
    if os.path.isfile(path):
        try:
            return parse(path.stem, read_text(path))
        except RecipeError as error:
            raise RecipeError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error
    raise nearest("prompt", name_or_path, shipped(), "the path of a prompt file")


def parse(name: str, source: str) -> PromptTemplate:
    """A prompt from the text of its file.

    Raises:
        RecipeError: the front matter is missing or wrong, or the body is not a template.
    """
    where = f"prompt {name!r}"
    if name in _KNOWN:
        raise RecipeError(
            f"{where}: in integrations [{name}] stands before what no description says: rename it"
        )
    for number, line in enumerate(source.splitlines(), 1):
        if why := secret_in(line):
            raise RecipeError(f"line {number}: {where} looks like it holds a secret ({why}): take it out")
    front = parse_config(Front, read_mapping(_split(name, source)[0], f"the front matter of {where}"), where)
    texts = {name: front.words} if front.words and front.kind is not Kind.INTEGRATE else front.texts
    template = PromptTemplate(
        name,
        front.kind,
        dict(texts),
        source,
        front.description,
        front.picture,
        front.example.strip(),
        front.system and front.system.strip(),
    )
    _ = template.instruction  # a mistake is found here, not in the first image
    return template


def _split(name: str, source: str) -> tuple[str, str]:
    lines = source.lstrip("\ufeff").splitlines(keepends=True)
    ends = [i for i, line in enumerate(lines) if line.strip() == "---"]
    if len(ends) < 2 or ends[0] != 0:
        raise RecipeError(f"prompt {name!r} has no front matter: start it with ---, kind: …, words: […], ---")
    return "".join(lines[1 : ends[1]]), "".join(lines[ends[1] + 1 :])


@lru_cache(maxsize=32)
def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return sandbox(lambda name: _read(name) if name in _HEADED else None)
