"""Where a model lies, a checkpoint folder or ``NAME@FILE``, and which weights these are; without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from mpgi_ray.data.storage import Storage, absolute, split_url
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import (
    BRIDGE_CONFIG,
    BRIDGE_WEIGHTS,
    CONFIG,
    HUB_FILES,
    SAFE_WEIGHTS,
    SCORER,
    TOKENIZER,
    WEIGHTS,
    hub_weights,
    is_bridged,
    is_multimodal,
)

_BLOCK = 16 << 20  # bytes that are read at a time


def name_and_file(place: str) -> tuple[str, str] | None:
    """Name and file of ``NAME@FILE``; None for a folder.

    A folder may have ``@`` in its path: a name has no slash, and a folder that exists goes first.
    """
    name, at, file = place.partition("@")
    return (name, file) if at and "/" not in name and not Path(place).is_dir() else None


def absolute_place(place: str) -> str:
    """The place with a local path made absolute, because workers run in folders of their own.

    Raises:
        RecipeError: a path is empty.
    """
    named = name_and_file(place)
    return absolute(place) if named is None else f"{named[0]}@{absolute(named[1])}"


def weights_file(storage: Storage) -> str:
    """Which file of a checkpoint holds its weights; the usual name if none is there."""
    return next((name for name in (WEIGHTS, SAFE_WEIGHTS) if storage.exists(name)), WEIGHTS)


def revision_of(place: str) -> str:
    """The version of a model: ``sha256:`` and 16 hexadecimal digits.

    Of ``NAME@FILE`` they are those that ``sha256sum FILE`` begins with; of a folder the hash is over
    configuration, tokenizer and weights, one after the other; of a multimodal model over all its files.

    Raises:
        InputError: a file cannot be read, or the folder holds no checkpoint.
    """
    named = name_and_file(place)
    if named is not None:
        storage, file = split_url(absolute(named[1]))
        files = [file]
    else:
        storage = Storage(absolute(place))
        if is_bridged(storage):
            files = [BRIDGE_CONFIG, TOKENIZER, BRIDGE_WEIGHTS]
        elif is_multimodal(storage):
            files = [SCORER, *(n for n in HUB_FILES if storage.exists(n)), *hub_weights(storage)]
        else:
            beside = [name for name in (TOKENIZER, SCORER) if storage.exists(name)]
            files = [CONFIG, *beside, weights_file(storage)]
        if lacking := [name for name in files if not storage.exists(name)]:
            raise InputError(
                f"{place} is not a checkpoint, it lacks {' and '.join(lacking)}: give the folder of one, or "
                "NAME@FILE, the name of an open_clip model and a file of its weights"
            )
    digest = hashlib.sha256()
    for name in files:
        for block in _blocks(storage, name):
            digest.update(block)
    return f"sha256:{digest.hexdigest()[:16]}"


def _blocks(storage: Storage, name: str) -> Iterator[bytes]:
    size = storage.size(name)
    return (storage.read_range(name, start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK))
