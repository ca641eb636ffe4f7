"""What a model learns: one module for each task; see `base`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mpgi_ray.config import module_names, nearest, parse

if TYPE_CHECKING:
    from mpgi_ray.train.tasks.base import TaskSettings


def task_settings(name: str, values: Mapping[str, Any]) -> TaskSettings:
    """The settings of a task, by the name of its module.

    Raises:
        RecipeError: there is no such task, or a setting is unknown or has a wrong value.
    """
    names = [known for known in module_names(__name__) if known != "base"]
    if name not in names:
        raise nearest("task", name, names)
    module = import_module(f"{__name__}.{name}")
    made: TaskSettings = parse(module.Settings, values, f"task_settings of {name}")
    return made
