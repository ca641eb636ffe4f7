"""Which fault an answer gets: kinds, rates, and the draw that the content of a request decides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from random import Random

from mpgi_ray.demo.writer.request import Request

FORM = ("refusal", "thinking", "truncation", "language", "repetition", "schema")
CONTENT = (
    "dropped", "count", "bound", "swapped", "exchanged", "mirrored", "part", "share", "colour", "invented",
    "added", "denied",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faults:
    """The share of answers that get each kind of fault, among those that can have it.

    A request that cannot have the kind drawn for it (a wrong number where nothing is counted, a broken
    schema where prose is asked for) is answered without a fault.

    Attributes:
        refusal: declines to answer.
        thinking: reasoning before the answer, closed or not.
        truncation: cut off in the middle.
        language: Chinese, wholly or in part.
        repetition: a loop.
        schema: no JSON, a key missing or a value of the wrong type; only where JSON is asked for.
        dropped: one claim is left out, and what remains is true. All other kinds make one claim false.
        count: one number is off by one or more.
        bound: one exact number becomes a bound that it breaks, such as "at least four" of three.
        swapped: one class is called by the name of an absent one.
        exchanged: two classes have each other's number.
        mirrored: one place is called by the place across or above or below.
        part: the number of all is told for the part of the picture where some are.
        share: something covers as much as something else does.
        colour: things of a class have another colour.
        invented: one thing more, of a kind that is never drawn.
        added: one thing more, of a class that is absent.
        denied: a class that is there is said to be absent.
        mend: probability that an answer after a hint is free of the fault that the first answer had.
        believes: probability that an integration follows the descriptions where the facts differ; after a
            hint, this times 1 - `mend`.

    Raises:
        ValueError: a rate is not a probability, or the rates add up to more than 1.
    """

    refusal: float = 0.02
    thinking: float = 0.02
    truncation: float = 0.02
    language: float = 0.02
    repetition: float = 0.02
    schema: float = 0.02
    dropped: float = 0.01
    count: float = 0.01
    bound: float = 0.01
    swapped: float = 0.01
    exchanged: float = 0.01
    mirrored: float = 0.01
    part: float = 0.01
    share: float = 0.01
    colour: float = 0.01
    invented: float = 0.01
    added: float = 0.01
    denied: float = 0.01
    mend: float = 0.9
    believes: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if not 0 <= rate <= 1:
                raise ValueError(f"{field.name} is {rate}: expected a probability from 0 to 1")
        total = sum(getattr(self, kind) for kind in (*FORM, *CONTENT))
        if total > 1 + 1e-9:
            raise ValueError(f"the rates add up to {total:g}: expected at most 1; lower some of them")

    def choose(self, request: Request, seed: int, times: int) -> str:
        """The kind of fault for the answer, empty for none.

        After a hint, the kind that the first answer had comes again with probability 1 - `mend`.

        Args:
            times: how often the same content came before.
        """
        if request.attempt == 1:
            return self._draw(chance(seed, request.content, times))
        told = self._draw(chance(seed, request.first, 0))
        rng = chance(seed, request.content, times)
        if told and rng.random() >= self.mend:
            return told
        drawn = self._draw(rng)
        return "" if drawn == told else drawn

    def believing(self, request: Request, rng: Random) -> bool:
        """Whether an integration follows the descriptions."""
        return rng.random() < self.believes * (1 if request.attempt == 1 else 1 - self.mend)

    def _draw(self, rng: Random) -> str:
        point = rng.random()
        for kind in (*FORM, *CONTENT):
            point -= getattr(self, kind)
            if point < 0:
                return kind
        return ""


def chance(seed: int, content: bytes, times: int, purpose: str = "fault") -> Random:
    """Random numbers that depend on the arguments alone."""
    key = b"%d\0%s\0%d\0%s" % (seed, content, times, purpose.encode())
    return Random(int.from_bytes(hashlib.blake2b(key, digest_size=16).digest()))
