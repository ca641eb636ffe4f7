"""What a user chooses by name from a folder of modules, with its settings: filters, scorers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from mpgi_ray.config import Config, module_names, nearest, parse, read_assignment


class Choice(Config):
    """A name that a user chose, and the settings of what it names.

    Attributes:
        name: of the module that holds it.
        settings: its own.
    """

    name: str
    settings: Mapping[str, Any] = {}


def read_choice(text: str, option: str = "--filter") -> Choice:
    """``NAME`` or ``NAME:key=value,key=value``, with values read as YAML.

    Args:
        option: that the text was given to, for messages.

    Raises:
        RecipeError: a part of it is not ``key=value``.
    """
    name, _, settings = text.partition(":")
    parts = re.split(r",(?=\s*\w+=)", settings) if settings else []
    return Choice(name=name, settings=dict(read_assignment(part.strip(), option) for part in parts))


def load(choice: Choice, kind: str, package: str) -> Any:
    """What is named: the class of a module of the package, made with the settings.

    Args:
        kind: such as ``filter``; the class has this name, with a capital.

    Raises:
        RecipeError: the package has no such module, or a setting is wrong.
    """
    names = module_names(package)
    if choice.name not in names:
        raise nearest(kind, choice.name, names)
    made = getattr(import_module(f"{package}.{choice.name}"), kind.capitalize())
    return parse(made, choice.settings, f"{kind} {choice.name}")
