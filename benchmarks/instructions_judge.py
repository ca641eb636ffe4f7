"""Whether an instruction is true, by the original annotation and arithmetic of its own.

Both what a record rests on (``truth``) and what its answer says are held against the annotation. Whole
sentences are read by `planted_oracle`, too. Nothing is shared with `mpgi_ray.rules`, `truth` or `instruct`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from instructions_phrases import named_by
from planted_known import Known, Rectangle, Thing, overlap
from planted_oracle import false_claims
from planted_words import CELLS, NUMBER, SHARES, value

from mpgi_ray.data.instructions import Turn

_SAME = 0.97  # intersection over union of a box and the annotated one: it was clipped and rounded
_SIDES = {"left_of": "left", "right_of": "right", "above": "above", "below": "below"}
_CANNOT = re.compile(r"\b(?:cannot be told|can not be told)\b")


@dataclass(frozen=True)
class Original:
    """What the source says of a picture: things, surfaces and labels, and the scene if it names one."""

    known: Known
    scene: str = ""


def judge(turn: Turn, about: Original) -> bool | None:
    """Whether the record is true; None if it cannot be judged."""
    known, truth = about.known, turn.truth
    labels = [_label(known, name) for name in truth.get("names", ())]
    if truth.get("told") is False:
        return bool(_CANNOT.search(turn.answer)) and _cannot_be_told(turn, known, labels)
    if _CANNOT.search(turn.answer):
        return False
    if any(label is None for label in labels):
        return None
    own = [label for label in labels if label is not None]
    match turn.kind:
        case "describe_short" | "describe_long":
            return not false_claims(turn.answer, known)
        case "classification":
            return truth["label"] == about.scene and _words(about.scene) <= _words(turn.answer)
        case "presence":
            right = _presence(turn, known, own[0])
        case "count":
            right = _count(turn, known, own[0])
        case "comparison":
            right = _comparison(turn, known, own)
        case "position":
            right = _position(turn, known, own[0])
        case "box" | "grounding":
            right = _box(turn, known, own[0])
        case "relation":
            right = _relation(turn, known, own)
        case "share":
            right = _share(turn, known, own[0])
        case _:
            return None
    return right if not right or turn.kind == "relation" else not false_claims(turn.answer, known)


def things_of(known: Known, label: str) -> list[Thing]:
    """The things of a class, each once where two people boxed it."""
    kept: list[Thing] = []
    for thing in known.things.get(label, ()):
        if not any(thing.whole is False and overlap(thing.box, one.box) > 0.5 for one in kept):
            kept.append(thing)
    return kept


def _label(known: Known, name: str) -> str | None:
    return next((label for label, nouns in known.names.items() if name.lower() in nouns), None)


def _there(known: Known, label: str) -> bool:
    return bool(known.things.get(label)) or label in known.cover or label in known.present


def _cannot_be_told(turn: Turn, known: Known, labels: Sequence[str | None]) -> bool:
    """Whether nobody can tell by the annotation, and what is told all the same is so."""
    least = turn.truth.get("least", 0)
    unsure = [
        label is None
        or label not in known.exhaustive
        or not all(t.whole for t in known.things.get(label, ()))
        for label in labels
    ]
    if turn.kind == "presence":
        return all(unsure) and not any(label and _there(known, label) for label in labels)
    if turn.kind == "position":
        return all(
            label is None or (label in known.present and not known.things.get(label)) for label in labels
        )
    if turn.kind == "share":
        return False  # no original says that a mask is not whole
    said = [value(m) for m in re.findall(rf"\b({NUMBER})\b", turn.answer, re.I)]
    most = min((len(known.things.get(label or "", ())) for label in labels), default=0)
    return any(unsure) and least <= most and all(n == least for n in said)


def _pole(answer: str) -> bool | None:
    match = re.match(r"(yes|no)\b", answer, re.I)
    return match and match[1].lower() == "yes"


def _presence(turn: Turn, known: Known, label: str) -> bool:
    there = _there(known, label)
    sure = there or label in known.exhaustive
    return sure and turn.truth["present"] is there and _pole(turn.answer) is there


def _exactly(known: Known, label: str) -> int | None:
    return len(things_of(known, label)) if label in known.exhaustive else None


def _count(turn: Turn, known: Known, label: str) -> bool:
    n = _exactly(known, label)
    numbers = [value(m) for m in re.findall(rf"\b({NUMBER})\b", turn.answer, re.I)]
    said = numbers[0] if numbers else 0 if re.search(r"\bnone\b|\bno\b", turn.answer, re.I) else None
    return n is not None and turn.truth["count"] == n == said and len({*numbers}) <= 1


def _comparison(turn: Turn, known: Known, labels: Sequence[str]) -> bool:
    counts = [_exactly(known, label) for label in labels]
    if None in counts or list(turn.truth["counts"]) != counts:
        return False
    (i, j), answer = counts, turn.answer.lower()
    if "equally" in answer or "as many" in answer:
        return i == j and [value(m) for m in re.findall(rf"\b({NUMBER}) of each", answer)] == [i]
    more = re.search(r"\bmore ([a-z ]+?)(?: than|[:,.])", answer)
    larger = known.names[labels[0 if i > j else 1]]
    return bool(i != j and more and more[1] in larger)


def cell_of(box: Rectangle) -> str:
    """The one of the nine cells that holds the middle."""
    column, row = (int(3 * (a + b) / 2) for a, b in ((box[0], box[2]), (box[1], box[3])))
    return CELLS[3 * min(row, 2) + min(column, 2)]


def _position(turn: Turn, known: Known, label: str) -> bool:
    things, cell = things_of(known, label), turn.truth["cell"]
    said = [one for one in CELLS if re.search(rf"\b(?:in|on|at) the {one}\b", turn.answer, re.I)]
    inside = {cell_of(thing.box) for thing in things}
    if said != [cell] or cell not in inside:
        return False
    if "cells" in turn.truth:
        return {*turn.truth["cells"]} <= inside
    return inside == {cell} and label in known.exhaustive


def _box(turn: Turn, known: Known, label: str) -> bool | None:
    things, box = things_of(known, label), turn.truth["box"]
    written = re.findall(r"\[([\d., ]+)\]", turn.answer)
    if len(written) != 1 or not _alike(box, [float(v) for v in written[0].split(",")], known.size):
        return False
    meant = [thing for thing in things if overlap(_clipped(thing.box), tuple(box)) > _SAME]
    if not meant:
        return False
    if turn.kind == "grounding":
        found = named_by(turn.truth["phrase"], known, label, {n: things_of(known, n) for n in known.names})
        return None if found is None else found == meant
    if "boxes" in turn.truth:
        return len(turn.truth["boxes"]) <= len(things)
    return label in known.exhaustive and len(things) == 1


def _alike(box: Sequence[float], written: Sequence[float], size: tuple[int, int]) -> bool:
    """Whether the numbers of an answer are the box, as shares, thousandths or pixels of any scaling to 28."""
    scales = [(1.0, 1.0), (1000.0, 1000.0), size]
    scales += [(round(size[0] / g) * g or g, round(size[1] / g) * g or g) for g in (28, 32)]
    shares = ([written[0] / w, written[1] / h, written[2] / w, written[3] / h] for w, h in scales)
    return any(all(abs(a - b) < 0.004 for a, b in zip(one, box, strict=True)) for one in shares)


def _clipped(box: Rectangle) -> Rectangle:
    x1, y1, x2, y2 = (min(max(v, 0.0), 1.0) for v in box)
    return x1, y1, x2, y2


def _relation(turn: Turn, known: Known, labels: Sequence[str]) -> bool:
    (a, b), kind, answer = labels, turn.truth["relation"], turn.answer.lower()
    one, other = things_of(known, a), things_of(known, b)
    if not one or not other:
        return False
    if kind == "near":
        reach = [
            _gap(x.box, y.box, known.size) / min(_side(x, known), _side(y, known)) for x in one for y in other
        ]
        return min(reach) <= 0.3 and known.names[a][0] in answer
    exact = {a, b} <= known.exhaustive
    if kind == "larger":
        named = re.match(r"the ([a-z ]+?)(?: (?:is|are) larger|\.)", answer)
        smallest, largest = min(t.covered for t in one), max(t.covered for t in other)
        return bool(exact and smallest > largest and named and named[1] in known.names[a])
    if not exact or len(one) > 1 or len(other) > 1 or not beside(one[0].box, other[0].box, kind):
        return False
    if "asked" in turn.truth:
        holds = turn.truth["asked"] == kind
        if turn.truth["holds"] is not holds or _pole(turn.answer) is not holds:
            return False
        return "," not in answer or _SIDES[kind] in answer.partition(",")[2]
    return _SIDES[kind] in answer


def beside(box: Rectangle, other: Rectangle, side: str) -> bool:
    """Whether a box lies wholly on a side of another one."""
    return {
        "left_of": box[2] < other[0],
        "right_of": box[0] > other[2],
        "above": box[3] < other[1],
        "below": box[1] > other[3],
    }[side]


def _gap(a: Rectangle, b: Rectangle, size: tuple[int, int]) -> float:
    across = max(0.0, a[0] - b[2], b[0] - a[2]) * size[0]
    return float((across**2 + (max(0.0, a[1] - b[3], b[1] - a[3]) * size[1]) ** 2) ** 0.5)


def _side(thing: Thing, known: Known) -> float:
    x1, y1, x2, y2 = thing.box
    return max((x2 - x1) * known.size[0], (y2 - y1) * known.size[1])


def _share(turn: Turn, known: Known, label: str) -> bool:
    there = known.cover[label].fraction if label in known.cover else 0.0
    if label not in known.exhaustive or abs(turn.truth["share"] - there) > 0.001:
        return False
    percents = [int(n) / 100 for n in re.findall(r"(\d+) %", turn.answer)]
    words = [w for w in sorted(SHARES, key=len, reverse=True) if w in turn.answer.lower()][:1]
    if not percents and not words:
        return there == 0 and bool(re.match("none|nothing", turn.answer, re.I))
    low, high = SHARES[words[0]] if words else (0.0, 1.0)
    return low <= there <= high and all(abs(p - there) <= 0.0051 for p in percents)


def _words(text: str) -> set[str]:
    words = re.findall(r"[a-z]+", text.lower().replace("harbour", "harbor"))
    return {*words} - {"with", "a", "an", "the"}
