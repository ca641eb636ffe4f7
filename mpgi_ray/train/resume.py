"""What a stopped run goes on from: ``steps/step-NNNNNN/``, a checkpoint with the state of its optimiser.

A folder is whole once ``state.pt`` is there, which comes last. Step 0 holds the weights that a run starts
from, so a start is the same as going on.
"""

from __future__ import annotations

from typing import Any

import torch

from mpgi_ray.data.storage import Storage
from mpgi_ray.train import checkpoint
from mpgi_ray.train.architecture import Architecture
from mpgi_ray.train.run_folder import STATE, newest, step_folder

_KEPT = 2


def save(output: str, architecture: Architecture, model: torch.nn.Module, state: dict[str, Any]) -> None:
    """Publish a checkpoint to go on from, and remove all but the last ones.

    Raises:
        OutputError: it cannot be written.
    """
    folder = step_folder(output, state["done"])
    checkpoint.save(folder, architecture, model)
    Storage(folder).publish(STATE, checkpoint.to_bytes(state))
    steps = Storage(f"{output}/steps")
    whole = sorted({name.partition("/")[0] for name in steps.list(STATE)})
    for old in whole[:-_KEPT]:
        steps.delete(f"{old}/{STATE}")  # first what makes it whole
        steps.delete(old)


def restore(output: str, model: torch.nn.Module) -> dict[str, Any]:
    """Put the newest weights into the model and return the state beside them.

    Raises:
        InputError: a file of the checkpoint is damaged.
    """
    step = newest(output)
    assert step is not None
    folder = step_folder(output, step)
    checkpoint.load_weights(model, folder)
    state: dict[str, Any] = checkpoint.from_bytes(Storage(folder).read(STATE), f"{folder}/{STATE}")
    return state


def finish(output: str) -> None:
    """Remove the checkpoints to go on from: the run is over."""
    Storage(output).delete("steps")
