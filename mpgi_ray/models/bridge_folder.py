"""A model with a bridge in a folder: what it is, its tokenizer and its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.bridge_layout import Bridged
from mpgi_ray.models.bridge_network import BridgeNetwork
from mpgi_ray.models.model_folder import BRIDGE_CONFIG, BRIDGE_WEIGHTS, TOKENIZER
from mpgi_ray.models.tokenizer import END, PAD, START


def build(architecture: Bridged) -> BridgeNetwork:
    """The model with fresh weights, from torch's current seed; float32."""
    from transformers import LlamaConfig, LlamaForCausalLM

    visual = checkpoint.build(architecture.clip)[0].visual
    config = LlamaConfig(
        vocab_size=len(architecture.codec()),
        pad_token_id=PAD,
        bos_token_id=START,
        eos_token_id=END,
        tie_word_embeddings=True,
        max_position_embeddings=architecture.queries + architecture.tokens,
        **architecture.language,
    )
    return BridgeNetwork(
        visual,
        architecture.variant,
        architecture.queries,
        architecture.blocks,
        architecture.heads,
        LlamaForCausalLM(config),
    )


def save(folder: Path | str, architecture: Bridged, model: Any) -> None:
    """Write the model, local or ``s3://…``; its weights come last, each file whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    storage = Storage(str(folder))
    storage.publish(BRIDGE_CONFIG, json.dumps(architecture.told(), indent=2).encode())
    storage.publish(TOKENIZER, architecture.tokenizer.encode())
    held = {name: value.cpu() for name, value in model.state_dict().items()}
    storage.publish(BRIDGE_WEIGHTS, checkpoint.to_bytes(held))


def load(folder: Path | str) -> tuple[Bridged, BridgeNetwork]:
    """The model in evaluation mode.

    Raises:
        InputError: the folder holds no whole one.
    """
    architecture = read_architecture(folder)
    model = build(architecture)
    load_weights(model, folder)
    return architecture, model.eval()


def read_architecture(folder: Path | str) -> Bridged:
    """What the model of a folder is.

    Raises:
        InputError: a file is missing or damaged.
    """
    storage = Storage(absolute(str(folder)))
    lacking = [n for n in (BRIDGE_CONFIG, TOKENIZER, BRIDGE_WEIGHTS) if not storage.exists(n)]
    if lacking:
        raise InputError(f"{folder} holds no whole model with a bridge: it lacks {' and '.join(lacking)}")
    try:
        return Bridged.of(storage.read_json(BRIDGE_CONFIG), storage.read(TOKENIZER).decode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder}/{BRIDGE_CONFIG} does not say what the model is ({error!r}): restore it"
        ) from error


def load_weights(model: BridgeNetwork, folder: Path | str) -> None:
    """Put the weights of a folder into a model.

    Raises:
        InputError: the file is damaged, or belongs to another architecture.
    """
    where = f"{folder}/{BRIDGE_WEIGHTS}"
    held = checkpoint.from_bytes(Storage(absolute(str(folder))).read(BRIDGE_WEIGHTS), where)
    weights = checkpoint.plain_weights(held, where)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        said = " ".join(str(error).split())[:300]
        raise InputError(
            f"{folder}: its weights and {BRIDGE_CONFIG} are of different models: {said}"
        ) from error
