"""What a user may say of the instructions to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.data.claim import stamps
from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.engines.choice import EngineChoice
from mpgi_ray.instruct.asked import KINDS, Kind
from mpgi_ray.instruct.box_text import BoxText, Style
from mpgi_ray.instruct.forms import Form
from mpgi_ray.instruct.parts import Asking
from mpgi_ray.runtime.room import Pool
from mpgi_ray.version import VERSION

_Place = Annotated[str, AfterValidator(absolute)]
_Share = Annotated[float, Field(ge=0, lt=1)]
HELD_OUT: Mapping[str, float] = {"val": 0.05, "test": 0.05}


class MakeConfig(Config):
    """What instructions are made of.

    Attributes:
        shards: folder of final shards.
        output: folder for ``instructions.parquet``.
        kinds: of questions.
        each: questions of a kind about a picture, before answers are balanced.
        turns: of a conversation, at most; 1 makes single questions.
        untold: largest share of the questions of a kind of which the answer is that it cannot be told.
        short, long: the names of the texts that short and long descriptions are; ``captions`` for people's.
        boxes: how boxes are written: ``shares`` of width and height, ``thousandths`` of them, or ``pixels``;
            by default as the family of ``model`` was trained to, or as shares.
        model: that is to learn the instructions, by whose family boxes are written.
        split: samples of this split only; None takes all.
        held_out: splits with their shares of the pictures that are of none; the others are of ``train``.
        duplicates: folder of `mpgi duplicates`: copies of a picture come into one split.
        measured: name the colours of things, which are measured in the pixels.
        engine: a model that words questions and answers anew; None leaves them as templates word them.
        sampling: of the model, under the names of the OpenAI API.
        forms: further forms to write.
        seed: of wordings, and of what is kept of a dominant answer.
    """

    shards: _Place
    output: _Place
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS
    each: int = Field(default=2, ge=1, le=50)
    turns: int = Field(default=4, ge=1, le=50)
    untold: _Share = 0.05
    short: str = "short"
    long: str = "long"
    boxes: Style | None = None
    model: str = ""
    split: str | None = None
    held_out: Mapping[str, _Share] = HELD_OUT
    duplicates: _Place | None = None
    measured: bool = False
    engine: EngineChoice | None = None
    sampling: Mapping[str, Any] = {"temperature": 0.7, "max_tokens": 300}
    forms: tuple[Form, ...] = ()
    seed: int = 0

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if sum(self.held_out.values()) >= 1:
            raise ValueError(f"held_out: shares {dict(self.held_out)} leave nothing: expected a sum below 1")
        if self.engine is not None and self.engine.embedded:
            raise ValueError("engine: the embedded engine words nothing anew: name one of kind vllm or http")
        _ = self.writes
        return self

    @property
    def writes(self) -> BoxText:
        """How boxes are written."""
        if self.boxes is None:
            return BoxText.of_model(self.model) if self.model else BoxText()
        grid = BoxText.of_model(self.model).grid if self.model and self.boxes == "pixels" else None
        return BoxText(self.boxes, grid)

    @property
    def asking(self) -> Asking:
        """What to ask about the pictures of a shard."""
        texts = {"describe_short": self.short, "describe_long": self.long}
        what = self.kinds, self.each, self.writes, texts
        return Asking(*what, self.split, self.measured, self.seed)

    @property
    def pool(self) -> Pool | None:
        """The replicas of the engine; None without one."""
        if self.engine is None:
            return None
        one = self.engine
        return Pool(f"replica of {one.model}", one.replicas.min, one.cpus, one.gpus)

    def identity(self, shards: Sequence[str]) -> dict[str, Any]:
        """What decides about the instructions; not how many replicas word them."""
        values = self.model_dump(mode="json", exclude={"output", "shards", "duplicates", "engine"})
        values["shards"] = stamps(shards)
        values["engine"] = self.engine.identity() if self.engine else None
        if self.duplicates:
            values["duplicates"] = Storage(self.duplicates).stamp(GROUPS)
        return values | {"version": VERSION}
