"""What is known of a sample, as lines for a person: the JSON's names, indented, without what is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SHORT = 100  # letters of a list or an object that stands on one line


def lines_of(told: Mapping[str, Any]) -> list[str]:
    """The lines of a record of `known_of`."""
    samples = told["samples"]
    lines = [] if len(samples) == 1 else [f"{len(samples):,} samples are meant by {told['asked']}:"]
    for sample in samples:
        where = f"sample {sample['index']} of {sample['shard']}" if "index" in sample else sample["shard"]
        lines += ["", f"{sample['key']}: {where}"] if lines else [f"{sample['key']}: {where}"]
        rest = {name: value for name, value in sample.items() if name not in ("key", "shard", "index")}
        lines += _lines(rest, "  ")
    return lines


def _lines(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, inner in value.items():
        if _is_empty(inner):
            continue
        name = name.replace("_", " ")
        if (short := _on_one_line(inner)) is not None:
            yield f"{indent}{name}: {short}"
            continue
        yield f"{indent}{name}:"
        yield from (
            _lines(inner, f"{indent}  ") if isinstance(inner, Mapping) else _items(inner, f"{indent}  ")
        )


def _items(values: list[Any], indent: str) -> Iterator[str]:
    for value in values:
        if _is_empty(value):
            continue
        if isinstance(value, Mapping):
            first, *rest = _lines(value, f"{indent}  ")
            yield f"{indent}- {first.strip()}"
            yield from rest
        else:
            yield f"{indent}- {value}"


def _on_one_line(value: Any) -> str | None:
    """Plain values, and lists and objects of few plain values; None for others."""
    if isinstance(value, Mapping):
        if not all(_is_plain(inner) for inner in value.values()):
            return None
        line = ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items() if not _is_empty(inner))
        return line if len(line) <= _SHORT else None
    if isinstance(value, list):
        if not all(map(_is_plain, value)):
            return None
        line = ", ".join(map(_plain, value))
        return line if len(line) <= _SHORT or len(value) == 1 else None
    return _plain(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return value is None or value == ""


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    # degrees on the earth: the fifth decimal is a metre
    return f"{value:.4g}" if abs(value) < 1 else f"{value:.5f}".rstrip("0").rstrip(".")
