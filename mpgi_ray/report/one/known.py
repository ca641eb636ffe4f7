"""All that a folder knows of a sample, as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.report.kinds import Kind, recognise
from mpgi_ray.report.one import captioned, curated, packed, tables


def known_of(path: str, key: str, beside: Mapping[str, str]) -> dict[str, Any]:
    """``path``, ``kind``, ``asked`` and ``samples``: several where keys or pictures are the same.

    Args:
        key: of the sample, or its sample_id, or the beginning of that.
        beside: folders that know more of a sample of a caption folder, by ``final``, ``scores``,
            ``duplicates`` and ``leaks``.

    Raises:
        InputError: there is no such sample, with the nearest keys; or something cannot be read.
        RecipeError: ``beside`` is for caption folders.
    """
    kind = recognise(path)
    if beside and kind is not Kind.CAPTIONS:
        raise RecipeError(f"--{next(iter(beside))} tells more of a sample of a caption folder: leave it out")
    match kind:
        case Kind.CAPTIONS:
            samples = captioned.samples(path, key)
            for sample in samples:
                sample |= tables.beside(sample, beside)
        case Kind.SHARD | Kind.SHARDS:
            samples = packed.samples(path, key)
        case Kind.FINAL:
            samples = curated.samples(path, key)
        case Kind.SCORES | Kind.DUPLICATES | Kind.LEAKS:
            samples = tables.samples(kind, path, key)
        case _:
            raise InputError(f"{path} is {kind.value}, which holds no samples: leave out #{key}")
    return {"path": path, "kind": kind.name.lower(), "asked": key, "samples": samples}
