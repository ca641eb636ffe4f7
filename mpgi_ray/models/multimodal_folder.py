"""A multimodal scorer in a folder of transformers' own layout, with the scorer's head beside it.

Its backbone opens there with ``AutoModel.from_pretrained(FOLDER)``, its tokenizer and pictures likewise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.conversation import Limits
from mpgi_ray.models.model_folder import HUB_CONFIG, HUB_FILES, SCORER, hub_weights, require_scorer
from mpgi_ray.models.multimodal import MultimodalNetwork
from mpgi_ray.models.multimodal_layout import Multimodal

KINDS = ("qwen2_vl", "qwen2_5_vl")
_PIECE = "2GB"  # of the weights, in a file: a file is held in memory while it is written


def build(architecture: Multimodal) -> MultimodalNetwork:
    """The model with fresh weights, from torch's current seed; float32."""
    from transformers import AutoModel

    return MultimodalNetwork(AutoModel.from_config(architecture.config, dtype=torch.float32))


def save(folder: Path | str, architecture: Multimodal, model: Any) -> None:
    """Write the model, local or ``s3://…``; its configuration comes last, each file whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    storage, limits = Storage(str(folder)), architecture.limits
    head = {name: value.cpu() for name, value in model.head.state_dict().items()}
    told = {"pixels": limits.pixels, "tokens": limits.tokens, "state": head}
    storage.publish(SCORER, checkpoint.to_bytes(told))
    for name in architecture.files.keys() - {HUB_CONFIG}:
        storage.publish(name, architecture.files[name])
    with tempfile.TemporaryDirectory() as scratch, _quietly():
        model.backbone.save_pretrained(scratch, max_shard_size=_PIECE)
        written = sorted(path.name for path in Path(scratch).iterdir())
        for name in sorted(written, key=HUB_CONFIG.__eq__):
            storage.publish(name, Path(scratch, name).read_bytes())


def load(folder: Path | str) -> tuple[Multimodal, MultimodalNetwork]:
    """The scorer in evaluation mode.

    Raises:
        InputError: the folder holds no whole one.
    """
    architecture = read_architecture(folder)
    model = build(architecture)
    load_weights(model, folder)
    return architecture, model.eval()


def read_architecture(folder: Path | str, limits: Limits | None = None) -> Multimodal:
    """What the model of a folder is.

    Args:
        limits: what it is to look at; None: as the scorer in this folder did.

    Raises:
        InputError: a file is missing or damaged, or the folder holds no scorer and there are no ``limits``.
        RecipeError: the model is of another kind, or cannot look at so much.
    """
    storage = Storage(absolute(str(folder)))
    if not storage.exists(HUB_CONFIG):
        raise InputError(f"{folder} is not a model of transformers, it lacks {HUB_CONFIG}")
    kind = storage.read_json(HUB_CONFIG).get("model_type")
    if kind not in KINDS:
        raise RecipeError(
            f"model {folder}: it is of the kind {kind!r}: expected {' or '.join(KINDS)}, e.g. "
            "Qwen/Qwen2-VL-2B-Instruct"
        )
    if limits is None:
        told = _scorer(storage)
        limits = Limits(told["pixels"], told["tokens"])
    files = {name: storage.read(name) for name in HUB_FILES if storage.exists(name)}
    return Multimodal(str(folder), files, limits)


def load_weights(model: MultimodalNetwork, folder: Path | str) -> None:
    """Put the weights of a folder into a model; the head too, if the folder holds one.

    Raises:
        InputError: a file is damaged, or some of the weights are missing.
    """
    from transformers import AutoModel

    storage = Storage(absolute(str(folder)))
    with _here(storage) as path, _quietly():
        try:
            found, told = AutoModel.from_pretrained(
                path, dtype=torch.float32, output_loading_info=True, trust_remote_code=False
            )
        except Exception as error:  # safetensors, torch and transformers each raise their own
            said = " ".join(str(error).split())[:200]
            raise InputError(f"{folder}: its weights cannot be read ({said}): fetch them again") from error
    if lacking := sorted({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])}):
        raise InputError(
            f"{folder}: of its weights {len(lacking):,} are not there ({lacking[0]} …): fetch them again"
        )
    try:
        model.backbone.load_state_dict(found.state_dict())
        if storage.exists(SCORER):
            model.head.load_state_dict(_scorer(storage)["state"])
    except RuntimeError as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{folder}: its weights are of another model: {said}") from error


def _scorer(storage: Storage) -> dict[str, Any]:
    where = storage.path(SCORER)
    require_scorer(storage)
    told = checkpoint.from_bytes(storage.read(SCORER), where)
    if not isinstance(told, dict) or not {"pixels", "tokens", "state"} <= told.keys():
        raise InputError(f"{where} is not the head of a multimodal scorer: train it again")
    return told


@contextmanager
def _quietly() -> Iterator[None]:
    """Without a bar for each file, and without a table of the language head, which a scorer does not take."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def _here(storage: Storage) -> Iterator[str]:
    """A folder on this machine with configuration and weights."""
    if storage.is_local:
        yield storage.path("")
        return
    with tempfile.TemporaryDirectory() as scratch:
        for name in (HUB_CONFIG, *hub_weights(storage)):
            Path(scratch, name).write_bytes(storage.read(name))
        yield scratch
