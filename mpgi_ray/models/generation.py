"""Captions from a CoCa model: greedy, beam and nucleus decoding.

A picture is encoded once; then one token a step is added to all rows, until each has its end token. The
prefix is read anew every step: captions are short, and the decoder needs no state between steps. A row's
caption depends on its own picture alone, not on the rest of the batch (up to rounding).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from mpgi_ray.errors import InputError, RecipeError

_NextLogits = Callable[[Tensor], Tensor]  # ids (rows, length) to float32 (rows, vocabulary)
_Choose = Callable[[Tensor, int], Tensor]  # such logits and the position they are for, to ids (rows,)


@dataclass(frozen=True, slots=True)
class Greedy:
    """The likeliest token at each step."""


@dataclass(frozen=True, slots=True)
class Beam:
    """The best of ``width`` captions grown side by side.

    A caption's score is the mean log probability of its tokens, the end token included (Wu et al. 2016,
    arXiv:1609.08144, section 7, with the plain length as normaliser). At each step the ``width`` best stay;
    finished ones keep their place and their score. Width 1 is greedy decoding.

    Raises:
        RecipeError: the width is below 1.
    """

    width: int = 4

    def __post_init__(self) -> None:
        if self.width < 1:
            raise RecipeError(f"beam width {self.width}: expected at least 1")


@dataclass(frozen=True, slots=True)
class Nucleus:
    """Tokens drawn from the likeliest ones that together reach ``top_p`` (Holtzman et al. 2020).

    The draws follow from the seed and the picture alone: for several captions of one picture take
    several seeds.

    Attributes:
        top_p: in (0, 1]; 1 draws from all tokens.
        temperature: divides the logits first; below 1 sharpens.

    Raises:
        RecipeError: a value is out of range.
    """

    top_p: float = 0.9
    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.top_p <= 1:
            raise RecipeError(f"top_p {self.top_p}: expected more than 0 and at most 1")
        if not 0 < self.temperature < float("inf"):
            raise RecipeError(f"temperature {self.temperature}: expected more than 0; Greedy() has none")


Decoding = Greedy | Beam | Nucleus


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
) -> Tensor:
    """Token ids of a caption for each picture, int64 (batch, max_length).

    A row is ``start``, the caption, ``end`` (none where ``max_length`` cuts the caption), then ``pad``.
    Neither ``start`` nor ``pad`` is ever part of a caption: training never has them as a target. A step takes
    memory for the logits of the whole prefix: batch × width × length × vocabulary.

    Args:
        model: an open_clip CoCa in evaluation mode.
        pixels: float (batch, 3, height, width), preprocessed, on the model's device.
        max_length: from 2 to the model's context length.

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
    match decoding:
        case Beam():
            return _beam(next_logits, ids, width, end, pad)
        case Nucleus():
            uniforms = _uniforms(pixels, decoding.seed, max_length)
            return _token_by_token(next_logits, ids, partial(_draw, decoding, uniforms), end, pad)
        case Greedy():
            return _token_by_token(next_logits, ids, lambda logits, _: logits.argmax(dim=-1), end, pad)


def _coca(model: Any) -> Any:
    if not hasattr(model, "text_decoder"):
        raise InputError(
            f"a {type(model).__name__} model writes no captions: expected a CoCa, such as coca_ViT-B-32"
        )
    return model


def _token_by_token(next_logits: _NextLogits, ids: Tensor, choose: _Choose, end: int, pad: int) -> Tensor:
    done = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for position in range(1, ids.shape[1]):
        if done.all():
            break
        token = choose(next_logits(ids[:, :position]), position).masked_fill(done, pad)
        ids[:, position] = token
        done |= token == end
    return ids


def _draw(settings: Nucleus, uniforms: Tensor, logits: Tensor, position: int) -> Tensor:
    """Invert the distribution function of each row's nucleus at its uniform number."""
    probabilities = (logits.double() / settings.temperature).softmax(dim=-1)
    probabilities, order = probabilities.sort(dim=-1, descending=True)
    before = probabilities.cumsum(dim=-1) - probabilities
    kept = (before < settings.top_p) & (probabilities > 0)
    mass = (probabilities * kept).cumsum(dim=-1)
    place = torch.searchsorted(mass, uniforms[:, position, None] * mass[:, -1:], right=True)
    last = kept.sum(dim=-1, keepdim=True) - 1
    return order.gather(1, place.minimum(last)).squeeze(1)  # rounding may lead one place past the last


def _uniforms(pixels: Tensor, seed: int, count: int) -> Tensor:
    """Numbers in [0, 1) of each picture, float64 (batch, count): the same in any batch and on any device."""
    rows = []
    for picture in pixels.float().cpu().numpy():
        digest = hashlib.sha256(f"{seed} ".encode() + picture.tobytes()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
        rows.append(torch.rand(count, dtype=torch.float64, generator=generator))
    return torch.stack(rows).to(pixels.device)


def _beam(next_logits: _NextLogits, ids: Tensor, width: int, end: int, pad: int) -> Tensor:
    ids = ids.view(-1, width, ids.shape[1])
    total = torch.full(ids.shape[:2], -torch.inf, device=ids.device)  # sums of log probabilities
    total[:, 0] = 0  # all begin alike, so only one of them may grow
    length = torch.zeros_like(total)  # tokens in the sum
    done = torch.zeros_like(total, dtype=torch.bool)
    row = torch.arange(len(ids), device=ids.device)[:, None]
    for position in range(1, ids.shape[-1]):
        if done.all():
            break
        steps = next_logits(ids[..., :position].flatten(0, 1)).log_softmax(dim=-1)
        steps = steps.view(*done.shape, -1).masked_fill(done[..., None], -torch.inf)
        steps[..., pad].masked_fill_(done, 0)  # a finished caption goes on as itself only
        sums, length = total[..., None] + steps, length + ~done
        best = (sums / length[..., None]).flatten(1).topk(width).indices
        parent, token = best // steps.shape[-1], best % steps.shape[-1]
        total, length = sums[row, parent, token], length[row, parent]
        ids = ids[row, parent]
        ids[..., position] = token
        done = done[row, parent] | (token == end)
    return ids[:, 0]  # topk sorts, so this is the best
