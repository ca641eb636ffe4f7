"""A page of a folder of questions: its tables, and cards of pictures with what is asked about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mpgi_ray.errors import RecipeError
from mpgi_ray.report.grid import Table
from mpgi_ray.report.html import environment, page_at
from mpgi_ray.report.pictures import SHARDS
from mpgi_ray.report.questions.drawn import Drawing, with_questions
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


def write_questions(questions: Questions, told: Told, output: str, *, cards: int = 24, seed: int = 0) -> str:
    """Write a self-contained page, see `render_questions`.

    Returns:
        What was written, in one line.

    Raises:
        InputError: the table cannot be read.
        OutputError: the page cannot be written.
        RecipeError: ``cards`` is negative.
    """
    storage, name = page_at(output)
    page = render_questions(questions, told, cards=cards, seed=seed)
    storage.publish(name, page.encode())
    total = len(questions.counts.pictures)
    return f"{output}: {min(cards, total):,} of {total:,} pictures"


def render_questions(
    questions: Questions,
    told: Told,
    *,
    cards: int = 24,
    seed: int = 0,
    viewer: dict[str, Any] | None = None,
) -> str:
    """The HTML of the page. Pictures come from a few shards, read one at a time.

    Args:
        cards: pictures that are shown.
        viewer: the ``page`` beside it that shows more pictures, how many are ``drawn`` there, of how many.

    Raises:
        InputError: the table cannot be read.
        RecipeError: ``cards`` is negative.
    """
    if cards < 0:
        raise RecipeError(f"cards={cards}: expected 0 or more")
    drawing = Drawing(questions.shards, questions.counts.pictures, cards, SHARDS, _PIXELS, seed)
    shown = [*with_questions([*drawing.pictures()], questions.storage.url, questions.run)]
    page = {
        "told": told,
        "questions": questions,
        "tables": [*questions.tables, *told.tables],
        "cards": shown,
        "troubles": drawing.troubles,
        "viewer": viewer,
    }
    return environment().get_template("questions.html.j2").render(page)
