"""A text of a model held against the facts: what is wrong with it, and what is measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mpgi_ray.engines.base import Fault
from mpgi_ray.rules.facts import Facts
from mpgi_ray.truth.completeness import completeness
from mpgi_ray.truth.sourced import unsourced, unsourced_looks
from mpgi_ray.truth.verdict import Judged, Verdict, check
from mpgi_ray.truth.wording import novel, wording

_TOLD = 3  # contradictions that a model is told at once


@dataclass(frozen=True)
class Held:
    """A text with its claims judged."""

    text: str
    facts: Facts
    judged: tuple[Judged, ...]

    @property
    def contradicted(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if one.verdict is Verdict.CONTRADICTED)

    @property
    def supported(self) -> int:
        """How many claims are."""
        return sum(one.verdict is Verdict.SUPPORTED for one in self.judged)

    @property
    def fault(self) -> Fault | None:
        """The first contradicted claims, each with what is so; None if none is."""
        return self._fault("; ".join(f"{self._said(one)} is false: {one.fact}" for one in self._first))

    @property
    def bare_fault(self) -> Fault | None:
        """As `fault`, without what is so."""
        said = ", ".join(map(self._said, self._first))
        return self._fault(f"{said} {'is' if len(self._first) == 1 else 'are'} false; leave it out")

    @cached_property
    def scores(self) -> dict[str, float]:
        """The number of claims, the shares of those supported and contradicted, and completeness."""
        scores = {"claims": float(len(self.judged))}
        if self.judged:
            scores["supported"] = round(self.supported / len(self.judged), 4)
            scores["contradicted"] = round(len(self.contradicted) / len(self.judged), 4)
        complete = completeness(self.judged, self.facts)
        return scores if complete is None else {**scores, "completeness": round(complete, 4)}

    @cached_property
    def _first(self) -> list[Judged]:
        """One a place in the text: a false thing makes its number false, too."""
        told: dict[str, Judged] = {}
        for one in self.contradicted:
            told.setdefault(self._said(one), one)
        return list(told.values())[:_TOLD]

    def _said(self, one: Judged) -> str:
        return f'"{self.text[one.claim.start : one.claim.end]}"'

    def _fault(self, detail: str) -> Fault | None:
        return Fault("contradicted", detail) if self.contradicted else None


def hold(text: str, facts: Facts) -> Held:
    """The claims of a text in their order, each held against the facts of its picture."""
    return Held(text, facts, tuple(check(text, facts)))


def without_source(text: str, held: Held | None, sources: Sequence[str], facts: Facts) -> list[str]:
    """What a text says that no source says: words, then claims, shares and places of colours.

    Args:
        held: the text's claims; None leaves all but the words out.
        sources: texts and sentences of facts that it was made from.
    """
    if (new := novel(text, wording(sources))) or held is None:
        return new
    return unsourced(text, held.judged, sources, facts) or unsourced_looks(text, sources, facts)
