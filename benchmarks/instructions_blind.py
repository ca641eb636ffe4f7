"""How many questions are answered without a picture: by the most frequent answer about the same classes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from mpgi_ray.data.instructions import Conversation, Turn

_TOLD = {"presence": "present", "count": "count", "position": "cell", "classification": "label"}


def print_blind(turns: Iterable[tuple[Conversation, Turn]]) -> None:
    """A line for each kind that has short answers: held-out questions, and how many of them are right.

    Answers are learned from the split ``train``; a class that it does not have gets the most frequent answer
    of the kind. ``chance`` is one over the number of answers.
    """
    learned: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one, turn in turns:
        if (told := _answer(turn)) is None:
            continue
        about = "|".join(turn.truth.get("names", ()))
        if one.split == "train":
            learned[turn.kind, about][told] += 1
            learned[turn.kind, ""][told] += 1
        else:
            asked[turn.kind].append((about, told))
    print(f"\n{'without a picture':18} {'held out':>8} {'right':>8} {'chance':>8}")
    for kind, questions in sorted(asked.items()):
        right = 0
        for about, told in questions:
            ((guess, _),) = (learned.get((kind, about)) or learned[kind, ""]).most_common(1)
            right += guess == told
        chance = 1 / len(learned[kind, ""])
        print(f"{kind:18} {len(questions):8,} {right / len(questions):8.1%} {chance:8.1%}")


def _answer(turn: Turn) -> str | None:
    """The answer in short; None for kinds without one, and where it cannot be told."""
    if turn.truth.get("told") is False:
        return None
    if turn.kind == "comparison":
        first, second = turn.truth["counts"]
        return "equal" if first == second else "first" if first > second else "second"
    return str(turn.truth[_TOLD[turn.kind]]) if turn.kind in _TOLD else None
