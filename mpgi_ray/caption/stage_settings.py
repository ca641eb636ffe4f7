"""How each stage of a caption run asks its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.asking.attempts import LADDER, Attempt
from mpgi_ray.config import Config
from mpgi_ray.data.storage import absolute
from mpgi_ray.engines.choice import EngineChoice, MergeEngineChoice, own_engine
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.settings import TemplateSettings
from mpgi_ray.models.place import revision_of

Location = Annotated[str, Field(min_length=1), AfterValidator(absolute)]
Sampling = Mapping[str, bool | int | float | str | tuple[str, ...]]
_SAMPLING: Sampling = {"temperature": 0.4, "top_p": 0.9}


class GenerateConfig(Config):
    """Stage 1, for one model: one text a perspective.

    Attributes:
        engine: what answers the prompts.
        perspectives: each is a prompt's name or the path of a prompt file.
        sampling: parameters of the model's sampling under their OpenAI names; the template engine has none.
        attempts: the ladder: how often a prompt is asked in all, and how.
        best_of: answers to each prompt at each attempt. Of those that pass the checks the one that agrees
            most with the others is taken, or the best by agreement and ``scorer``; all are kept as records.
            They differ by the model's sampling, which must leave them some room.
        scorer: folder of a run of `mpgi train --task preference`, which says which answers it finds better.
    """

    engine: EngineChoice = TemplateSettings()
    perspectives: tuple[str, ...] = Field(
        default=("objects", "layout", "scene", "attributes"), min_length=1, max_length=100
    )
    sampling: Sampling = Field(default={**_SAMPLING, "max_tokens": 300})
    attempts: tuple[Attempt, ...] = Field(default=LADDER, min_length=1, max_length=20)
    best_of: int = Field(default=1, ge=1, le=64)
    scorer: Location | None = None

    @model_validator(mode="after")
    def _best_can_differ(self) -> Self:
        if self.best_of == 1 and self.scorer is not None:
            raise ValueError(
                f"best_of is 1 and scorer is {self.scorer}: a scorer chooses among several answers, so set "
                "best_of above 1, 4 say"
            )
        if self.best_of > 1:
            can_differ(self, self.engine)
        return self

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written; of a scorer its weights, wherever they lie."""
        values = _identity(self)
        if self.scorer is None:
            del values["scorer"]
            return values
        return values | {"scorer": revision_of(self.scorer)}


class IntegrateConfig(Config):
    """Stage 2: comprehensive texts made from those of stage 1.

    Attributes:
        engine: what merges; ``kind: same`` takes the model and the replicas of stage 1.
        prompt: a prompt's name or the path of a prompt file; it names the texts.
        witnesses: how many descriptions of a picture must make a risky claim that no fact supports (a number,
            a name, an activity; see `vouched`), or its sentence is not merged; 1 merges all.
        sampling, attempts: as in stage 1.
        best_of: as in stage 1, and chosen by agreement alone: answers to each prompt at each attempt.
    """

    engine: MergeEngineChoice = TemplateSettings()
    prompt: str = "integrate"
    witnesses: int = Field(default=2, ge=1, le=100)
    sampling: Sampling = Field(default={**_SAMPLING, "max_tokens": 700})
    attempts: tuple[Attempt, ...] = Field(default=LADDER, min_length=1, max_length=20)
    best_of: int = Field(default=1, ge=1, le=64)

    @model_validator(mode="after")
    def _best_can_differ(self) -> Self:
        own = own_engine(self.engine)
        if self.best_of > 1 and own is not None:
            can_differ(self, own)
        return self

    def identity(self) -> dict[str, Any]:
        """The settings that decide what is written."""
        return _identity(self)


def _identity(block: GenerateConfig | IntegrateConfig) -> dict[str, Any]:
    values = block.model_dump(mode="json") | {"engine": block.engine.identity()}
    if block.best_of == 1:
        del values["best_of"]
    return values


def can_differ(
    block: GenerateConfig | IntegrateConfig, engine: EngineSettings, name: str = "best_of"
) -> None:
    """See that several answers to a prompt may differ.

    Args:
        engine: that answers the block's prompts.
        name: of the setting, for the message.

    Raises:
        ValueError: all would be alike.
    """
    if engine.embedded:
        raise ValueError(
            f"{name} is {block.best_of}, and the {engine.kind} engine has one answer: name a model"
        )
    body = getattr(engine, "body", {})  # of an endpoint: goes before what is sampled
    if body.get("seed") is not None:
        raise ValueError(
            f"{name} is {block.best_of}, and with one seed in engine.body all answers are alike: give "
            "it as sampling.seed, which moves from answer to answer"
        )
    for attempt in block.attempts:
        own = {} if attempt.temperature is None else {"temperature": attempt.temperature}
        if {**block.sampling, **own, **body}.get("temperature") == 0:
            raise ValueError(
                f"{name} is {block.best_of}, and at temperature 0 all answers are alike: set "
                "sampling.temperature, those of attempts and one of engine.body above 0, 0.85 say"
            )
