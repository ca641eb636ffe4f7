"""Models against a test set: retrieval, zero-shot classification, fact probes and captions, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.baselines import chance, class_oracle, within_class
from mpgi_ray.evaluate.bootstrap import Interval, bootstrap
from mpgi_ray.evaluate.captions.java import java_scores
from mpgi_ray.evaluate.captions.metrics import score_texts
from mpgi_ray.evaluate.probes.probe import Accuracy, accuracy, count_accuracy, make_counts, make_probes
from mpgi_ray.evaluate.retrieval import Protocol, Retrieval, score
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.evaluate.zero_shot import Templates, class_features, zero_shot
from mpgi_ray.models.embed import Model
from mpgi_ray.models.generation import Decoding, Greedy

METRICS = "metrics.json"
Row = dict[str, Any]


def evaluate(
    models: Sequence[str],
    shards: str,
    output: str,
    *,
    split: str | None = None,
    texts: Sequence[str] = ("short",),
    protocol: Protocol = Protocol.A,
    seed: int = 0,
    decoding: Decoding | None = None,
) -> dict[str, Any]:
    """Compare models on final shards; what is measured is also written to ``output/metrics.json``.

    Args:
        models: checkpoint folders, or ``NAME@FILE`` for published weights of an open_clip model.
        split: only samples of this split; None takes all.
        texts: what retrieval asks for: perspectives, or ``captions`` for the source's own (all of each).
        seed: of the fact probes.
        decoding: how models that write are asked for captions; greedily if None.

    Returns:
        What was evaluated, and rows of figures under ``retrieval``, ``zero_shot``, ``probes`` and
        ``captions``; a table is left out where the samples hold nothing to ask. Each row names its model,
        each figure but METEOR and SPICE has a 95 % interval over images beside it, as ``NAME_low`` and
        ``NAME_high``.

    Raises:
        InputError: no checkpoint, no shards, or no sample with such a text.
        OutputError: the metrics cannot be written.
    """
    decoding = decoding or Greedy()
    test = TestSet.read(shards, split)
    for name in texts:
        if not any(test.texts_of(row, name) for row in range(len(test.records))):
            raise InputError(f"nothing to evaluate in {shards}: none of {len(test.records)} has a {name!r}")
    tables: dict[str, list[Row]] = {"retrieval": [], "zero_shot": [], "probes": [], "captions": []}
    for name in texts:
        tables["retrieval"] += _bars(test, name, protocol)
    probes, counts = make_probes(test.records, seed), make_counts(test.records, seed)
    for place in models:
        model = Model.load(place)
        images = model.images(test.pictures(range(len(test.records))))
        for name in texts:
            tables["retrieval"].append(_retrieval(model, images, test, name, protocol))
        if any(test.scenes):
            tables["zero_shot"] += [_zero_shot(model, images, test, templates) for templates in Templates]
        for kind, found in accuracy(images, model.texts, probes).items():
            tables["probes"].append(_probe_row(model.name, kind.value, found))
        if counts:
            found = count_accuracy(images, model.texts, counts)
            tables["probes"].append(_probe_row(model.name, "number of ten", found))
        if model.writes:
            tables["captions"] += [_captions(model, test, name, decoding) for name in texts]
    if tables["captions"]:
        tables["captions"][:0] = [row for name in texts for row in _caption_bars(test, name)]
    metrics = {
        "shards": shards,
        "split": split,
        "images": len(test.records),
        "protocol": protocol.value,
        "decoding": str(decoding),
        "status": {place: test.status(place) for place in models},
        **{name: rows for name, rows in tables.items() if rows},
    }
    Storage(absolute(output)).publish_json(METRICS, metrics)
    return metrics


def _asked(test: TestSet, name: str, protocol: Protocol) -> tuple[list[int], list[int], list[str]]:
    """Rows of the samples that have such a text; the place among them of each text; the prepared texts."""
    rows = [row for row in range(len(test.records)) if test.texts_of(row, name)]
    pairs = [(place, text) for place, row in enumerate(rows) for text in test.texts_of(row, name)]
    return rows, [place for place, _ in pairs], [protocol.prepare(text) for _, text in pairs]


def _retrieval(model: Model, images: NDArray[Any], test: TestSet, name: str, protocol: Protocol) -> Row:
    rows, image_of_text, texts = _asked(test, name, protocol)
    asked = images[rows], model.texts(texts)
    inside = None
    if scenes := _scenes(test, rows):
        inside = within_class(*asked, scenes, image_of_text, texts, protocol)
    found = score(protocol, *asked, image_of_text, texts)
    return _retrieval_row(model.name, name, len(rows), found, inside)


def _bars(test: TestSet, name: str, protocol: Protocol) -> list[Row]:
    rows, image_of_text, texts = _asked(test, name, protocol)
    bars = {"chance": chance(len(rows), image_of_text, texts, protocol)}
    inside = None
    if scenes := _scenes(test, rows):
        inside = bars["class oracle"] = class_oracle(scenes, image_of_text, texts, protocol)
    return [_retrieval_row(bar, name, len(rows), found, inside) for bar, found in bars.items()]


def _scenes(test: TestSet, rows: Sequence[int]) -> list[str]:
    """The class of each of these samples; empty if one of them has none."""
    scenes = [test.scenes[row] for row in rows]
    return scenes if all(scenes) else []


def _retrieval_row(model: str, texts: str, images: int, found: Retrieval, inside: Retrieval | None) -> Row:
    """Recalls, before them R@1 among the pictures and texts of the query's own class."""
    row: Row = {"model": model, "texts": texts, "images": images}
    if inside is not None:
        names = [f"{name}_in_class" for name in inside.names]
        figures = _figures(names, bootstrap(inside.by_image(), inside.figures))
        row |= {key: value for key, value in figures.items() if "_r1_" in key}
    return row | _figures(found.names, bootstrap(found.by_image(), found.figures))


def _zero_shot(model: Model, images: NDArray[Any], test: TestSet, templates: Templates) -> Row:
    """Of the samples with one class, among the classes of all splits."""
    rows = [row for row, scene in enumerate(test.scenes) if scene]
    classes = test.classes
    features = class_features(model.raw_texts, classes, templates)
    found = zero_shot(images[rows], features, [classes.index(test.scenes[row]) for row in rows])
    interval = bootstrap(found.by_image(), found.figures)
    row = {"model": model.name, "templates": templates.value, "images": len(rows), "classes": len(classes)}
    return row | _figures(found.names, interval)


def _probe_row(model: str, kind: str, found: Accuracy) -> Row:
    row: Row = {"model": model, "fact": kind, "probes": found.probes, "images": found.images}
    return row | {"chance": round(found.chance, 1)} | _figures(["right"], found.per_cent)


def _captions(model: Model, test: TestSet, name: str, decoding: Decoding) -> Row:
    """What the model writes against texts of this name."""
    rows, _, _ = _asked(test, name, Protocol.A)
    written = model.describe(test.pictures(rows), decoding)
    return {"model": model.name, "against": name} | _caption_figures(test, name, rows, written)


def _caption_bars(test: TestSet, name: str) -> list[Row]:
    """What says of every picture the most frequent text of its class in the other splits.

    ``times`` is how often that text is there, as the median over pictures: 1 where texts hardly repeat.
    """
    rows, _, _ = _asked(test, name, Protocol.A)
    usual = test.usual_texts(name)
    if not all(test.scenes[row] in usual for row in rows):
        return []
    written, times = zip(*(usual[test.scenes[row]] for row in rows), strict=True)
    bar: Row = {"model": "most frequent of the class", "times": median_low(times), "against": name}
    return [bar | _caption_figures(test, name, rows, written)]


def _caption_figures(test: TestSet, name: str, rows: Sequence[int], written: Sequence[str]) -> Row:
    references = [test.texts_of(row, name) for row in rows]
    found = score_texts(written, references)
    java = java_scores(written, references)
    figures = _figures(found.names, bootstrap(found.by_image(), found.figures), 4)
    return {"images": len(rows)} | figures | {kind: round(java[kind].corpus, 4) for kind in java}


def _figures(names: Sequence[str], interval: Interval, digits: int = 2) -> Row:
    row: Row = {}
    for name, value, low, high in zip(
        names, *map(np.atleast_1d, (interval.value, interval.low, interval.high)), strict=True
    ):
        row |= {name: round(float(value), digits), f"{name}_low": round(float(low), digits)}
        row |= {f"{name}_high": round(float(high), digits)}
    return row
