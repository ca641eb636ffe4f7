"""Texts that the annotation contradicts."""

from __future__ import annotations

from pydantic import Field

from mpgi_ray.config import Config
from mpgi_ray.curate.select import Captioned
from mpgi_ray.rules import gather
from mpgi_ray.truth.verdict import Verdict, check


class Filter(Config):
    """Keep samples of whose texts the annotation contradicts no claim, see docs/truth.md. No pixel is read.

    Attributes:
        texts: those that are held against it, by default all; a sample without one that is named is dropped.
        supported: the least number of claims in each of them that the annotation supports.
    """

    texts: tuple[str, ...] | None = Field(default=None, min_length=1)
    supported: int = Field(default=0, ge=0)

    def keep(self, sample: Captioned) -> str | None:
        facts = gather(sample.sample.annotation)
        for name in sample.texts if self.texts is None else self.texts:
            if name not in sample.texts:
                return f"no_{name}_text"
            verdicts = [one.verdict for one in check(sample.texts[name], facts)]
            if Verdict.CONTRADICTED in verdicts:
                return f"contradicted_{name}_text"
            if verdicts.count(Verdict.SUPPORTED) < self.supported:
                return f"unsupported_{name}_text"
        return None
