"""Settings of a run that some models do not take."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.errors import RecipeError
from mpgi_ray.train.config import TrainConfig


def refuse(config: TrainConfig, names: Sequence[str], why: str, instead: str = "") -> None:
    """Refuse settings that were given and that the model of a run does not take.

    Args:
        names: of these settings.
        why: what the model is, up to ``takes``.
        instead: what does that for it, in brackets.

    Raises:
        RecipeError: one of them was given.
    """
    told = config.model_dump(exclude_unset=True, exclude_none=True)
    if given := [name for name in names if told.get(name)]:
        raise RecipeError(f"model {config.model}: {why} no {' and no '.join(given)}: leave that out{instead}")
