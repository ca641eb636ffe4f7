"""The settings of an evaluation, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Self, TypeAlias

from pydantic import Field, model_validator

from mpgi_ray.config import Config
from mpgi_ray.data.evaluated import TABLES
from mpgi_ray.errors import RecipeError
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.models.decoding import Beam, Decoding, Greedy, Nucleus

Row: TypeAlias = dict[str, Any]
_DECODINGS: Mapping[str, type[Decoding]] = {"greedy": Greedy, "beam": Beam, "nucleus": Nucleus}


class EvaluateConfig(Config):
    """Which models are compared, and on what.

    Attributes:
        models: checkpoint folders, or ``NAME@FILE`` for published weights of an open_clip model.
        shards: folder of final shards.
        output: folder for ``metrics.json``.
        split: only samples of this split; None takes all.
        texts: what retrieval asks for: perspectives, or ``captions`` for all of the source's own. None of
            them leaves out retrieval and the table of captions.
        protocol: of retrieval; several give a table each.
        decoding: how models that can write captions do so.
        leaks: what `mpgi leaks` found, its folder or its ``leaks.parquet``: pictures of the test set that
            were in training in another form.
        related: groups of names of sources that are made of the same pictures.
        localize: folder of AIR-SLT, for semantic localization; None leaves it out.
        probe_split: another split, whose pictures and scene classes the image tower alone is probed with;
            None leaves it out.
        seed: of the fact probes, and of the fresh weights beside the probes of a tower.
    """

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    shards: str
    output: str
    split: str | None = None
    texts: tuple[str, ...] = ("short",)
    protocol: Protocol | Annotated[tuple[Protocol, ...], Field(min_length=1)] = Protocol.A
    decoding: Decoding = Greedy()
    leaks: str | None = None
    related: tuple[tuple[str, ...], ...] = ()
    localize: str | None = None
    probe_split: str | None = None
    seed: int = 0

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Those of retrieval, each once."""
        several = self.protocol if isinstance(self.protocol, tuple) else (self.protocol,)
        return tuple(dict.fromkeys(several))

    @model_validator(mode="after")
    def _probes_with_others(self) -> Self:
        if self.probe_split is not None and self.split in (None, self.probe_split):
            asked = "all splits are" if self.split is None else "it is"
            raise ValueError(
                f"the split {self.probe_split!r} to probe with: {asked} asked about; expected another one "
                "than --split, for example --split test --probe-split train"
            )
        return self


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Rows of figures, by table; a table is empty where the samples hold nothing to measure.

    Each row names its model. Each figure but METEOR and SPICE has a 95 % interval over images beside it, as
    ``NAME_low`` and ``NAME_high``.

    Attributes:
        images: samples of the split.
        status: whether each model saw these samples and their classes in training.
        masks: where the pictures of the table of segmentation lie.
        not_zero_shot: why a model's accuracies on classes are not called zero-shot; others may be.
    """

    config: EvaluateConfig
    images: int
    status: Mapping[str, str]
    not_zero_shot: Mapping[str, str]
    retrieval: tuple[Row, ...]
    zero_shot: tuple[Row, ...]
    tower: tuple[Row, ...]
    regions: tuple[Row, ...]
    segmentation: tuple[Row, ...]
    probes: tuple[Row, ...]
    captions: tuple[Row, ...]
    localization: tuple[Row, ...]
    masks: str | None = None

    def record(self) -> dict[str, Any]:
        """What ``metrics.json`` holds: what was evaluated, and the tables that have rows."""
        config = self.config
        leaks = {} if config.leaks is None else {"leaks": config.leaks}
        localized = {} if config.localize is None else {"localize": config.localize}
        segmented = {} if self.masks is None else {"masks": self.masks}
        probed = {} if config.probe_split is None else {"probe_split": config.probe_split}
        return {
            "shards": config.shards,
            "split": config.split,
            "images": self.images,
            "protocol": ", ".join(config.protocols),
            "decoding": str(config.decoding),
            **leaks,
            **localized,
            **segmented,
            **probed,
            "status": dict(self.status),
            "not_zero_shot": dict(self.not_zero_shot),
            **{name: list(rows) for name in TABLES if (rows := getattr(self, name))},
        }


def choose_decoding(name: str, settings: Mapping[str, Any]) -> Decoding:
    """The decoding of this name, ``greedy``, ``beam`` or ``nucleus``; settings not given keep their defaults.

    Raises:
        RecipeError: a setting belongs to another decoding, or its value is out of range.
    """
    kind = _DECODINGS[name]
    for setting in settings.keys() - _settings(kind):
        owners = [other for other, of in _DECODINGS.items() if setting in _settings(of)]
        raise RecipeError(f"the decoding {name!r} has no {setting}: that is a setting of {owners[0]!r}")
    return kind(**settings)


def _settings(kind: type[Decoding]) -> set[str]:
    return {field.name for field in fields(kind)}
