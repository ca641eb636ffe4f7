"""Pictures and texts to features, by a model in open_clip's interface."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from mpgi_ray.train.checkpoint import Preprocess, Tokenize
from mpgi_ray.train.records import Record, preprocessed

T = TypeVar("T")
BATCH = 64


def embed_images(model: Any, preprocess: Preprocess, records: Iterable[Record]) -> NDArray[np.float32]:
    """Unit features of the pictures, (records, dim), in order."""
    device = next(model.parameters()).device

    def pixels(chunk: Sequence[Record]) -> torch.Tensor:
        return torch.stack([preprocessed(record, preprocess) for record in chunk]).to(device)

    return _embed(records, lambda chunk: model.encode_image(pixels(chunk), normalize=True))


def embed_texts(model: Any, tokenize: Tokenize, texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit features of the texts, (texts, dim), in order; equal texts have equal features to the last bit."""
    device = next(model.parameters()).device
    distinct = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    features = _embed(distinct, lambda chunk: model.encode_text(tokenize(chunk).to(device), normalize=True))
    return features[[distinct[text] for text in texts]]


@torch.inference_mode()
def _embed(items: Iterable[T], encode: Callable[[Sequence[T]], torch.Tensor]) -> NDArray[np.float32]:
    return np.concatenate([encode(chunk).float().cpu().numpy() for chunk in _chunks(items)])


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, BATCH)):
        yield chunk
