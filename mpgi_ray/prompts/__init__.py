"""Prompts: Jinja2 files with YAML front matter, shipped here or written by a user.

A file starts with ``---``, its settings (``kind``, ``words``, ``description``) and ``---``; the body gets
``words`` and, by kind, ``facts`` (relay), ``texts`` and perhaps ``facts`` (integrate), or nothing more
(free: a perspective that does not see the facts stays independent of them). A file may include the shared
blocks ``_facts.j2`` and ``_texts.j2``, which are the same bytes in every prompt.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

import jinja2
import yaml

from mpgi_ray.errors import RecipeError

_SHARED = ("_system.j2", "_facts.j2", "_texts.j2")


class Kind(StrEnum):
    """What a prompt sees: image and facts, the image alone, or the texts of stage 1 and perhaps facts."""

    RELAY = "relay"
    FREE = "free"
    INTEGRATE = "integrate"


@dataclass(frozen=True)
class PromptTemplate:
    """A prompt file.

    Attributes:
        words: the least and the largest number of words of a good answer.
        source: the whole file.
    """

    name: str
    kind: Kind
    words: tuple[int, int]
    source: str
    description: str = ""

    @cached_property
    def hash(self) -> str:
        """Identity of the prompt, 16 hex digits: the file, the system text and the shared blocks."""
        parts = [self.source, *(_read(name) for name in _SHARED)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def render(self, *, facts: Sequence[str] = (), texts: Mapping[str, str] | None = None) -> str:
        """The prompt as a model reads it, without the system text.

        Args:
            facts: rule sentences; a relay prompt needs them, a free one never sees them.
            texts: source texts by perspective; an integration needs them.

        Raises:
            RecipeError: the file uses a variable that it was not given, or cannot be rendered.
        """
        given: dict[str, object] = {"words": self.words}
        if facts and self.kind is not Kind.FREE:
            given["facts"] = list(facts)
        if texts and self.kind is Kind.INTEGRATE:
            given["texts"] = dict(texts)
        return self._rendered(given) if len(given) > 1 else self._alone

    @cached_property
    def _alone(self) -> str:
        """The prompt where nothing of the image goes into it: the same every time."""
        return self._rendered({"words": self.words})

    def _rendered(self, given: Mapping[str, object]) -> str:
        try:
            return self._body.render(given).strip()
        except jinja2.TemplateError as error:
            raise RecipeError(
                f"prompt {self.name!r} of kind {self.kind} cannot be rendered: {error.message}; "
                f"it was given {', '.join(sorted(given))}"
            ) from error

    @cached_property
    def _body(self) -> jinja2.Template:
        try:
            return _environment().from_string(_split(self.name, self.source)[1])
        except jinja2.TemplateError as error:
            raise RecipeError(f"prompt {self.name!r}: {error.message}; expected a Jinja2 template") from error

    def __reduce__(self) -> tuple[object, ...]:
        return parse, (self.name, self.source)  # a compiled template cannot be pickled


def shipped() -> list[str]:
    """The names of the prompts that come with the package."""
    files = resources.files(__name__).iterdir()
    return sorted(f.name[:-3] for f in files if f.name.endswith(".j2") and not f.name.startswith("_"))


def system_text() -> str:
    """The system message of every prompt."""
    return _read("_system.j2").strip()


def load(name_or_path: str) -> PromptTemplate:
    """A shipped prompt by its name, or a user's own by the path of its file.

    Raises:
        RecipeError: neither a shipped name nor a file, or a file that is not a prompt.
    """
    if name_or_path in shipped():
        return parse(name_or_path, _read(f"{name_or_path}.j2"))
    path = Path(name_or_path)
    if path.is_file():
        return parse(path.stem, path.read_text(encoding="utf-8"))
    close = difflib.get_close_matches(name_or_path, shipped(), n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else "a path of your own file is fine too"
    raise RecipeError(f"no prompt {name_or_path!r}: expected one of {', '.join(shipped())}; {hint}")


def parse(name: str, source: str) -> PromptTemplate:
    """A prompt from the text of its file.

    Raises:
        RecipeError: the front matter is missing or wrong, or the body is not a template.
    """
    settings = _settings(name, _split(name, source)[0])
    kinds = [kind.value for kind in Kind]
    if settings.get("kind") not in kinds:
        raise RecipeError(
            f"prompt {name!r}: kind is {settings.get('kind')!r}, expected one of {', '.join(kinds)}"
        )
    match settings.get("words"):
        case [int(low), int(high)] if 0 < low <= high:
            words = low, high
        case other:
            raise RecipeError(
                f"prompt {name!r}: words is {other!r}, expected [least, most], such as [20, 80]"
            )
    template = PromptTemplate(
        name, Kind(str(settings["kind"])), words, source, str(settings.get("description", ""))
    )
    _ = template._body  # a syntax error is found here, not in the first image
    return template


def _settings(name: str, front: str) -> dict[str, object]:
    try:
        settings = yaml.safe_load(front)
    except yaml.YAMLError as error:
        raise RecipeError(f"prompt {name!r}: the front matter is not YAML: {error}") from error
    if not isinstance(settings, dict):
        raise RecipeError(f"prompt {name!r}: the front matter is {settings!r}, expected kind and words")
    unknown = sorted(set(map(str, settings)) - {"kind", "words", "description"})
    if unknown:
        raise RecipeError(
            f"prompt {name!r}: unknown setting {', '.join(unknown)}; expected kind, words, description"
        )
    return settings


def _split(name: str, source: str) -> tuple[str, str]:
    lines = source.lstrip("\ufeff").splitlines(keepends=True)
    ends = [i for i, line in enumerate(lines) if line.strip() == "---"]
    if len(ends) < 2 or ends[0] != 0:
        raise RecipeError(f"prompt {name!r} has no front matter: start it with ---, kind: …, words: […], ---")
    return "".join(lines[1 : ends[1]]), "".join(lines[ends[1] + 1 :])


@lru_cache(maxsize=8)
def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _read(name) if name in _SHARED else None),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals.clear()  # no prompt needs range(), and copying them takes most of a rendering
    return environment
