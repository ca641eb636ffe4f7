"""JSON files that this program wrote, checked against what is read of them: people edit and mix up files."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError

T = TypeVar("T")


def read_record(storage: Storage, name: str, kind: type[T], job: str, fix: str) -> T:
    """The JSON object that a job wrote.

    Args:
        kind: a dataclass or pydantic model of the keys that are read.
        job: the subcommand that writes it, for messages.
        fix: what a user can do about a damaged one.

    Raises:
        InputError: the file cannot be read, or lacks a key, or holds something else there.
    """
    told = storage.read_json(name)
    try:
        return TypeAdapter(kind).validate_python(told)
    except ValidationError as error:
        raise InputError(
            f"{storage.path(name)} is damaged or not of `mpgi {job}` ({first_problem(error)}): {fix}"
        ) from error
