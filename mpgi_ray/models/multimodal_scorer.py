"""A multimodal scorer that was trained: it scores answers about a picture, or about none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mpgi_ray.models.conversation import encoded, padded
from mpgi_ray.models.multimodal import MultimodalNetwork
from mpgi_ray.models.multimodal_folder import load
from mpgi_ray.models.multimodal_layout import Multimodal

_ANSWERS = 16  # that are scored together


@dataclass(frozen=True, slots=True)
class _Asked:
    """A conversation: the place of its picture, the picture as the model takes it, its tokens."""

    place: int
    picture: Tensor | None
    tokens: list[int]


@dataclass(frozen=True)
class MultimodalScorer:
    """A scorer that was trained: see `TextScorer`. On a GPU it computes in bfloat16, as in training."""

    architecture: Multimodal
    network: MultimodalNetwork

    needs_pictures = False
    by_sentences = False

    @classmethod
    def load(cls, folder: str, *, gpu: bool | None = None) -> MultimodalScorer:
        """The scorer of a run of `mpgi train --task preference` with a multimodal model.

        Raises:
            InputError: the folder holds none.
        """
        architecture, network = load(folder)
        on_gpu = torch.cuda.is_available() if gpu is None else gpu
        return cls(architecture, network.to("cuda" if on_gpu else "cpu"))

    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        """The scores of the texts of each picture, (texts); see `TextScorer`."""
        found: list[list[float]] = [[] for _ in texts]
        waiting = self._asked(pictures, texts, questions or [""] * len(texts))
        while asked := list(islice(waiting, _ANSWERS)):
            for one, score in zip(asked, self._scores(asked), strict=True):
                found[one.place].append(score)
        return [np.array(scores, np.float32) for scores in found]

    def _asked(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str],
    ) -> Iterator[_Asked]:
        inputs, limits = self.architecture.inputs(), self.architecture.limits
        pixels = inputs.pixels()
        told = enumerate(zip(pictures, texts, questions, strict=True))
        for place, (picture, own, question) in told:
            around = self.architecture.around(question, picture=picture is not None)
            shown = None if picture is None else torch.tensor(pixels(picture))
            for pieces in encoded(self.architecture.tokenizer, own):
                yield _Asked(place, shown, around.row(pieces[: limits.tokens]))

    @torch.inference_mode()
    def _scores(self, asked: Sequence[_Asked]) -> list[float]:
        device = self.network.head.weight.device
        seen = {one.place: one.picture for one in asked if one.picture is not None}
        numbers = {place: number for number, place in enumerate(seen)}
        side = self.architecture.limits.pixels
        pictures = torch.stack(list(seen.values())) if seen else torch.zeros(0, 3, side, side)
        ids = padded([one.tokens for one in asked], max(len(one.tokens) for one in asked))
        which = torch.tensor([numbers.get(one.place, -1) for one in asked])
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            scores = self.network(
                self.architecture.normalise()(pictures.to(device)),
                torch.from_numpy(ids).to(device),
                which.to(device),
            )
        return [float(score) for score in scores]
