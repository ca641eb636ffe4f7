"""A question to an engine and its answers: which texts can be used, and which are lacking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mpgi_ray.asking.reading import Reading
from mpgi_ray.engines.base import Fault, Prompt, Reply


@dataclass(slots=True)  # see `Prompt`
class Question:
    """A prompt, and how to read and judge the replies to it. Nobody changes it.

    Attributes:
        read: a pure function.
        texts: the names of the texts of a good reply; each becomes a record.
        prompt_hash: of the prompt's file, see `PromptTemplate.hash`.
        number: of the attempt, from 1.
        draw: of the answer, from 1, where an attempt asks for several.
    """

    prompt: Prompt
    read: Callable[[Reply], Reading]
    texts: tuple[str, ...]
    prompt_hash: str
    number: int = 1
    draw: int = 1


@dataclass(slots=True)  # see `Prompt`
class Answer:
    """A reply to a question, and its texts or fault. Nobody changes it.

    Attributes:
        score, consensus: of its texts, where the best of several answers is taken, see `BestOf`; None if it
            has a fault, and the score where no scorer is asked.
        outscored: why another good answer was taken, in words; empty if none was.
    """

    question: Question
    reply: Reply
    reading: Reading
    score: float | None = None
    consensus: float | None = None
    outscored: str = ""


def giver(answers: Sequence[Answer], name: str) -> Answer | None:
    """The answer whose text is used: of the first attempt that brought one, that which was taken, if it did,
    else the first.

    What was good once is kept, if nothing outscored it.
    """
    good = [one for one in answers if one.reading.fault_of(name) is None and not one.outscored]
    return next((one for one in reversed(good) if one.question.number == good[0].question.number), None)


def lacking(answers: Sequence[Answer]) -> Fault | None:
    """Why the last answer did not bring the first of the texts that are still lacking; None if none is."""
    last = answers[-1]
    names = (name for name in last.question.texts if giver(answers, name) is None)
    return next((last.reading.fault_of(name) for name in names), None)
