"""The notebooks of the docs, with what they show, as Markdown and pictures."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)


def page(notebook: Path, out: Path, linked: Callable[[str], str]) -> str:
    """A notebook as a page; its pictures are written below ``out``.

    Args:
        linked: gives the text of a cell the links of the site.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    pictures = Pictures(notebook.stem, out)
    parts = [part for cell in cells for part in _parts(cell, pictures, linked)]
    name = notebook.name
    source = f"This page is the notebook [{name}](notebooks/{name}), with what it showed when it was run."
    return "\n\n".join([parts[0], source, *parts[1:]]) + "\n"


class Pictures:
    """Writes the pictures of a notebook, with a name for each."""

    def __init__(self, stem: str, out: Path) -> None:
        self._stem, self._out, self._written = stem, out, 0

    def link(self, data: str) -> str:
        self._written += 1
        name = f"notebooks/{self._stem}-{self._written}.jpg"
        (self._out / name).write_bytes(base64.b64decode(data))
        return f"![What the cell above shows]({name})"


def _parts(cell: dict[str, Any], pictures: Pictures, linked: Callable[[str], str]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield linked(source)
        return
    yield _fenced("python", source)
    for output in cell["outputs"]:
        if "text" in output:
            yield _fenced("text", "".join(output["text"]).rstrip())
        data = {kind: "".join(lines) for kind, lines in output.get("data", {}).items()}
        if "image/jpeg" in data:
            yield pictures.link(data["image/jpeg"])
        elif "text/html" in data:
            # on one line: a blank one would end the HTML
            yield f'<div class="shown">{" ".join(_STYLE.sub("", data["text/html"]).split())}</div>'
        elif "text/plain" in data:
            yield _fenced("text", data["text/plain"])


def _fenced(language: str, text: str) -> str:
    """A code block; what is shown may hold some itself."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 3)
    return f"{fence}{language}\n{text}\n{fence}"
