"""Phrases that many words make together: how things are arranged, and of which surface more is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def shapes(listed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """``in one vertical row``, ``forming a circle``, ``lined up from top to bottom``, with the pattern."""
    for before in listed["before"]:
        for shape, pattern in listed["rows"].items():
            for article in listed["articles"]:
                alone = "single " if pattern == "row" and article in listed["alone"] else ""
                yield f"{before} {article} {shape}", f"{alone}{pattern}"
                for way, direction in listed["ways"].items() if pattern == "row" else ():
                    yield f"{before} {article} {way} {shape}", f"{direction} row"
    for verb in listed["verbs"]:
        yield from ((f"{verb} {along}", f"{way} row") for along, way in listed["along"].items())


def comparisons(compared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """``covers more of the image than``, ``takes up less room than``, ``covers twice as much as``."""
    for verb in compared["verbs"]:
        for what in compared["what"]:
            yield from ((f"{verb} {more} {what}than", word) for more, word in compared["than"].items())
        for size, word in compared["shares"].items():
            for part in compared["of"]:
                yield from ((f"{verb} a {size} {part} {of}than", word) for of in compared["as"])
        for what in compared["as"]:
            yield f"{verb} twice as much {what}as", "larger"
            yield f"{verb} about twice as much {what}as", "larger"
            for times in (3, 4, 5, "several", "many"):
                yield f"{verb} {times} times as much {what}as", "larger"
            yield f"{verb} half as much {what}as", "smaller"
