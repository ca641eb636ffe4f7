"""Claims of texts held against what is annotated and measured of their pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from mpgi_ray.config import Config
from mpgi_ray.curate.scores.scorer import Score, Shown, Value
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.truth.completeness import completeness
from mpgi_ray.truth.verdict import Verdict, check
from mpgi_ray.version import VERSION


class Scorer(Config):
    """How many claims of a text are ``supported``, ``contradicted`` and ``unverifiable``, see docs/truth.md.

    ``completeness`` is the share of the annotated classes that a text names.

    Attributes:
        measured: look at the colours of things in the pixels, too.
    """

    columns: ClassVar[tuple[str, ...]] = ("supported", "contradicted", "unverifiable", "completeness")

    measured: bool = True

    def made_by(self) -> tuple[str, str]:
        return "", VERSION

    def open(self, gpu: bool) -> Score:
        return partial(_score, measured=self.measured)


def _score(samples: Sequence[Shown], measured: bool) -> Iterator[tuple[Value, ...]]:
    for shown in samples:
        facts = facts_of_sample(shown.sample, measured=measured)
        for named in shown.texts:
            judged = check(named.text, facts)
            counts = Counter(one.verdict for one in judged)
            named_share = completeness(judged, facts)
            yield (
                float(counts[Verdict.SUPPORTED]),
                float(counts[Verdict.CONTRADICTED]),
                float(counts[Verdict.UNVERIFIABLE]),
                "nothing_annotated" if named_share is None else named_share,
            )
