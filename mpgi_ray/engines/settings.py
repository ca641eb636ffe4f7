"""What a recipe may say of any engine, and of the replicas that hold it.

Each engine has a class of its own beside it, and `engines.choice` names them all.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from mpgi_ray.config import Config
from mpgi_ray.data.image import MAX_PIXELS

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine

BoxStyle = Literal["none", "pixels", "thousandths"]
MAX_IN_FLIGHT = 65_536
MAX_REPLICAS = 10_000


def _share(gpus: float) -> float:
    if gpus > 1 and gpus != int(gpus):
        raise ValueError(f"{gpus} GPUs a replica: expected a share of one GPU, or a whole number of them")
    return gpus


GpuShare = Annotated[float, AfterValidator(_share)]


class Replicas(Config):
    """How many actors a pool has; a plain number stands for two equal ones.

    Attributes:
        min: for the whole run.
        max: where the cluster has room.
    """

    min: int = Field(ge=1, le=MAX_REPLICAS)
    max: int = Field(ge=1, le=MAX_REPLICAS)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: expected min to be the smaller one")
        return self

    @property
    def grows(self) -> bool:
        """Whether the pool may have more than it starts with."""
        return self.min < self.max

    def __str__(self) -> str:
        return f"{self.min:,} to {self.max:,}" if self.grows else f"{self.min:,}"


def _replicas(value: Any) -> Any:
    """A plain number is a pool that neither grows nor shrinks."""
    if isinstance(value, Replicas | Mapping):
        return value
    if isinstance(value, int) and 1 <= value <= MAX_REPLICAS:
        return Replicas(min=value, max=value)
    raise ValueError(
        f"expected a whole number from 1 to {MAX_REPLICAS:,}, or two of them: {{min: 1, max: 8}}"
    )


def _number(replicas: Replicas) -> int | dict[str, int]:
    """As it is written in a recipe."""
    return {"min": replicas.min, "max": replicas.max} if replicas.grows else replicas.min


ReplicaCount = Annotated[Replicas, BeforeValidator(_replicas), PlainSerializer(_number)]


class EngineSettings(Config):
    """What every engine has; an engine's own settings stand in a class below this one.

    Attributes:
        embedded: it has no model; what it writes is trusted, and its speed says nothing of models.
        placement: the fields that do not decide what is written: where the engine runs and how hard it is
            driven. They may change between a run and its continuation.
        kind: which engine it is.
        model: its name; empty for an embedded engine.
        replicas: actors in the pool; a number, or ``min`` and ``max`` for a pool that grows and shrinks.
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
    replicas: ReplicaCount = Replicas(min=1, max=1)
    cpus: float = Field(default=1, gt=0, le=1024)
    gpus: GpuShare = Field(default=0, ge=0, le=64)
    images_in_flight: int = Field(default=16, ge=1, le=MAX_IN_FLIGHT)
    max_pixels: int | None = Field(default=None, ge=28 * 28, le=MAX_PIXELS)
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
