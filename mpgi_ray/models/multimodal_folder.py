"""A multimodal scorer in a folder of transformers' own layout, with the scorer's head beside it.

Its backbone opens there with ``AutoModel.from_pretrained(FOLDER)``, its tokenizer and pictures likewise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
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
    beside = {name: data for name, data in architecture.files.items() if name != HUB_CONFIG}
    publish(storage, model.backbone, beside)


def publish(storage: Storage, model: Any, files: Mapping[str, bytes]) -> None:
    """Write a model of transformers; its configuration comes last.

    Args:
        files: what lies beside its weights; one of these stands in place of what transformers would write.

    Raises:
        OutputError: it cannot be written.
    """
    with tempfile.TemporaryDirectory() as scratch, _quietly():
        model.save_pretrained(scratch, max_shard_size=_PIECE)
        names = sorted({*files, *(path.name for path in Path(scratch).iterdir())})
        for name in sorted(names, key=HUB_CONFIG.__eq__):
            storage.publish(name, files[name] if name in files else Path(scratch, name).read_bytes())


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
    files = read_files(folder)
    if limits is None:
        told = _scorer(Storage(absolute(str(folder))))
        limits = Limits(told["pixels"], told["tokens"])
    return Multimodal(str(folder), files, limits)


def read_files(folder: Path | str) -> dict[str, bytes]:
    """The small files of a multimodal model.

    Raises:
        InputError: the folder holds none.
        RecipeError: the model is of another kind.
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
    return {name: storage.read(name) for name in HUB_FILES if storage.exists(name)}


def load_weights(model: MultimodalNetwork, folder: Path | str) -> None:
    """Put the weights of a folder into a model; the head too, if the folder holds one.

    Raises:
        InputError: a file is damaged, or some of the weights are missing.
    """
    from transformers import AutoModel

    storage, found = Storage(absolute(str(folder))), opened(AutoModel, folder, torch.float32)
    try:
        model.backbone.load_state_dict(found.state_dict())
        if storage.exists(SCORER):
            model.head.load_state_dict(_scorer(storage)["state"])
    except RuntimeError as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{folder}: its weights are of another model: {said}") from error


def opened(kind: Any, folder: Path | str, dtype: Any) -> Any:
    """The model of a folder.

    Args:
        kind: ``AutoModel`` or the like.
        dtype: of its weights; ``auto`` takes them as they are.

    Raises:
        InputError: a file is damaged, or some of the weights are missing.
    """
    with _here(Storage(absolute(str(folder)))) as path, _quietly():
        try:
            found, told = kind.from_pretrained(
                path, dtype=dtype, output_loading_info=True, trust_remote_code=False
            )
        except Exception as error:  # safetensors, torch and transformers each raise their own
            said = " ".join(str(error).split())[:200]
            raise InputError(f"{folder}: its weights cannot be read ({said}): fetch them again") from error
    if lacking := sorted({*told["missing_keys"], *(key for key, *_ in told["mismatched_keys"])}):
        raise InputError(
            f"{folder}: of its weights {len(lacking):,} are not there ({lacking[0]} …): fetch them again"
        )
    return found


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
