"""A page of a folder of questions: its tables, and cards of pictures with what is asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.errors import RecipeError
from mpgi_ray.report.grid import Table
from mpgi_ray.report.html import environment, page_at
from mpgi_ray.report.pictures import SHARDS
from mpgi_ray.report.questions.drawn import Asked, Drawing, with_questions
from mpgi_ray.report.questions.folder import Questions

_PIXELS = 540  # longest side of a picture: one and a half times its size on the page


@dataclass(frozen=True, slots=True)
class Told:
    """What else is told of a folder of questions.

    Attributes:
        what: it holds.
        lines: what was left out.
        tables: behind those of the questions.
    """

    what: str
    lines: Sequence[str] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """The pictures of a page.

    Attributes:
        troubles: shards that could not be read, a line each.
    """

    shown: Sequence[Asked]
    troubles: Sequence[str]


def write_questions(questions: Questions, told: Told, output: str, *, cards: int = 24, seed: int = 0) -> str:
    """Write a self-contained page.

    Args:
        cards: pictures that are shown at most, see `cards_of`.

    Returns:
        What was written, in one line.

    Raises:
        InputError: the table cannot be read.
        OutputError: the page cannot be written.
        RecipeError: ``cards`` is negative.
    """
    storage, name = page_at(output)
    shown = cards_of(questions, cards, seed)
    storage.publish(name, render_questions(questions, told, shown).encode())
    return f"{output}: {len(shown.shown):,} of {len(questions.counts.pictures):,} pictures"


def cards_of(questions: Questions, count: int, seed: int = 0) -> Cards:
    """Pictures with their questions, from at most `SHARDS` shards, read one at a time.

    Raises:
        InputError: the table cannot be read.
        RecipeError: ``count`` is negative.
    """
    if count < 0:
        raise RecipeError(f"cards={count}: expected 0 or more")
    drawing = Drawing(questions.shards, questions.counts.pictures, count, SHARDS, _PIXELS, seed)
    shown = [*with_questions([*drawing.pictures()], questions.storage.url, questions.run)]
    return Cards(shown, drawing.troubles)


def render_questions(
    questions: Questions, told: Told, cards: Cards, viewer: Mapping[str, Any] | None = None
) -> str:
    """The HTML of the page.

    Args:
        viewer: the ``page`` beside it that shows more pictures, how many are ``drawn`` there, of how many.
    """
    page = {
        "told": told,
        "questions": questions,
        "tables": [*questions.tables, *told.tables],
        "cards": cards.shown,
        "troubles": cards.troubles,
        "viewer": viewer,
    }
    return environment().get_template("questions.html.j2").render(page)
