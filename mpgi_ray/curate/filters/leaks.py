"""Pictures that an evaluation would ask about."""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import AfterValidator, computed_field

from mpgi_ray.config import Config
from mpgi_ray.curate.select import Captioned
from mpgi_ray.data.searches import LEAKS
from mpgi_ray.data.storage import absolute
from mpgi_ray.data.tables import read_table, table_at


class Filter(Config):
    """Drop what `mpgi leaks` found to show what an evaluation picture shows; it is a ``leak``.

    Pictures are known by their identity, so they may lie in other shards than those that were compared.

    Attributes:
        file: the output folder of `mpgi leaks`, or its ``leaks.parquet``.
    """

    file: Annotated[str, AfterValidator(absolute)]

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def content(self) -> str:
        """A digest of what leaks: a part of the curation's identity."""
        return hashlib.sha256(repr(sorted(_leaking(self.file))).encode()).hexdigest()[:16]

    def keep(self, sample: Captioned) -> str | None:
        return "leak" if sample.sample.sample_id in _leaking(self.file) else None


@lru_cache(1)
def _leaking(path: str) -> frozenset[str]:
    """The identities of training pictures that leak.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    storage, name = table_at(path, LEAKS)
    table = read_table(storage, name, ("sample_id", "evaluation_id"))
    return frozenset(table["sample_id"].to_pylist())
