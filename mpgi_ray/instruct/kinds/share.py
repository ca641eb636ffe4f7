"""How much of the picture a surface covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.words import forms, say
from mpgi_ray.rules.facts import CoverFact
from mpgi_ray.rules.lexicon import is_mass
from mpgi_ray.rules.surfaces import MIN_COVER, share_of

KIND = "share"


def asked(known: Known, each: int) -> Iterator[Candidate]:
    """Shares of marked surfaces, also of those that are not there, and bounds where a mask is not whole."""
    covers = {c.name: c for c in known.facts.cover if c.fraction >= MIN_COVER}
    for name in known.drawn(covers, each, KIND):
        c = covers[name]
        percent = int(100 * c.fraction) if not c.exact else round(100 * c.fraction)
        slots = forms(known.facts, name) | {"share": share_of(c), "percent": percent}
        slots["names"] = c.several
        truth: dict[str, object] = {"names": [name], "share": round(c.fraction, 4)}
        if not c.exact:
            truth = {"names": [name], "told": False, "least": round(c.fraction, 4)}
        yield _candidate(known, name, "answer" if c.exact else "untold", slots, truth, _told(c))
    for name in known.drawn(known.facts.uncovered, 1, f"{KIND} none"):
        yield _candidate(
            known, name, "none", forms(known.facts, name), {"names": [name], "share": 0.0}, "none"
        )


def _told(c: CoverFact) -> str:
    return share_of(c) if c.exact else "untold"


def _candidate(
    known: Known, name: str, what: str, slots: Mapping[str, object], truth: Mapping[str, object], told: str
) -> Candidate:
    seed = f"{known.seed}/{name}"
    question = say(KIND, "ask_mass" if is_mass(name) else "ask", seed, **slots)
    return Candidate(Turn(KIND, question, say(KIND, what, seed, **slots), truth=truth), name, told)
