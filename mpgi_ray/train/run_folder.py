"""The folder of a training run: whose it is, how far it got.

``run.json`` says what is learnt, ``seen.json`` from which samples, ``steps/step-NNNNNN/`` is what a stopped
run goes on from; at the end the model lies beside them.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError
from mpgi_ray.models.model_folder import RUN, SEEN, WEIGHTS, Seen

STATE = "state.pt"
_STEP = "step-"


def open_run(output: str, recipe: dict[str, Any], name: str, seen: Seen, left_out: int) -> bool:
    """Claim an output folder for a recipe.

    Args:
        seen: is kept beside the recipe, as ``seen.json``.
        left_out: samples without a wanted text; kept with the recipe.

    Returns:
        Whether the run is finished already.

    Raises:
        OutputError: the folder belongs to another recipe; the message names what differs.
    """
    storage = Storage(output)
    if storage.exists(RUN):
        before = json.loads(storage.read(RUN))["recipe"]
        differing = [key for key in {**before, **recipe} if before.get(key) != recipe.get(key)]
        if differing:
            told = "; ".join(f"{key} was {before.get(key)}, is {recipe.get(key)}" for key in differing)
            raise OutputError(f"{output} holds another run: {told}. Choose another output or remove it")
        return finished(output)
    if storage.exists(WEIGHTS):
        raise OutputError(f"{output} holds a checkpoint already: choose another output folder or remove it")
    storage.publish(SEEN, json.dumps(asdict(seen)).encode())
    record = {"name": name, "recipe": recipe, "left_out": left_out}
    storage.publish(RUN, json.dumps(record, indent=1).encode())
    return False


def finished(output: str) -> bool:
    """Whether the run's model is there, which comes last."""
    return Storage(output).exists(WEIGHTS)


def saved(output: str) -> list[int]:
    """The steps that whole checkpoints are of, in order."""
    folders = (name.partition("/")[0] for name in Storage(f"{output}/steps").list(STATE))
    return sorted(int(folder.removeprefix(_STEP)) for folder in folders if folder.startswith(_STEP))


def newest(output: str) -> int | None:
    """The last step that a whole checkpoint is of; None if there is none."""
    return max(saved(output), default=None)


def step_folder(output: str, step: int) -> str:
    """Where the checkpoint of a step lies."""
    return f"{output}/steps/{_STEP}{step:06d}"
