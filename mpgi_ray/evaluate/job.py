"""Compares models on a test set: retrieval, classes by name, objects, probes, captions and localization."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mpgi_ray.data.lease import held
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import OutputError
from mpgi_ray.evaluate.comparison import Comparison
from mpgi_ray.evaluate.config import EvaluateConfig, Evaluation
from mpgi_ray.evaluate.segment import Masks
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.models.embed import Model

METRICS = "metrics.json"


def evaluate(config: EvaluateConfig, *, masks: Masks | None = None, takeover: bool = False) -> Evaluation:
    """Compare models on final shards; what is measured is also written to ``metrics.json``.

    Args:
        masks: pictures with the class of each pixel, for segmentation; None leaves it out.
        takeover: see `lease.held`.

    Raises:
        InputError: a model, the shards, leaks or AIR-SLT cannot be read, or no sample has a text that is
            asked for.
        OutputError: the folder is worked on or holds those of another job, or they cannot be written.
    """
    with measuring(config.output, takeover) as publish:
        comparison = Comparison(config, TestSet.read(config.shards, config.split), masks)
        for place in config.models:
            comparison.ask(Model.load(place))
        found = comparison.result()
        publish(found.record())
    return found


@contextmanager
def measuring(output: str, takeover: bool = False) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Hold a folder for an evaluation; gives what publishes its ``metrics.json``.

    Raises:
        OutputError: the folder is worked on or holds those of another job.
    """
    folder = Storage(absolute(output))
    if folder.exists(METRICS) and not {"shards", "sets"} & folder.read_json(METRICS).keys():
        raise OutputError(f"{folder.path(METRICS)} is of another job: choose another output folder")
    with held(folder, "evaluate", takeover=takeover) as lease:

        def publish(record: Mapping[str, Any]) -> None:
            lease.check()
            folder.publish_json(METRICS, record)

        yield publish
