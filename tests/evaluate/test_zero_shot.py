"""Zero-shot classification: what each protocol makes of its sentences, and the figures by definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.evaluate.zero_shot import Templates, class_features, class_words, zero_shot

CLASSES = ("Annual_Crop", "Sea/Lake", "harbour")


class Encoder:
    """A text encoder whose features have lengths of their own, as those of a model have."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        return np.stack([self.feature(text) for text in texts])

    def feature(self, text: str) -> np.ndarray:
        rng = np.random.default_rng(list(text.encode()))
        return rng.normal(size=6) * rng.uniform(0.1, 10)


def unit(features: np.ndarray) -> np.ndarray:
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def test_skyscript_averages_unit_features_of_its_two_sentences() -> None:
    encode = Encoder()
    features = class_features(encode, CLASSES, Templates.SKYSCRIPT)
    assert encode.read[2:4] == ["a satellite photo of sea lake.", "a satellite image of sea lake"]
    photo, image = encode.feature("a satellite photo of annual crop."), encode.feature(encode.read[1])
    assert features[0] == pytest.approx(unit((unit(photo) + unit(image)) / 2))
    assert features.shape == (3, 6)


def test_rs5m_averages_features_as_they_are_over_many_sentences() -> None:
    encode = Encoder()
    features = class_features(encode, CLASSES, Templates.RS5M)
    ours = [sentence for sentence in encode.read if "annual crop" in sentence]
    assert len(set(ours)) == len(ours) == len(encode.read) / 3 > 20
    raw = np.stack([encode.feature(sentence) for sentence in ours])
    assert features[0] == pytest.approx(unit(raw.mean(axis=0)))
    assert features[0] != pytest.approx(unit(unit(raw).mean(axis=0)), abs=0.01)
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(3))


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Storage_Tank/Silo", "storage tank silo"),
        ("AnnualCrop", "annual crop"),
        ("denseresidential", "dense residential area"),
        ("Dense_Residential", "dense residential area"),
        ("mediumresidential", "medium residential area"),
        ("mobilehomepark", "mobile home park"),
        ("storagetanks", "storage tanks"),
        ("tenniscourt", "tennis court"),
        ("airplane", "airplane"),  # the scene's phrase is another: an airfield with one or more airplanes
        ("trafficland", "traffic land"),
        ("snowberg", "snowberg"),
        ("karst", "karst"),
        ("机场", "机场"),
        ("?", "?"),
    ],
)
def test_a_label_is_said_in_its_own_words(label: str, said: str) -> None:
    assert class_words(label) == said


def test_names_that_become_the_same_words_are_refused() -> None:
    with pytest.raises(InputError, match="'Sea_Lake' is 'sea lake'"):
        class_features(Encoder(), ("Sea_Lake", "sea/lake"), Templates.RS5M)
    with pytest.raises(InputError, match="no classes"):
        class_features(Encoder(), (), Templates.RS5M)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 10_000))
def test_figures_follow_their_definition(images: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures, names = unit(rng.normal(size=(images, 5))), unit(rng.normal(size=(classes, 5)))
    labels = rng.integers(0, classes, images)
    order = np.argsort(-(pictures @ names.T), axis=1)
    first = order[:, 0] == labels
    result = zero_shot(pictures, names, labels.tolist())
    assert np.array_equal(result.hits[:, 0], first)
    assert result.top1 == pytest.approx(100 * first.mean())
    assert result.top5 == pytest.approx(100 * (order[:, :5] == labels[:, None]).any(axis=1).mean())
    per_class = [first[labels == label].mean() for label in range(classes) if (labels == label).any()]
    assert result.mean_per_class == pytest.approx(100 * np.mean(per_class))
    drawn = rng.integers(0, images, images)
    again = zero_shot(pictures[drawn], names, labels[drawn].tolist())
    figures = result.figures(result.by_image()[drawn])
    assert figures == pytest.approx([again.top1, again.top5, again.mean_per_class])


def test_a_model_without_an_opinion_is_right_by_chance() -> None:
    result = zero_shot(np.ones((6, 1)), np.ones((10, 1)), [0, 0, 0, 0, 3, 9])
    assert result.row() == {"top1": 10.0, "top5": 50.0, "mean_per_class": 10.0}


def test_the_mean_over_classes_varies_more_where_a_class_has_few_pictures() -> None:
    labels = [0] * 90 + [1] * 10
    right = np.where(np.arange(100) % 2, labels, 1 - np.array(labels))  # every second picture of each
    result = zero_shot(np.eye(2)[right], np.eye(2), labels)
    found = bootstrap(result.by_image(), result.figures)
    assert found.value.tolist() == [50, 100, 50]
    assert found.low[2] < found.low[0] < 50 < found.high[0] < found.high[2]


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 3], [0, 1, -1]])
def test_labels_of_no_class_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="the row of a class"):
        zero_shot(np.eye(3), np.eye(3), labels)
