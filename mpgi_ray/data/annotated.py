"""What the source of a final sample says of it."""

from __future__ import annotations

from pydantic import ValidationError

from mpgi_ray.config import first_problem
from mpgi_ray.data.final import Record
from mpgi_ray.data.sample import Annotation
from mpgi_ray.errors import InputError


def annotation_of(record: Record) -> Annotation:
    """The annotation of a final sample.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return Annotation.model_validate(record.annotation)
    except ValidationError as error:
        raise InputError(
            f"{record.shard}/{record.key}: {first_problem(error)}; curate the shards again"
        ) from error
