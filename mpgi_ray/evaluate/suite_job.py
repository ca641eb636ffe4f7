"""Compares models on the sets of a suite that a folder holds, beside what papers print of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from mpgi_ray.config import Config
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import rows
from mpgi_ray.evaluate.comparison import Comparison
from mpgi_ray.evaluate.config import EvaluateConfig, Row
from mpgi_ray.evaluate.job import measuring
from mpgi_ray.evaluate.localize.locate import read_air_slt
from mpgi_ray.evaluate.suite import FoundSets, KnownSet, Suite
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.models.decoding import Decoding, Greedy
from mpgi_ray.models.embed import Model


class SuiteConfig(Config):
    """Which models are compared on a suite, and where its sets lie.

    Attributes:
        models: checkpoint folders, or ``NAME@FILE`` for published weights of an open_clip model.
        folder: it holds a folder for each set.
        output: folder for ``metrics.json``.
        suite: a shipped suite, or a YAML file.
        decoding: how models that can write captions do so.
        leaks: what `mpgi leaks` found, its folder or its ``leaks.parquet``.
        related: groups of names of sources that are made of the same pictures.
        seed: of the fact probes.
    """

    models: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: str
    output: str
    suite: str = "rs"
    decoding: Decoding = Greedy()
    leaks: str | None = None
    related: tuple[tuple[str, ...], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SuiteEvaluation:
    """What was measured on the sets of a suite.

    Attributes:
        found: which sets were there.
        sets: of each what a ``metrics.json`` of it alone holds, and under ``published`` rows of papers, by
            table.
    """

    config: SuiteConfig
    found: FoundSets
    sets: Mapping[str, Mapping[str, Any]]

    def record(self) -> dict[str, Any]:
        """What ``metrics.json`` holds."""
        return {
            "suite": self.config.suite,
            "folder": self.config.folder,
            "missing": list(self.found.missing),
            "unknown": list(self.found.unknown),
            "sets": dict(self.sets),
        }


def evaluate_suite(config: SuiteConfig, *, takeover: bool = False) -> SuiteEvaluation:
    """Compare models on the sets of a suite; what is measured is also written to ``metrics.json``.

    Each set is evaluated as `mpgi_ray.evaluate.job.evaluate` does it: retrieval and captions by the texts
    that the suite names for it, and whatever else its samples hold. All sets are read before the first model.

    Args:
        takeover: see `lease.held`.

    Raises:
        RecipeError: there is no such suite, or its file is wrong.
        InputError: the folder holds no set of it, or a set or a model cannot be read.
        OutputError: as `evaluate`.
    """
    suite = Suite.load(config.suite)
    with measuring(config.output, takeover) as publish:
        found = suite.find(config.folder)
        asked = {name: _asked(config, name, suite.sets[name], place) for name, place in found.places.items()}
        for place in config.models:
            model = Model.load(place)
            for one in asked.values():
                one.ask(model)
        sets = {name: one.record() | _published(suite.sets[name]) for name, one in asked.items()}
        result = SuiteEvaluation(config, found, sets)
        publish(result.record())
    return result


def _asked(config: SuiteConfig, name: str, known: KnownSet, place: str) -> Comparison | _Localization:
    try:
        return _Localization(place) if known.localization else _comparison(config, known, place)
    except InputError as error:
        raise InputError(f"{name}, in {place}: {error}") from error


def _comparison(config: SuiteConfig, known: KnownSet, place: str) -> Comparison:
    whole = TestSet.read(place, None)
    split = known.split if any(record.in_split(known.split) for record in whole.records) else None
    settings = EvaluateConfig(
        models=config.models,
        shards=place,
        output=config.output,
        split=split,
        texts=known.texts,
        protocol=known.protocols,
        decoding=config.decoding,
        leaks=config.leaks,
        related=config.related,
        seed=config.seed,
    )
    return Comparison(settings, whole if split is None else whole.of_split(split))


def _published(known: KnownSet) -> dict[str, Any]:
    images = {} if known.images is None else {"published_images": known.images}
    return {"published": known.published_rows()} | images


class _Localization:
    """AIR-SLT, which has no final shards."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._targets = read_air_slt(folder)
        self._rows: list[Row] = []

    def ask(self, model: Model) -> None:
        self._rows.append(rows.localization(model, self._targets))

    def record(self) -> dict[str, Any]:
        return {"localize": self._folder, "localization": self._rows}
