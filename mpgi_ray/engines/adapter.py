"""An adapter in a folder in peft's form, which an engine adds to the model that it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mpgi_ray.errors import ResourceError

_CONFIG = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter.

    Attributes:
        base: the model that it belongs to: a hub id or a folder.
        revision: commit of a hub id.
        rank: of its matrices.
    """

    folder: str
    base: str
    revision: str | None
    rank: int


def adapter_of(model: str) -> Adapter | None:
    """The adapter in a folder; None for a whole model, in a folder or of the hub.

    Raises:
        ResourceError: its configuration is damaged.
    """
    folder = Path(model).expanduser()
    if not model or not (folder / _CONFIG).is_file() or (folder / "config.json").is_file():
        return None
    try:
        told = json.loads((folder / _CONFIG).read_text())
        base, rank = str(told["base_model_name_or_path"]), int(told["r"])
        return Adapter(str(folder), base, told.get("revision"), rank)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResourceError(
            f"model folder {model!r}: its {_CONFIG} cannot be read ({error!r}): expected an adapter of "
            "`mpgi train --task instruction`, or a whole model"
        ) from error
