"""What runs beside a model that learns to score texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mpgi_ray.models.feature_map import feature_map, sizes, stem
from mpgi_ray.models.model_folder import SCORER
from mpgi_ray.models.ranked import plackett_luce
from mpgi_ray.models.scorer import ScorerHead
from mpgi_ray.models.text_tower import raw_text_features
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.tasks.base import Tensors
from mpgi_ray.train.tasks.clip import ClipTask


class PreferenceTask(nn.Module, ClipTask):
    """The loss of the scores of ranked texts; lists of all workers count alike.

    Args:
        model: of which the towers are tuned, as far as they are not frozen.

    Raises:
        RecipeError: the grid of its image tower is not known.
    """

    def __init__(self, model: Any) -> None:
        nn.Module.__init__(self)
        ClipTask.__init__(self)
        model.logit_scale.requires_grad_(False)  # scores do not use it
        _, (width, _, _), dim = sizes(model.visual, stem(model.visual, type(model).__name__))
        self.head = ScorerHead(dim, width)

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Count the lists of a step."""
        return {"ranking": int(_counts(batch).sum())}

    def features(self, model: Any, batch: Batch) -> Tensors:
        return {}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """The loss of each list, and whether its first text has the highest score, (pictures × lists)."""
        ranked, there = batch.arrays["ranked"], batch.arrays["there"]
        tokens, which = torch.unique(ranked.flatten(0, 2), dim=0, return_inverse=True)
        texts = raw_text_features(model, tokens)[which].reshape(len(ranked), -1, self.head.dim)
        pooled, grid = feature_map(model.visual, batch.images)
        scores = self.head(pooled, grid, texts).reshape(there.shape)
        ranks = scores.masked_fill(~there, -torch.inf).flatten(0, 1)
        return {"ranking": plackett_luce(ranks)}

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return {}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        return {"ranking": shares["ranking"] * (out["ranking"] * _counts(batch)).sum()}

    def files(self) -> Mapping[str, bytes]:
        """The head, which lies beside the model."""
        return {SCORER: self.head.to_bytes()}


def _counts(batch: Batch) -> Tensor:
    """Which lists have something to rank, (pictures × lists)."""
    return batch.arrays["there"].flatten(0, 1)[:, 1]
