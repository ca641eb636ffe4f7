"""What runs beside a model that learns from parts of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mpgi_ray.errors import RecipeError
from mpgi_ray.models.feature_map import independent
from mpgi_ray.models.patch_tokens import patch_tokens, pooled_regions, require_patches
from mpgi_ray.models.text_tower import encode_text
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.tasks.base import Tensors
from mpgi_ray.train.tasks.clip import ClipTask
from mpgi_ray.train.tasks.regions.losses import distances, region_loss
from mpgi_ray.train.tasks.regions.settings import Align, Settings, Teacher
from mpgi_ray.train.teacher import follow


class RegionTask(torch.nn.Module, ClipTask):
    """The loss of pictures and texts, that of regions and names, and that of parts and themselves.

    Args:
        model: with the weights that the run starts from, of which a teacher is made.

    Raises:
        RecipeError: patches are needed, and the model's tower has none to take, or is frozen.
    """

    def __init__(self, settings: Settings, model: Any) -> None:
        torch.nn.Module.__init__(self)
        ClipTask.__init__(self, settings.contrast)
        self.settings = settings
        self.teacher: torch.nn.Module | None = None
        if settings.distill:
            if not any(weight.requires_grad for weight in model.visual.parameters()):
                raise RecipeError(
                    "freeze image: task_settings.distill teaches the image tower and nothing else: expected 0"
                )
            require_patches(model.visual, type(model).__name__)
            if not settings.contrast and not settings.regions:
                _freeze_rest(model, settings)
            if settings.teacher is not Teacher.ACTIVE:
                self.teacher = deepcopy(model.visual).requires_grad_(False)

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Count the parts of a step."""
        return {"distill": int(_there(batch).sum())} if self.settings.distill else {}

    def features(self, model: Any, batch: Batch) -> Tensors:
        """CLIP's, and unit features of regions and of the names of their classes, (batch × number, dim)."""
        return super().features(model, batch) | self._regions(model, batch)

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """The same, and how far parts are from themselves: ``distances`` (batch × number)."""
        if not self.settings.distill:
            return self.features(model, batch)
        pooled, patches = patch_tokens(model.visual, batch.images, self.settings.last)
        texts = super().texts(model, batch)
        return {
            "image_features": functional.normalize(pooled, dim=-1),
            **texts,
            **self._regions(model, batch),
            "distances": self._distances(model, batch, patches),
        }

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        losses = super().contrast(features, batch) if self.settings.contrast else {}
        if self.settings.regions:
            regions, names, scale = (features[name].float() for name in ("regions", "names", "logit_scale"))
            loss = region_loss(regions, names, scale, batch.arrays["classes"].flatten())
            losses["regions"] = self.settings.regions * loss
        return losses

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        if not self.settings.distill:
            return {}
        total = (out["distances"].float() * _there(batch)).sum()
        return {"distill": self.settings.distill * shares["distill"] * total}

    def end(self, model: Any, done: float) -> None:
        """Move the teacher to where the step brought the model."""
        if self.teacher is not None and self.settings.teacher is Teacher.EMA:
            follow(self.teacher, model.visual, self.settings.momentum)

    def _regions(self, model: Any, batch: Batch) -> Tensors:
        if not self.settings.regions:
            return {}
        crops = batch.arrays["crops"].flatten(0, 1)
        names, which = torch.unique(batch.arrays["names"].flatten(0, 1), dim=0, return_inverse=True)
        return {
            "regions": model.encode_image(crops, normalize=True),
            "names": encode_text(model, names)[which],
        }

    def _distances(self, model: Any, batch: Batch, patches: Tensor) -> Tensor:
        tower: Any = model.visual if self.teacher is None else self.teacher
        student = pooled_regions(patches.float(), batch.arrays["places"], tower.grid_size)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.teacher is None):
            pooled, own = patch_tokens(tower, batch.arrays["parts"].flatten(0, 1), self.settings.last)
        mean = own.mean(dim=1)
        teachers = {Align.POOLED: [mean], Align.CLS: [pooled], Align.BOTH: [mean, pooled]}
        return distances(student, *(one.float() for one in teachers[self.settings.align]))


def _freeze_rest(model: Any, settings: Settings) -> None:
    """Freeze what takes no part where parts are all that is learnt: weight decay would wear it down."""
    empty = next(model.visual.parameters()).new_zeros(1, 3, *model.visual.image_size)
    pooled, patches = patch_tokens(model.visual, empty, settings.last)
    both = settings.teacher is Teacher.ACTIVE and settings.align is not Align.POOLED
    unused = independent(model.visual, pooled.sum() + patches.sum() if both else patches)
    beside = (weight for name, weight in model.named_parameters() if not name.startswith("visual."))
    for weight in (*unused, *beside):
        weight.requires_grad_(False)


def _there(batch: Batch) -> Tensor:
    """Which parts are not padding, (batch × number)."""
    places = batch.arrays["places"].flatten(0, 1)
    return (places[:, 2] > places[:, 0]) & (places[:, 3] > places[:, 1])
