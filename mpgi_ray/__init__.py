"""Multi-perspective generation and integration of remote-sensing captions on Ray.

What stands in ``__all__`` is the public interface: its names stay. They are imported when they are first
used, so that ``import mpgi_ray`` is quick and needs no extra. Each job has its settings and a function::

    import mpgi_ray as mpgi

    recipe = mpgi.load_recipe("one-gpu", {"input.shards": "data/shards", "output": "data/captions"})
    mpgi.caption_shards(recipe)
    mpgi.read_captions("data/captions").pandas()

The functions are not named ``caption``, ``curate``, ``train`` and ``evaluate``, as the folders of the package
are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mpgi_ray.version import VERSION

if TYPE_CHECKING:
    from mpgi_ray.caption.job import caption as caption_shards
    from mpgi_ray.caption.plan import plan as plan_captions
    from mpgi_ray.caption.recipe import Recipe, load_recipe
    from mpgi_ray.curate.curation import Curation
    from mpgi_ray.curate.duplicates.job import Duplicates, find_duplicates
    from mpgi_ray.curate.job import curate as curate_captions
    from mpgi_ray.curate.leaks.job import Leaks, find_leaks
    from mpgi_ray.curate.release.job import ReleaseConfig
    from mpgi_ray.curate.release.job import release as release_captions
    from mpgi_ray.curate.scores.job import Scores
    from mpgi_ray.curate.scores.job import score as score_captions
    from mpgi_ray.curate.select import Captioned, Filter
    from mpgi_ray.data.sample import Annotation, Sample
    from mpgi_ray.demo.draw import draw_scenes
    from mpgi_ray.demo.writer.server import ImperfectWriter
    from mpgi_ray.engines.base import Engine, Prompt, Reply
    from mpgi_ray.engines.settings import EngineSettings
    from mpgi_ray.errors import MpgiError
    from mpgi_ray.evaluate.config import EvaluateConfig
    from mpgi_ray.evaluate.job import evaluate as evaluate_models
    from mpgi_ray.evaluate.suite_job import SuiteConfig, evaluate_suite
    from mpgi_ray.ingest.item import Item, Listing
    from mpgi_ray.ingest.job import IngestConfig
    from mpgi_ray.ingest.job import ingest as ingest_source
    from mpgi_ray.ingest.source import load_source
    from mpgi_ray.models.embed import Model
    from mpgi_ray.read.captions import read_captions
    from mpgi_ray.read.rows import Rows
    from mpgi_ray.read.samples import read_final, read_shards
    from mpgi_ray.report.sheet import Sheet
    from mpgi_ray.report.sheet import read_sheet as show_shards
    from mpgi_ray.report.shown import Shown, show_captions, show_pictures
    from mpgi_ray.train.config import TrainConfig
    from mpgi_ray.train.trainer import train as train_model

__version__ = VERSION

_PLACES = {
    "Annotation": "data.sample",
    "Captioned": "curate.select",
    "Curation": "curate.curation",
    "Duplicates": "curate.duplicates.job",
    "Engine": "engines.base",
    "EngineSettings": "engines.settings",
    "EvaluateConfig": "evaluate.config",
    "Filter": "curate.select",
    "ImperfectWriter": "demo.writer.server",
    "IngestConfig": "ingest.job",
    "Item": "ingest.item",
    "Leaks": "curate.leaks.job",
    "Listing": "ingest.item",
    "Model": "models.embed",
    "MpgiError": "errors",
    "Prompt": "engines.base",
    "Recipe": "caption.recipe",
    "ReleaseConfig": "curate.release.job",
    "Reply": "engines.base",
    "Rows": "read.rows",
    "Sample": "data.sample",
    "Scores": "curate.scores.job",
    "Sheet": "report.sheet",
    "Shown": "report.shown",
    "SuiteConfig": "evaluate.suite_job",
    "TrainConfig": "train.config",
    "caption_shards": "caption.job:caption",
    "curate_captions": "curate.job:curate",
    "draw_scenes": "demo.draw",
    "evaluate_models": "evaluate.job:evaluate",
    "evaluate_suite": "evaluate.suite_job",
    "find_duplicates": "curate.duplicates.job",
    "find_leaks": "curate.leaks.job",
    "ingest_source": "ingest.job:ingest",
    "load_recipe": "caption.recipe",
    "load_source": "ingest.source",
    "plan_captions": "caption.plan:plan",
    "read_captions": "read.captions",
    "read_final": "read.samples",
    "read_shards": "read.samples",
    "release_captions": "curate.release.job:release",
    "score_captions": "curate.scores.job:score",
    "show_captions": "report.shown",
    "show_pictures": "report.shown",
    "show_shards": "report.sheet:read_sheet",
    "train_model": "train.trainer:train",
}
__all__ = [
    "Annotation",
    "Captioned",
    "Curation",
    "Duplicates",
    "Engine",
    "EngineSettings",
    "EvaluateConfig",
    "Filter",
    "ImperfectWriter",
    "IngestConfig",
    "Item",
    "Leaks",
    "Listing",
    "Model",
    "MpgiError",
    "Prompt",
    "Recipe",
    "ReleaseConfig",
    "Reply",
    "Rows",
    "Sample",
    "Scores",
    "Sheet",
    "Shown",
    "SuiteConfig",
    "TrainConfig",
    "caption_shards",
    "curate_captions",
    "draw_scenes",
    "evaluate_models",
    "evaluate_suite",
    "find_duplicates",
    "find_leaks",
    "ingest_source",
    "load_recipe",
    "load_source",
    "plan_captions",
    "read_captions",
    "read_final",
    "read_shards",
    "release_captions",
    "score_captions",
    "show_captions",
    "show_pictures",
    "show_shards",
    "train_model",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    module, _, other = _PLACES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), other or name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
