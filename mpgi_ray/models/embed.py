"""A model in open_clip's interface: it makes features of pictures and texts, and captions of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.models import checkpoint
from mpgi_ray.models.generation import Decoding, describe
from mpgi_ray.models.published import load_published

T = TypeVar("T")
BATCH = 64
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A loaded model, on a GPU if there is one.

    Attributes:
        name: as the user named it.
    """

    name: str
    network: Any
    preprocess: checkpoint.Preprocess
    tokenize: Any

    @classmethod
    def load(cls, place: str) -> Model:
        """Load a checkpoint folder, or ``NAME@FILE``: published weights of an open_clip model.

        Raises:
            InputError, RecipeError: it cannot be loaded; the message says why.
        """
        named = name_and_file(place)
        network, preprocess, tokenize = (
            checkpoint.load(place) if named is None else load_published(named[1], named[0])
        )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(place, network.to(device), preprocess, tokenize)

    @property
    def writes(self) -> bool:
        """Whether it writes captions."""
        return hasattr(self.network, "text_decoder")

    def images(self, records: Iterable[Record]) -> Floats:
        """Unit features of the pictures, (records, dim), in order."""
        return self.pictures(map(decoded, records))

    def pictures(self, pictures: Iterable[Image.Image]) -> Floats:
        """Unit features of decoded pictures, (pictures, dim), in order."""
        return _embed(pictures, lambda chunk: self.network.encode_image(self._pixels(chunk), normalize=True))

    def texts(self, texts: Sequence[str]) -> Floats:
        """Unit features, (texts, dim), in order; equal texts have equal features to the last bit."""
        return self._texts(texts, normalize=True)

    def raw_texts(self, texts: Sequence[str]) -> Floats:
        """As `texts`, but before the features are brought to length one."""
        return self._texts(texts, normalize=False)

    def describe(self, records: Iterable[Record], decoding: Decoding) -> list[str]:
        """A caption of each picture, in order; for a model that `writes`."""
        return [
            text
            for chunk in _chunks(records)
            for text in describe(self.network, self._pixels(map(decoded, chunk)), self.tokenize, decoding)
        ]

    def _texts(self, texts: Sequence[str], normalize: bool) -> Floats:
        device = next(self.network.parameters()).device
        distinct = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        features = _embed(
            distinct,
            lambda chunk: self.network.encode_text(self.tokenize(chunk).to(device), normalize=normalize),
        )
        return features[[distinct[text] for text in texts]]

    def _pixels(self, pictures: Iterable[Image.Image]) -> torch.Tensor:
        device = next(self.network.parameters()).device
        return torch.stack([self.preprocess(picture) for picture in pictures]).to(device)


def name_and_file(place: str) -> tuple[str, str] | None:
    """Name and file of ``NAME@FILE``; None for a folder.

    A folder may have ``@`` in its path: a name has no slash, and a folder that exists goes first.
    """
    name, at, file = place.partition("@")
    return (name, file) if at and "/" not in name and not Path(place).is_dir() else None


@torch.inference_mode()
def _embed(items: Iterable[T], encode: Callable[[Sequence[T]], torch.Tensor]) -> Floats:
    return np.concatenate([encode(chunk).float().cpu().numpy() for chunk in _chunks(items)])


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, BATCH)):
        yield chunk
