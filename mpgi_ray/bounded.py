"""YAML and brace ranges, read within limits: what is small as a text may be huge once it is read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import yaml
from braceexpand import braceexpand

from mpgi_ray.secrets import shown

MAX_YAML = 1 << 20  # characters
MAX_NODES = 50_000  # keys and values, each alias counted as all that it stands for
MAX_DEPTH = 40
MAX_INT = 2**63  # beyond it, no file that is written could hold the number
MAX_EXPANDED = 1_000_000  # names of a brace range
MAX_PATTERN = 10_000  # characters of one
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.-?(\d+))?|([A-Za-z])\.\.[A-Za-z](\.\.-?\d+)?")
_DIGITS = 18  # of a number in a range


def parse_yaml(text: str) -> Any:
    """What a YAML text holds, which is nothing that JSON could not hold.

    Raises:
        ValueError: it is not valid YAML, beyond a limit, or holds something else; the message goes on from
            the name of the text, and quotes nothing that may be a secret.
    """
    if len(text) > MAX_YAML:
        raise ValueError(f"has {len(text):,} characters, expected at most {MAX_YAML:,}")
    try:
        _measure(text)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        said = ", ".join(part for part in (error.context, error.problem) if part)
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"is not valid YAML: {line}{_told(said)}") from None
    except yaml.reader.ReaderError as error:
        raise ValueError(f"is not valid YAML: character {error.position + 1}: {error.reason}") from None
    except _TooMuch:
        raise
    except ValueError as error:  # of dates such as 2020-13-01; it quotes values after a colon
        raise ValueError(f"is not valid YAML: {str(error).partition(':')[0]}") from None
    except Exception:  # PyYAML's constructors raise almost any exception
        raise ValueError("is not valid YAML: a value does not fit its tag") from None
    _require_plain(content, "")
    return content


class _TooMuch(ValueError):
    pass


@dataclass
class _Measure:
    """The size and height of a node, with all that its aliases stand for."""

    size: int = 1
    height: int = 0
    anchor: str | None = None


def _measure(text: str) -> None:
    """Hold a text against the limits by its events, of which none is expanded.

    Raises:
        ValueError: it is beyond one of them, or an alias stands within what it names.
    """
    whole = _Measure()
    open_, anchors = [whole], dict[str, _Measure | None]()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append(_Measure(anchor=event.anchor))
            if event.anchor:
                anchors[event.anchor] = None  # until it ends
            done = _Measure(0, 0)
        elif isinstance(event, yaml.AliasEvent):
            named = anchors.get(
                event.anchor or "", _Measure()
            )  # one that is unknown is an error of the loader
            if named is None:
                raise _TooMuch(f"{_line(event)}: an alias stands within what it names")
            done = _Measure(named.size + 1, named.height)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = open_.pop()
        elif isinstance(event, yaml.ScalarEvent):
            done = _Measure(anchor=event.anchor)
        else:
            continue
        if done.anchor:
            anchors[done.anchor] = done
        open_[-1].size += done.size
        open_[-1].height = max(open_[-1].height, done.height + 1)
        if open_[-1].size > MAX_NODES:
            raise _TooMuch(f"{_line(event)}: holds more than {MAX_NODES:,} values, aliases counted in full")
        if len(open_) + done.height > MAX_DEPTH:
            raise _TooMuch(f"{_line(event)}: is nested more than {MAX_DEPTH} deep")


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark else "at its end"


def _require_plain(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{_at(where)}has the key {key!r}, expected a text: write it in quotes")
            _require_plain(key, where)
            _require_plain(inner, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            _require_plain(inner, where)
    elif isinstance(value, str):
        if "\0" in value or not _encodes(value):
            raise ValueError(f"{_at(where)}holds a character that no file can hold (NUL or half a pair)")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) >= MAX_INT:
            raise ValueError(f"{_at(where)}holds a number of more than 64 bits")
    elif not (isinstance(value, float) and math.isfinite(value)):
        kind = "number that is not finite" if isinstance(value, float) else type(value).__name__
        raise ValueError(f"{_at(where)}holds a {kind}: expected a number, or a text in quotes")


def _at(where: str) -> str:
    return f"at {_told(where)} " if where else ""


def _told(text: str) -> str:
    return " ".join(text.split())[:200] if shown(text) == repr(text) else shown(text)


def _encodes(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def expand_braces(pattern: str) -> list[str]:
    """The names of a pattern such as ``a-{000..031}.tar``; with a brace that is not closed, the pattern.

    Raises:
        ValueError: it stands for more than `MAX_EXPANDED` names.
    """
    if "{" not in pattern and "}" not in pattern:
        return list(braceexpand(pattern))
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern of {len(pattern):,} characters, expected at most {MAX_PATTERN:,}")
    number = _expanded(pattern)
    if number is None:
        return [pattern]
    if number > MAX_EXPANDED:
        raise ValueError(f"{pattern!r} stands for {number:,} names, expected at most {MAX_EXPANDED:,}")
    return list(braceexpand(pattern))


def _expanded(pattern: str) -> int | None:
    """The number of names; None if a brace is not closed, or closed and not opened."""
    groups = [_Group(0)]
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif character == "{":
            groups.append(_Group(at + 1))
            if len(groups) > MAX_DEPTH:
                raise ValueError(f"a pattern of braces nested more than {MAX_DEPTH} deep")
        elif character == "," and len(groups) > 1:
            groups[-1].before += groups[-1].product
            groups[-1].product = 1
        elif character == "}":
            if len(groups) == 1:
                return None
            group = groups.pop()
            groups[-1].product *= _alternatives(pattern[group.start : at]) or group.before + group.product
            groups[-1].product = min(groups[-1].product, MAX_INT)
        at += 1
    return groups[0].product if len(groups) == 1 else None


@dataclass
class _Group:
    """An open brace: where it starts, the names before the last comma, and those since."""

    start: int
    before: int = 0
    product: int = 1


def _alternatives(expression: str) -> int:
    """The length of a range; 0 if it is none."""
    if not (match := _RANGE.fullmatch(expression)):
        return 0
    if match[4]:
        return 52
    if max(len(number or "") for number in match.group(1, 2, 3)) > _DIGITS:
        return MAX_INT
    return abs(int(match[2]) - int(match[1])) // (int(match[3] or 1) or 1) + 1
