"""The engines that a recipe can name: one entry each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Tag

from mpgi_ray.config import Config
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.engines.local.settings import LocalSettings
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.settings import TemplateSettings
from mpgi_ray.engines.vllm.settings import VllmSettings

_Engine = (
    Annotated[TemplateSettings, Tag("template")]
    | Annotated[VllmSettings, Tag("vllm")]
    | Annotated[HttpSettings, Tag("http")]
    | Annotated[LocalSettings, Tag("local")]
)


class SameEngine(Config):
    """Stage 2 by the replicas of stage 1: one model that serves both.

    Attributes:
        kind: says so; there is nothing else to set.
    """

    kind: Literal["same"]

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written."""
        return self.model_dump(mode="json")


def _kind(value: Any) -> Any:
    """What decides between the settings; without a kind, it is the embedded engine."""
    return value.get("kind", "template") if isinstance(value, Mapping) else getattr(value, "kind", None)


EngineChoice = Annotated[_Engine, Discriminator(_kind)]
MergeEngineChoice = Annotated[_Engine | Annotated[SameEngine, Tag("same")], Discriminator(_kind)]


def own_engine(choice: EngineSettings | SameEngine) -> EngineSettings | None:
    """The engine that stage 2 has for itself; None if it shares that of stage 1."""
    return choice if isinstance(choice, EngineSettings) else None


def is_embedded(kind: str) -> bool:
    """Whether records of this kind were written without a model."""
    settings = (get_args(entry)[0] for entry in get_args(_Engine))
    return any(s.embedded and kind in get_args(s.model_fields["kind"].annotation) for s in settings)
