"""The CoCa task: CLIP's task, and writing the first text of a picture token by token (Yu et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from mpgi_ray.models.tokenizer import PAD
from mpgi_ray.train.tasks import clip
from mpgi_ray.train.tasks.base import Tensors

if TYPE_CHECKING:
    from mpgi_ray.train.batch import Batch


class Settings(clip.Settings):
    """Settings of CoCa.

    Attributes:
        caption_weight: of the captioning loss against the contrastive one.
    """

    caption_weight: float = Field(default=2.0, ge=0)

    def task(self, model: Any) -> CocaTask:
        return CocaTask(caption=self.caption_weight)


class CocaTask(clip.ClipTask):
    """Contrastive training and captioning.

    Args:
        contrastive, caption: weights of the two losses; the defaults are open_clip's.
    """

    def __init__(self, contrastive: float = 1.0, caption: float = 2.0) -> None:
        super().__init__(contrastive)
        self.caption = caption

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        """Tokens that the decoder has to predict: of the first texts, all but the first and the padding."""
        return {"caption": int((batch.tokens[:, 0, 1:] != PAD).sum())}

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        """Features, and ``logits`` (batch, context, vocabulary) of the next token of the first text."""
        import torch

        first, others = batch.tokens[:, 0], batch.tokens[:, 1:]
        out: Tensors = model(batch.images, first)
        texts = out["text_features"][:, None]
        if others.shape[1]:
            texts = torch.cat([texts, clip.encode_texts(model, others)], dim=1)
        return {**out, "text_features": texts, "logit_scale": out["logit_scale"].reshape(())}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        """The captioning loss, weighted: the mean over the tokens of the step."""
        from torch.nn import functional

        logits = out["logits"].float()
        labels = batch.tokens[:, 0, 1 : 1 + logits.shape[1]]
        total = functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=PAD, reduction="sum"
        )
        return {"caption": self.caption * shares["caption"] * total}
