"""Models that are trained, each in a folder of its own: of open_clip, with a bridge, or of transformers,
a scorer or an adapter of a published model.

What stands here asks which of these a model or a folder is, so that nothing else needs to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.models import adapted_folder, bridge_folder, checkpoint, multimodal_folder
from mpgi_ray.models.adapted import AdaptedNetwork
from mpgi_ray.models.adapted_layout import Adapted
from mpgi_ray.models.architecture import Architecture as Clip
from mpgi_ray.models.bridge_layout import Bridged
from mpgi_ray.models.bridge_network import BridgeNetwork
from mpgi_ray.models.model_folder import is_adapter, is_bridged, is_multimodal
from mpgi_ray.models.multimodal import MultimodalNetwork
from mpgi_ray.models.multimodal_layout import Multimodal
from mpgi_ray.models.published import open_clip_lines

Architecture = Clip | Bridged | Multimodal | Adapted


def build(architecture: Architecture) -> Any:
    """The model with fresh weights (from torch's current seed)."""
    match architecture:
        case Adapted():
            return adapted_folder.build(architecture)
        case Multimodal():
            return multimodal_folder.build(architecture)
        case Bridged():
            return bridge_folder.build(architecture)
        case Clip():
            return checkpoint.build(architecture)[0]


def save(folder: Path | str, architecture: Architecture, model: Any) -> None:
    """Write the model; one of `LAST` comes last.

    Raises:
        OutputError: the folder cannot be written.
    """
    match architecture:
        case Adapted():
            adapted_folder.save(folder, architecture, model)
        case Multimodal():
            multimodal_folder.save(folder, architecture, model)
        case Bridged():
            bridge_folder.save(folder, architecture, model)
        case Clip():
            checkpoint.save(folder, architecture, model)


def load(folder: Path | str) -> tuple[Architecture, Any]:
    """What the model of a folder is, and the model.

    Raises:
        InputError: the folder holds no whole model.
    """
    architecture = read_architecture(folder)
    model = build(architecture)
    load_weights(model, folder)
    return architecture, model


def read_architecture(folder: Path | str) -> Architecture:
    """What the model of a folder is.

    Raises:
        InputError: the folder holds no whole model, or a file of it cannot be read.
        RecipeError: the model is of a kind that is not supported.
    """
    storage = Storage(absolute(str(folder)))
    if is_multimodal(storage):
        return multimodal_folder.read_architecture(folder)
    if is_adapter(storage):
        return adapted_folder.read_architecture(folder)
    if is_bridged(storage):
        return bridge_folder.read_architecture(folder)
    return checkpoint.read_architecture(folder)


def load_weights(model: Any, folder: Path | str) -> None:
    """Put the weights of a folder into a model.

    Raises:
        InputError: a file is damaged, or belongs to another architecture.
    """
    match model:
        case MultimodalNetwork():
            multimodal_folder.load_weights(model, folder)
        case AdaptedNetwork():
            adapted_folder.load_weights(model, folder)
        case BridgeNetwork():
            bridge_folder.load_weights(model, folder)
        case _:
            checkpoint.load_weights(model, folder)


def opening_lines(folder: Path | str) -> str:
    """Python that opens the model of a folder."""
    place = absolute(str(folder))
    storage = Storage(place)
    if is_multimodal(storage):
        return f"from mpgi_ray.models.scorers import load_scorer\nscorer = load_scorer({place!r})"
    if is_adapter(storage):
        return adapted_folder.opening_lines(place)
    if is_bridged(storage):
        return f"from mpgi_ray.models.describer import load_describer\nmodel = load_describer({place!r})"
    return open_clip_lines(folder)
