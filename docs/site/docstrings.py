"""Docstrings in Google's form, as Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from itertools import pairwise

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^(?P<names>\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*): (?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says.

    Attributes:
        text: all that stands before the sections, as Markdown.
        sections: by title, the entries of a section, each with its names; of a section without names
            (what is returned) a single entry under an empty name.
    """

    text: str
    sections: dict[str, list[tuple[str, str]]]

    def meanings(self) -> dict[str, str]:
        """What ``Attributes`` says, by name; names that share an entry have the same one."""
        entries = self.sections.get("Attributes", [])
        return {name: text for names, text in entries for name in names.split(", ")}


def read(thing: object) -> Docstring:
    """The docstring of a class or a function; one without any says nothing."""
    lines = markdown(inspect.getdoc(thing) or "").split("\n")
    heads = [number for number, line in enumerate(lines) if _SECTION.match(line)]
    sections = {}
    for head, end in pairwise([*heads, len(lines)]):
        sections[lines[head].removesuffix(":")] = _entries(lines[head + 1 : end])
    return Docstring("\n".join(lines[: heads[0] if heads else None]).strip(), sections)


def markdown(text: str) -> str:
    """Double backticks become single ones, and a block that ``::`` announces a fenced one."""
    text = re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL)
    block = re.compile(r"::\n\n((?: {4}.*\n?|\n)+)")
    return block.sub(lambda m: f":\n\n```python\n{inspect.cleandoc(m[1])}\n```\n", f"{text}\n").rstrip()


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for line in lines:
        entry = _ENTRY.match(line.removeprefix("    "))
        if entry and not line.startswith(" " * 5):
            entries.append((entry["names"], entry["text"]))
        elif line.strip():
            names, text = entries.pop() if entries else ("", "")
            entries.append((names, f"{text} {line.strip()}".strip()))
    return entries
