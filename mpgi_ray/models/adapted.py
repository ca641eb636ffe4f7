"""A multimodal model of Qwen2-VL's kind that answers questions, with an adapter that learns in its place.

LoRA (Hu et al. 2022, arXiv 2106.09685): beside each projection of the language model's layers stand two thin
matrices, whose product is added to what it gives. They alone are trained; the published weights, the image
tower's among them, stay as they are and in the precision in which they were published.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.models.multimodal import hidden_states

PROJECTIONS = r"model\.language_model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj"  # all seven of each layer
ALPHA = 2  # times the rank: what the product is multiplied by, over the rank; LHRS-Bot's 256 of 128


class AdaptedNetwork(nn.Module):
    """A published model with an adapter.

    Args:
        model: of transformers, with a language head, such as ``Qwen2_5_VLForConditionalGeneration``.
        base: what the adapter says it belongs to: a hub id or a folder.
        revision: commit of a hub id.
    """

    def __init__(self, model: Any, rank: int, base: str, revision: str | None = None) -> None:
        from peft import LoraConfig, get_peft_model  # its import takes seconds

        super().__init__()
        config = LoraConfig(
            r=rank, lora_alpha=ALPHA * rank, target_modules=PROJECTIONS, task_type="CAUSAL_LM"
        )
        self.adapted = get_peft_model(model, config)
        # peft has put in the folder on this machine that the model was read from
        config.base_model_name_or_path, config.revision = base, revision

    @property
    def model(self) -> Any:
        """The model of transformers, with the adapter inside."""
        return self.adapted.base_model.model

    @property
    def visual(self) -> nn.Module:
        """The image tower, with what brings its features to the size of tokens."""
        tower: nn.Module = self.model.model.visual
        return tower

    def set_grad_checkpointing(self) -> None:
        """Compute activations again in the backward pass, to save memory."""
        self.model.gradient_checkpointing_enable({"use_reentrant": False})

    def freeze_sight(self) -> None:
        """Do nothing: what only pictures use is frozen already."""

    def answer_losses(self, pictures: Tensor, ids: Tensor, learnt: Tensor, which: Tensor) -> Tensor:
        """The sum of -log p over the learnt tokens of each conversation, float32 (conversations); see
        `dialogue.Answering`. Logits are made of what is learnt alone: a vocabulary has 150,000 words.
        """
        states, _ = hidden_states(self.model.model, pictures, ids, which)
        told = learnt[:, 1 : states.shape[1]]  # each is told by the state before it
        logits = self.model.lm_head(states[:, :-1][told]).float()
        losses = functional.cross_entropy(logits, ids[:, 1 : states.shape[1]][told], reduction="none")
        summed: Tensor = losses.new_zeros(told.shape).masked_scatter(told, losses).sum(dim=1)
        return summed
