"""Texts through a model's text tower, without the padding behind their end where the tower allows it.

Texts are padded to the model's context, and most are much shorter. A causal tower pools what stands at a
text's end, which no later position reaches: those need not be computed.
"""

from __future__ import annotations

from typing import Any

import torch
from open_clip.model import CLIP
from torch import Tensor
from torch.nn import functional

_PART = 64  # texts of similar length that are computed together


def encode_text(model: Any, tokens: Tensor) -> Tensor:
    """Unit features of texts, (texts, dim), as the model's own ``encode_text`` gives them, and gradients
    equal to its up to the order of float sums.

    Texts are taken in the order of their lengths, in parts that are as long as their longest text. Towers
    that attend to what follows, or that pool elsewhere than at the end (CoCa's, whose class token is the
    last position of all), compute whole contexts.

    Args:
        tokens: of the texts, (texts, context).
    """
    return functional.normalize(raw_text_features(model, tokens), dim=-1)


def raw_text_features(model: Any, tokens: Tensor) -> Tensor:
    """As `encode_text`, before the features are brought to length one."""
    if not _stops_at_end(model):
        whole: Tensor = model.encode_text(tokens, normalize=False)
        return whole
    lengths = _ends(model, tokens) + 1
    order = lengths.argsort(stable=True)
    parts = torch.split(order, _PART)
    longest = lengths[torch.stack([part[-1] for part in parts])].tolist()
    pooled = [_pooled(model, tokens[part, :length]) for part, length in zip(parts, longest, strict=True)]
    features = torch.cat(pooled)[order.argsort()]
    projection = model.text_projection
    if projection is not None:
        features = projection(features) if isinstance(projection, torch.nn.Module) else features @ projection
    return features


def _stops_at_end(model: Any) -> bool:
    """Whether features depend on nothing behind the token that is pooled."""
    return type(model) is CLIP and model.attn_mask is not None and model.text_pool_type in ("argmax", "eos")


def _ends(model: Any, tokens: Tensor) -> Tensor:
    """Where each text ends, (texts): the place that open_clip's ``text_global_pool`` takes."""
    eos = model.text_pool_type == "eos"
    return (tokens == model.text_eos_id).int().argmax(dim=-1) if eos else tokens.argmax(dim=-1)


def _pooled(model: Any, tokens: Tensor) -> Tensor:
    """What stands at the ends of texts, (texts, width), before it is projected."""
    length, dtype = tokens.shape[1], model.transformer.get_cast_dtype()
    x = model.token_embedding(tokens).to(dtype) + model.positional_embedding[:length].to(dtype)
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    found: Tensor = x[torch.arange(len(tokens), device=tokens.device), _ends(model, tokens)]
    return found
