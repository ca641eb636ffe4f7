"""What a recipe may say of an engine around a model of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from mpgi_ray.data.storage import absolute
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.models.place import revision_of

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine


class LocalSettings(EngineSettings):
    """A CoCa or a model with a bridge in each replica: they describe pictures, and read no facts.

    Attributes:
        model: folder of a run of `mpgi train`.
        prompts: whether a model that reads questions is asked the words of a prompt. By default it is asked
            the one question that it learnt to answer with a caption, whatever the prompt says.
        batch: prompts that are answered together, of all images in flight.
    """

    placement: ClassVar[frozenset[str]] = EngineSettings.placement | {"batch"}

    kind: Literal["local"]
    model: Annotated[str, Field(min_length=1), AfterValidator(absolute)]
    gpus: Literal[0, 1] = 0
    prompts: bool = False
    batch: int = Field(default=16, ge=1, le=4096)
    boxes: Literal["none"] = "none"

    def start(self) -> Engine:
        from mpgi_ray.engines.local.engine import LocalEngine

        return LocalEngine(self)

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written; of the model its weights, wherever they lie."""
        return super().identity() | {"model": revision_of(self.model)}
