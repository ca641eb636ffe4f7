"""The viewer of a folder of questions: its page, and another one to look through many pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mpgi_ray.data.instructions import fingerprint
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import RecipeError
from mpgi_ray.report.questions.drawn import Asked, Drawing, with_questions
from mpgi_ray.report.questions.folder import Questions
from mpgi_ray.report.questions.page import Told, cards_of, render_questions
from mpgi_ray.report.questions.question import Question
from mpgi_ray.report.spread import ordered_by
from mpgi_ray.report.viewer.columns import Columns, Row
from mpgi_ray.report.viewer.entry import PIXELS
from mpgi_ray.report.viewer.folder import PAGE, begin, finish, require_ours
from mpgi_ray.report.viewer.pieces import SIZES, Pieces, cut, shown

_PIECES = {kind: SIZES[kind] for kind in ("texts", "shown")}


def write_asked(
    questions: Questions, told: Told, output: str, *, samples: int, cards: int = 24, seed: int = 0
) -> str:
    """Write the page of a folder of questions as a folder, with a page to look through many pictures.

    The table of questions is in memory, and one shard at a time.

    Args:
        output: the folder, local or an fsspec URL: a new or empty one, or one that held a viewer before.
        samples: how many pictures it shows at most, drawn evenly from all shards.
        cards, seed: of the page, see `mpgi_ray.report.questions.page.cards_of`.

    Returns:
        What was written, in one line.

    Raises:
        InputError: the table cannot be read.
        OutputError: the folder holds files of others, or cannot be written.
        RecipeError: ``samples`` or ``cards`` is negative.
    """
    if samples < 0:
        raise RecipeError(f"samples={samples}: expected 0 or more")
    storage, total = Storage(output), len(questions.counts.pictures)
    require_ours(storage)
    shown_there = cards_of(questions, cards, seed)
    begin(storage, {"questions": questions.storage.url})
    shards = questions.shards
    drawing = Drawing(shards, questions.counts.pictures, samples, len(shards), PIXELS, seed)
    pictures = [*_published(storage, drawing)]
    columns, pieces = Columns(), Pieces(storage, _PIECES)
    for one in with_questions(pictures, questions.storage.url, questions.run):
        columns.add(one, one.split, map(_row, one.questions))
        row = shown(one, picture=one.size is not None) | {"texts": [*map(_shown, one.questions)]}
        pieces.add({"texts": [*map(_searched, one.questions)], "shown": row})
    pieces.close()
    order = sorted(range(len(pictures)), key=lambda at: ordered_by(seed, pictures[at].sample_id))
    about = _about(questions, drawing.troubles, total)
    beside = {"page": PAGE, "drawn": len(pictures), "total": total}
    report = render_questions(questions, told, shown_there, beside)
    finish(storage, about | columns.record() | {"order": order}, report)
    return f"{storage.path('index.html')}: {len(pictures):,} of {total:,} pictures"


def _published(storage: Storage, drawing: Drawing) -> Iterator[Asked]:
    """The pictures, whose pixels are written and not held."""
    for number, one in enumerate(drawing.pictures()):
        if one.jpeg:
            storage.publish(f"pictures/{number}.jpg", one.jpeg)
        yield replace(one, jpeg=b"")


def _about(questions: Questions, troubles: list[str], total: int) -> dict[str, Any]:
    return {
        "asks": True,
        "words": ["picture", "question"],
        "runs": [{"name": questions.name, "id": fingerprint(questions.storage.url)}],
        "total": total,
        "alone": [0, 0],
        "troubles": troubles,
        "prompts": [],
        "sizes": _PIECES,
    }


def _row(one: Question) -> Row:
    iou = one.reply.iou if one.reply else None
    names = {"kind": one.turn.kind, "answer": one.answer, "reply": one.outcome, "model": one.turn.model}
    return Row(names, scores={} if iou is None else {"IoU": iou})


def _searched(one: Question) -> str:
    """What a search looks through."""
    told = (
        one.turn.question,
        *(one.turn.choices or (one.turn.answer,)),
        one.reply.reply if one.reply else "",
    )
    return "\n".join(map(cut, told))


def _shown(one: Question) -> dict[str, Any]:
    turn, reply = one.turn, one.reply
    row = {
        "id": f"{one.conversation.id}-{one.place}",
        "first": one.place == 0,
        "question": cut(turn.question),
        "answer": cut(turn.answer),
        "choices": [*map(cut, turn.choices)],
        "right": turn.choices.index(turn.answer) if turn.choices else None,
    }
    if reply is None:
        return row
    iou = reply.iou if reply.read is not None else None  # of a box that there is
    return row | {"reply": cut(reply.fault or reply.reply), "iou": iou}
