"""Loads published weights into open_clip models, and shows how plain open_clip loads our checkpoints.

Published files such as RemoteCLIP's, GeoRSCLIP's and HQRS-CLIP's hold weights but do not name their model.
Shapes tell the size of the towers but not their activation, and with the wrong one the weights load without
an error and give worse features. So the caller names the model, activation included.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import open_clip
import torch
from torch import Tensor

from mpgi_ray.data.storage import absolute, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.models.architecture import Architecture, Tokenize, stock
from mpgi_ray.models.checkpoint import (
    Preprocess,
    build,
    from_bytes,
    plain_weights,
    read_architecture,
    shaped_as,
)
from mpgi_ray.models.grid_tower import GRID
from mpgi_ray.models.model_folder import TOKENIZER

_GELU, _QUICK_GELU = "-gelu", "-quickgelu"
_SHOWN = 3


def is_tag(weights: str) -> bool:
    """Whether open_clip knows weights by this tag, of any model: they were trained on the web at large."""
    return any(tag == weights for _, tag in open_clip.list_pretrained())


def load_published(path: Path | str, name: str | None) -> tuple[torch.nn.Module, Preprocess, Tokenize]:
    """The named model with the weights of a file, in evaluation mode, with preprocessing and tokenizer.

    Pictures are preprocessed as for OpenAI's CLIP, whatever the model.

    Args:
        path: see `read_weights`.
        name: see `architecture`.

    Raises:
        InputError: no name, a file without weights, or weights of another model.
        RecipeError: the name is unknown.
    """
    weights = read_weights(path)
    if name is None:
        raise InputError(f"{path} does not say which model its weights are of: name it{_likely(weights)}")
    model, preprocess, tokenize = build(architecture(name))
    weights = shaped_as(model, weights)
    if misfits := _misfits(weights, model.state_dict()):
        raise InputError(
            f"{path} is not of {name}: {misfits}; name the model it was made with{_likely(weights)}"
        )
    model.load_state_dict(weights)
    return model.eval(), preprocess, tokenize


def architecture(name: str) -> Architecture:
    """A model that open_clip knows, by a name that settles its activation.

    open_clip has some models twice, with GELU as ``ViT-B-32`` and with QuickGELU as
    ``ViT-B-32-quickgelu``. OpenAI's weights, and files tuned from them, need QuickGELU; most others GELU.
    The plain name is refused here, because it is often given for OpenAI's weights: the model with GELU is
    ``ViT-B-32-gelu``. A model that open_clip has once keeps its plain name.

    Raises:
        InputError: the name leaves the activation open.
        RecipeError: the name is unknown.
    """
    if _has_twin(name):
        raise InputError(
            f"model {name} leaves its activation open: expected {name}{_QUICK_GELU}, for weights tuned from "
            f"OpenAI's, or {name}{_GELU}, for most others"
        )
    plain = name.removesuffix(_GELU)
    return stock(plain if _has_twin(plain) else name)


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """The state dict of a file of torch.save, under the names of the plain model.

    Args:
        path: see `plain_weights`; local, or a URL such as ``s3://…``.

    Raises:
        InputError: the file is not there, damaged, or holds something else.
    """
    storage, file = split_url(absolute(str(path)))
    return plain_weights(from_bytes(storage.read(file), str(path)), str(path))


def open_clip_lines(folder: Path | str) -> str:
    """Python lines that open a checkpoint of `mpgi train` as ``model``, ``preprocess`` and ``tokenizer``.

    Model and preprocessing of a stock model need open_clip alone, and so does a stock tokenizer; what is our
    own is imported first. open_clip opens local folders only: for any other the lines say that it must be
    copied first, and open the copy.

    Raises:
        InputError: the folder holds no whole checkpoint.
    """
    ours, place = read_architecture(folder), absolute(str(folder))
    where = f"folder = {place!r}"
    if "://" in place:
        where = f"folder = 'model'  # copy {place} to this folder first: open_clip opens local ones only"
    own = ours.model_cfg["vision_cfg"].get("timm_model_name") == GRID
    tower = "import mpgi_ray.models.grid_tower  # lets open_clip build it\n" if own else ""
    if ours.tokenizer is None:
        tokenizer = "tokenizer = open_clip.get_tokenizer('local-dir:' + folder)"
    else:
        tokenizer = (
            "from mpgi_ray.models.tokenizer import TextTokenizer\n"
            f"text = open(folder + '/{TOKENIZER}', encoding='utf-8').read()\n"
            f"tokenizer = TextTokenizer.from_json(text, {ours.context_length})"
        )
    return (
        f"{where}\n"
        f"{tower}"
        "import open_clip\n"
        "model, _, preprocess = open_clip.create_model_and_transforms('local-dir:' + folder)\n"
        "model.eval()\n"
        f"{tokenizer}\n"
    )


def _has_twin(name: str) -> bool:
    names = open_clip.list_models()
    return name in names and name + _QUICK_GELU in names


def _misfits(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """What keeps the weights from being those of a model; empty if nothing does."""
    shapes = [
        f"{key} {tuple(weights[key].shape)} instead of {tuple(wanted[key].shape)}"
        for key in wanted
        if key in weights and weights[key].shape != wanted[key].shape
    ]
    kinds = {
        "missing": [key for key in wanted if key not in weights],
        "unexpected": [key for key in weights if key not in wanted],
        "of another shape": shapes,
    }
    return "; ".join(f"{len(found)} {kind}: {_some(found)}" for kind, found in kinds.items() if found)


def _some(found: list[str]) -> str:
    return ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")


def _likely(weights: Mapping[str, Tensor]) -> str:
    """The CLIP models of open_clip with these sizes, for a message."""
    try:
        width, _, patch, _ = weights["visual.conv1.weight"].shape
        places = len(weights["visual.positional_embedding"])
        embed = weights["text_projection"].shape[1]
        sizes = (width, patch, places, *weights["token_embedding.weight"].shape, embed)
    except (KeyError, ValueError, IndexError):  # not a CLIP with transformers
        return " by a name of open_clip.list_models()"
    names = [name for name in open_clip.list_models() if _clip_sizes(name) == sizes]
    choices = [name + _GELU if _has_twin(name) else name for name in names]
    return f": by its shapes it is {' or '.join(choices) or 'none that open_clip knows'}"


def _clip_sizes(name: str) -> tuple[int, ...] | None:
    """The sizes that `_likely` compares; None unless the model is a CLIP with two transformers."""
    config = open_clip.get_model_config(name)
    text = open_clip.CLIPTextCfg(**config["text_cfg"])
    vision = open_clip.CLIPVisionCfg(**config["vision_cfg"])
    own = text.hf_model_name or vision.timm_model_name or config.get("custom_text")
    if own or not isinstance(vision.layers, int):
        return None
    places = (vision.image_size // vision.patch_size) ** 2 + 1
    return vision.width, vision.patch_size, places, text.vocab_size, text.width, config["embed_dim"]
