"""A table of questions and what was answered to them, as tables for the terminal and the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mpgi_ray.data.caption_figures import quantile
from mpgi_ray.report.grid import Table
from mpgi_ray.report.questions.counts import NEGATIVE, POSITIVE, UNTOLD, Counts, KindCounts, SplitCounts

_ACCURACY = ("kind", "questions", "chance", "accuracy", "unread", "faults", "mean_iou")
_CAPTIONS = ("kind", "questions", "bleu_4", "rouge_l", "cider_d")  # summary.json has the others
_ANSWERS = (POSITIVE, NEGATIVE, UNTOLD)
_MOST = 20  # splits and sources that are listed


def tables_of(counts: Counts) -> list[Table]:
    """Questions by kind, by split and by source."""
    return [
        _kinds(counts),
        _parts("Splits", "split", counts.splits),
        *([_parts("Sources", "source", counts.sources)] if len(counts.sources) > 1 else []),
    ]


def tables_of_answers(kinds: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Accuracies in per cent and figures of descriptions, each with its 95 % interval, by kind.

    Args:
        kinds, told: ``kinds`` and ``descriptions`` of the ``summary.json`` of a run that asked an engine.
    """
    found = []
    if kinds:
        found.append(_figures("Accuracy, per cent", kinds, "accuracy", _ACCURACY))
    if told:
        found.append(_figures("Descriptions", told, "cider_d", _CAPTIONS))
    return found


def _kinds(counts: Counts) -> Table:
    """One row a kind, the most frequent first; columns that tell nothing of these kinds are left out."""
    found: dict[str, list[str]] = {"kind": [], "questions": []}
    columns = (*_ANSWERS, "choices", "chance %", "question words")
    found |= {name: [] for name in (*columns, "answer words", "reworded")}
    for name, kind in sorted(counts.kinds.items(), key=lambda pair: (-pair[1].questions, pair[0])):
        row = {
            "kind": name or "none",
            "questions": f"{kind.questions:,}",
            "choices": _choices(kind),
            "chance %": "" if kind.chance is None else f"{100 * kind.chance:.1f}",
            "question words": _lengths(kind.asked),
            "answer words": _lengths(kind.answered),
            "reworded": f"{kind.worded:,}" if kind.worded else "",
        }
        row |= {answer: f"{kind.answers[answer]:,}" for answer in _ANSWERS if kind.answers[answer]}
        for column, cells in found.items():
            cells.append(row.get(column, ""))
    shown = [name for name, cells in found.items() if any(cells)]
    notes = ["words: the median, and the longest in brackets"]
    if POSITIVE in shown or NEGATIVE in shown:
        notes.insert(0, "positive: it is there, or holds; negative: it is not, or does not")
    return Table("Kinds", notes, shown, [*zip(*(found[name] for name in shown), strict=True)])


def _choices(kind: KindCounts) -> str:
    numbers = sorted(number for number in kind.choices if number)
    if not numbers:
        return ""
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def _lengths(words: Counter[int]) -> str:
    return f"{quantile(words, 0.5)} ({max(words, default=0)})"


def _parts(title: str, what: str, parts: Mapping[str, SplitCounts]) -> Table:
    order = sorted(parts, key=lambda name: (-parts[name].turns.total(), name))
    rows = [[name or "none", *(f"{n:,}" for n in parts[name].record().values())] for name in order[:_MOST]]
    notes = [f"{len(order) - _MOST:,} more"] if len(order) > _MOST else []
    return Table(title, notes, [what, "pictures", "conversations", "questions"], rows)


def _figures(title: str, rows: Sequence[Mapping[str, Any]], figure: str, columns: Sequence[str]) -> Table:
    """One row a kind.

    Args:
        figure: that the interval is of.
        columns: in their order; but for the figure, one of zeros or without values is left out.
    """
    shown = [name for name in columns if name == figure or any(row.get(name) for row in rows)]
    at = shown.index(figure) + 1
    cells = []
    for row in rows:
        values = [_cell(row.get(name)) for name in shown]
        interval = f"{row[f'{figure}_low']:g} to {row[f'{figure}_high']:g}"
        cells.append([*values[:at], interval, *values[at:]])
    heads = [name.replace("_", " ") for name in (*shown[:at], "95 %", *shown[at:])]
    return Table(title, (), heads, cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
