"""The CoCa task: CLIP's, and to write the text of a picture token by token (Yu et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from mpgi_ray.models.tokenizer import PAD


@dataclass(frozen=True, slots=True)
class CocaTask:
    """Contrastive training and captioning.

    Attributes:
        contrastive, caption: weights of the two losses; the defaults are open_clip's.
    """

    contrastive: float = 1.0
    caption: float = 2.0

    def prepare(self, model: Any) -> None:
        """Initialise the head of the text decoder, which open_clip 3.3 leaves as the memory happened to be.

        N(0, 1/width), as its ``init_parameters`` means to and never gets to.
        """
        head = model.text_decoder.text_projection
        torch.nn.init.normal_(head, std=head.shape[0] ** -0.5)

    def predicted(self, tokens: Tensor) -> int:
        """Tokens of these texts that the decoder has to predict: all but the first and the padding."""
        return int((tokens[:, 1:] != PAD).sum())

    def own_losses(self, out: Mapping[str, Tensor], tokens: Tensor, share: float) -> dict[str, Tensor]:
        """The captioning loss, weighted.

        Args:
            tokens: (batch, context) of the same texts.
            share: what one predicted token counts: 1 / all of the step for their mean.
        """
        logits = out["logits"].float()
        labels = tokens[:, 1 : 1 + logits.shape[1]]
        total = functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=PAD, reduction="sum"
        )
        return {"caption": self.caption * share * total}
