"""Whether a choice of a question is true of a picture, read from its annotation. No code of the maker."""

from __future__ import annotations

import re
from collections import defaultdict

from mpgi_ray.data.instructions import Turn
from mpgi_ray.data.sample import Annotation, Box
from support.sentence_kinds import NAMES

_WHERE = {"left": (0, -1), "right": (0, 1), "top": (1, -1), "bottom": (1, 1)}
_WHERE |= {"above": (1, -1), "below": (1, 1), "upper": (1, -1), "lower": (1, 1)}


def holds(choice: str, turn: Turn, note: Annotation, colour: str = "") -> bool:
    """Whether a choice is true, by the boxes, scenes and covers of the annotation alone.

    Args:
        colour: of the things that are asked about.
    """
    boxes: dict[str, list[Box]] = defaultdict(list)
    for thing in note.objects:
        boxes[_called(thing.label)].append(thing.box)
    size = note.width, note.height
    names = turn.truth.get("names", ["", ""])
    middles = [[box.middle for box in boxes[name]] for name in names]
    match turn.kind:
        case "presence":
            return choice in boxes
        case "count":
            return len(boxes[names[0]]) == int(choice)
        case "comparison":
            first, second = (len(boxes[name]) for name in names)
            if choice.startswith("as many"):
                return first == second
            return choice.startswith(f"more {names[first < second]}") and first != second
        case "position":
            words = [word for word in choice.replace("the ", "").split() if word in _WHERE]
            limit = 1 / 2 if choice.endswith("half") else 2 / 3
            signs = [_WHERE[word] for word in words]
            return all(
                sign * (middle[axis] / size[axis] - 1 / 2) > (limit - 1 / 2)
                for axis, sign in signs
                for middle in middles[0]
            ) and (
                bool(signs)
                or all(abs(m[axis] / size[axis] - 1 / 2) <= 1 / 6 for m in middles[0] for axis in (0, 1))
            )
        case "relation":
            words = [word for word in choice.split() if word in _WHERE]
            return all(
                sign * (a[axis] - b[axis]) > 0
                for axis, sign in (_WHERE[word] for word in words)
                for a in middles[0]
                for b in middles[1]
            )
        case "colour":
            return choice == colour
        case "classification":
            return choice == note.scene[0]
    cover = note.cover[{"road surface": "road"}.get(names[0], names[0])].fraction
    return abs(cover - int(choice.split()[1]) / 100) < 0.1


def _called(label: str) -> str:
    """What texts call a label of the real data; others are called as they are."""
    return NAMES.get(re.sub(r"[^a-z]", "", label.lower()), (label,))[0]
