"""What runs beside a model that learns to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mpgi_ray.errors import RecipeError
from mpgi_ray.models.dialogue import Answering
from mpgi_ray.train.batch import Batch
from mpgi_ray.train.tasks.base import Tensors
from mpgi_ray.train.tasks.clip import ClipTask


class InstructionTask(ClipTask):
    """The loss of the answers' tokens, which all count alike over the whole step.

    Args:
        sees: whether pictures are shown; what only they use is frozen otherwise.

    Raises:
        RecipeError: the model answers no questions.
    """

    def __init__(self, model: Any, *, sees: bool) -> None:
        super().__init__()
        if not isinstance(model, Answering):
            raise RecipeError(
                f"task instruction: a {type(model).__name__} answers no questions: expected "
                "model=small-bridge with init=FOLDER of a CLIP, or a multimodal model of Qwen2-VL's kind"
            )
        self.sees = sees
        if not sees:
            model.freeze_sight()
        if not any(weight.requires_grad for weight in model.parameters()):  # type: ignore[attr-defined]
            raise RecipeError(
                "freeze leaves nothing to learn where no pictures are shown: leave text out of it"
            )

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Tokens of answers."""
        return {"answers": int(batch.arrays["learnt"].sum())}

    def features(self, model: Any, batch: Batch) -> Tensors:
        return {}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """The loss of each conversation, summed over its tokens, (pictures × conversations)."""
        ids, learnt = batch.arrays["ids"], batch.arrays["learnt"]
        which = torch.arange(len(ids), device=ids.device).repeat_interleave(ids.shape[1])
        if not self.sees:
            which = torch.full_like(which, -1)
        return {"answers": model.answer_losses(batch.images, ids.flatten(0, 1), learnt.flatten(0, 1), which)}

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        return {}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        return {"answers": shares["answers"] * out["answers"].sum()}
