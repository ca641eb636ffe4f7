"""What a model is, without its weights, in the terms of open_clip."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import open_clip
import torch

from mpgi_ray.errors import RecipeError
from mpgi_ray.models import (
    OWN,
    SMALL,
    SMALL_COCA,
    SMALL_VIT,
    grid_tower,  # noqa: F401 - registers the tower of `small`
)
from mpgi_ray.models.inputs import Inputs
from mpgi_ray.models.normalise import Normalise
from mpgi_ray.models.tokenizer import TextTokenizer

Tokenize = Callable[[Sequence[str]], torch.Tensor]  # texts to int64 (texts, context length)
_OTHER_TOKENIZERS = ("hf_tokenizer_name", "hf_model_name", "tokenizer_mode", "tokenizer_kwargs")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A model without its weights.

    Attributes:
        name: ``small``, ``small-vit``, ``small-coca`` or an open_clip model name.
        model_cfg: towers, activation, context length, vocabulary.
        preprocess_cfg: resizing and normalisation of pictures.
        tokenizer: JSON of a trained tokenizer; None for CLIP's own.

    Raises:
        RecipeError: it is a model of SigLIP's kind, or its texts need a tokenizer from the hub.
    """

    name: str
    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any]
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        if self.model_cfg.get("init_logit_bias") is not None:
            raise RecipeError(
                f"model {self.name!r} is of SigLIP's kind (init_logit_bias), and the sigmoid loss is not "
                "supported: expected a CLIP or CoCa that learns by softmax, e.g. ViT-B-16"
            )
        if others := [key for key in _OTHER_TOKENIZERS if self.model_cfg["text_cfg"].get(key)]:
            raise RecipeError(
                f"model {self.name!r} has a tokenizer or text tower from the hub ({', '.join(others)}): "
                "expected a model with CLIP's own tokenizer, e.g. ViT-B-32"
            )

    @property
    def context_length(self) -> int:
        return int(self.model_cfg["text_cfg"].get("context_length", 77))

    @property
    def writes(self) -> bool:
        """Whether it is a CoCa model, which writes captions."""
        return "multimodal_cfg" in self.model_cfg

    def inputs(self) -> Inputs:
        """The inputs that it takes."""
        return Inputs(asdict(self._preprocess_cfg()), self.context_length, self.tokenizer)

    def tokenize(self) -> Tokenize:
        """Its tokenizer."""
        tokenize: Tokenize = self.inputs().tokenize()
        return tokenize

    def normalise(self) -> Normalise:
        config = self._preprocess_cfg()
        return Normalise(tuple(config.mean), tuple(config.std))

    def _preprocess_cfg(self) -> open_clip.transform.PreprocessCfg:
        size = self.model_cfg["vision_cfg"].get("image_size", 224)
        return open_clip.transform.PreprocessCfg(**{"size": size, **self.preprocess_cfg})


def small(tokenizer: TextTokenizer) -> Architecture:
    """A CLIP of 1 M parameters, with the vocabulary of ``tokenizer``.

    Its image tower is a `GridTower`: with little data and time it learns more than a transformer. Its batch
    norm takes the statistics of each worker's own part of a batch.
    """
    return _own(SMALL, "small.json", tokenizer)


def small_vit(tokenizer: TextTokenizer) -> Architecture:
    """A CLIP of 1 M parameters whose image tower is a transformer over patches of 8 pixels, for tasks that
    look at patches.
    """
    return _own(SMALL_VIT, "small_vit.json", tokenizer)


def small_coca(tokenizer: TextTokenizer) -> Architecture:
    """A CoCa of 2 to 3 M parameters for pictures of 64 pixels, with the vocabulary of ``tokenizer``."""
    return _own(SMALL_COCA, "small_coca.json", tokenizer)


def stock(name: str, tag: str | None = None) -> Architecture:
    """A model that open_clip knows by name.

    Args:
        tag: names the pretrained weights that it will have: pictures are preprocessed as for these, and
            without a tag as for OpenAI's CLIP.

    Raises:
        RecipeError: open_clip does not know the name, or as `Architecture`.
    """
    model_cfg = open_clip.get_model_config(name)
    if model_cfg is None:
        raise RecipeError(
            f"unknown model {name!r}: expected {', '.join(OWN)}, a name of open_clip.list_models(), "
            "hf-hub:ORGANISATION/MODEL or a folder"
        )
    plain = open_clip.transform.PreprocessCfg(size=model_cfg["vision_cfg"].get("image_size", 224))
    trained = open_clip.get_pretrained_cfg(name, tag) if tag else {}
    return Architecture(name, model_cfg, open_clip.transform.merge_preprocess_dict(plain, trained))


def _own(name: str, file: str, tokenizer: TextTokenizer) -> Architecture:
    config = json.loads(files("mpgi_ray.models").joinpath(file).read_text())
    config["model_cfg"]["text_cfg"] |= {
        "vocab_size": len(tokenizer),
        "context_length": tokenizer.context_length,
    }
    if "multimodal_cfg" in config["model_cfg"]:
        config["model_cfg"]["multimodal_cfg"]["context_length"] = tokenizer.context_length
    return Architecture(name, config["model_cfg"], config["preprocess_cfg"], tokenizer.to_json())
