"""What a recipe may say of any engine, and of the replicas that hold it.

Each engine has a class of its own beside it, and `engines.choice` names them all.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config
from mpgi_ray.data.image import MAX_PIXELS

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine

BoxStyle = Literal["none", "pixels", "thousandths"]
MAX_IN_FLIGHT = 65_536


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
    replicas: int = Field(default=1, ge=1, le=10_000)
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
