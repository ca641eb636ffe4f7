"""What the facts of a request decide: numbers, shares and places that a false claim can be false of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.demo.writer.classes import plain
from mpgi_ray.demo.writer.grammar import Told, places
from mpgi_ray.demo.writer.retell import totals_of

# a step is what may be told either way
SHARES = (
    "a very small part", "a small part", "about a quarter", "about a third", "about half",
    "about two thirds", "most", "almost all",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """The facts of one image, as far as they are understood.

    Attributes:
        totals: exact numbers, by class.
        shares: of what covers the ground, by subject.
        filled: the places of the image, each with what fills most of it.
        said: all that the facts say, in lower case.
    """

    totals: Mapping[str, int]
    shares: Mapping[str, str]
    filled: Mapping[str, str]
    said: str

    @classmethod
    def of(cls, facts: Iterable[Told]) -> Known:
        """What sentences of trusted facts decide."""
        totals: dict[str, int] = {}
        shares: dict[str, str] = {}
        filled: dict[str, str] = {}
        said = []
        for fact in facts:
            said.append(plain(fact.text.lower()))
            slots = fact.claim.slots if fact.claim else {}
            totals |= totals_of(slots.get("items", ""))
            if "share" in slots:
                shares[slots["subject"]] = slots["share"]
            if "areas" in slots:
                filled |= {name: slots["subject"] for _, name in places(slots["areas"])}
        return cls(totals, shares, filled, " ".join(said))

    def all_of(self, text: str) -> bool:
        """Whether a phrase such as "six cars" counts all that there are."""
        told = totals_of(text)
        return bool(told) and told.items() <= self.totals.items()

    def others(self, share: str) -> list[str]:
        """Subjects whose share is plainly another."""
        steps = {subject: SHARES.index(told) for subject, told in self.shares.items() if told in SHARES}
        if share not in SHARES:
            return []
        return [subject for subject, step in steps.items() if abs(step - SHARES.index(share)) > 1]


def identity(about: Sequence[str], sentence: str) -> str:
    """Of a sentence among those on the same image, which its facts stand for: 16 hex digits."""
    return hashlib.blake2b("\0".join((*about, sentence)).encode(), digest_size=8).hexdigest()
