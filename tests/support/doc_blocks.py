"""The code blocks of the documentation, and what their marks say of running them.

A block of bash or Python is run as it stands. A comment on the line before it may say otherwise::

    <!-- not run: needs a GPU -->
    <!-- run: template in place of one-gpu; 2 in place of 20 -->
    <!-- file: rules.yaml -->

The last one writes a block of any language into a file, for the blocks after it. A block that names a file
itself (```` ```python mpgi_ray/… ````) is what `scratch_package` applies.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = ("bash", "python")
SHOWN = ("", "text", "yaml", "json", "csv", "diff", "jinja")
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>[^\n]*?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)(?P<file> [^\n]+)?\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"(?P<word>not run|run|file): (?P<said>\S.*)")
_SWAP = re.compile(r"(?P<new>.+?) in place of (?P<old>.+)")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block.

    Attributes:
        line: of its first one, from 1.
        code: as it is run, with what the mark puts in place of something.
        reason: why it is not run; empty if it is.
        written: the file that it is written into; empty for none.
    """

    page: str
    line: int
    language: str
    code: str
    reason: str = ""
    written: str = ""

    @property
    def runs(self) -> bool:
        return self.language in RUN and not self.reason and not self.written


def pages() -> list[str]:
    """The README and all pages of ``docs``, as paths below the root."""
    return ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def blocks(page: str, text: str | None = None) -> list[Block]:
    """The code blocks of a page, in order.

    Args:
        text: of the page; by default what its file holds.

    Raises:
        ValueError: a mark or a language that is none of ours, or a mark that no block follows.
    """
    text = (ROOT / page).read_text(encoding="utf-8") if text is None else text
    found = [_block(page, text, match) for match in _BLOCK.finditer(text)]
    marks = re.findall(r"^ *<!-- (?:not run|run|file):", text, re.MULTILINE)
    marked = [match for match in _BLOCK.finditer(text) if match["mark"]]
    if len(marks) != len(marked):
        raise ValueError(f"{page}: {len(marks)} marks, of which {len(marked)} stand right before a block")
    return found


def _block(page: str, text: str, match: re.Match[str]) -> Block:
    line = text.count("\n", 0, match.start("language")) + 1
    language, code = match["language"], textwrap.dedent(match["body"])
    if language not in (*RUN, *SHOWN):
        raise ValueError(f"{page}:{line}: a block of {language!r}: expected one of {(*RUN, *SHOWN)}")
    if match["file"]:
        return Block(page, line, language, code, f"it is the file{match['file']} of a package")
    if not language and re.search(r"^\$? ?(mpgi|pip|make|ray|python) ", code, re.MULTILINE):
        raise ValueError(f"{page}:{line}: a command in a block without a language: expected bash, or text")
    if not match["mark"]:
        return Block(page, line, language, code)
    mark = _MARK.fullmatch(match["mark"])
    if mark is None:
        raise ValueError(f"{page}:{line}: {match['mark']!r}: expected `not run:`, `run:` or `file:`")
    if mark["word"] == "file":
        return Block(page, line, language, code, written=mark["said"])
    if language not in RUN:
        raise ValueError(f"{page}:{line}: a mark on a block of {language!r}, which is not run")
    if mark["word"] == "not run":
        return Block(page, line, language, code, reason=mark["said"])
    return Block(page, line, language, _swapped(page, line, code, mark["said"]))


def _swapped(page: str, line: int, code: str, said: str) -> str:
    for part in said.split("; "):
        swap = _SWAP.fullmatch(part)
        if swap is None or swap["old"] not in code:
            raise ValueError(f"{page}:{line}: {part!r}: expected `A in place of B`, and B in the block")
        code = code.replace(swap["old"], swap["new"])
    return code
