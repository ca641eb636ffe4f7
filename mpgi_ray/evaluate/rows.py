"""Rows of an evaluation's tables: a model or a baseline on the samples that have what is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median_low, mode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate import segment
from mpgi_ray.evaluate.baselines import chance, class_oracle, within_class
from mpgi_ray.evaluate.bootstrap import Interval, bootstrap
from mpgi_ray.evaluate.captions.java import java_scores
from mpgi_ray.evaluate.captions.metrics import score_texts
from mpgi_ray.evaluate.config import Row
from mpgi_ray.evaluate.localize.locate import Target, localize_targets
from mpgi_ray.evaluate.probes.probe import Accuracy, CountProbe, Probe, accuracy, count_accuracy
from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.evaluate.regions import Regions, figures
from mpgi_ray.evaluate.retrieval import Retrieval, score
from mpgi_ray.evaluate.segment import Masks
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.evaluate.tower.bank import FIGURES, Bank
from mpgi_ray.evaluate.tower.bank import figures as tower_figures
from mpgi_ray.evaluate.tower.linear import LinearProbe
from mpgi_ray.evaluate.tower.neighbours import NEIGHBOURS, votes_of_neighbours
from mpgi_ray.evaluate.zero_shot import Templates, class_features
from mpgi_ray.evaluate.zero_shot import zero_shot as classify
from mpgi_ray.models.decoding import Decoding
from mpgi_ray.models.embed import Model
from mpgi_ray.models.patch_tokens import Last


def retrieval(model: Model, images: NDArray[Any], test: TestSet, name: str, protocol: Protocol) -> Row:
    """Recalls among the samples that have a text of this name."""
    rows, image_of_text, texts = _asked(test, name, protocol)
    asked = images[rows], model.texts(texts)
    inside = None
    if scenes := _scenes(test, rows):
        inside = within_class(*asked, scenes, image_of_text, texts, protocol)
    found = score(protocol, *asked, image_of_text, texts)
    return _retrieval_row(model.name, name, protocol, len(rows), found, inside)


def retrieval_baselines(test: TestSet, name: str, protocol: Protocol) -> list[Row]:
    """What chance reaches and, where every sample has a scene class, a model that knows only this class."""
    rows, image_of_text, texts = _asked(test, name, protocol)
    baselines = {"chance": chance(len(rows), image_of_text, texts, protocol)}
    inside = None
    if scenes := _scenes(test, rows):
        inside = baselines["class oracle"] = class_oracle(scenes, image_of_text, texts, protocol)
    return [_retrieval_row(who, name, protocol, len(rows), of, inside) for who, of in baselines.items()]


def zero_shot(model: Model, images: NDArray[Any], test: TestSet, templates: Templates) -> Row:
    """Accuracies on the samples with one class, among the classes of all splits."""
    rows = [row for row, scene in enumerate(test.scenes) if scene]
    classes = test.classes
    features = class_features(model.raw_texts, classes, templates)
    found = classify(images[rows], features, [classes.index(test.scenes[row]) for row in rows])
    interval = bootstrap(found.by_image(), found.figures)
    row = {"model": model.name, "templates": templates.value, "images": len(rows), "classes": len(classes)}
    return row | _figures(found.names, interval)


def tower(model: Model, images: NDArray[Any], bank: Bank, seed: int) -> list[Row]:
    """How well the classes of pictures are told from other pictures, without any text: a row a method."""
    known = model.images(bank.pictures())
    asked = images[list(bank.asked)]
    nearest = min(NEIGHBOURS, len(known))
    probe = LinearProbe.fit(known, bank.labels, bank.known, bank.ids, seed)
    votes = votes_of_neighbours(asked, known, bank.labels, bank.known, nearest)
    return [
        _tower_row(model.name, f"{nearest} nearest", votes, bank),
        _tower_row(model.name, "linear", probe.votes(asked), bank),
    ]


def tower_baseline(bank: Bank) -> Row:
    """The figures of putting every picture into the most frequent class of the bank."""
    return _tower_row("most frequent class", "", bank.usual(), bank)


def regions(model: Model, test: TestSet, asked: Regions) -> Row:
    """Accuracies on the objects of the samples, among the classes of the objects of all splits."""
    crops = model.pictures(asked.crops(test.pictures(asked.rows)))
    said = (crops @ model.texts(asked.names).T).argmax(axis=1).tolist()
    return {"model": model.name} | _region_figures(asked, said)


def region_baseline(asked: Regions) -> Row:
    """The figures of putting every object into the most frequent class."""
    labels = [label for boxes in asked.boxes for _, label in boxes]
    return {"model": "most frequent class"} | _region_figures(asked, [mode(labels)] * len(labels))


def segmentation(model: Model, masks: Masks) -> list[Row]:
    """A row for each way of taking the last block; none for a model whose patches cannot be taken."""
    if not model.has_patches:
        return []
    return [
        _pixel_row(f"{model.name}, {last} last block", segment.segment(model, masks, last))
        for last in (Last.PLAIN, Last.SEGEARTH)
    ]


def segmentation_baselines(masks: Masks) -> list[Row]:
    """One who says the largest class everywhere, and one who draws classes evenly."""
    classes = len(masks.names)
    said = np.stack([segment.confusion(mask.clip(0), mask, classes) for _, mask in masks])
    if not said.any():
        raise InputError(
            f"no pixel of the masks of {masks.path} is of a class that is asked about: expected one of "
            f"{', '.join(masks.names)}; does the source list the values of these masks?"
        )
    return [
        _pixel_row("largest class", segment.always_the_largest(said)),
        _pixel_row("chance", segment.by_chance(said)),
    ]


def facts(
    model: Model, images: NDArray[Any], probes: Sequence[Probe], counts: Sequence[CountProbe]
) -> list[Row]:
    """A row for each kind of fact that has probes."""
    found = {kind.value: of for kind, of in accuracy(images, model.texts, probes).items()}
    if counts:
        found["number of ten"] = count_accuracy(images, model.texts, counts)
    return [_fact_row(model.name, kind, of) for kind, of in found.items()]


def captions(model: Model, test: TestSet, name: str, decoding: Decoding) -> Row:
    """How close the model's captions are to the texts of this name."""
    rows, _, _ = _asked(test, name, Protocol.A)
    written = model.describe(test.pictures(rows), decoding)
    return {"model": model.name, "against": name} | _caption_figures(test, name, rows, written)


def caption_baselines(test: TestSet, name: str) -> list[Row]:
    """The figures of giving every picture the most frequent text of its class in the other splits.

    ``times`` is how often that text occurs there, as the median over pictures: 1 where texts hardly repeat.
    There is no row where a class has no text in the other splits.
    """
    rows, _, _ = _asked(test, name, Protocol.A)
    usual = test.usual_texts(name)
    if not all(test.scenes[row] in usual for row in rows):
        return []
    written, times = zip(*(usual[test.scenes[row]] for row in rows), strict=True)
    row: Row = {"model": "most frequent of the class", "times": median_low(times), "against": name}
    return [row | _caption_figures(test, name, rows, written)]


def localization(model: Model, targets: Sequence[Target]) -> Row:
    """The mean indicators over targets; those of one picture are drawn together for the interval."""
    names = ("rsu", "ras", "rda", "rmi")
    by_picture: dict[Path, list[list[float]]] = defaultdict(list)
    for target, found in zip(targets, localize_targets(model, targets), strict=True):
        by_picture[target.picture].append([found.rsu, found.ras, found.rda, found.rmi])
    sums = np.array([[*np.sum(found, axis=0), len(found)] for found in by_picture.values()])
    interval = bootstrap(sums, lambda drawn: drawn[:, :-1].sum(axis=0) / drawn[:, -1].sum())
    row: Row = {"model": model.name, "texts": len(targets), "pictures": len(by_picture)}
    return row | _figures(names, interval, 4)


def _asked(test: TestSet, name: str, protocol: Protocol) -> tuple[list[int], list[int], list[str]]:
    """Rows of the samples that have such a text; the place among them of each text; the prepared texts."""
    rows = [row for row in range(len(test.records)) if test.texts_of(row, name)]
    pairs = [(place, text) for place, row in enumerate(rows) for text in test.texts_of(row, name)]
    return rows, [place for place, _ in pairs], [protocol.prepare(text) for _, text in pairs]


def _scenes(test: TestSet, rows: Sequence[int]) -> list[str]:
    """The class of each of these samples; empty if one of them has none."""
    scenes = [test.scenes[row] for row in rows]
    return scenes if all(scenes) else []


def _retrieval_row(
    who: str, texts: str, protocol: Protocol, images: int, found: Retrieval, inside: Retrieval | None
) -> Row:
    """Recalls, and before these R@1 among the pictures and texts of the query's own class."""
    row: Row = {"model": who, "protocol": protocol.value, "texts": texts, "images": images}
    if inside is not None:
        names = [f"{name}_in_class" for name in inside.names]
        figures = _figures(names, bootstrap(inside.by_image(), inside.figures))
        row |= {key: value for key, value in figures.items() if "_r1_" in key}
    return row | _figures(found.names, bootstrap(found.by_image(), found.figures))


def _fact_row(model: str, kind: str, found: Accuracy) -> Row:
    row: Row = {"model": model, "fact": kind, "probes": found.probes, "images": found.images}
    return row | {"chance": round(found.chance, 1)} | _figures(["right"], found.per_cent)


def _tower_row(who: str, method: str, votes: NDArray[Any], bank: Bank) -> Row:
    row: Row = {"model": who, "method": method, "images": len(bank.asked), "bank": len(bank.rows)}
    row["classes"] = bank.known
    if without := sum(label >= bank.known for label in bank.right):
        row["of_no_class_of_the_bank"] = without
    return row | _figures(FIGURES, bootstrap(bank.by_image(votes), tower_figures))


def _region_figures(asked: Regions, said: Sequence[int]) -> Row:
    by_picture = asked.by_picture(said)
    row: Row = {"objects": len(said), "images": len(asked.rows), "classes": len(asked.classes)}
    return row | _figures(["top1", "mean_per_class"], bootstrap(by_picture, figures))


def _pixel_row(who: str, pixels: NDArray[Any]) -> Row:
    row: Row = {"model": who, "images": len(pixels), "classes": pixels.shape[1]}
    return row | _figures(["mean_iou", "pixels_right"], bootstrap(pixels, segment.figures))


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
