"""What a model takes: the size of its pictures and the tokens of its texts.

Reading processes start often and on many nodes, so torch and open_clip are imported only for models whose
inputs need them: those of a small model need neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.sample import Box
from mpgi_ray.models.tokenizer import TextTokenizer

Pixels = Callable[[Image.Image], NDArray[np.uint8]]  # an RGB picture to (3, height, width)
Ids = Callable[[Sequence[str]], NDArray[np.int64]]  # texts to (texts, context length)
Length = Callable[[str], int]  # of a text in tokens
Row = tuple[NDArray[np.int64], NDArray[np.bool_]]  # tokens of a conversation; which of them are learnt
Dialogue = Callable[[Sequence[tuple[str, str]]], Row]  # questions with their answers, as one such row


@dataclass(frozen=True, slots=True)
class Inputs:
    """A model's inputs.

    Attributes:
        preprocess_cfg: as in open_clip's ``PreprocessCfg``, with the size.
        context_length: tokens of a text.
        tokenizer: JSON of a trained tokenizer; None for CLIP's own.
    """

    preprocess_cfg: dict[str, Any]
    context_length: int
    tokenizer: str | None = None

    def tokenize(self) -> Any:
        """The tokenizer: texts to int64 (texts, context length)."""
        if self.tokenizer is not None:
            return TextTokenizer.from_json(self.tokenizer, self.context_length)
        from open_clip.tokenizer import SimpleTokenizer

        return SimpleTokenizer(context_length=self.context_length)

    def reader(self) -> tuple[Ids, Length]:
        """What `tokenize` gives, as arrays; and how many tokens a text has, with those at start and end."""
        tokenize = self.tokenize()
        if isinstance(tokenize, TextTokenizer):
            return tokenize.ids, lambda text: len(tokenize.encode(text)) + 2

        def ids(texts: Sequence[str]) -> NDArray[np.int64]:
            return np.asarray(tokenize(list(texts)).numpy())

        return ids, lambda text: len(tokenize.encode(text)) + 2

    def dialogue(self) -> Dialogue | None:
        """How a model that answers questions reads a conversation; None for another one."""
        return None

    def pixels(self) -> Pixels:
        """What evaluation does with a picture before normalising it."""
        config = self.preprocess_cfg
        if config.get("resize_mode") == "squash" and config.get("interpolation", "bicubic") == "bicubic":
            size = config["size"]
            shape = (size, size) if isinstance(size, int) else (size[1], size[0])
            return lambda picture: _channels_first(picture.resize(shape, Image.Resampling.BICUBIC))
        from open_clip.transform import PreprocessCfg, image_transform_v2
        from torchvision.transforms import Compose

        steps = image_transform_v2(PreprocessCfg(**config), is_train=False).transforms
        resize = Compose(steps[:-2])  # the last two make a tensor and normalise it
        return lambda picture: _channels_first(resize(picture))

    def frame(self, width: int, height: int) -> Box:
        """The part of a picture of this size, in its pixels, that `pixels` shows; beyond it where it pads."""
        config = self.preprocess_cfg
        mode, size = config.get("resize_mode", "shortest"), config["size"]
        if mode == "squash":
            return Box(0, 0, width, height)
        rows, columns = (size, size) if isinstance(size, int) else size
        scale = (min if mode == "longest" else max)(columns / width, rows / height)
        across, down = columns / scale / 2, rows / scale / 2
        return Box(width / 2 - across, height / 2 - down, width / 2 + across, height / 2 + down)


def _channels_first(picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture).transpose(2, 0, 1)
