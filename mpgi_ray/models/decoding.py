"""How a text is written token by token: greedy, beam and nucleus decoding, for any model that writes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from mpgi_ray.errors import RecipeError

NextLogits = Callable[[Tensor], Tensor]  # ids (rows, length) to float32 (rows, vocabulary)
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


def write(
    next_logits: NextLogits,
    ids: Tensor,
    start: int,
    decoding: Decoding,
    keys: Sequence[bytes],
    end: int,
    pad: int,
) -> Tensor:
    """Continue rows of ids, in place where there is one text a row; returned are the rows.

    Args:
        next_logits: is called with ever longer beginnings of the rows. A beam's rows change their order
            between calls.
        ids: (rows, length), filled with ``pad`` behind the first ``start``. For a beam of some width there
            are so many rows of each text; (texts, length) are returned.
        keys: of each row, what its draws follow from.
        end: the token that ends a text.
    """
    match decoding:
        case Beam():
            return _beam(next_logits, ids, start, decoding.width, end, pad)
        case Nucleus():
            numbers = _uniforms([f"{decoding.seed} ".encode() + key for key in keys], ids.shape[1])
            choose: _Choose = partial(_draw, decoding, numbers.to(ids.device))
        case Greedy():
            choose = _likeliest
    return _token_by_token(next_logits, ids, start, choose, end, pad)


def _likeliest(logits: Tensor, _: int) -> Tensor:
    return logits.argmax(dim=-1)


def _token_by_token(
    next_logits: NextLogits, ids: Tensor, start: int, choose: _Choose, end: int, pad: int
) -> Tensor:
    done = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for position in range(start, ids.shape[1]):
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


def _uniforms(keys: Sequence[bytes], count: int) -> Tensor:
    """Numbers in [0, 1) of each key, float64 (keys, count): the same in any batch and on any device."""
    rows = []
    for key in keys:
        digest = hashlib.sha256(key).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
        rows.append(torch.rand(count, dtype=torch.float64, generator=generator))
    return torch.stack(rows)


def _beam(next_logits: NextLogits, ids: Tensor, start: int, width: int, end: int, pad: int) -> Tensor:
    ids = ids.view(-1, width, ids.shape[1])
    total = torch.full(ids.shape[:2], -torch.inf, device=ids.device)  # sums of log probabilities
    total[:, 0] = 0  # all begin alike, so only one of them may grow
    length = torch.zeros_like(total)  # tokens in the sum
    done = torch.zeros_like(total, dtype=torch.bool)
    row = torch.arange(len(ids), device=ids.device)[:, None]
    for position in range(start, ids.shape[-1]):
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
