"""An adapter in a folder in peft's own form, without the model that it belongs to; and both in one.

``PeftModel.from_pretrained(BASE, FOLDER)`` opens it, vLLM takes it as a LoRA. ``taught.json`` beside it says
what it was taught to look at, and which question texts answered.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.models.adapted import AdaptedNetwork
from mpgi_ray.models.adapted_layout import Adapted, Base
from mpgi_ray.models.conversation import Limits
from mpgi_ray.models.model_folder import ADAPTER, ADAPTER_CONFIG
from mpgi_ray.models.multimodal_folder import opened, publish, read_files

_TAUGHT = "taught.json"


def build(architecture: Adapted) -> AdaptedNetwork:
    """The published model with an adapter that changes nothing yet, from torch's current seed.

    Raises:
        InputError: the weights of its base cannot be read.
    """
    from transformers import AutoModelForImageTextToText

    base = architecture.base
    # as it was published: what does not learn needs no more digits
    model = opened(AutoModelForImageTextToText, base.folder(), "auto")
    return AdaptedNetwork(model, architecture.rank, base.name, base.commit)


def save(folder: Path | str, architecture: Adapted, model: AdaptedNetwork) -> None:
    """Write the adapter, local or ``s3://…``; its configuration comes last, each file whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    storage, taught = Storage(str(folder)), asdict(architecture.limits)
    with tempfile.TemporaryDirectory() as scratch:
        model.adapted.save_pretrained(scratch, save_embedding_layers=False)  # else it may ask the hub
        storage.publish_json(_TAUGHT, {**taught, "question": architecture.question})
        for name in (ADAPTER, ADAPTER_CONFIG):
            storage.publish(name, Path(scratch, name).read_bytes())


def read_architecture(folder: Path | str) -> Adapted:
    """What the adapter of a folder is, and what it belongs to.

    Raises:
        InputError: a file is missing or damaged, or its base is not there.
        RecipeError: its base is of another kind.
    """
    return adapted(*_told(folder))


def adapted(base: Base, rank: int, limits: Limits, question: str) -> Adapted:
    """A model with an adapter.

    Raises:
        InputError: a file of its base is missing or damaged.
        RecipeError: the base is of another kind, or cannot look at so much.
    """
    return Adapted(base.name, read_files(base.folder()), limits, base, rank, question)


def load_weights(model: AdaptedNetwork, folder: Path | str) -> None:
    """Put the adapter of a folder into a model.

    Raises:
        InputError: the file is damaged, or of another model.
    """
    from peft import set_peft_model_state_dict

    storage = Storage(absolute(str(folder)))
    where = storage.path(ADAPTER)
    try:
        weights = safetensors.torch.load(storage.read(ADAPTER))
        found: Any = set_peft_model_state_dict(model.adapted, weights)
    except (SafetensorError, RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{where} cannot be read ({said}): train it again") from error
    lacking = [name for name in found.missing_keys if ".lora_" in name]
    if strange := [*found.unexpected_keys, *lacking]:
        raise InputError(f"{where} is of another model ({strange[0]} …): train it again")


def opening_lines(folder: str) -> str:
    """Python that opens the model of a folder with its adapter."""
    base, *_ = _told(folder)
    at = "" if base.commit is None else f", revision={base.commit!r}"
    where = f"folder = {folder!r}"
    if "://" in folder:
        where = f"folder = 'adapter'  # copy {folder} to this folder first: peft opens local ones only"
    return (
        f"{where}\n"
        "from peft import PeftModel\n"
        "from transformers import AutoModelForImageTextToText\n"
        f"base = AutoModelForImageTextToText.from_pretrained({base.name!r}{at})\n"
        "model = PeftModel.from_pretrained(base, folder)"
    )


def merge(folder: Path | str, output: Path | str) -> None:
    """Write a model with its adapter worked into its weights, in the layout and precision of its base.

    Raises:
        InputError: the folder holds no whole adapter.
        OutputError: the output is not empty, or cannot be written.
    """
    architecture, storage = read_architecture(folder), Storage(absolute(str(output)))
    if there := storage.list(""):
        raise OutputError(f"{output} holds {there[0]}: choose an empty folder for the merged model")
    model = build(architecture)
    load_weights(model, folder)
    publish(storage, model.adapted.merge_and_unload(), architecture.files)


def _told(folder: Path | str) -> tuple[Base, int, Limits, str]:
    """The base of an adapter, its rank, and what it was taught."""
    storage = Storage(absolute(str(folder)))
    if lacking := [name for name in (ADAPTER_CONFIG, _TAUGHT) if not storage.exists(name)]:
        raise InputError(
            f"{folder} is not an adapter, it lacks {lacking[0]}: expected the folder of a finished "
            "`mpgi train --task instruction` with a published model"
        )
    told, taught = storage.read_json(ADAPTER_CONFIG), storage.read_json(_TAUGHT)
    try:
        base = Base(str(told["base_model_name_or_path"]), told["revision"])
        limits = Limits(int(taught["pixels"]), int(taught["tokens"]))
        return base, int(told["r"]), limits, str(taught["question"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder} holds no adapter of `mpgi train --task instruction` ({error!r}): train it again"
        ) from error
