"""Models of the Hugging Face hub, as folders on this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huggingface_hub import snapshot_download

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError
from mpgi_ray.models.model_folder import HUB_CONFIG, HUB_FILES, TOKENIZER, is_multimodal

HUB = "hf-hub:"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetched(repository: str, revision: str | None = None) -> str:
    """The local folder of a model, of open_clip or a multimodal one; what is there already stays.

    Raises:
        InputError: the hub does not have it, or cannot be reached.
    """
    folder = _snapshot(repository, revision, ("open_clip_*", TOKENIZER, HUB_CONFIG))
    if is_multimodal(Storage(folder)):
        files = (*HUB_FILES, "*.safetensors", "*.safetensors.index.json")
        return _snapshot(repository, revision, files)
    return folder


def commit_of(folder: str) -> str | None:
    """The commit that a folder of `fetched` holds."""
    name = folder.rstrip("/").rpartition("/")[2]
    return name if _COMMIT.fullmatch(name) else None


def _snapshot(repository: str, revision: str | None, files: Sequence[str]) -> str:
    try:
        return str(snapshot_download(repository, revision=revision, allow_patterns=list(files)))
    except (OSError, ValueError) as error:  # the hub's own errors are among them
        raise InputError(f"cannot fetch the model {repository!r} from the hub: {error}") from error
