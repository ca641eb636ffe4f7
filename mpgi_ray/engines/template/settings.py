"""What a recipe may say of the embedded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mpgi_ray.engines.settings import EngineSettings

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine


class TemplateSettings(EngineSettings):
    """No model: the engine writes from annotations and pixels, one image at a time."""

    embedded: ClassVar[bool] = True
    # each has a single allowed value
    placement: ClassVar[frozenset[str]] = EngineSettings.placement | {"model", "max_pixels", "boxes"}

    kind: Literal["template"] = "template"
    model: Literal[""] = ""
    gpus: Literal[0] = 0
    images_in_flight: Literal[1] = 1
    max_pixels: None = None
    boxes: Literal["none"] = "none"

    def start(self) -> Engine:
        from mpgi_ray.engines.template.engine import TemplateEngine

        return TemplateEngine()
