"""Pages as the generator wants them: links that stay on the site, and code blocks with a title."""

from __future__ import annotations

import posixpath
import re
import shutil
from functools import partial
from pathlib import Path

import notebooks

ROOT = Path(__file__).parents[2]
# files outside of docs/ that are pages, and folders that a page tells of
_PAGES = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "mpgi_ray/prompts": "prompts.md",
    "mpgi_ray/recipes": "recipe.md",
    "mpgi_ray/rules": "facts.md",
    "mpgi_ray/ingest/presets": "sources.md",
}
_LINK = re.compile(r"(\]\(|src=\")(?!https?://|#)([^)#\s\"]+)((?:#[^)\s\"]*)?[)\"])")
_FENCE = re.compile(r"^( *```\w+) (\S+)$", re.MULTILINE)
_MARK = re.compile(r"^ *<!-- (?:not run|run|file): .*? -->\n", re.MULTILINE)  # for `make test-docs` alone
_CODE = re.compile(r"(^ *```.*?^ *```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def stage(out: Path) -> None:
    """Copy the pages of the repository, and the files that they link to, below ``out``.

    Raises:
        SystemExit: a page links to what is not there.
    """
    for folder in ("quickstart", "notebooks", "deploy"):
        shutil.copytree(ROOT / "docs" / folder, out / folder)
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / name for name in _PAGES if name.endswith(".md"))]
    for page in pages:
        source = page.relative_to(ROOT).as_posix()
        text = page.read_text(encoding="utf-8")
        (out / _staged(source, out)).write_text(_titled(_linked(text, source, out)), encoding="utf-8")
    for book in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        source = book.relative_to(ROOT).as_posix()
        text = notebooks.page(book, out, partial(_linked, source=source, out=out))
        (out / f"{book.stem}.md").write_text(text, encoding="utf-8")


def _linked(text: str, source: str, out: Path) -> str:
    """With links as they are on the site; code is left alone, but for a name in it that is a link."""

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        if not (ROOT / target).exists() or target.startswith(".."):
            raise SystemExit(f"{source} links to {match[2]}: there is no such file")
        return f"{match[1]}{_staged(target, out)}{match[3]}"

    parts = _CODE.split(text)
    return "".join(part if number % 2 else _LINK.sub(moved, part) for number, part in enumerate(parts))


def _staged(target: str, out: Path) -> str:
    """Where a file of the repository lies on the site; what is no page is copied there as it is."""
    if target in _PAGES:
        return _PAGES[target]
    if target.endswith(".ipynb"):
        return f"{Path(target).stem}.md"
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    if not (ROOT / target).is_file():
        raise SystemExit(f"{target} is a folder that no page tells of: add it in {Path(__file__).name}")
    copied = out / "files" / target
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / target, copied)
    return f"files/{target}"


def _titled(text: str) -> str:
    """A code block that names its file has the name above it; marks for the tests are left out."""
    return _FENCE.sub(r'\1 title="\2"', _MARK.sub("", text))
