"""An image tower, a bridge and a small language model that answers questions about pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.models.bridge import Bridge, Variant, levels, shares
from mpgi_ray.models.feature_map import independent


class BridgeNetwork(nn.Module):
    """A model that answers: see `dialogue.Answering`.

    Weights of the tower that the levels do not depend on are frozen.

    Args:
        visual: a vision transformer of open_clip.
        language: a causal language model of transformers.
    """

    def __init__(
        self, visual: Any, variant: Variant, queries: int, blocks: int, heads: int, language: Any
    ) -> None:
        super().__init__()
        self.visual, self.language = visual, language
        self.levels = levels(variant, len(visual.transformer.resblocks))
        width, out = visual.conv1.out_channels, language.config.hidden_size
        self.bridge = Bridge(variant, shares(variant, queries), blocks, width, heads, out, visual.grid_size)
        size = visual.image_size
        height, across = (size, size) if isinstance(size, int) else size
        seen = self._levels(next(visual.parameters()).new_zeros(1, 3, height, across))
        for weight in independent(visual, torch.stack([one.sum() for one in seen])):
            weight.requires_grad_(False)

    def set_grad_checkpointing(self) -> None:
        """Compute activations again in the backward pass, to save memory."""
        self.visual.set_grad_checkpointing()
        self.language.gradient_checkpointing_enable({"use_reentrant": False})

    def freeze_sight(self) -> None:
        """Freeze the tower and the bridge."""
        self.visual.requires_grad_(False)
        self.bridge.requires_grad_(False)

    def seen(self, pictures: Tensor) -> Tensor:
        """What stands for pictures, (pictures, queries, width of words)."""
        found: Tensor = self.bridge(self._levels(pictures))
        return found

    def logits(self, seen: Tensor | None, ids: Tensor, shown: Tensor | None = None) -> Tensor:
        """Logits of the next token at each token, (conversations, tokens, vocabulary).

        Args:
            seen: what stands for the picture of each conversation, (conversations, queries, width); None
                where none has one.
            ids: (conversations, tokens), not negative.
            shown: which conversations have a picture; None: all.
        """
        words = self.language.get_input_embeddings()(ids)
        if seen is None:
            return self._after(words, None, 0)
        attended = None
        if shown is not None and not shown.all():
            attended = torch.ones(*ids.shape[:1], seen.shape[1] + ids.shape[1], device=ids.device).long()
            attended[~shown, : seen.shape[1]] = 0
        return self._after(torch.cat([seen.to(words.dtype), words], dim=1), attended, seen.shape[1])

    def _after(self, states: Tensor, attended: Tensor | None, first: int) -> Tensor:
        found: Tensor = self.language(inputs_embeds=states, attention_mask=attended, use_cache=False).logits
        return found[:, first:]

    def answer_losses(self, pictures: Tensor, ids: Tensor, learnt: Tensor, which: Tensor) -> Tensor:
        """The losses of conversations; see `Answering`."""
        most = int((ids >= 0).sum(1).max())
        ids, learnt = ids[:, :most], learnt[:, :most]
        shown = which >= 0
        seen = self.seen(pictures)[which.clamp(min=0)] if shown.any() else None
        logits = self.logits(seen, ids.clamp(min=0), shown)[:, :-1]
        with torch.autocast(logits.device.type, enabled=False):
            losses = functional.cross_entropy(
                logits.float().flatten(0, 1), ids[:, 1:].clamp(min=0).flatten(), reduction="none"
            )
        return (losses.view(ids[:, 1:].shape) * learnt[:, 1:]).sum(1)

    def _levels(self, pictures: Tensor) -> list[Tensor]:
        """The states of the tower's layers that are read, each (pictures, patches, width)."""
        blocks = self.visual.transformer.resblocks
        wanted = [level - 1 for level in self.levels if level]
        first: list[Tensor] = []
        handle = blocks[0].register_forward_pre_hook(lambda _, given: first.append(given[0][:, 1:]))
        try:
            found = self.visual.forward_intermediates(
                pictures, indices=wanted, stop_early=True, intermediates_only=True, output_fmt="NLC"
            )["image_intermediates"]
        finally:
            handle.remove()
        states = dict(zip(sorted({*wanted}), found, strict=True))
        return [states[level - 1] if level else first[0] for level in self.levels]
