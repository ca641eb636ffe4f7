"""The recipe of a caption run: what to read, which prompts, which engines, how to spread them.

Two recipes with the same `identity` write the same captions; everything else (where the output lies, how
many replicas) may change between a run and its continuation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mpgi_ray.caption.stage_settings import GenerateConfig, IntegrateConfig, Location, can_differ
from mpgi_ray.config import Config, assigned, named, parse, read_assignment, read_yaml
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.engines.choice import own_engine
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.errors import RecipeError


class InputConfig(Config):
    """What to caption.

    Attributes:
        shards: a folder of shards, a glob, a brace range, or a list of these.
        fields: where shards of other programs keep what is read.
    """

    shards: Location | tuple[Location, ...]
    fields: ShardFields = ShardFields()


class FactsConfig(Config):
    """What is large enough to be spoken of.

    Attributes:
        view_px: the longer side of the picture as a model sees it.
        min_px: objects smaller than min_px × min_px at that size are left out.
        measured: also say what is measured in pixels: colours of things, areas and what stands out.
        held: hold the texts of models against the facts, see `mpgi_ray.truth`: what contradicts them is asked
            for again, then rejected.
    """

    view_px: int = Field(default=224, gt=0, le=100_000)
    min_px: int = Field(default=4, ge=0, le=100_000)
    measured: bool = True
    held: bool = True


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, dict | GenerateConfig) else value


class Recipe(Config):
    """A caption run.

    Attributes:
        output: folder of the result, local or an fsspec URL.
        chunk_size: samples a chunk, the unit of work and of retry: up to some hundreds on a cluster.
        generate: stage 1; a list of blocks if several models describe every image.
        phases: ``fused`` holds the models of both stages at once; ``two`` finishes stage 1 and frees its GPUs
            before stage 2 starts from the published texts.
        max_reject_rate: share of samples that may have a rejected or failed record before the job counts
            as failed.
        reuse: folder of an earlier run, whose answers are taken over where the same question would be asked
            again: to the same model, with the same prompt and sampling, about the same picture.
    """

    input: InputConfig
    output: Location
    chunk_size: int = Field(default=64, ge=1, le=100_000)
    facts: FactsConfig = FactsConfig()
    generate: Annotated[
        tuple[GenerateConfig, ...], BeforeValidator(_one_or_more), Field(min_length=1, max_length=20)
    ] = (GenerateConfig(),)
    integrate: IntegrateConfig = IntegrateConfig()
    phases: Literal["fused", "two"] = "fused"
    max_reject_rate: float = Field(default=0.05, ge=0, le=1)
    reuse: Location | None = None

    @model_validator(mode="after")
    def _same_is_one(self) -> Self:
        if self.merger is None and (len(self.generate) > 1 or self.phases == "two"):
            raise ValueError(
                "integrate.engine.kind: same needs one model in stage 1 and phases: fused; "
                "name the engine of stage 2 instead"
            )
        if self.merger is None and self.integrate.best_of > 1:
            can_differ(self.integrate, self.generate[0].engine, "integrate.best_of")
        return self

    def max_pixels(self) -> int | None:
        """The largest picture that a model of stage 1 wants; None if no model looks at pictures."""
        budgets = [block.engine.max_pixels for block in self.generate]
        return max((budget for budget in budgets if budget is not None), default=None)

    @property
    def merger(self) -> EngineSettings | None:
        """The engine that stage 2 has for itself; None if the replicas of stage 1 do both."""
        return own_engine(self.integrate.engine)

    def pools(self) -> list[list[EngineSettings]]:
        """By phase, the engines whose replicas are held at the same time."""
        describe: list[EngineSettings] = [block.engine for block in self.generate]
        merge = [] if self.merger is None else [self.merger]
        return [describe, merge] if self.phases == "two" else [describe + merge]

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written, as flat ``a.b.c`` keys."""
        values = self.model_dump(
            mode="json", exclude={"output": True, "max_reject_rate": True, "phases": True, "reuse": True}
        )
        del values["input"]["shards"]
        values["generate"] = [block.identity() for block in self.generate]
        values["integrate"] = self.integrate.identity()
        if len(values["generate"]) == 1:
            (values["generate"],) = values["generate"]
        return dict(_flat(values))


_PLACES = {
    "--shards": "--shards (input.shards), what is to be captioned",
    "--out": "--out (output), the folder of the captions",
}


def load_recipe(
    name_or_path: str, overrides: Mapping[str, object] | None = None, assignments: Sequence[str] = ()
) -> Recipe:
    """Read a shipped recipe by name, or a YAML file.

    Args:
        overrides: values by ``a.b`` keys, such as ``{"input.shards": "data/shards", "output": "captions"}``.
        assignments: ``a.b=c`` as text, whose values are read as YAML; what ``--set`` takes.

    Raises:
        RecipeError: unknown name, unknown key (names the nearest), a wrong value, or no shards or no output.
    """
    values = read_yaml(named("recipe", name_or_path, "mpgi_ray.recipes"))
    for key, value in [*(overrides or {}).items(), *map(read_assignment, assignments)]:
        values = assigned(values, key, value)
    inputs = values.get("input", {})
    there = {"--shards": not isinstance(inputs, Mapping) or "shards" in inputs, "--out": "output" in values}
    if missing := [_PLACES[option] for option, is_there in there.items() if not is_there]:
        raise RecipeError(f"{name_or_path}: give {' and '.join(missing)}")
    return parse(Recipe, values, name_or_path)


def _flat(values: Mapping[str, Any] | Sequence[Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested mappings, and lists of mappings, as ``a.0.b`` keys and plain values."""
    flat: list[tuple[str, Any]] = []
    for key, value in values.items() if isinstance(values, Mapping) else enumerate(values):
        nested = isinstance(value, Mapping) or (
            isinstance(value, list) and value and isinstance(value[0], dict)
        )
        flat += _flat(value, f"{prefix}{key}.") if nested else [(f"{prefix}{key}", value)]
    return flat
