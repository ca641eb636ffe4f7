"""The CLIP task: pictures and texts that belong together get similar features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mpgi_ray.train.tasks.base import TaskSettings, Tensors

if TYPE_CHECKING:
    from torch import Tensor

    from mpgi_ray.train.batch import Batch


class Settings(TaskSettings):
    """CLIP has no settings of its own."""

    def task(self, model: Any) -> ClipTask:
        return ClipTask()


class ClipTask:
    """Contrastive training alone.

    Args:
        contrastive: weight of the contrastive loss.
    """

    def __init__(self, contrastive: float = 1.0) -> None:
        self.contrastive = contrastive

    def prepare(self, model: Any) -> None:
        """Initialise the head of a CoCa's decoder, which open_clip 3.3 leaves uninitialised.

        It is drawn from N(0, 1/width), as open_clip's ``init_parameters`` intends, also where nothing but
        the towers learns. Other models have no such head.
        """
        from torch.nn import init

        if hasattr(model, "text_decoder"):
            head = model.text_decoder.text_projection
            init.normal_(head, std=head.shape[0] ** -0.5)

    def begin(self, model: Any, batch: Batch) -> Mapping[str, int]:
        return {}

    def features(self, model: Any, batch: Batch) -> Tensors:
        """Unit features of pictures (batch, dim) and of their texts (batch, texts of a picture, dim), and the
        factor of their cosines.
        """
        return {
            "image_features": model.encode_image(batch.images, normalize=True),
            **self.texts(model, batch),
        }

    def texts(self, model: Any, batch: Batch) -> Tensors:
        """The features of texts, and the factor of cosines."""
        return {
            "text_features": encode_texts(model, batch.tokens),
            "logit_scale": model.logit_scale.exp().reshape(()),
        }

    def outputs(self, model: Any, batch: Batch) -> Tensors:
        return self.features(model, batch)

    def contrast(self, features: Tensors, batch: Batch) -> Tensors:
        """The contrastive loss, weighted."""
        from mpgi_ray.train.losses import contrastive_loss

        images, texts, scale = (
            features[name].float() for name in ("image_features", "text_features", "logit_scale")
        )
        return {"contrastive": self.contrastive * contrastive_loss(images, texts, scale, batch.tokens)}

    def own_losses(self, model: Any, batch: Batch, out: Tensors, shares: Mapping[str, float]) -> Tensors:
        return {}

    def end(self, model: Any, done: float) -> None:
        pass

    def files(self) -> Mapping[str, bytes]:
        return {}


def encode_texts(model: Any, tokens: Tensor) -> Tensor:
    """Unit features of tokens (batch, texts of a picture, context), (batch, texts of a picture, dim)."""
    from mpgi_ray.models.text_tower import encode_text

    features = encode_text(model, tokens.flatten(0, 1))
    return features.reshape(*tokens.shape[:2], -1)
