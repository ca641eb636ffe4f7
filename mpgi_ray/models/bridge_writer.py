"""A model with a bridge that answers questions; see `written.Describer`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from mpgi_ray.models import bridge_folder
from mpgi_ray.models.bridge_inputs import before
from mpgi_ray.models.bridge_layout import Bridged
from mpgi_ray.models.bridge_network import BridgeNetwork
from mpgi_ray.models.decoding import Decoding, write
from mpgi_ray.models.tokenizer import END, PAD, START, TextTokenizer
from mpgi_ray.models.written import Asked, Written


@dataclass(frozen=True)
class BridgeWriter:
    """It answers about a picture, or from its language alone where there is none."""

    architecture: Bridged
    network: BridgeNetwork

    answers = True

    @classmethod
    def load(cls, folder: str, *, gpu: bool | None = None) -> BridgeWriter:
        """The model of a run.

        Raises:
            InputError: the folder holds no whole one.
        """
        architecture, network = bridge_folder.load(folder)
        on_gpu = torch.cuda.is_available() if gpu is None else gpu
        return cls(architecture, network.to("cuda" if on_gpu else "cpu"))

    def room(self, question: str) -> int:
        return max(0, self.architecture.tokens - len(self._head(question)))

    @torch.inference_mode()
    def write(self, asked: Sequence[Asked], decoding: Decoding, most: int) -> list[Written]:
        alike: dict[tuple[bool, int], list[int]] = defaultdict(list)  # rows of one length go together
        heads = [self._head(one.question) for one in asked]
        for place, (one, head) in enumerate(zip(asked, heads, strict=True)):
            alike[one.picture is not None, len(head)].append(place)
        found: dict[int, Written] = {}
        for (sees, length), places in alike.items():
            told = [asked[place] for place in places]
            ids = torch.full((len(places), min(length + most, self.architecture.tokens)), PAD)
            ids[:, :length] = torch.tensor([heads[place] for place in places])
            ids = ids.to(self._device)
            keys = [one.key for one in told]
            write(
                _next(self.network, self._seen(told) if sees else None), ids, length, decoding, keys, END, PAD
            )
            read = length + sees * self.architecture.queries
            for place, row in zip(places, ids[:, length:].tolist(), strict=True):
                found[place] = self._written(row, read)
        return [found[place] for place in range(len(asked))]

    @cached_property
    def _codec(self) -> TextTokenizer:
        return self.architecture.codec()  # to read it takes as long as to write a token

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _head(self, question: str) -> list[int]:
        return before(self._codec, question or self.architecture.question)

    def _seen(self, asked: Sequence[Asked]) -> Tensor:
        pixels = self.architecture.inputs().pixels()
        pictures = [torch.tensor(pixels(one.picture)) for one in asked if one.picture is not None]
        shown = self.architecture.normalise()(torch.stack(pictures).to(self._device))
        return self.network.seen(shown)

    def _written(self, row: list[int], read: int) -> Written:
        ids = [token for token in row if token != PAD]
        text = self._codec.decode([token for token in ids if token != END])
        return Written(text, read, len(ids), ids[-1:] == [END])


def _next(network: BridgeNetwork, seen: Tensor | None) -> Callable[[Tensor], Tensor]:
    """Logits of the next token of rows that grow from call to call: what was read once is kept."""
    from transformers import DynamicCache

    cache: Any = DynamicCache()
    read = 0

    def logits(ids: Tensor) -> Tensor:
        nonlocal read
        found = network.grown(seen if read == 0 else None, ids[:, read:], cache)
        read = ids.shape[1]
        found[:, [START, PAD]] = -torch.inf
        return found

    return logits
