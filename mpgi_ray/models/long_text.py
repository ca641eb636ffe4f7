"""Text towers for longer texts than they were trained on: LongCLIP (Zhang et al. 2024, arXiv 2403.15378).

The first positions, which nearly all texts use and which are trained best, stay as they are; those behind
them are stretched, with what lies between two of them in between.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mpgi_ray.errors import RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture

KEPT = 20  # positions; LongCLIP found them well trained


def stretched(positions: Tensor, factor: int, kept: int = KEPT) -> Tensor:
    """A longer table of positions, (kept + factor × (length − kept), width).

    Args:
        positions: (length, width), with length ≥ kept + 2.
        factor: how many positions each one behind the first ``kept`` becomes.
    """
    rest = positions[kept:]
    following = torch.cat([rest[1:], 2 * rest[-1:] - rest[-2:-1]])  # behind the last one as before it
    shares = torch.arange(factor, dtype=positions.dtype, device=positions.device)[:, None] / factor
    between = rest[:, None] * (1 - shares) + following[:, None] * shares
    return torch.cat([positions[:kept], between.flatten(0, 1)])


def stretch(architecture: Architecture, model: Any, context: int) -> tuple[Architecture, Any]:
    """The same model for texts of up to ``context`` tokens; the model itself if it takes these already.

    Raises:
        RecipeError: its table of positions cannot be stretched to this length; the message lists those that
            can be had.
    """
    length = architecture.context_length
    if context == length:
        return architecture, model
    table = "positional_embedding" if hasattr(model, "positional_embedding") else "text.positional_embedding"
    if architecture.writes or table not in dict(model.named_parameters()) or length < KEPT + 2:
        raise RecipeError(
            f"context {context}: the text tower of {architecture.name!r} takes {length} tokens and cannot be "
            f"stretched: expected a CLIP with a learnt table of {KEPT + 2} positions or more, e.g. ViT-B-32"
        )
    factor, left = divmod(context - KEPT, length - KEPT)
    if factor < 2 or left:
        longer = ", ".join(str(KEPT + n * (length - KEPT)) for n in (2, 3, 4))
        raise RecipeError(
            f"context {context}: the text tower of {architecture.name!r} takes {length} tokens, of which the "
            f"first {KEPT} are kept and the others stretched by a whole factor: expected {longer} …"
        )
    text_cfg = architecture.model_cfg["text_cfg"] | {"context_length": context}
    longer_one = replace(architecture, model_cfg=architecture.model_cfg | {"text_cfg": text_cfg})
    made, _, _ = checkpoint.build(longer_one)
    state = model.state_dict()
    made.load_state_dict(state | {table: stretched(state[table], factor)})
    return longer_one, made


def hold_first(model: Any, optimizer: torch.optim.Optimizer) -> None:
    """Keep the first positions of a text tower as they are, to the bit, whatever the optimiser does."""
    text = model if hasattr(model, "positional_embedding") else model.text
    table = text.positional_embedding
    kept = table.detach()[:KEPT].clone()

    def restore(*_: Any) -> None:
        with torch.no_grad():
            table[:KEPT] = kept

    optimizer.register_step_post_hook(restore)
