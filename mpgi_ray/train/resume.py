"""What a stopped run goes on from: ``steps/step-NNNNNN/``, a checkpoint with the state of its optimiser.

A folder is whole once it has ``state.pt``, which is written last. Step 0 holds the weights that a run starts
from, so starting is the same as going on.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.models import checkpoint, kept
from mpgi_ray.models.kept import Architecture
from mpgi_ray.models.model_folder import LAST
from mpgi_ray.train.run_folder import STATE, finished, newest, saved, step_folder

_KEPT = 2


def save(output: str, architecture: Architecture, model: torch.nn.Module, state: dict[str, Any]) -> None:
    """Publish a checkpoint to go on from, and remove all but the last ones.

    Raises:
        OutputError: it cannot be written.
    """
    folder = step_folder(output, state["done"])
    kept.save(folder, architecture, model)
    Storage(folder).publish(STATE, checkpoint.to_bytes(state))
    for step in saved(output)[:-_KEPT]:
        old = Storage(step_folder(output, step))
        old.delete(STATE)  # first, so that the folder no longer counts as whole
        old.delete("")


def restore(output: str, model: torch.nn.Module) -> dict[str, Any] | None:
    """Put the newest weights into the model and return the state beside them; None if the run is finished.

    Raises:
        InputError: there is no checkpoint, or a file of it is damaged.
    """
    if finished(output):
        return None
    step = newest(output)
    if step is None:
        raise InputError(
            f"{output}/steps holds no checkpoint; it was removed during the run: "
            "give the same command again to start anew"
        )
    folder = step_folder(output, step)
    kept.load_weights(model, folder)
    state: dict[str, Any] = checkpoint.from_bytes(Storage(folder).read(STATE), f"{folder}/{STATE}")
    return state


def newest_whole(output: str) -> int | None:
    """The last step whose checkpoint can be read, once those after it are removed; None if there is none."""
    return next((step for step in reversed(saved(output)) if is_whole(step_folder(output, step))), None)


def is_whole(folder: str) -> bool:
    """Whether the checkpoint in a folder, and its state where it has one, can be read.

    One that cannot is named, and loses the file that makes it count as whole.
    """
    storage = Storage(folder)
    marks = (STATE,) if storage.exists(STATE) else LAST
    try:
        kept.load(folder)
        if marks == (STATE,):
            checkpoint.from_bytes(storage.read(STATE), f"{folder}/{STATE}")
    except InputError as error:
        print(f"{error}; it is removed and made again", file=sys.stderr)
        for mark in marks:
            storage.delete(mark)
        return False
    return True


def finish(output: str) -> None:
    """Remove the checkpoints to go on from: the run is over."""
    Storage(output).delete("steps")
