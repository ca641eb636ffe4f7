"""The model of a run that writes about pictures: a CoCa, or a model with a bridge."""

from __future__ import annotations

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import is_bridged, is_multimodal
from mpgi_ray.models.written import Describer


def load_describer(folder: str, gpu: bool | None = None) -> Describer:
    """The model of a run of `mpgi train` that writes.

    Args:
        gpu: whether it computes on a GPU; None: if there is one.

    Raises:
        InputError: the folder holds none, or one that writes nothing.
        RecipeError: the model is of a kind that is not supported.
    """
    storage = Storage(absolute(folder))
    if is_multimodal(storage):
        raise InputError(f"{folder} holds a model of transformers: expected engine kind vllm, which runs it")
    if is_bridged(storage):
        from mpgi_ray.models.bridge_writer import BridgeWriter

        return BridgeWriter.load(folder, gpu=gpu)
    from mpgi_ray.models.coca_writer import CocaWriter

    return CocaWriter.load(folder, gpu=gpu)
