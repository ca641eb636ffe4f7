"""An image tower, a bridge and a small language model that answers questions about pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.models.bridge import Bridge, Variant, places, shares
from mpgi_ray.models.feature_map import independent
from mpgi_ray.models.tower_levels import tower_levels


class BridgeNetwork(nn.Module):
    """A model that answers: see `dialogue.Answering`.

    Weights of the tower that its levels do not depend on are frozen. Of a tower that convolves, places are
    added to the levels, and the bridge is as wide as the language model.

    Args:
        visual: a vision transformer of open_clip, or our own `grid_tower`.
        language: a causal language model of transformers.
    """

    def __init__(
        self, visual: Any, variant: Variant, queries: int, blocks: int, heads: int, language: Any
    ) -> None:
        super().__init__()
        self.visual, self.language = visual, language
        self._levels = tower_levels(visual, variant)
        out, widths = language.config.hidden_size, self._levels.widths
        width = out if self._levels.placeless else widths[0]
        self.bridge_inputs = nn.ModuleList(
            _Placed(one, width, self._levels.grid) if self._levels.placeless else nn.Identity()
            for one in widths
        )
        self.bridge = Bridge(variant, shares(variant, queries), blocks, width, heads, out, self._levels.grid)
        size = visual.image_size
        height, across = (size, size) if isinstance(size, int) else size
        visual.eval()  # batch norm of one empty picture
        read = self._levels.read(next(visual.parameters()).new_zeros(1, 3, height, across))
        visual.train()
        for weight in independent(visual, torch.stack([level.sum() for level in read])):
            weight.requires_grad_(False)

    def set_grad_checkpointing(self) -> None:
        """Compute activations again in the backward pass, to save memory."""
        self.visual.set_grad_checkpointing()
        self.language.gradient_checkpointing_enable({"use_reentrant": False})

    def freeze_sight(self) -> None:
        """Freeze the tower and the bridge."""
        self.visual.requires_grad_(False)
        self.bridge_inputs.requires_grad_(False)
        self.bridge.requires_grad_(False)

    def seen(self, pictures: Tensor) -> Tensor:
        """What stands for pictures, (pictures, queries, width of words)."""
        read = zip(self.bridge_inputs, self._levels.read(pictures), strict=True)
        found: Tensor = self.bridge([layer(level) for layer, level in read])
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

    def grown(self, seen: Tensor | None, ids: Tensor, cache: Any) -> Tensor:
        """Logits of what follows rows of which a part was read before, float32 (rows, vocabulary).

        Args:
            seen: what stands for their pictures, where this is their beginning.
            ids: the part that was not read.
            cache: of transformers, which keeps what was.
        """
        words = self.language.get_input_embeddings()(ids)
        states = words if seen is None else torch.cat([seen.to(words.dtype), words], dim=1)
        found: Tensor = self.language(inputs_embeds=states, past_key_values=cache, use_cache=True).logits
        return found[:, -1].float()

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


class _Placed(nn.Module):
    """Features of cells at the width of the bridge, and where the cells lie."""

    def __init__(self, given: int, width: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.layer = nn.Linear(given, width)
        self.register_buffer("places", places(width, *grid).flatten(0, 1), persistent=False)

    def forward(self, cells: Tensor) -> Tensor:
        found: Tensor = self.layer(cells) + self.places
        return found
