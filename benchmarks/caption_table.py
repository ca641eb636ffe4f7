"""The tables of the benchmark of captions: figures over seeds, and which form of arm is best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

Found = dict[str, dict[str, list[float]]]  # values over seeds, by form of an arm and figure


def summary(rows: Iterable[tuple[str, Mapping[str, float]]]) -> Found:
    """The values of each figure, by the name of the row."""
    found: Found = {}
    for name, figures in rows:
        for figure, value in figures.items():
            found.setdefault(name, {}).setdefault(figure, []).append(round(value, 2))
    return found


def table(found: Found, figures: Sequence[str]) -> str:
    """A table in Markdown: the mean over seeds, the least and the most."""
    rows = [["", *figures], ["---"] * (1 + len(figures))]
    for name, values in found.items():
        if any(figure in values for figure in figures):
            rows.append([name, *(_cell(values.get(figure, [])) for figure in figures)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def figures_of(found: Found) -> list[str]:
    return list(dict.fromkeys(figure for values in found.values() for figure in values))


def verdict(found: Found, ours: str, others: Sequence[str], figure: str) -> str | None:
    """Whether a form is better than the best of others, outside the spread of seeds; None without figures."""
    rivals = {name: found[name][figure] for name in others if figure in found.get(name, {})}
    mine = found.get(ours, {}).get(figure)
    if not rivals or not mine:
        return None
    best = max(rivals, key=lambda name: float(np.mean(rivals[name])))
    apart = "better outside the spread" if min(mine) > max(rivals[best]) else "not better outside the spread"
    if len(mine) == 1:
        apart = "one seed, no spread"
    return f"{figure}: {ours} {_cell(mine)}, the best single text {best} {_cell(rivals[best])}: {apart}"


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "–"
    mean = f"{np.mean(values):.1f}"
    return f"{mean} ({min(values):.1f}–{max(values):.1f})" if max(values) > min(values) else mean
