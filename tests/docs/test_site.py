"""The site builds without a warning, its links hold, and reading it fetches nothing from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from support.doc_blocks import ROOT

pytestmark = [pytest.mark.docs, pytest.mark.xdist_group("site")]  # one build, in one folder

LOADED = {("script", "src"), ("img", "src"), ("source", "srcset"), ("iframe", "src"), ("link", "href")}


class Page(HTMLParser):
    """What a page of the site names.

    Attributes:
        ids: places in it.
        links: addresses that a reader may follow.
        loaded: addresses that a browser fetches to show it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif (tag, name) == ("a", "href") and value:
                self.links.append(value)
            elif (tag, name) in LOADED and value:
                self.loaded.append(value)


@pytest.fixture(scope="module")
def site() -> dict[Path, Page]:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/site/build.py"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr
    files = sorted((ROOT / "build/site").glob("*.html"))
    assert files, f"no page in {ROOT / 'build/site'} after\n{done.stdout}"
    return {file: Page(file.read_text(encoding="utf-8")) for file in files if file.name != "404.html"}


def test_every_page_is_in_the_navigation(site: dict[Path, Page]) -> None:
    project = tomllib.loads((ROOT / "docs/site/zensical.toml").read_text())["project"]
    assert {f"{Path(name).stem}.html" for name in named(project["nav"])} == {file.name for file in site}


def named(entries: list[dict[str, object]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            yield from named(value) if isinstance(value, list) else [str(value)]


def test_links_lead_to_what_is_there(site: dict[Path, Page]) -> None:
    broken = []
    for file, page in site.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if parts.scheme:
                continue
            if target.is_dir():
                target = target / "index.html"
            known = site[target].ids if target in site else {""}
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in known):
                broken.append(f"{file.name}: {link}")
    assert not broken


def test_a_browser_fetches_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    """Scripts, styles, fonts and pictures lie beside the pages; links that a reader follows may leave."""
    assert not [f"{file.name}: {url}" for file, page in site.items() for url in page.loaded if "//" in url]
    styles = "".join(file.read_text() for file in (ROOT / "build/site").rglob("*.css"))
    assert "url(http" not in styles.replace('"', "").replace("'", "")
    assert "@import" not in styles


def test_nothing_of_a_page_was_left_unread(site: dict[Path, Page]) -> None:
    """Markdown that the generator did not understand stands in the page as it is."""
    for file in site:
        text = (ROOT / "build/site" / file.name).read_text(encoding="utf-8")
        body = text.partition("<article")[2].partition("</article")[0]
        plain = "".join(part.partition("</code>")[2] for part in body.split("<code")) or body
        assert "```" not in plain, file.name
        assert "| --- |" not in plain, file.name
