"""A model in open_clip's interface: it makes features of pictures and texts, and captions of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.decoding import Decoding
from mpgi_ray.models.generation import describe
from mpgi_ray.models.patch_tokens import Last, patch_tokens, require_patches
from mpgi_ray.models.place import name_and_file as name_and_file
from mpgi_ray.models.published import architecture, load_published
from mpgi_ray.models.text_tower import encode_text

T = TypeVar("T")
BATCH = 64
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        name: as the user named it.
    """

    name: str
    network: Any
    preprocess: checkpoint.Preprocess
    tokenize: Any

    @classmethod
    def load(cls, place: str, *, gpu: bool | None = None) -> Model:
        """Load a checkpoint folder, or ``NAME@FILE``: published weights of an open_clip model.

        Args:
            gpu: whether it computes on a GPU; None: if there is one.

        Raises:
            InputError, RecipeError: it cannot be loaded; the message says why.
        """
        named = name_and_file(place)
        network, preprocess, tokenize = (
            checkpoint.load(place) if named is None else load_published(named[1], named[0])
        )
        return cls(place, network.to(_device(gpu)), preprocess, tokenize)

    @classmethod
    def fresh(cls, place: str, seed: int, *, gpu: bool | None = None) -> Model:
        """The model of a place with fresh weights: what its architecture alone is worth.

        Args:
            gpu: as in `load`.

        Raises:
            InputError, RecipeError: it cannot be made; the message says why.
        """
        with torch.random.fork_rng():  # nobody else's draws change
            torch.manual_seed(seed)
            network, preprocess, tokenize = checkpoint.build(architecture_of(place))
        return cls(f"{place}, fresh weights", network.eval().to(_device(gpu)), preprocess, tokenize)

    @property
    def writes(self) -> bool:
        """Whether it writes captions."""
        return hasattr(self.network, "text_decoder")

    def images(self, records: Iterable[Record]) -> Floats:
        """Unit features of the pictures, (records, dim), in order."""
        return self.pictures(map(decoded, records))

    def pictures(self, pictures: Iterable[Image.Image]) -> Floats:
        """As `images`, of decoded pictures: 8-bit RGB. They are taken one at a time, and not kept."""
        return _embed(
            map(self.preprocess, pictures),
            lambda chunk: self.network.encode_image(torch.stack(chunk).to(self.device), normalize=True),
        )

    def patches(self, pictures: Iterable[Image.Image], last: Last) -> Iterator[Floats]:
        """Unit features of the patches of each picture, (rows, columns, dim), in the space of texts.

        Raises:
            RecipeError: the image tower has no patches to take.
        """
        tower = self.network.visual
        require_patches(tower, self.name)
        for chunk in _chunks(pictures):
            with torch.inference_mode():
                found = patch_tokens(tower, self._pixels(chunk), last)[1]
                found = torch.nn.functional.normalize(found, dim=-1)
            yield from found.unflatten(1, tower.grid_size).float().cpu().numpy()  # type: ignore[no-untyped-call]

    def texts(self, texts: Sequence[str]) -> Floats:
        """Unit features, (texts, dim), in order; equal texts have equal features to the last bit."""
        return self._texts(texts, lambda tokens: encode_text(self.network, tokens))

    def raw_texts(self, texts: Sequence[str]) -> Floats:
        """As `texts`, but before the features are brought to length one."""
        return self._texts(texts, lambda tokens: self.network.encode_text(tokens, normalize=False))

    def describe(self, records: Iterable[Record], decoding: Decoding) -> list[str]:
        """A caption of each picture, in order; for a model that `writes`."""
        return [
            text
            for chunk in _chunks(records)
            for text in describe(self.network, self._pixels(map(decoded, chunk)), self.tokenize, decoding)
        ]

    @property
    def has_patches(self) -> bool:
        """Whether `patches` can be asked for."""
        try:
            require_patches(self.network.visual, self.name)
        except RecipeError:
            return False
        return True

    @property
    def side(self) -> int:
        """The side in pixels of the pictures that it sees; of two sides, the first."""
        size = self.network.visual.image_size
        return int(size if isinstance(size, int) else size[0])

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        found: torch.device = next(self.network.parameters()).device
        return found

    def _texts(self, texts: Sequence[str], encode: Callable[[torch.Tensor], torch.Tensor]) -> Floats:
        # texts of similar length lie together: the tower computes each chunk as long as its longest text
        distinct = {text: place for place, text in enumerate(sorted(dict.fromkeys(texts), key=len))}
        features = _embed(distinct, lambda chunk: encode(self.tokenize(chunk).to(self.device)))
        return features[[distinct[text] for text in texts]]

    def _pixels(self, pictures: Iterable[Image.Image]) -> torch.Tensor:
        return torch.stack([self.preprocess(picture) for picture in pictures]).to(self.device)


def architecture_of(place: str) -> Architecture:
    """What the model of a checkpoint folder or ``NAME@FILE`` is, without its weights.

    Raises:
        InputError, RecipeError: as `Model.load`.
    """
    named = name_and_file(place)
    return checkpoint.read_architecture(place) if named is None else architecture(named[0])


def _device(gpu: bool | None) -> str:
    return "cuda" if (torch.cuda.is_available() if gpu is None else gpu) else "cpu"


@torch.inference_mode()
def _embed(items: Iterable[T], encode: Callable[[list[T]], torch.Tensor]) -> Floats:
    parts = [encode(chunk).float().cpu().numpy() for chunk in _chunks(items)]
    return np.concatenate(parts or [np.empty((0, 0), np.float32)])


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, BATCH)):
        yield chunk
