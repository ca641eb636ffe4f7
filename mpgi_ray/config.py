"""Typed YAML files: read, check against a pydantic model, and say what is wrong in one line."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from mpgi_ray.bounded import parse_yaml
from mpgi_ray.errors import RecipeError
from mpgi_ray.secrets import refuse_secrets, shown


class Config(BaseModel):
    """Base of everything a user writes in YAML: unknown keys and secrets are refused, values never change."""

    # a message may be logged, so it never repeats the value: that may be a key
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_secrets(cls, values: Any) -> Any:
        try:
            refuse_secrets(values)
        except ValueError as error:  # not as one of pydantic's: a caller would have to translate it
            raise RecipeError(str(error)) from error
        return values


M = TypeVar("M", bound=BaseModel)
MAX_FILE = 1 << 20  # bytes of a recipe, a preset or a prompt


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top level is a mapping.

    Raises:
        RecipeError: there is no such file, or it is not UTF-8 or not valid YAML.
    """
    return read_mapping(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a small file.

    Raises:
        RecipeError: there is no such file, it is larger than `MAX_FILE`, or it is not UTF-8.
    """
    try:
        if not path.is_file() and path.exists():
            raise RecipeError(f"{path} is not a file: expected a text file")
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise RecipeError(f"{path} has more than {MAX_FILE:,} bytes: expected a small text file")
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path} is not text in UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    except ValueError as error:  # NUL in a path
        raise RecipeError(f"cannot read {str(path)!r}: {error}") from error


def read_mapping(text: str, where: str) -> dict[str, Any]:
    """YAML whose top level is a mapping.

    Args:
        where: names the text in messages.

    Raises:
        RecipeError: it is not valid YAML, beyond a limit of `parse_yaml`, or something other than a mapping.
    """
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise RecipeError(f"{where} {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{where}: expected `key: value` lines, found {type(content).__name__}")
    return content


def parse(model: type[M], values: Mapping[str, Any], where: str) -> M:
    """Check values against a model.

    Args:
        where: names the file in messages.

    Raises:
        RecipeError: the first problem, a secret first; for an unknown key with the nearest valid one.
    """
    try:
        return model.model_validate(values)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "extra_forbidden":
            *steps, key = first["loc"]
            path, valid = _keys(model, steps)
            near = get_close_matches(str(key), valid, n=1, cutoff=0.0)
            hint = (
                f"did you mean {near[0]!r}? Valid here: {', '.join(sorted(valid))}"
                if near
                else "none is valid"
            )
            raise RecipeError(f"{where}: unknown key {'.'.join([*path, str(key)[:80]])!r}: {hint}") from error
        place = ".".join(_keys(model, first["loc"])[0])
        message = first["msg"].removeprefix("Value error, ")
        raise RecipeError(f"{where}: {place}: {message}" if place else f"{where}: {message}") from error


def first_problem(error: ValidationError) -> str:
    """The first problem of a refused annotation or record, in one line: where, what, and what was found."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = re.sub(r" or instance of \w+", "", first["msg"].removeprefix("Value error, "))
    if first["type"] not in ("missing", "value_error"):  # the messages of our own checks name the value
        message = f"{message}, found {shortly(first['input'])}"
    return f"{where}: {message}" if where else message


def shortly(value: Any) -> str:
    """A value as Python writes it, however long it is."""
    return reprlib.repr(value)


def module_names(package: str) -> list[str]:
    """The modules of a package where each module is one choice (a format, a task); none is imported."""
    folder = str(resources.files(package))
    return sorted(module.name for module in iter_modules([folder]) if not module.name.startswith("_"))


def nearest(what: str, name: str, known: Iterable[str], besides: str = "") -> RecipeError:
    """The error for an unknown name; its message gives the nearest name, and all.

    Args:
        what: the kind of thing, such as ``recipe``.
        besides: what may be given in place of a name, such as ``the path of a YAML file``.
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.0)
    hint = f": did you mean {near[0]!r}? There are {', '.join(names)}" if near else ": there are none"
    return RecipeError(f"there is no {what} {shown(name)}{hint}{f'; or give {besides}' if besides else ''}")


def named(what: str, name: str, package: str) -> Path:
    """The YAML file that is meant by a name, if the package holds it, or by its path.

    Raises:
        RecipeError: the package holds no such file; the message gives the nearest name.
    """
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    files = shipped(package)
    if name not in files:
        raise nearest(what, name, files, "the path of a .yaml file")
    return files[name]


def shipped(package: str) -> dict[str, Path]:
    """The YAML files that a package holds, by their names without suffix."""
    files = (Path(str(file)) for file in resources.files(package).iterdir())
    return {file.stem: file for file in sorted(files) if file.suffix == ".yaml"}


def assigned(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of nested mappings with the value at ``a.b.c`` set.

    Raises:
        RecipeError: the path leads through something that is not a mapping.
    """
    first, _, rest = path.partition(".")
    if not rest:
        return {**values, first: value}
    inner = values.get(first, {})
    if not isinstance(inner, Mapping):
        raise RecipeError(f"cannot set {shown(path)}: {shown(first)} holds a value, not keys")
    return {**values, first: assigned(inner, rest, value)}


def read_assignment(text: str, option: str = "--set") -> tuple[str, Any]:
    """``a.b=c`` as a path and a value read as YAML.

    Args:
        option: the option that the text was given to, for messages.

    Raises:
        RecipeError: there is no ``=``, or the value is not valid YAML.
    """
    path, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"{option} {shown(text)}: expected key=value, for example chunk_size=64")
    try:
        return path, parse_yaml(value)
    except ValueError as error:
        raise RecipeError(f"{option} {shown(path)}: its value {error}") from error


def _keys(model: type[BaseModel], steps: Sequence[str | int]) -> tuple[list[str], list[str]]:
    """The way to a place in a model's values, as a user writes it, and the keys that are valid there.

    Args:
        steps: as pydantic gives them: keys, positions in lists, and the kinds that decide between models.
    """
    here: list[type[BaseModel]] = [model]
    path = []
    for step in steps:
        fields = {name: field for m in here for name, field in m.model_fields.items()}
        if step in fields:
            path.append(str(step))
            here = _models(fields[str(step)].annotation)
        elif isinstance(step, str) and any("kind" not in m.model_fields for m in here):
            path.append(step)  # a key of a mapping of models
        elif isinstance(step, str):
            here = [m for m in here if step in get_args(m.model_fields["kind"].annotation)]
    return path, list(dict.fromkeys(name for m in here for name in m.model_fields))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field's type names, itself or within unions, tuples and annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
