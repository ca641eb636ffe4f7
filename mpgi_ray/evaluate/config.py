"""The settings of an evaluation, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from mpgi_ray.config import Config
from mpgi_ray.errors import RecipeError
from mpgi_ray.evaluate.retrieval import Protocol
from mpgi_ray.models.generation import Beam, Decoding, Greedy, Nucleus

Row: TypeAlias = dict[str, Any]
_DECODINGS: Mapping[str, type[Decoding]] = {"greedy": Greedy, "beam": Beam, "nucleus": Nucleus}


class EvaluateConfig(Config):
    """Which models are compared, and on what.

    Attributes:
        models: checkpoint folders, or ``NAME@FILE`` for published weights of an open_clip model.
        shards: folder of final shards.
        output: folder for ``metrics.json``.
        split: only samples of this split; None takes all.
        texts: what retrieval asks for: perspectives, or ``captions`` for all of the source's own.
        protocol: of retrieval.
        decoding: how models that can write captions do so.
        leaks: what `mpgi leaks` found, its folder or its ``leaks.parquet``: pictures of the test set that
            were in training in another form.
        related: groups of names of sources that are made of the same pictures.
        localize: folder of AIR-SLT, for semantic localization; None leaves it out.
        seed: of the fact probes.
    """

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    shards: str
    output: str
    split: str | None = None
    texts: Annotated[tuple[str, ...], Field(min_length=1)] = ("short",)
    protocol: Protocol = Protocol.A
    decoding: Decoding = Greedy()
    leaks: str | None = None
    related: tuple[tuple[str, ...], ...] = ()
    localize: str | None = None
    seed: int = 0


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
        tables = ("retrieval", "zero_shot", "regions", "segmentation", "probes", "captions", "localization")
        return {
            "shards": config.shards,
            "split": config.split,
            "images": self.images,
            "protocol": config.protocol.value,
            "decoding": str(config.decoding),
            **leaks,
            **localized,
            **segmented,
            "status": dict(self.status),
            "not_zero_shot": dict(self.not_zero_shot),
            **{name: list(rows) for name in tables if (rows := getattr(self, name))},
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
