"""The templates of the pages, and how they show numbers and long texts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import unescape

from jinja2 import Environment, PackageLoader, StrictUndefined

from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import OutputError
from mpgi_ray.report.claimed import stretches
from mpgi_ray.report.overlay import DISPLAY

_RAW = 4000  # characters of a raw reply or of a source's text that are shown
_NAMED = 24  # shards that are named in a line
_HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)  # what is not ours is escaped


def page_at(output: str) -> tuple[Storage, str]:
    """Where a page is to be written.

    Raises:
        OutputError: that is a folder.
    """
    storage, name = split_url(output)
    if not name:
        raise OutputError(f"{output!r} is a folder: name the file to write, for example {output}report.html")
    return storage, name


def environment() -> Environment:
    """With the filters that the templates use."""
    environment = Environment(
        loader=PackageLoader("mpgi_ray.report", ""),
        autoescape=True,  # captions are not trusted
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["display"] = DISPLAY
    environment.filters |= {
        "number": _number,
        "share": _share,
        "shortened": _shortened,
        "pretty": _pretty,
        "parsed": json.loads,
        "stretches": stretches,
        "headings": headings,
        "in_words": _in_words,
    }
    return environment


def headings(html: str) -> list[tuple[str, str]]:
    """The anchors and titles of the sections of a page, in their order."""
    return [(anchor, unescape(re.sub("<[^>]*>", "", title))) for anchor, title in _HEADING.findall(html)]


def _in_words(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _number(value: object) -> str:
    """Thousands with a comma, fractions with four digits at most, a dash for None; others as they are."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    whole = isinstance(value, int) or abs(value) >= 1000
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _shortened(text: str) -> str:
    return text if len(text) <= _RAW else f"{text[:_RAW]} … and {len(text) - _RAW:,} more characters"


def _pretty(record: object) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False)
