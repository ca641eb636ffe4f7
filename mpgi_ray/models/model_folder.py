"""What lies in a model's folder: the names of its files, what the model saw in training, its run's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from mpgi_ray.data.records import read_record
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError

WEIGHTS = "open_clip_pytorch_model.bin"  # written last: once it is there, the model is whole
SAFE_WEIGHTS = "open_clip_model.safetensors"  # open_clip's other name; read, never written
CONFIG, TOKENIZER = "open_clip_config.json", "tokenizer.json"
SCORER = "scorer.pt"  # the head of a model that scores texts, beside its weights
HUB_CONFIG = "config.json"  # of a multimodal scorer, in the layout of transformers; written last there
BRIDGE_CONFIG, BRIDGE_WEIGHTS = "bridge.json", "bridge_model.bin"  # of a model with a bridge; weights last
ADAPTER = "adapter_model.safetensors"  # of a multimodal model, in peft's form
ADAPTER_CONFIG = "adapter_config.json"  # written last there
# of a model that was trained here, one is there, and then the model is whole
LAST = (WEIGHTS, HUB_CONFIG, BRIDGE_WEIGHTS, ADAPTER_CONFIG)
HUB_FILES = (  # the small files of a model of transformers, as far as it has them
    HUB_CONFIG,
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
)
AND = " and "
RUN, SEEN, LOG = "run.json", "seen.json", "train.jsonl"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model is shown, so that an evaluation can tell what is new to it.

    Attributes:
        samples: their `short_id`.
        classes: scene classes.
        before: the first weights, if nothing says what they were trained on; several of them with `AND`
            between them, as where the image tower is of another run.
        sources: the data sets that its pictures are of; an empty name stands for pictures that name none.
    """

    samples: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    before: str = ""
    sources: tuple[str, ...] = ()

    def after(self, earlier: Seen) -> Seen:
        """What a model has seen in all if it had seen ``earlier`` before."""
        return Seen(
            tuple(dict.fromkeys((*earlier.samples, *self.samples))),
            tuple(sorted({*earlier.classes, *self.classes})),
            AND.join(dict.fromkeys(n for one in (earlier, self) for n in one.before.split(AND) if n)),
            tuple(sorted({*earlier.sources, *self.sources})),
        )


class _SeenFile(BaseModel):
    samples: tuple[str, ...]  # required: an empty list says that the model has seen nothing
    classes: tuple[str, ...]
    before: str = ""
    sources: tuple[str, ...] = ("",)  # an earlier version did not tell them


def seen_by(output: str) -> Seen | None:
    """What the model of a run has seen; None if the folder does not say.

    Raises:
        InputError: ``seen.json`` is damaged.
    """
    storage = Storage(absolute(output))
    if not storage.exists(SEEN):
        return None
    told = read_record(storage, SEEN, _SeenFile, "train", "restore it, or delete it if that is not possible")
    return Seen(told.samples, told.classes, told.before, told.sources)


def require_scorer(storage: Storage) -> None:
    """Say that a folder holds no scorer.

    Raises:
        InputError: it holds none.
    """
    if not storage.exists(SCORER):
        raise InputError(
            f"{storage.url} has no {SCORER}: expected the folder of `mpgi train --task preference`"
        )


def is_whole(storage: Storage) -> bool:
    """Whether a run's folder holds its model: whether what is written last is there."""
    return any(map(storage.exists, LAST))


def is_multimodal(storage: Storage) -> bool:
    """Whether a folder holds a model in the layout of transformers, and none of open_clip."""
    return (
        storage.exists(HUB_CONFIG)
        and not storage.exists(CONFIG)
        and "model_type" in storage.read_json(HUB_CONFIG)
    )


def is_bridged(storage: Storage) -> bool:
    """Whether a folder holds a model with a bridge."""
    return storage.exists(BRIDGE_CONFIG)


def is_adapter(storage: Storage) -> bool:
    """Whether a folder holds an adapter in peft's form, and no model beside it."""
    return storage.exists(ADAPTER_CONFIG) and not storage.exists(HUB_CONFIG)


def hub_weights(storage: Storage) -> list[str]:
    """The files of the weights of a model of transformers."""
    return [name for name in storage.list(".safetensors", ".safetensors.index.json") if "/" not in name]


def read_log(output: str) -> list[dict[str, Any]]:
    """The steps logged so far; a last line without an end is not whole yet and does not count."""
    storage = Storage(output)
    return list(storage.read_json_lines(LOG)) if storage.exists(LOG) else []
