"""The report of a caption run: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from mpgi_ray.data.caption_figures import RunFigures, quantile
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.caption_metrics import metrics
from mpgi_ray.data.evaluated import TABLES
from mpgi_ray.data.shard_list import ShardList, find_shards
from mpgi_ray.data.shards import ShardFields
from mpgi_ray.data.storage import Storage, split_url
from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.report.cards import read_cards
from mpgi_ray.report.engines import engines
from mpgi_ray.report.evaluation import tables_of
from mpgi_ray.report.gather import Figures
from mpgi_ray.report.histogram import histogram, longest_shown
from mpgi_ray.report.html import environment, page_at
from mpgi_ray.report.panels import panels_of_run
from mpgi_ray.report.rejects import rejects as rejected_rows
from mpgi_ray.report.sampling import Sampler

if TYPE_CHECKING:
    from mpgi_ray.report.training import Training

_TOP = 25  # classes listed


class Panels(TypedDict, total=False):
    """What a report shows beside the run itself.

    Attributes:
        curated: folder of final shards, for what was kept and dropped, and for what ``model`` finds in them.
        metrics: a ``metrics.json`` of an evaluation.
        model: folder of a training run or a checkpoint; only this needs torch.
        rejects: how many rejected and failed records to list; None for no list.
        duplicates, leaks, scores: folders of `mpgi duplicates`, `mpgi leaks` and `mpgi score`.
    """

    curated: str | None
    metrics: str | None
    model: str | None
    rejects: int | None
    duplicates: str | None
    leaks: str | None
    scores: str | None


def write_report(
    captions: str, output: str, *, cards: int = 24, seed: int = 0, **panels: Unpack[Panels]
) -> str:
    """Write a self-contained HTML report of a caption run, finished or not, see `render_report`.

    Args:
        output: the file to write, local or an fsspec URL; replaces an earlier one.

    Returns:
        ``output``.

    Raises:
        InputError, RecipeError: as `render_report`.
        OutputError: the report cannot be written.
    """
    storage, name = page_at(output)
    storage.publish(name, render_report(captions, cards=cards, seed=seed, **panels).encode())
    return output


def render_report(
    captions: str,
    *,
    cards: int = 24,
    seed: int = 0,
    viewer: Mapping[str, Any] | None = None,
    **panels: Unpack[Panels],
) -> str:
    """The HTML of a report.

    The tables are read once, a chunk at a time; pictures come from as many shards as there are cards at most,
    read one at a time.

    Args:
        captions: a caption folder.
        cards: samples to show with picture and texts; at most as many again with rejected rows.
        seed: another seed shows other samples.
        viewer: the ``page`` beside it that shows more samples, how many are ``drawn`` there, and of how many.
        panels: see `Panels`.

    Raises:
        InputError: ``captions`` is not a caption folder, or another folder or file cannot be read. Input
            shards that cannot be read are named on the page instead.
        RecipeError: ``cards`` is negative.
    """
    if cards < 0:
        raise RecipeError(f"cards={cards}: expected 0 or more")
    metrics, rejects, model = panels.get("metrics"), panels.get("rejects"), panels.get("model")
    folder = CaptionFolder(captions)
    shards, missing = run_input(folder)
    page = _run(folder, shards, missing, cards, seed)
    final, found = (
        panels.get("curated"),
        (panels.get("duplicates"), panels.get("leaks"), panels.get("scores")),
    )
    page |= panels_of_run(folder, shards, cards, found=found, final=final)
    page["metrics"] = None if metrics is None else _evaluation(_read_json(metrics))
    page["rejects"] = None if rejects is None else rejected_rows(captions, rejects)
    page["training"] = None if model is None else _training(model, final)
    page["viewer"] = viewer
    return environment().get_template("report.html.j2").render(page)


def write_rejects(folder: str, output: str, limit: int) -> str:
    """Write a page that lists what a job left out: of an ingest or a curation.

    Raises:
        InputError: as `rejects`.
        OutputError: the page cannot be written.
    """
    storage, name = page_at(output)
    shown = {"name": folder, "rejects": rejected_rows(folder, limit)}
    storage.publish(name, environment().get_template("rejects.html.j2").render(shown).encode())
    return output


def _run(
    folder: CaptionFolder, shards: ShardList, missing: Sequence[str], cards: int, seed: int
) -> dict[str, Any]:
    """All that the template shows of the run itself."""
    run_record, chunks, full = folder.run_record(), folder.chunks(), folder.integrated.done()
    figures, ran, sampler = Figures(), RunFigures(), Sampler((chunk.shard for chunk in chunks), cards, seed)
    for chunk in chunks:
        table = folder.table(chunk)
        for part in (figures, ran, sampler):
            part.add(table)
    good, rejected = sampler.good(), sampler.rejected()
    picks = [*good, *rejected]
    gallery = read_cards(picks, shards, ShardFields.model_validate(run_record["recipe"]["input"]["fields"]))
    gallery.troubles[:0] = missing if picks else ()
    log = folder.log()
    record = metrics(ran, log)
    return {
        "name": "/".join(folder.storage.path("").split("/")[-2:]),
        "run_record": run_record,
        "prompts": run_record["prompts"],
        "figures": figures,
        "chunks": len(chunks),
        "pilots": sum(chunk not in full for chunk in chunks),
        "lengths": _lengths(figures),
        "coverage": _coverage(ran),
        "speed": record["images_per_second"],
        "engines": engines(record),
        "log": log,
        "gallery": gallery,
        "good": [gallery.card(pick) for pick in good],
        "rejected": [gallery.card(pick) for pick in rejected],
        "classes": [
            ("object", _most_common(gallery.objects), len(gallery.objects)),
            ("scene", _most_common(gallery.scenes), len(gallery.scenes)),
        ],
    }


def _most_common(classes: Counter[str]) -> list[tuple[str, int]]:
    """As `Counter.most_common`, and by name where numbers are equal: the same run gives the same page."""
    return sorted(classes.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]


def run_input(folder: CaptionFolder) -> tuple[ShardList, list[str]]:
    """The run's input shards; none of them, and the reason, when they are gone."""
    try:
        return find_shards(folder.run_record()["recipe"]["input"]["shards"]), []
    except InputError as error:
        return ShardList(Storage("."), {}), [str(error)]


def _lengths(figures: Figures) -> list[dict[str, Any]]:
    """Histograms of all texts over the same lengths, so that they can be compared."""
    everything: Counter[int] = Counter()
    for text in figures.texts.values():
        everything.update(text.words)
    longest = longest_shown(everything)
    return [
        _plot(figures.label(key), text.words, longest) for key, text in figures.texts.items() if text.words
    ]


def _coverage(ran: RunFigures) -> list[dict[str, Any]]:
    """Histograms of the coverage of integrated texts, in percent."""
    return [
        _plot(name, Counter({round(100 * share): texts for share, texts in counts.items()}), 100)
        for model in ran.models.values()
        for name, counts in model.coverage.items()
    ]


def _plot(name: str, counts: Counter[int], largest: int) -> dict[str, Any]:
    return {
        "name": name,
        "median": quantile(counts, 0.5),
        "p10": quantile(counts, 0.1),
        "low": min(counts),
        "high": max(counts),
        "plot": histogram(counts, largest),
    }


def _read_json(path: str) -> dict[str, Any]:
    storage, name = split_url(path)
    return storage.read_json(name)


def _evaluation(metrics: Mapping[str, Any]) -> dict[str, Any]:
    tables = tables_of(metrics)
    shown = (
        (*TABLES, "status", "not_zero_shot", "sets") if tables else ()
    )  # each table has what is known of its models
    facts = {
        key: ", ".join(value) if isinstance(value, list) else value
        for key, value in metrics.items()
        if key not in shown
    }
    return {"tables": tables, "facts": list(_flat(facts))}


def _training(model: str, final: str | None) -> Training:
    from mpgi_ray.report.training import training  # imports torch, which a caption run does without

    return training(model, final)


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``a.b`` names and values of a nested record."""
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
