"""What runs beside a model that learns to score texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
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


class PreferenceTask(ClipTask, ABC):
    """The loss of the scores of ranked texts; lists of all workers count alike."""

    @abstractmethod
    def scores(self, model: Any, batch: Batch) -> Tensor:
        """The scores of the texts of ``ranked``, (pictures, lists, longest); any where there is none."""

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Count the lists of a step."""
        return {"ranking": int(_counts(batch).sum())}

    def features(self, model: Any, batch: Batch) -> Tensors:
        return {}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """The loss of each list, (pictures × lists)."""
        ranks = self.scores(model, batch).masked_fill(~batch.arrays["there"], -torch.inf)
        return {"ranking": plackett_luce(ranks.flatten(0, 1))}

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return {}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        return {"ranking": shares["ranking"] * (out["ranking"] * _counts(batch)).sum()}


class OfTexts(nn.Module, PreferenceTask):
    """Of a CLIP, with the scorer's head beside it.

    Args:
        model: of which the towers are tuned, as far as they are not frozen.

    Raises:
        RecipeError: the grid of its image tower is not known.
    """

    def __init__(self, model: Any) -> None:
        nn.Module.__init__(self)
        PreferenceTask.__init__(self)
        model.logit_scale.requires_grad_(False)  # scores do not use it
        _, (width, _, _), dim = sizes(model.visual, stem(model.visual, type(model).__name__))
        self.head = ScorerHead(dim, width)

    def scores(self, model: Any, batch: Batch) -> Tensor:
        ranked = batch.arrays["ranked"]
        tokens, which = torch.unique(ranked.flatten(0, 2), dim=0, return_inverse=True)
        texts = raw_text_features(model, tokens)[which].reshape(len(ranked), -1, self.head.dim)
        pooled, grid = feature_map(model.visual, batch.images)
        found: Tensor = self.head(pooled, grid, texts)
        return found.reshape(ranked.shape[:3])

    def files(self) -> Mapping[str, bytes]:
        """The head, which lies beside the model."""
        return {SCORER: self.head.to_bytes()}


class OfAnswers(PreferenceTask):
    """Of a `MultimodalNetwork`, which has a head of its own."""

    def scores(self, model: Any, batch: Batch) -> Tensor:
        there = batch.arrays["there"].clone()
        there[0, 0, 0] = True  # so that every worker computes something, also where nothing is ranked
        found: Tensor = model(batch.images, batch.arrays["ranked"][there], there.nonzero()[:, 0])
        return found.new_zeros(there.shape).masked_scatter(there, found)


def _counts(batch: Batch) -> Tensor:
    """Which lists have something to rank, (pictures × lists)."""
    return batch.arrays["there"].flatten(0, 1)[:, 1]
