"""Models and their checkpoints, in open_clip's own folder layout.

A checkpoint is a folder that ``open_clip.create_model_and_transforms("local-dir:FOLDER")`` reads as it is:
the configuration with activation and preprocessing, and a plain state dict. A model with a tokenizer of
its own has ``tokenizer.json`` beside them.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import open_clip
import torch
from PIL import Image

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.train.tokenizer import TextTokenizer

SMALL = "small"
CONFIG, WEIGHTS, TOKENIZER = "open_clip_config.json", "open_clip_pytorch_model.bin", "tokenizer.json"

Preprocess = Callable[[Image.Image], torch.Tensor]  # RGB picture to float32 (3, height, width)
Tokenize = Callable[[Sequence[str]], torch.Tensor]  # texts to int64 (texts, context length)


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a model is, without its weights, in the terms of open_clip.

    Attributes:
        name: ``small`` or an open_clip model name.
        model_cfg: towers, activation, context length, vocabulary.
        preprocess_cfg: resizing and normalisation of pictures.
        tokenizer: JSON of a trained tokenizer; None for the stock one.
    """

    name: str
    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any]
    tokenizer: str | None = None

    @property
    def context_length(self) -> int:
        return int(self.model_cfg["text_cfg"].get("context_length", 77))


def small(tokenizer: TextTokenizer) -> Architecture:
    """The small model, with the vocabulary of ``tokenizer``.

    A convolutional tower for 64 pixels: with little data and time it learns more than a transformer. Its
    batch norm takes the statistics of each worker's own part of a batch.
    """
    config = json.loads(files("mpgi_ray.train").joinpath("small.json").read_text())
    config["model_cfg"]["text_cfg"] |= {
        "vocab_size": len(tokenizer),
        "context_length": tokenizer.context_length,
    }
    return Architecture(SMALL, config["model_cfg"], config["preprocess_cfg"], tokenizer.to_json())


def stock(name: str) -> Architecture:
    """A model that open_clip knows by name.

    Raises:
        RecipeError: it knows none of that name.
    """
    model_cfg = open_clip.get_model_config(name)
    if model_cfg is None:
        raise RecipeError(f"unknown model {name!r}: expected {SMALL!r} or a name of open_clip.list_models()")
    size = model_cfg["vision_cfg"].get("image_size", 224)
    return Architecture(name, model_cfg, asdict(open_clip.transform.PreprocessCfg(size=size)))


def build(architecture: Architecture) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    """The model with fresh weights (of torch's current seed), its preprocessing and its tokenizer."""
    with tempfile.TemporaryDirectory() as folder:  # open_clip takes a configuration by folder
        Path(folder, CONFIG).write_text(_config_json(architecture))
        return _create(folder, architecture)


def save(folder: Path, architecture: Architecture, model: torch.nn.Module) -> None:
    """Write the checkpoint; its weights come last, each file whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    weights = io.BytesIO()
    torch.save({name: value.cpu() for name, value in model.state_dict().items()}, weights)
    storage = Storage(str(folder))
    storage.publish(CONFIG, _config_json(architecture).encode())
    if architecture.tokenizer is not None:
        storage.publish(TOKENIZER, architecture.tokenizer.encode())
    storage.publish(WEIGHTS, weights.getvalue())


def load(folder: Path | str) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    """The model in evaluation mode, its preprocessing and its tokenizer.

    Raises:
        InputError: the folder holds no whole checkpoint.
    """
    folder = Path(folder)
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} is no checkpoint of train: {' and '.join(missing)} missing")
    config = json.loads((folder / CONFIG).read_text())
    own = folder / TOKENIZER
    tokenizer = own.read_text() if own.is_file() else None
    architecture = Architecture(config["name"], config["model_cfg"], config["preprocess_cfg"], tokenizer)
    model, preprocess, tokenize = _create(str(folder), architecture)
    return model.eval(), preprocess, tokenize


def _create(folder: str, architecture: Architecture) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    model, _, preprocess = open_clip.create_model_and_transforms(
        f"local-dir:{folder}", output_dict=True, pretrained_text=False
    )
    if architecture.tokenizer is None:
        return model, preprocess, open_clip.get_tokenizer(architecture.name)
    return model, preprocess, TextTokenizer.from_json(architecture.tokenizer, architecture.context_length)


def _config_json(architecture: Architecture) -> str:
    config = asdict(architecture)
    del config["tokenizer"]  # a file of its own
    return json.dumps(config, indent=2)
