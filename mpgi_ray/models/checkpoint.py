"""Checkpoints in open_clip's own folder layout.

A checkpoint is a folder that ``open_clip.create_model_and_transforms("local-dir:FOLDER")`` reads as it is:
the configuration with activation and preprocessing, and a plain state dict. A model with a tokenizer
trained here has ``tokenizer.json`` beside them, and its configuration says so; a ``tokenizer.json`` that the
configuration does not mention is another library's copy of CLIP's own.
"""

from __future__ import annotations

import io
import json
import logging
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import open_clip
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.models.architecture import Architecture, Tokenize
from mpgi_ray.models.model_folder import CONFIG, TOKENIZER, WEIGHTS
from mpgi_ray.models.place import weights_file

_WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")  # of distributed training and of torch.compile
_OBJECT = re.compile(r"TorchScript|(?<=GLOBAL )\S+")  # what torch names when a file holds more than tensors
Preprocess = Callable[[Image.Image], torch.Tensor]  # RGB picture to float32 (3, height, width)


def build(architecture: Architecture) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    """The model with fresh weights (from torch's current seed), its preprocessing and its tokenizer."""
    with tempfile.TemporaryDirectory() as folder:  # open_clip takes a configuration by folder
        Path(folder, CONFIG).write_text(_config_json(architecture))
        return _create(folder, architecture)


def save(folder: Path | str, architecture: Architecture, model: torch.nn.Module) -> None:
    """Write the checkpoint, local or ``s3://…``; its weights come last, each file whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    storage = Storage(str(folder))
    storage.publish(CONFIG, _config_json(architecture).encode())
    if architecture.tokenizer is not None:
        storage.publish(TOKENIZER, architecture.tokenizer.encode())
    storage.publish(WEIGHTS, to_bytes({name: value.cpu() for name, value in model.state_dict().items()}))


def load(folder: Path | str) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    """The model in evaluation mode, its preprocessing and its tokenizer.

    Raises:
        InputError: the folder holds no whole checkpoint.
    """
    architecture = read_architecture(folder)
    model, preprocess, tokenize = build(architecture)
    load_weights(model, folder)
    return model.eval(), preprocess, tokenize


def read_architecture(folder: Path | str) -> Architecture:
    """What the model of a checkpoint is.

    Raises:
        InputError: the folder holds no whole checkpoint, or its configuration cannot be read.
        RecipeError: the model is of a kind that is not supported; see `Architecture`.
    """
    storage = Storage(absolute(str(folder)))
    missing = [name for name in (CONFIG, weights_file(storage)) if not storage.exists(name)]
    if missing:
        raise InputError(f"{folder} is not a checkpoint of `mpgi train`: it lacks {' and '.join(missing)}")
    try:
        config = storage.read_json(CONFIG)
        tokenizer = storage.read(TOKENIZER).decode() if config.get("tokenizer") == TOKENIZER else None
        name = config.get("name", storage.url.rpartition("/")[2])
        return Architecture(name, config["model_cfg"], config.get("preprocess_cfg", {}), tokenizer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder}/{CONFIG} is not a configuration of open_clip: "
            f"expected a model_cfg with a text_cfg ({error!r})"
        ) from error


def load_weights(model: torch.nn.Module, folder: Path | str) -> None:
    """Put the weights of a checkpoint into a model.

    Raises:
        InputError: the file is damaged, or belongs to another architecture.
    """
    storage = Storage(absolute(str(folder)))
    file = weights_file(storage)
    where = f"{folder}/{file}"
    weights = plain_weights(from_bytes(storage.read(file), where), where)
    try:
        model.load_state_dict(shaped_as(model, weights))
    except (RuntimeError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{folder}: its weights and {CONFIG} are of different models: {said}") from error


def plain_weights(held: Any, where: str) -> dict[str, Tensor]:
    """The state dict that a file held, under the names of the plain model.

    It may be bare or the ``state_dict`` of a training checkpoint (as ``open_clip_train`` writes it), from a
    model wrapped for distributed training, compiled, or neither.

    Raises:
        InputError: the file held no state dict.
    """
    weights = held.get("state_dict", held) if isinstance(held, Mapping) else held
    if not isinstance(weights, Mapping) or not weights or not _all_tensors(weights):
        raise InputError(
            f"{where} holds no weights: expected a dict of tensors by name, bare or under 'state_dict'"
        )
    return {_WRAPPERS.sub("", key): value for key, value in weights.items()}


def shaped_as(model: torch.nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights, with the logit scale as a number or as a list of one, as the model has it."""
    scale, wanted = weights.get("logit_scale"), model.state_dict().get("logit_scale")
    if scale is None or wanted is None or scale.numel() != wanted.numel():
        return dict(weights)
    return {**weights, "logit_scale": scale.reshape(wanted.shape)}


def to_bytes(values: Any) -> bytes:
    """What torch.save writes."""
    sink = io.BytesIO()
    torch.save(values, sink)
    return sink.getvalue()


def from_bytes(data: bytes, where: str) -> Any:
    """What `to_bytes` took (tensors, numbers and containers only), or the tensors of a safetensors file.

    Args:
        where: the file's name, which tells by its end whether it is safetensors.

    Raises:
        InputError: the bytes are damaged or hold something else; the message says if it is a pickled model.
    """
    safe = where.endswith(".safetensors")
    try:
        if safe:
            return safetensors.torch.load(data)
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle, torch and safetensors each raise their own
        said = " ".join(str(error).split())
        if found := _OBJECT.search(said):
            raise InputError(
                f"{where} holds objects ({found[0]}), as a whole pickled model does; opening them could run "
                "code: expected weights alone, as torch.save(model.state_dict(), FILE) writes them"
            ) from error
        said = said[:200]
        kind = "safetensors" if safe else "torch.save"
        raise InputError(f"{where} is damaged or not a file of {kind} ({said}): fetch it again") from error


def _all_tensors(weights: Mapping[object, object]) -> bool:
    return all(isinstance(key, str) and isinstance(value, Tensor) for key, value in weights.items())


def _create(folder: str, architecture: Architecture) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)  # open_clip warns that there are no weights, which come later
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            f"local-dir:{folder}", load_weights=False, output_dict=True, pretrained_text=False
        )
    finally:
        logging.disable(level)
    return model, preprocess, architecture.tokenize()


def _config_json(architecture: Architecture) -> str:
    config = asdict(architecture)
    if config.pop("tokenizer") is not None:
        config["tokenizer"] = TOKENIZER  # says that the tokenizer was trained here and lies beside
    return json.dumps(config, indent=2)
