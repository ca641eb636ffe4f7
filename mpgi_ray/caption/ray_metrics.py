"""Counters of the caption job in Ray's own metrics: nodes export them for Prometheus (``ray_mpgi_…``)."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

from ray.util.metrics import Counter, Histogram

from mpgi_ray.data.caption import Caption
from mpgi_ray.engines.choice import is_embedded

_SECONDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300]


class StageMetrics:
    """What one stage of a replica did: texts by status and reason, tokens by kind, seconds a request."""

    def __init__(self, stage: str) -> None:
        tags = ("stage", "model", "perspective", "status", "reason")
        self.texts = Counter("mpgi_texts", "Records made.", tag_keys=tags)
        self.tokens = Counter("mpgi_tokens", "Tokens of requests.", tag_keys=("stage", "kind"))
        self.seconds = Histogram(
            "mpgi_request_seconds", "Seconds a request.", boundaries=_SECONDS, tag_keys=("stage",)
        )
        self.stage = stage

    def observe(self, made: Sequence[Caption]) -> None:
        """Count new records."""
        kinds = Tally((c.model, c.perspective, c.status, c.reason) for c in made)
        for (model, perspective, status, reason), count in kinds.items():
            tags = {
                "stage": self.stage,
                "model": model,
                "perspective": perspective,
                "status": status,
                "reason": reason,
            }
            self.texts.inc(count, tags)
        for kind in ("prompt", "cached", "completion"):
            if total := sum(getattr(c, f"{kind}_tokens") for c in made):
                self.tokens.inc(total, {"stage": self.stage, "kind": kind})
        if kinds and not is_embedded(made[0].engine):
            for caption in made:
                if caption.seconds > 0:
                    self.seconds.observe(caption.seconds, {"stage": self.stage})
