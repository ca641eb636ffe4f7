"""A test set, what is asked of it, and the rows of the models that were asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from typing import Any

from mpgi_ray.data.evaluated import TABLES
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import rows
from mpgi_ray.evaluate.config import EvaluateConfig, Evaluation, Row
from mpgi_ray.evaluate.leaked import Leaked
from mpgi_ray.evaluate.localize.locate import read_air_slt
from mpgi_ray.evaluate.probes.probe import make_counts, make_probes
from mpgi_ray.evaluate.regions import Regions
from mpgi_ray.evaluate.segment import Masks
from mpgi_ray.evaluate.standing import standing
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.evaluate.tower.bank import Bank
from mpgi_ray.evaluate.zero_shot import Templates
from mpgi_ray.models.architecture import Architecture
from mpgi_ray.models.embed import Model, architecture_of


class Comparison:
    """Rows of one test set: of the baselines at once, of each model when it is asked.

    Args:
        masks: see `mpgi_ray.evaluate.job.evaluate`.

    Raises:
        InputError: what is asked for is not there.
    """

    def __init__(self, config: EvaluateConfig, test: TestSet, masks: Masks | None = None) -> None:
        for name in config.texts:
            if not any(test.texts_of(row, name) for row in range(len(test.records))):
                there = sorted({text for record in test.records for text in record.texts})
                raise InputError(
                    f"there is nothing to evaluate in {config.shards}: none of its {len(test.records)} "
                    f"samples has the text {name!r}; they have {', '.join(there) or 'none'}"
                )
        self._config, self._test, self._masks = config, test, masks
        self._targets = [] if config.localize is None else read_air_slt(config.localize)
        leaked = None if config.leaks is None else Leaked.read(config.leaks)
        self._stands = {place: standing(place, test, leaked, config.related) for place in config.models}
        self._probes = make_probes(test.records, config.seed), make_counts(test.records, config.seed)
        self._bank = None if config.probe_split is None else Bank.of(test, config.probe_split)
        self._objects = Regions.of(test.records, test.others)
        self._fresh: list[Architecture] = []
        self._asked = list(product(config.texts, config.protocols))
        self._rows: dict[str, list[Row]] = defaultdict(list)
        for name, protocol in self._asked:
            self._rows["retrieval"] += rows.retrieval_baselines(test, name, protocol)
        if self._bank:
            self._rows["tower"] += [rows.tower_baseline(self._bank)]
        if len(self._objects.classes) > 1 and self._objects.rows:
            self._rows["regions"] += [rows.region_baseline(self._objects)]
        if masks:
            self._rows["segmentation"] += rows.segmentation_baselines(masks)

    def ask(self, model: Model) -> None:
        """Add the rows of one of the models."""
        found, test, config = self._rows, self._test, self._config
        images = model.images(test.pictures(range(len(test.records))))
        found["retrieval"] += [rows.retrieval(model, images, test, *asked) for asked in self._asked]
        if any(test.scenes):
            found["zero_shot"] += [rows.zero_shot(model, images, test, templates) for templates in Templates]
        if self._bank:
            found["tower"] += [
                *self._of_fresh_weights(model, self._bank),
                *rows.tower(model, images, self._bank, config.seed),
            ]
        found["probes"] += rows.facts(model, images, *self._probes)
        if found["regions"]:
            found["regions"] += [rows.regions(model, test, self._objects)]
        if self._masks:
            found["segmentation"] += rows.segmentation(model, self._masks)
        if model.writes:
            found["captions"] += [rows.captions(model, test, name, config.decoding) for name in config.texts]
        if self._targets:
            found["localization"] += [rows.localization(model, self._targets)]

    def result(self) -> Evaluation:
        """What was measured."""
        found = {name: tuple(self._rows[name]) for name in TABLES}
        if found["captions"]:
            bars = [row for name in self._config.texts for row in rows.caption_baselines(self._test, name)]
            found["captions"] = (*bars, *found["captions"])
        return Evaluation(
            config=self._config,
            images=len(self._test.records),
            status={place: str(stand) for place, stand in self._stands.items()},
            not_zero_shot={place: stand.refused for place, stand in self._stands.items() if stand.refused},
            masks=self._masks.path if self._masks else None,
            **found,
        )

    def record(self) -> dict[str, Any]:
        """The same as a ``metrics.json`` holds it."""
        return self.result().record()

    def _of_fresh_weights(self, model: Model, bank: Bank) -> Sequence[Row]:
        """The rows of the model's architecture with fresh weights, unless an equal one has them already."""
        ours = architecture_of(model.name)
        if ours in self._fresh:
            return []
        self._fresh.append(ours)
        fresh = Model.fresh(model.name, self._config.seed)
        images = fresh.images(self._test.pictures(range(len(self._test.records))))
        return rows.tower(fresh, images, bank, self._config.seed)
