"""What a recipe may say of any engine, and of the replicas that hold it.

Each engine has a class of its own beside it, and `engines.choice` names them all.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine

BoxStyle = Literal["none", "pixels", "thousandths"]

# how keys end whose text is a secret; ``max_tokens``, ``tokenizer``, ``stop_token_ids`` end otherwise
_SECRET = re.compile(r"(.*_)?(token|key|api_?key|pass(word|wd|phrase)|secret|credentials?|authorization)")
_NO_SECRET = re.compile(r"prompt_cache_key|(bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop)_token")


def _share(gpus: float) -> float:
    if gpus > 1 and gpus != int(gpus):
        raise ValueError(f"{gpus} GPUs a replica: expected a share of one GPU, or a whole number of them")
    return gpus


GpuShare = Annotated[float, AfterValidator(_share)]


class EngineSettings(Config):
    """What every engine has; an engine's own settings stand in a class below this one.

    Attributes:
        embedded: it has no model; what it writes is trusted, and its speed says nothing of models.
        placement: the fields that do not decide what is written: where the engine runs and how hard it is
            driven. They may change between a run and its continuation.
        kind: which engine it is.
        model: its name; empty for an embedded engine.
        replicas: actors in the pool.
        cpus: logical CPUs that each holds for the whole run.
        gpus: of each replica; a fraction shares one, whole numbers above 1 span several.
        images_in_flight: images (stage 1) or samples (stage 2) that a replica works on at once.
        max_pixels: larger pictures are scaled down to about this many pixels before they reach the engine;
            None leaves them as they are.
        boxes: how object boxes are written in relay prompts; by default as the model's family was trained.
    """

    embedded: ClassVar[bool] = False
    placement: ClassVar[frozenset[str]] = frozenset({"replicas", "cpus", "gpus", "images_in_flight"})

    kind: str
    model: str = ""
    replicas: int = Field(default=1, ge=1)
    cpus: float = Field(default=1, gt=0)
    gpus: GpuShare = Field(default=0, ge=0)
    images_in_flight: int = Field(default=16, ge=1)
    max_pixels: int | None = Field(default=None, ge=28 * 28)
    boxes: BoxStyle | None = None

    @abstractmethod
    def start(self) -> Engine:
        """Start the engine, in the replica that will use it.

        Raises:
            EngineError: it cannot be started.
            ResourceError: a package that it needs is not installed.
        """

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written."""
        return self.model_dump(mode="json", exclude=set(self.placement))


def _without_secrets(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what looks like a key or a password: settings are published with the captions."""
    for name in _names_of_texts(values):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", name).lower()
        if _SECRET.fullmatch(words) and not _NO_SECRET.fullmatch(words):
            raise ValueError(
                f"{name!r} looks like a secret, and run.json would publish it: keep it in the environment "
                "(HF_TOKEN for models of the hub, the variable that key_env names for an endpoint)"
            )
    return values


def _names_of_texts(values: Any) -> Iterator[str]:
    """The keys, at any depth, whose value is a text; ``hf_token: true`` is not one."""
    if isinstance(values, Mapping):
        yield from (str(key) for key, value in values.items() if isinstance(value, str) and value)
        values = list(values.values())
    if isinstance(values, Sequence) and not isinstance(values, str):
        for value in values:
            yield from _names_of_texts(value)


Passed = Annotated[Mapping[str, Any], AfterValidator(_without_secrets)]
