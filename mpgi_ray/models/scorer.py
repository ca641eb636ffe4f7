"""A model that scores texts about a picture by what it learned from preferences: a CLIP, and a head on it.

The head looks at how a text meets the picture, how it meets what lies at the places that the text attends to
and where these lie, and how it meets the number of such places. It never sees a text or a picture alone, of
which a preference between texts tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.embed import Model
from mpgi_ray.models.feature_map import feature_map
from mpgi_ray.models.model_folder import SCORER, require_scorer

_PICTURES = 32  # that are scored together


_COORDINATES, _AMOUNTS = 9, 8  # numbers that tell a place; amounts that are looked at


def _coordinates(grid: Tensor) -> Tensor:
    """Where the places of a grid lie, (places, 9): polynomials and a period of waves of both sides."""
    y, x = (torch.linspace(-1, 1, side, device=grid.device) for side in grid.shape[-2:])
    y, x = (one.flatten() for one in torch.meshgrid(y, x, indexing="ij"))
    waves = [wave(torch.pi * one) for one in (x, y) for wave in (torch.sin, torch.cos)]
    return torch.stack([x, y, x * x, y * y, x * y, *waves], dim=-1)


class ScorerHead(nn.Module):
    """Scores of texts, above 0.

    Args:
        dim: of the features of pictures and texts.
        width: of the image tower's last grid.
    """

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.dim, self.width = dim, width
        self.asks = nn.Linear(dim, dim)
        self.places = nn.Conv2d(width, dim, 1)
        self.where = nn.Linear(_COORDINATES, dim)
        self.parts = nn.Linear(dim, _AMOUNTS * dim)
        self.level = nn.Parameter(torch.full((_AMOUNTS,), -3.0))
        self.amount = nn.Linear(2 * _AMOUNTS, dim)
        self.linear = nn.Linear(3 * dim, 1, bias=False)

    def forward(self, pooled: Tensor, grid: Tensor, texts: Tensor) -> Tensor:
        """Scores (pictures, texts).

        Args:
            pooled, grid: of pictures, as `feature_map` gives them.
            texts: features of the texts of each picture, (pictures, texts, dim).
        """
        picture, texts = (functional.normalize(one.float(), dim=-1) for one in (pooled, texts))
        places = functional.normalize(self.places(grid).float().flatten(2), dim=1)
        met = [picture[:, None], self._attended(places, grid, texts), self._amount(places, texts)]
        told = torch.cat([one * texts for one in met], dim=-1)
        scores: Tensor = functional.softplus(self.linear(self.dim**0.5 * told)).squeeze(-1)
        return scores

    def _attended(self, places: Tensor, grid: Tensor, texts: Tensor) -> Tensor:
        """What is at the places that each text is about, and where these lie."""
        asked = functional.normalize(self.asks(texts).float(), dim=-1)
        weights = (10 * asked @ places).softmax(dim=-1)  # cosines: of a few places, not of all alike
        located = functional.normalize(places.transpose(1, 2) + self.where(_coordinates(grid)), dim=-1)
        return functional.normalize(weights @ located, dim=-1)

    def _amount(self, places: Tensor, texts: Tensor) -> Tensor:
        """How many places each text is about: a mean over them cannot tell two ships from five."""
        parts = functional.normalize(self.parts(texts).float().unflatten(-1, (_AMOUNTS, self.dim)), dim=-1)
        cosines = torch.einsum("ptkd,pdn->ptkn", parts, places)
        covered = (10 * cosines + self.level[:, None]).sigmoid().sum(dim=-1)
        return functional.normalize(self.amount(torch.cat([covered.log1p(), covered / 10], dim=-1)), dim=-1)

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        state = {name: value.cpu() for name, value in self.state_dict().items()}
        return checkpoint.to_bytes({"dim": self.dim, "width": self.width, "state": state})

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> ScorerHead:
        """A head that was kept.

        Raises:
            InputError: the bytes are damaged, or of something else.
        """
        held = checkpoint.from_bytes(data, where)
        try:
            head = cls(held["dim"], held["width"])
            head.load_state_dict(held["state"])
        except (KeyError, TypeError, RuntimeError) as error:
            raise InputError(f"{where} is not the head of a scorer ({error}): train it again") from error
        return head.eval()


@dataclass(frozen=True)
class Scorer:
    """A scorer that was trained: see `TextScorer`."""

    model: Model
    head: ScorerHead

    needs_pictures = True
    by_sentences = True

    @classmethod
    def load(cls, folder: str, *, gpu: bool | None = None) -> Scorer:
        """The scorer of a run of `mpgi train --task preference`.

        Raises:
            InputError: the folder holds none.
        """
        storage = Storage(absolute(folder))
        require_scorer(storage)
        model = Model.load(folder, gpu=gpu)
        head = ScorerHead.from_bytes(storage.read(SCORER), storage.path(SCORER))
        return cls(model, head.to(model.device))

    @torch.inference_mode()
    def score(
        self,
        pictures: Iterable[Image.Image | None],
        texts: Sequence[Sequence[str]],
        questions: Sequence[str] | None = None,
    ) -> list[NDArray[np.float32]]:
        """The scores of the texts of each picture, (texts); see `TextScorer`.

        Questions are not read: it has learned none.
        """
        found: list[NDArray[np.float32]] = []
        features = iter(torch.from_numpy(self.model.raw_texts([text for one in texts for text in one])))
        rows = iter(texts)
        for pooled, grid in self._seen(pictures):
            for place, own in zip(range(len(pooled)), rows, strict=False):
                told = torch.stack([next(features) for _ in own]) if own else torch.zeros(0, self.head.dim)
                scores = self.head(pooled[place, None], grid[place, None], told[None].to(pooled.device))
                found.append(scores[0].cpu().numpy())
        return found

    def _seen(self, pictures: Iterable[Image.Image | None]) -> Iterable[tuple[Tensor, Tensor]]:
        waiting: list[Tensor] = []
        for picture in pictures:
            if picture is None:
                raise InputError(
                    f"{self.model.name}: it scores texts about a picture, and one has no picture"
                )
            waiting.append(self.model.preprocess(picture))
            if len(waiting) == _PICTURES:
                yield feature_map(self.model.network.visual, torch.stack(waiting).to(self.model.device))
                waiting = []
        if waiting:
            yield feature_map(self.model.network.visual, torch.stack(waiting).to(self.model.device))
