"""The model that a run starts from: fresh, pretrained, or a checkpoint."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import open_clip

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models import (
    OWN,
    SMALL,
    SMALL_BRIDGE,
    SMALL_BRIDGE_NOVA,
    SMALL_COCA,
    SMALL_VIT,
    checkpoint,
    kept,
    published,
)
from mpgi_ray.models.architecture import Architecture, small, small_coca, small_vit, stock
from mpgi_ray.models.hub import HUB, fetched
from mpgi_ray.models.long_text import stretch
from mpgi_ray.models.model_folder import Seen, is_adapter, is_bridged, is_multimodal, seen_by
from mpgi_ray.models.published import load_published
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train import adapter, bridge, multimodal
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.source import Source

_TEXTS = 200_000  # how many a small tokenizer is trained on


def initial(config: TrainConfig, source: Source) -> tuple[kept.Architecture, Any]:
    """The architecture and the model with its first weights.

    Raises:
        RecipeError: the model or its weights are unknown, their activations differ, it cannot be stretched to
            the context that is asked for, or the image tower to start with is another one.
        InputError: a folder or file of weights cannot be read.
    """
    folder = _folder(config.model)
    if config.model in (SMALL_BRIDGE, SMALL_BRIDGE_NOVA):
        return bridge.fresh(config, source)
    if folder is not None and _answers(config, Storage(absolute(folder))):
        return adapter.initial(config, folder)
    if folder is not None and is_multimodal(Storage(absolute(folder))):
        return multimodal.initial(config, source, folder)
    if folder is not None and is_bridged(Storage(absolute(folder))):
        return bridge.of_folder(config, folder)
    architecture, model = _named(config, source) if folder is None else _of_folder(config, folder)
    if config.init is not None:
        _take_tower(architecture, model, config.init)
    return stretch(architecture, model, config.context) if config.stretches else (architecture, model)


def _answers(config: TrainConfig, storage: Storage) -> bool:
    """Whether a folder holds an adapter, or a published model that is to get one."""
    return is_adapter(storage) or (is_multimodal(storage) and config.learns(writes=False).answers)


def _named(config: TrainConfig, source: Source) -> tuple[Architecture, Any]:
    """What is made of the name alone, or is one of open_clip."""
    if config.model in OWN:
        if config.weights is not None:
            raise RecipeError(
                f"weights {config.weights!r}: model {config.model!r} takes none, it starts afresh"
            )
        words = config.learns(writes=False).words(source)
        tokenizer = TextTokenizer.train(islice(words, _TEXTS), config.context)
        made = {SMALL: small, SMALL_VIT: small_vit, SMALL_COCA: small_coca}[config.model]
        return _fresh(config, made(tokenizer))
    if config.weights is None:
        return _fresh(config, stock(config.model))
    if config.weights in open_clip.list_pretrained_tags_by_model(config.model):
        return _pretrained(config.model, config.weights)
    if "." not in config.weights and "/" not in config.weights:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(config.model)) or "none"
        raise RecipeError(
            f"weights {config.weights!r}: expected a file or a tag of {config.model!r}; its tags are {tags}"
        )
    model, _, _ = load_published(config.weights, config.model)
    return published.architecture(config.model), model


def _folder(model: str) -> str | None:
    """Where the model lies, fetched if it is one of the hub; None for a name of ours or of open_clip."""
    if model.startswith(HUB):
        return fetched(model.removeprefix(HUB))
    return model if model not in OWN and (Path(model).is_dir() or "://" in model) else None


def _of_folder(config: TrainConfig, folder: str) -> tuple[Architecture, Any]:
    architecture, model = _from_folder(folder)
    if config.weights_of_texts is not None and _knows_no_words(architecture):
        raise RecipeError(
            f"model {config.model}: it learnt from pictures alone, and its tokenizer knows no words: "
            f"expected it as init, beside model={architecture.name}"
        )
    return architecture, model


def _knows_no_words(architecture: Architecture) -> bool:
    """Whether its tokenizer was made of no text at all."""
    vocabulary = architecture.model_cfg["text_cfg"].get("vocab_size", 0)
    return architecture.tokenizer is not None and vocabulary <= len(TextTokenizer.train((), 8))


def _take_tower(architecture: Architecture, model: Any, folder: str) -> None:
    """Give a model the image tower of a run."""
    other, theirs = _from_folder(folder)
    for part in ("vision_cfg", "embed_dim", "quick_gelu"):
        wanted, got = architecture.model_cfg.get(part), other.model_cfg.get(part)
        if _plain(wanted or None) != _plain(got or None):
            raise RecipeError(
                f"init {folder}: its image tower is that of {other.name!r}, and {part} is {got}, not "
                f"{wanted} as of {architecture.name!r}: expected model={other.name}, or another run"
            )
    if _plain(architecture.preprocess_cfg) != _plain(other.preprocess_cfg):
        raise RecipeError(
            f"init {folder}: its image tower takes pictures by {other.preprocess_cfg}, not by "
            f"{architecture.preprocess_cfg}: expected the same weights where both runs began"
        )
    model.visual.load_state_dict(theirs.visual.state_dict())


def _plain(value: Any) -> Any:
    """A setting as a checkpoint's JSON holds it."""
    return json.loads(json.dumps(value))


def seen_before(config: TrainConfig) -> Seen:
    """What the first weights have seen, as far as it is known."""
    named = _seen_by_model(config)
    return named if config.init is None else named.after(seen_by(config.init) or Seen(before=config.init))


def _seen_by_model(config: TrainConfig) -> Seen:
    if config.model.startswith(HUB):
        return Seen(before=config.model)
    if Path(config.model).is_dir() or "://" in config.model:
        return seen_by(config.model) or Seen(before=config.model)
    return Seen(before="" if config.weights is None else config.weights)


def _fresh(config: TrainConfig, architecture: Architecture) -> tuple[Architecture, Any]:
    model, _, _ = checkpoint.build(architecture)
    config.learns(writes=architecture.writes).task(model).prepare(model)
    return architecture, model


def _pretrained(name: str, tag: str) -> tuple[Architecture, Any]:
    """A model of open_clip with weights that it knows; they are fetched if they are not there."""
    architecture = stock(name, tag)
    trained = bool(open_clip.get_pretrained_cfg(name, tag).get("quick_gelu"))
    if trained != bool(architecture.model_cfg.get("quick_gelu")):
        right = f"{name}-quickgelu" if trained else name.removesuffix("-quickgelu")
        raise RecipeError(f"weights {tag!r} of {name!r} have another activation: use the model {right!r}")
    try:
        model = open_clip.create_model(name, pretrained=tag, output_dict=True)
    except (RuntimeError, OSError, ValueError) as error:
        raise InputError(f"weights {tag!r} of {name!r} cannot be loaded: {error}") from error
    return architecture, model


def _from_folder(folder: str) -> tuple[Architecture, Any]:
    architecture = checkpoint.read_architecture(folder)
    model, _, _ = checkpoint.build(architecture)
    checkpoint.load_weights(model, folder)
    return architecture, model
