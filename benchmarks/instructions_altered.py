"""Instructions with one thing made false, to see that a judge finds it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from instructions_judge import Original
from planted_words import CELLS, NUMBER, WORDS, value

from mpgi_ray.data.instructions import Turn

_REVERSE = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above"}


def altered(turn: Turn, about: Original) -> Turn | None:
    """The record with another answer, in its words and in what it rests on; None where there is none."""
    truth = dict(turn.truth)
    if truth.get("told") is False:
        return _told(turn, about)
    match turn.kind:
        case "presence":
            truth["present"] = not truth["present"]
            return replace(turn, answer="Yes." if truth["present"] else "No.", truth=truth)
        case "count":
            truth["count"] += 1
            return replace(turn, answer=f"{truth['count']}.", truth=truth)
        case "comparison":
            truth["counts"] = [truth["counts"][0] + 1, truth["counts"][1]]
            return replace(turn, truth=truth)
        case "position":
            taken = {*truth.get("cells", ()), truth["cell"]}
            other = next((cell for cell in CELLS if cell not in taken), None)
            if other is None:
                return None
            answer = re.sub(rf"\b{truth['cell']}\b", other, turn.answer)
            truth.pop("cells", None)
            return replace(turn, answer=answer, truth=truth | {"cell": other})
        case "box" | "grounding":
            return _moved(turn, truth)
        case "relation":
            return _related(turn, truth)
        case "share":
            truth["share"] = truth["share"] + (0.3 if truth["share"] < 0.5 else -0.3)
            return replace(turn, answer=f"About {round(100 * truth['share'])} % of the image.", truth=truth)
        case "classification":
            return replace(turn, answer="A volcano.", truth={"label": "volcano"})
        case _:
            return _described(turn, about)


def _told(turn: Turn, about: Original) -> Turn | None:
    """A number or a place in place of that it cannot be told."""
    rest = {"names": turn.truth["names"]}
    if not any(nouns[0] == rest["names"][0] for nouns in about.known.names.values()):
        return None  # whoever annotated the picture does not know the name
    if turn.kind == "presence":
        return replace(turn, answer="Yes.", truth=rest | {"present": True})
    if turn.kind == "count":
        return replace(turn, answer="Three.", truth=rest | {"count": 3})
    return None


def _moved(turn: Turn, truth: dict[str, Any]) -> Turn:
    x1, y1, x2, y2 = truth["box"]
    by = (x2 - x1) / 2 if x2 + (x2 - x1) / 2 <= 1 else -(x2 - x1) / 2
    box = [round(v, 5) for v in (x1 + by, y1, x2 + by, y2)]
    written = f"[{', '.join(f'{v:.3f}' for v in box)}]"
    return replace(turn, answer=written, truth=truth | {"box": box})


def _related(turn: Turn, truth: dict[str, Any]) -> Turn | None:
    if "asked" in truth:
        answer = re.sub("^(Yes|No)", lambda m: "No" if m[1] == "Yes" else "Yes", turn.answer)
        return replace(turn, answer=answer, truth=truth | {"holds": not truth["holds"]})
    if truth["relation"] in _REVERSE:
        return replace(turn, truth=truth | {"relation": _REVERSE[truth["relation"]]})
    if truth["relation"] == "larger":
        return replace(turn, truth=truth | {"names": truth["names"][::-1]})
    return None


def _described(turn: Turn, about: Original) -> Turn | None:
    """A description in which a number before a counted class is four larger."""
    known = about.known
    for label in sorted(known.exhaustive & {*known.things}):
        singular, plural, *_ = known.names[label]
        match = re.search(rf"\b({NUMBER}) ((?:[a-z]+ )?)(?:{plural}|{singular})\b", turn.answer, re.I)
        if match and match[1].lower() != "a single":
            more = value(match[1]) + 4
            number = WORDS[more] if more < len(WORDS) else str(more)
            return replace(turn, answer=turn.answer.replace(match[0], f"{number} {match[2]}{plural}", 1))
    return None
