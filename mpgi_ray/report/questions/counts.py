"""The figures of a table of questions: one pass, which holds names of pictures and conversations alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mpgi_ray.data.caption_figures import quantile
from mpgi_ray.data.instructions import Turn

POSITIVE, NEGATIVE, UNTOLD = "positive", "negative", "cannot be told"
_THERE = ("present", "holds", "count", "share")  # in a truth: false or 0 where there is nothing


def answer_of(turn: Turn) -> str:
    """What an open question is answered by its truth.

    Returns:
        That something is there or holds, that it is not or does not, that it cannot be told; empty for
        questions of which no answer is one of these, and for those with choices.
    """
    if turn.choices:
        return ""
    if turn.truth.get("told") is False:
        return UNTOLD
    found = [turn.truth[name] for name in _THERE if name in turn.truth]
    return (POSITIVE if found[0] else NEGATIVE) if found else ""


@dataclass
class KindCounts:
    """The questions of a kind.

    Attributes:
        answers: by `answer_of`.
        choices: by how many choices they have; 0 is an open question.
        asked, answered: questions and answers by their length in words.
        worded: in a model's words.
    """

    answers: Counter[str] = field(default_factory=Counter)
    choices: Counter[int] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)
    answered: Counter[int] = field(default_factory=Counter)
    worded: int = 0

    def add(self, turn: Turn) -> None:
        """The next question."""
        self.answers[answer_of(turn)] += 1
        self.choices[len(turn.choices)] += 1
        self.asked[len(turn.question.split())] += 1
        self.answered[len(turn.answer.split())] += 1
        self.worded += bool(turn.model)

    @property
    def questions(self) -> int:
        return self.choices.total()

    @property
    def chance(self) -> float | None:
        """The share that is right where choices are drawn; None if any question is open."""
        if self.choices[0] or not self.choices:
            return None
        return sum(count / number for number, count in self.choices.items() if number) / self.questions

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "questions": self.questions,
            "positive": self.answers[POSITIVE],
            "negative": self.answers[NEGATIVE],
            "untold": self.answers[UNTOLD],
            "choices": {str(number): count for number, count in sorted(self.choices.items()) if number},
            "chance": self.chance,
            "question_words": _lengths(self.asked),
            "answer_words": _lengths(self.answered),
            "reworded": self.worded,
        }


@dataclass
class SplitCounts:
    """The questions of a split, or of a source.

    Attributes:
        turns: questions by conversation.
    """

    pictures: set[str] = field(default_factory=set)
    turns: Counter[str] = field(default_factory=Counter)

    def record(self) -> dict[str, int]:
        """As JSON."""
        numbers = (len(self.pictures), len(self.turns), self.turns.total())
        return dict(zip(("pictures", "conversations", "questions"), numbers, strict=True))


@dataclass
class Counts:
    """What a table holds.

    Attributes:
        kinds, splits, sources: by name; empty is the name of what has none.
        pictures: their ids.
    """

    kinds: dict[str, KindCounts] = field(default_factory=lambda: defaultdict(KindCounts))
    splits: dict[str, SplitCounts] = field(default_factory=lambda: defaultdict(SplitCounts))
    sources: dict[str, SplitCounts] = field(default_factory=lambda: defaultdict(SplitCounts))
    pictures: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Iterable[tuple[Mapping[str, Any], Turn]]) -> Counts:
        """Count the rows of `read_turns`."""
        counts = cls()
        for row, turn in rows:
            counts.pictures.add(row["sample_id"])
            counts.kinds[turn.kind].add(turn)
            for part in (counts.splits[row["split"] or ""], counts.sources[row["source"] or ""]):
                part.pictures.add(row["sample_id"])
                part.turns[row["conversation"]] += 1
        return counts

    @property
    def questions(self) -> int:
        return sum(one.questions for one in self.kinds.values())

    @property
    def turns(self) -> Counter[int]:
        """Conversations by how many questions they have."""
        return Counter(turns for one in self.splits.values() for turns in one.turns.values())

    def record(self) -> dict[str, Any]:
        """As JSON; what has no split or source stands under an empty name."""
        parts: Mapping[str, Mapping[str, KindCounts | SplitCounts]]
        parts = {"kinds": self.kinds, "splits": self.splits, "sources": self.sources}
        told = {what: {name: of[name].record() for name in sorted(of)} for what, of in parts.items()}
        of_all = {"questions": self.questions, "pictures": len(self.pictures)}
        turns = self.turns
        return of_all | {"conversations": turns.total(), "turns": _lengths(turns), **told}


def _lengths(counts: Counter[int]) -> dict[str, int]:
    return {
        "median": quantile(counts, 0.5),
        "p95": quantile(counts, 0.95),
        "largest": max(counts, default=0),
    }
