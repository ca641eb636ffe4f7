"""Which engine is asked, and about what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator

from mpgi_ray.config import Config, parse, read_yaml
from mpgi_ray.data.storage import absolute
from mpgi_ray.engines.choice import EngineChoice
from mpgi_ray.engines.local.settings import LocalSettings
from mpgi_ray.errors import RecipeError

_Place = Annotated[str, AfterValidator(absolute)]
_SAMPLING: Mapping[str, Any] = {"temperature": 0.0, "max_tokens": 512}


class AskedEngine(Config):
    """An engine and how it is asked, as a YAML file has it.

    Attributes:
        engine: as in a recipe.
        sampling: parameters of the model's sampling under their OpenAI names; by default the likeliest
            answer of 512 tokens at most.
    """

    engine: EngineChoice
    sampling: Mapping[str, Any] = Field(default={}, validate_default=True)

    @field_validator("engine")
    @classmethod
    def _answers(cls, engine: EngineChoice) -> EngineChoice:
        if engine.embedded:
            raise ValueError(
                f"the {engine.kind} engine writes captions from facts and answers no questions: expected "
                "kind vllm, http or local"
            )
        if isinstance(engine, LocalSettings) and not engine.prompts:
            raise ValueError(
                f"model {engine.model} would describe pictures, whatever it is asked: expected prompts: true "
                "and a model with a bridge that learned to answer questions"
            )
        return engine

    @field_validator("sampling")
    @classmethod
    def _with_defaults(cls, sampling: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**_SAMPLING, **sampling}

    @classmethod
    def load(cls, place: str) -> Self:
        """The settings of a file.

        Args:
            place: of the file; the name of a kind of engines is refused with what to write instead.

        Raises:
            RecipeError: there is no such file, or it is wrong.
        """
        if place.endswith((".yaml", ".yml")):
            return parse(cls, read_yaml(Path(place)), place)
        if place == "template":
            return parse(cls, {"engine": {"kind": place}}, f"--engine {place}")
        raise RecipeError(
            f"--engine {place}: expected a YAML file with the settings of an engine, such as "
            "`engine: {kind: vllm, model: Qwen/Qwen2.5-VL-7B-Instruct, gpus: 1}`"
        )

    @property
    def named(self) -> str:
        """For messages."""
        return self.engine.model or f"the {self.engine.kind} engine"

    def identity(self) -> dict[str, Any]:
        """What decides what is answered."""
        return {"engine": self.engine.identity(), "sampling": dict(self.sampling)}


class AskConfig(Config):
    """What an engine is asked.

    Attributes:
        shards: final shards that hold the pictures.
        questions: folder of ``instructions.parquet``.
        output: folder for the answers.
        split: questions about pictures of this split only; None takes all.
        pictures: False asks without them: what the engine knows, or guesses, of the words alone.
    """

    shards: _Place
    questions: _Place
    output: _Place
    split: str | None = None
    pictures: bool = True
    asked: AskedEngine
