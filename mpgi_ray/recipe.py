"""The recipe of a caption run: what to read, which prompts, which engines, how to spread them.

Two recipes with the same `identity` write the same captions; everything else (where the output lies, how
many replicas) may change between a run and its continuation.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config, assigned, parse, read_assignment, read_yaml
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import absolute
from mpgi_ray.errors import RecipeError

Location = Annotated[str, Field(min_length=1), AfterValidator(absolute)]


class InputConfig(Config):
    """What to caption: a folder of shards, a glob, a brace range, or a list of these."""

    shards: Location | tuple[Location, ...]
    fields: ShardFields = ShardFields()


class FactsConfig(Config):
    """What is large enough to be spoken of.

    Attributes:
        view_px: the longer side of the picture as a model sees it.
        min_px: objects smaller than min_px × min_px at that size are left out.
    """

    view_px: int = Field(default=224, gt=0)
    min_px: int = Field(default=4, ge=0)


class TemplateEngineConfig(Config):
    """The embedded engine: no model, writes from annotations and pixels.

    Attributes:
        replicas: actors in the pool.
        cpus: logical CPUs that each holds for the whole run.
    """

    kind: Literal["template"] = "template"
    replicas: int = Field(default=1, ge=1)
    cpus: float = Field(default=1, gt=0)


class GenerateConfig(Config):
    """Stage 1: one text a perspective. Each is a prompt's name or the path of a prompt file."""

    engine: TemplateEngineConfig = TemplateEngineConfig()
    perspectives: tuple[str, ...] = Field(default=("objects", "layout", "scene", "attributes"), min_length=1)


class IntegrateConfig(Config):
    """Stage 2: comprehensive texts made from those of stage 1."""

    engine: TemplateEngineConfig = TemplateEngineConfig()
    texts: tuple[str, ...] = Field(default=("short", "long"), min_length=1)


class Recipe(Config):
    """A caption run.

    Attributes:
        output: folder of the result, local or an fsspec URL.
        chunk_size: samples a chunk, the unit of work and of retry: up to some hundreds on a cluster.
        max_reject_rate: share of samples that may have a rejected or failed record before the job counts
            as failed.
    """

    input: InputConfig
    output: Location
    chunk_size: int = Field(default=64, ge=1)
    facts: FactsConfig = FactsConfig()
    generate: GenerateConfig = GenerateConfig()
    integrate: IntegrateConfig = IntegrateConfig()
    max_reject_rate: float = Field(default=0.05, ge=0, le=1)

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written, as flat ``a.b.c`` keys."""
        placement = {"replicas", "cpus"}
        engine = {"engine": placement}
        values = self.model_dump(
            mode="json",
            exclude={
                "output": True,
                "max_reject_rate": True,
                "input": {"shards"},
                "generate": engine,
                "integrate": engine,
            },
        )
        return dict(_flat(values))


def load_recipe(name_or_path: str, overrides: Mapping[str, str], assignments: list[str]) -> Recipe:
    """Read a shipped recipe by name, or a YAML file.

    Args:
        overrides: ``a.b`` keys with values that the command line gives as options of their own.
        assignments: ``a.b=c`` of ``--set``.

    Raises:
        RecipeError: unknown name, unknown key (names the nearest), or a wrong value.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = Path(str(resources.files("mpgi_ray.recipes") / f"{name_or_path}.yaml"))
        if not path.is_file():
            raise RecipeError(
                f"no recipe {name_or_path!r}: give a .yaml file or one of {', '.join(shipped_recipes())}"
            )
    values = read_yaml(path)
    for key, value in [*overrides.items(), *map(read_assignment, assignments)]:
        values = assigned(values, key, value)
    return parse(Recipe, values, name_or_path)


def shipped_recipes() -> list[str]:
    folder = resources.files("mpgi_ray.recipes")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in values.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(f"{prefix}{key}", value)]
    return flat
