"""Captions from a CoCa model: greedy, beam and nucleus decoding.

A picture is encoded once; then one token a step is added to all rows, until each has its end token. The
prefix is read anew every step: captions are short, and the decoder needs no state between steps. A row's
caption depends on its own picture alone, not on the rest of the batch (up to rounding).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models.decoding import Beam, Decoding, write


class Codec(Protocol):
    """A tokenizer both ways: open_clip's stock one or a `TextTokenizer`."""

    def __call__(self, texts: Sequence[str]) -> Tensor: ...

    def decode(self, ids: list[int]) -> str: ...


def describe(
    model: torch.nn.Module,
    pixels: Tensor,
    codec: Codec,
    decoding: Decoding,
    max_length: int | None = None,
) -> list[str]:
    """A caption of each picture.

    Args:
        max_length: the most tokens, with start and end; None takes the model's context length.
        model, pixels, decoding: see `generate`.

    Raises:
        InputError, RecipeError: as `generate`.
    """
    start, end, pad = codec([""])[0, :3].tolist()  # what an empty text is made of
    coca = _coca(model)
    length = coca.context_length if max_length is None else max_length
    rows = generate(model, pixels, decoding, start=start, end=end, pad=pad, max_length=length)
    return [
        codec.decode([token for token in row if token not in (start, end, pad)]).strip()
        for row in rows.tolist()
    ]


@torch.no_grad()
def generate(
    model: torch.nn.Module,
    pixels: Tensor,
    decoding: Decoding,
    *,
    start: int,
    end: int,
    pad: int,
    max_length: int,
    keys: Sequence[bytes] | None = None,
) -> Tensor:
    """Token ids of a caption for each picture, int64 (batch, max_length).

    A row is ``start``, the caption, ``end`` (none where ``max_length`` cuts the caption), then ``pad``.
    Neither ``start`` nor ``pad`` is ever part of a caption: training never has them as a target. A step takes
    memory for the logits of the whole prefix: batch × width × length × vocabulary.

    Args:
        model: an open_clip CoCa in evaluation mode.
        pixels: float (batch, 3, height, width), preprocessed, on the model's device.
        max_length: from 2 to the model's context length.
        keys: of each picture, what draws follow from beside their seed; None: its pixels.

    Raises:
        InputError: the model has no text decoder.
        RecipeError: ``max_length`` is out of range.
    """
    longest = _coca(model).context_length
    if not 2 <= max_length <= longest:
        raise RecipeError(f"max_length {max_length}: expected 2 to {longest}, the model's context length")
    width = decoding.width if isinstance(decoding, Beam) else 1
    encoded = model(pixels)
    image_latent = encoded["image_features"].repeat_interleave(width, dim=0)
    image_embs = encoded["image_embs"].repeat_interleave(width, dim=0)

    def next_logits(ids: Tensor) -> Tensor:
        out = model(None, ids, image_latent=image_latent, image_embs=image_embs, output_labels=False)
        logits: Tensor = out["logits"][:, -1].float()
        logits[:, [start, pad]] = -torch.inf
        return logits

    ids = torch.full((len(image_embs), max_length), pad, device=pixels.device)
    ids[:, 0] = start
    if keys is None:
        keys = [picture.tobytes() for picture in pixels.float().cpu().numpy()]
    return write(next_logits, ids, 1, decoding, keys, end, pad)


def _coca(model: Any) -> Any:
    if not hasattr(model, "text_decoder"):
        raise InputError(
            f"a {type(model).__name__} model writes no captions: expected a CoCa, such as coca_ViT-B-32"
        )
    return model
