"""How much of what is annotated a text names."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.rules import Facts, lexicon
from mpgi_ray.rules.phrases import untold_labels
from mpgi_ray.truth.claim import About
from mpgi_ray.truth.known import Known
from mpgi_ray.truth.verdict import Judged

TOLD = 0.05  # a smaller share of the picture need not be named


def completeness(judged: Sequence[Judged], facts: Facts) -> float | None:
    """The share of the annotated classes that a text says to be there; None if nothing is annotated.

    Labels that the scene's own words say already, as farmland does of fields, are left out.
    """
    names = [fact.name for fact in facts.counted] + [*untold_labels(facts)]
    names += [fact.name for fact in facts.cover if fact.fraction >= TOLD]
    if not names:
        return None
    known = Known(facts)
    told = {one.claim.name for one in judged if one.claim.about is About.PRESENCE}
    said = {fact.name for name in told for fact in known.of(name).classes}
    said |= {fact.name for name in told for fact in known.of(name).covers}
    labels = {label for label in facts.labels if {label, *lexicon.synonyms(label)} & told}
    return len({*names} & (said | labels)) / len({*names})
