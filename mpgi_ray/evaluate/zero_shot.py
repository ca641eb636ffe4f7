"""Zero-shot classification: the class whose sentences lie nearest to the picture, under two protocols.

They differ in the sentences (``templates.yaml``) and in how these become one feature of the class. RS5M
(Zhang et al. 2024) averages the text features as the model gives them; SkyScript (Wang et al. 2024) first
brings each to length one. Both then bring the mean to length one. A class keeps the words of its label;
where they run together, the rules' lexicon separates them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TypeAlias

import numpy as np
import yaml
from numpy.typing import NDArray

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.ranking import Features, Hits, check_features, expected_hits
from mpgi_ray.rules.lexicon import humanise, scene_phrase

KS = (1, 5)

# texts to their features (texts, dim), as the model gives them: not brought to length one
Encode: TypeAlias = Callable[[Sequence[str]], Features]


class Templates(StrEnum):
    """A protocol by name."""

    RS5M = "rs5m"
    SKYSCRIPT = "skyscript"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences, with ``{c}`` for the class."""
        return _sentences()[self.value]


@dataclass(frozen=True, slots=True, eq=False)
class ZeroShot:
    """Which pictures were put into their class.

    Attributes:
        hits: (images, 2), the chance that the class is the first, and among the first five; ties count as
            in `ranking`.
        labels: (images,), the index of the right class.
    """

    hits: Hits
    labels: NDArray[np.intp]

    @property
    def top1(self) -> float:
        """Accuracy in per cent."""
        return float(self.figures(self.by_image())[0])

    @property
    def top5(self) -> float:
        """How often the class is among the first five, in per cent."""
        return float(self.figures(self.by_image())[1])

    @property
    def mean_per_class(self) -> float:
        """Mean of the classes' own accuracies in per cent, over the classes that have pictures."""
        return float(self.figures(self.by_image())[2])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of `figures`."""
        return ("top1", "top5", "mean_per_class")

    def row(self) -> dict[str, float]:
        """The figures of a results table, rounded to two decimals as published ones are."""
        figures = self.figures(self.by_image()).tolist()
        return {name: round(value, 2) for name, value in zip(self.names, figures, strict=True)}

    def by_image(self) -> NDArray[np.float64]:
        """Rows (images, 3) to resample for an interval: the two hits and the label."""
        return np.column_stack([self.hits, self.labels]).astype(np.float64)

    def figures(self, by_image: NDArray[np.float64]) -> NDArray[np.float64]:
        """The figures of `names` in per cent over rows of `by_image`, all or drawn ones.

        In drawn rows the mean over classes covers the classes that were drawn.
        """
        hits, labels = by_image[:, :2], by_image[:, 2].astype(np.intp)
        return np.asarray(100 * np.append(hits.mean(axis=0), mean_over_classes(hits[:, 0], labels)))


def class_words(name: str) -> str:
    """A class's name as the sentences have it, in lower case: ``Annual_Crop`` → ``annual crop``.

    Words that run together are cut where the lexicon's phrase for the scene shows it, and a density or use
    without a noun gets that of the phrase: ``denseresidential`` → ``dense residential area``.
    """
    said = humanise(name).lower() or name.lower()
    phrase = scene_phrase(name) or ""
    if " " not in said:
        for word in phrase.split():
            if len(word) > 2:  # leaves articles out
                said = said.replace(word, f" {word} ")
    said = re.sub(r"(?<=\w) s\b", "s", " ".join(said.split()))  # storage tank s
    return f"{said} area" if phrase.endswith(f"{said.rpartition(' ')[2]} area") else said


def class_features(encode: Encode, classes: Sequence[str], templates: Templates) -> NDArray[np.float64]:
    """One unit feature for each class, (classes, dim).

    Args:
        encode: the model's text features before they are brought to length one; where it gives unit ones,
            the RS5M protocol differs from SkyScript's by its sentences only.
        classes: their names, as the data set has them.

    Raises:
        InputError: no classes, or two with the same words.
    """
    words = [class_words(name) for name in classes]
    if not words:
        raise InputError("no classes to choose from: zero-shot classification needs their names")
    for name, word in zip(classes, words, strict=True):
        if words.count(word) > 1:
            raise InputError(
                f"class {name!r} is {word!r} in a sentence, and so is another: rename one of them"
            )
    sentences = templates.sentences
    features = encode([sentence.format(c=word) for word in words for sentence in sentences])
    check_features("class text", features)
    each = features.astype(np.float64).reshape(len(words), len(sentences), -1)
    if templates is Templates.SKYSCRIPT:
        each = _unit(each)
    return _unit(each.mean(axis=1))


def zero_shot(image_features: Features, classes: Features, labels: Sequence[int]) -> ZeroShot:
    """Classify pictures by their nearest class.

    Args:
        image_features: (images, dim), L2-normalised.
        classes: (classes, dim), features of `class_features`.
        labels: the right class of each image, by row.

    Raises:
        ValueError: shapes do not fit, a feature is not finite, or a label names no class.
    """
    check_features("image", image_features)
    check_features("class", classes)
    right = np.asarray(labels, dtype=np.intp)
    if right.shape != (len(image_features),) or right.min() < 0 or right.max() >= len(classes):
        raise ValueError(
            f"labels of shape {right.shape} for {len(image_features)} images and {len(classes)} "
            "classes: expected the row of a class for each image"
        )
    positives = np.stack([np.arange(len(right)), right], axis=1)
    return ZeroShot(expected_hits(image_features, classes, positives, KS), right)


def mean_over_classes(hits: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """The mean over the classes that have pictures of the share of each that is right.

    Args:
        hits: of each picture, from 0 to 1.
        labels: the class of each.
    """
    pictures = np.bincount(labels)
    right = np.bincount(labels, weights=hits)
    return float((right[pictures > 0] / pictures[pictures > 0]).mean())


def _unit(features: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(features, axis=-1, keepdims=True)
    return np.asarray(features / np.maximum(length, np.finfo(np.float64).tiny))


@cache
def _sentences() -> dict[str, tuple[str, ...]]:
    text = resources.files("mpgi_ray.evaluate").joinpath("templates.yaml").read_text(encoding="utf-8")
    return {name: tuple(sentences) for name, sentences in yaml.safe_load(text).items()}
