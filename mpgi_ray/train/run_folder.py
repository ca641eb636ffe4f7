"""The folder of a training run: which run it belongs to, and how far that got.

``run.json`` says what is learnt, ``seen.json`` from which samples; a stopped run goes on from
``steps/step-NNNNNN/``; at the end the model lies beside them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mpgi_ray.data.claim import Claim, look
from mpgi_ray.data.storage import Storage
from mpgi_ray.models.model_folder import LAST, RUN, SEEN, Seen, is_whole

STATE = "state.pt"
_STEP = "step-"


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits that name a recipe."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:8]


def open_run(output: str, recipe: dict[str, Any], name: str, seen: Seen, left_out: int) -> bool:
    """Claim an output folder for a recipe.

    Args:
        seen: what is kept beside the recipe, as ``seen.json``.
        left_out: samples without a wanted text; kept with the recipe.

    Returns:
        Whether the run is finished already.

    Raises:
        InputError: ``run.json`` is damaged.
        OutputError: the folder belongs to another recipe; the message names the first setting that differs.
    """
    storage = Storage(output)
    state = look(storage, RUN, recipe, last=LAST, key="recipe", results=("steps/*", ".ray/*"))
    if state is Claim.NEW:
        storage.publish_json(SEEN, asdict(seen))
        storage.publish_json(RUN, {"name": name, "recipe": recipe, "left_out": left_out})
    return state is not Claim.NEW and finished(output)


def finished(output: str) -> bool:
    """Whether the run's model, which is written last, is there."""
    return is_whole(Storage(output))


def saved(output: str) -> list[int]:
    """The steps that have whole checkpoints, in order."""
    folders = (name.partition("/")[0] for name in Storage(f"{output}/steps").list(STATE))
    return sorted(int(folder.removeprefix(_STEP)) for folder in folders if folder.startswith(_STEP))


def newest(output: str) -> int | None:
    """The last step that has a whole checkpoint; None if there is none."""
    return max(saved(output), default=None)


def step_folder(output: str, step: int) -> str:
    """Where the checkpoint of a step lies."""
    return f"{output}/steps/{_STEP}{step:06d}"
