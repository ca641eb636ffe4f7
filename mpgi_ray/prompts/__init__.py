"""Prompts: Jinja2 files with YAML front matter, shipped here or written by a user.

A file starts with ``---``, its settings and ``---``. Its body is the instruction: the same bytes for every
image. What is known of an image is given in a block of its own: the facts for a relay prompt, facts and
texts for an integration, nothing for a free perspective, which stays independent of the facts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from pydantic import BaseModel

from mpgi_ray.config import nearest, read_mapping, read_text
from mpgi_ray.config import parse as parse_config
from mpgi_ray.data.caption import Shown
from mpgi_ray.errors import RecipeError
from mpgi_ray.prompts.blocks import KNOWN, example_block, files_of, names_block, read
from mpgi_ray.prompts.blocks import Boxes as Boxes
from mpgi_ray.prompts.blocks import again as again
from mpgi_ray.prompts.blocks import facts_block as facts_block
from mpgi_ray.prompts.blocks import headings as headings
from mpgi_ray.prompts.blocks import shared_blocks as shared_blocks
from mpgi_ray.prompts.blocks import sources_block as sources_block
from mpgi_ray.prompts.body import BodyError, render
from mpgi_ray.prompts.front import Front, Words
from mpgi_ray.prompts.front import Kind as Kind
from mpgi_ray.prompts.reply import reply_model, schema_of
from mpgi_ray.secrets import secret_in


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
        """Identity of the prompt, 16 hex digits: the file, and what goes into all prompts of its kind."""
        parts = [self.source, *files_of(self.kind).values()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def system(self) -> str:
        """The system message."""
        if self.own_system is not None:
            return self.own_system
        name = "_system_integrate.j2" if self.kind is Kind.INTEGRATE else "_system.j2"
        return read(name).strip()

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
            own.append(example_block(self.example))
        merge = [*own, names_block(), block]
        parts = {Kind.FREE: own, Kind.RELAY: [block, *own], Kind.INTEGRATE: merge}
        return "\n\n".join(parts[self.kind])

    @property
    def opening(self) -> str:
        """What the prompts of all images begin with, after the system text and the picture."""
        return self.with_block("\0").partition("\0")[0]


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
        return parse(name_or_path, read(f"{name_or_path}.j2"))
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
    if name.lower() in KNOWN:
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
