"""Caption metrics against the official figures, against their definitions, and on input that has none."""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.errors import InputError, ResourceError
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.evaluate.captions.java import meteor, spice
from mpgi_ray.evaluate.captions.metrics import CaptionScores, score, score_texts
from mpgi_ray.evaluate.captions.words import words

OFFICIAL = {
    "bleu_1": "Bleu_1",
    "bleu_2": "Bleu_2",
    "bleu_3": "Bleu_3",
    "bleu_4": "Bleu_4",
    "rouge_l": "ROUGE_L",
    "cider_d": "CIDEr",
}

texts = st.lists(st.sampled_from("abcd"), max_size=6)
image = st.tuples(texts, st.lists(texts, min_size=1, max_size=3).filter(any))
images = st.lists(image, min_size=1, max_size=5)


@pytest.fixture(scope="module")
def sydney(data_dir: Path) -> dict[str, Any]:
    """A model's captions of 58 images and five references each, raw and as official words; the figures."""
    with gzip.open(data_dir / "caption_metrics" / "sdrsic_Sydney_DenseNet169.json.gz") as file:
        return json.load(file)


@pytest.fixture(scope="module")
def example(data_dir: Path) -> dict[str, Any]:
    """Two sentences with published figures."""
    return json.loads((data_dir / "caption_metrics" / "nlgeval_example.json").read_text())


def _figures(scores: CaptionScores) -> dict[str, float]:
    return dict(zip(scores.names, scores.figures(scores.by_image()), strict=True))


def _score(images: list[tuple[list[str], list[list[str]]]]) -> CaptionScores:
    return score([caption for caption, _ in images], [references for _, references in images])


def test_a_real_models_captions_get_the_official_figures_as_a_set_and_one_by_one(sydney: Any) -> None:
    items = sydney["items"]
    scores = score(
        [item["prediction_ptb"].split() for item in items],
        [[text.split() for text in item["references_ptb"]] for item in items],
    )
    corpus = {name: sydney["corpus"][official] for name, official in OFFICIAL.items()}
    assert _figures(scores) == pytest.approx(corpus, abs=1e-9)
    single = np.array([[item["scores"][official] for official in OFFICIAL.values()] for item in items])
    ours = np.column_stack([scores.image_bleu, scores.image_rouge_l, scores.image_cider_d])
    np.testing.assert_allclose(ours, single, atol=1e-9)


def test_the_published_example_gets_its_published_figures(example: Any) -> None:
    scores = score_texts(example["hypotheses"], example["references"])
    published = {name: example["published_scores"][official] for name, official in OFFICIAL.items()}
    assert _figures(scores) == pytest.approx(published, abs=1e-6)


def test_our_words_of_raw_captions_are_the_official_ones(sydney: Any) -> None:
    for item in sydney["items"]:
        raw = [item["prediction"], *item["references"]]
        official = [item["prediction_ptb"], *item["references_ptb"]]
        assert [words(text) for text in raw] == [text.split() for text in official]


@given(images)
def test_scores_of_any_captions_follow_the_definitions(images: Any) -> None:
    scores = _score(images)
    np.testing.assert_allclose(scores.bleu, _bleu(images), atol=1e-9)
    for i, (caption, references) in enumerate(images):
        np.testing.assert_allclose(scores.image_bleu[i], _bleu([(caption, references)]), atol=1e-9)
        assert scores.image_rouge_l[i] == pytest.approx(_rouge_l(caption, references))
        assert scores.image_cider_d[i] == pytest.approx(_cider_d(caption, references, images), abs=1e-9)


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=4, max_size=9), min_size=1, max_size=5))
def test_captions_that_are_a_reference_get_bleu_and_rouge_of_one(captions: Any) -> None:
    scores = score(captions, [[["e"], caption] for caption in captions])
    assert scores.bleu == pytest.approx([1] * 4)
    assert scores.rouge_l == pytest.approx(1)


@given(images, st.randoms())
def test_the_order_of_images_changes_no_score(images: Any, random: Any) -> None:
    order = list(range(len(images)))
    random.shuffle(order)
    scores, shuffled = _score(images), _score([images[i] for i in order])
    np.testing.assert_allclose(shuffled.by_image(), scores.by_image()[order])
    assert shuffled.row() == pytest.approx(scores.row(), abs=1e-4)


def test_captions_that_are_every_reference_get_cider_of_ten() -> None:
    captions = [text.split() for text in ("two ships at a long pier", "dense trees by some red roofs")]
    assert score(captions, [[caption, caption] for caption in captions]).cider_d == pytest.approx(10)


def test_drawn_images_get_the_bleu_of_a_set_of_those_images() -> None:
    captions = [text.split() for text in ("a b c d e", "a b x y", "c d e f a b")]
    references = [[text.split()] for text in ("a b c d f g", "a b x z", "c d e f a")]
    scores = score(captions, references)
    drawn = [2, 0, 2]
    again = score([captions[i] for i in drawn], [references[i] for i in drawn])
    assert scores.figures(scores.by_image()[drawn])[:4] == pytest.approx(again.bleu)
    interval = bootstrap(scores.by_image(), scores.figures, resamples=50)
    assert interval.value == pytest.approx(list(_figures(scores).values()))
    assert (interval.low < interval.high)[:4].all()


def test_a_caption_without_words_scores_nothing_and_a_reference_without_words_is_one_more() -> None:
    references = [["many trees stand here", ""], ["a red roof by the sea"]]
    scores = score_texts(["...", "a red roof"], references)
    assert not scores.image_bleu[0].any()
    assert (scores.image_rouge_l[0], scores.image_cider_d[0]) == (0, 0)
    assert scores.image_rouge_l[1] > 0
    full = score_texts(["many trees stand here", "a red roof"], references)
    assert full.image_cider_d[0] == pytest.approx(5)  # ten with the one, nothing with the other


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        (["a"], [], "1 captions, references of 0 images"),
        ([], [], "at least one image"),
        (["a", "b"], [["a"], []], r"image 1 \(counted from 0\) has no references"),
        (["a", "b"], [["a"], [" . "]], r"image 1 \(counted from 0\) has no references with words"),
    ],
)
def test_images_that_cannot_be_scored_are_named(candidates: Any, references: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_texts(candidates, references)


def test_texts_are_not_taken_for_their_letters() -> None:
    with pytest.raises(TypeError, match=r"image 0 .*score_texts"):
        score(["a roof"], [["a roof"]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two U-shaped roofs, 3.5 km apart.", "two u-shaped roofs 3.5 km apart"),
        ("It’s (about) 1,000 m -- 50% isn't grass!", "it 's about 1,000 m 50 % is n't grass"),
        ('The buildings\' shadows: "dark"; cannot end...', "the buildings shadows dark can not end"),
        ("an <unk> in a red/green field?", "an <unk> in a red/green field"),
    ],
)
def test_words_of_a_caption(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@given(st.text(st.sampled_from("ab nt's.,-/:<>()’\"%1 cano"), max_size=20) | st.text(max_size=20))
def test_words_of_words_are_the_same_words(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


def test_without_java_and_package_the_error_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "pycocoevalcap", raising=False)
    for metric in (meteor, spice):
        with pytest.raises(ResourceError, match=r"needs Java .* and the package pycocoevalcap"):
            metric([["a"]], [[["a"]]])


@pytest.mark.parametrize("word", ["red roof", "", "|||"])
def test_words_that_the_java_programs_would_split_are_refused(word: str) -> None:
    with pytest.raises(InputError, match="the word"):
        meteor([["a", word]], [[["a"]]])


def test_meteor_gives_the_official_figures(sydney: Any) -> None:
    pytest.importorskip(
        "pycocoevalcap", reason="METEOR is of the package pycocoevalcap, which is not installed"
    )
    items = sydney["items"]
    result = meteor(
        [item["prediction_ptb"].split() for item in items],
        [[text.split() for text in item["references_ptb"]] for item in items],
    )
    assert result.corpus == pytest.approx(sydney["corpus"]["METEOR"], abs=1e-6)
    np.testing.assert_allclose(result.by_image, [item["scores"]["METEOR"] for item in items], atol=1e-6)


def test_a_java_that_fails_is_said_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(
        "pycocoevalcap", reason="METEOR is of the package pycocoevalcap, which is not installed"
    )
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho no room for the heap >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ResourceError, match=r"METEOR ended without a score.*no room for the heap"):
        meteor([["a"]], [[["a"]]])


def _grams(text: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(text[start:] for start in range(n)), strict=False))


def _bleu(images: list[tuple[list[str], list[list[str]]]]) -> list[float]:
    product, figures = 1.0, []
    size = sum(len(caption) for caption, _ in images)
    nearest = sum(min(map(len, refs), key=lambda n: (abs(n - len(caption)), n)) for caption, refs in images)
    for n in (1, 2, 3, 4):
        right = sum(
            min(count, max(_grams(reference, n)[gram] for reference in references))
            for caption, references in images
            for gram, count in _grams(caption, n).items()
        )
        possible = sum(max(0, len(caption) - n + 1) for caption, _ in images)
        product *= (right + 1e-15) / (possible + 1e-9)
        penalty = math.exp(min(0, 1 - nearest / size)) if size else 0.0
        figures.append(penalty * product ** (1 / n))
    return figures


def _rouge_l(caption: list[str], references: list[list[str]]) -> float:
    def longest(a: list[str], b: list[str]) -> int:
        if not a or not b:
            return 0
        if a[0] == b[0]:
            return 1 + longest(a[1:], b[1:])
        return max(longest(a[1:], b), longest(a, b[1:]))

    precision = max(longest(caption, reference) / (len(caption) or 1) for reference in references)
    recall = max(longest(caption, reference) / (len(reference) or 1) for reference in references)
    return (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision) if precision else 0.0


def _cider_d(caption: list[str], references: list[list[str]], images: Any) -> float:
    total = 0.0
    for n in (1, 2, 3, 4):
        grams = sorted({gram for c, refs in images for text in (c, *refs) for gram in _grams(text, n)})
        known = [sum(any(gram in _grams(text, n) for text in refs) for _, refs in images) for gram in grams]
        idf = np.log(len(images) / np.maximum(known, 1))
        one = idf * [_grams(caption, n)[gram] for gram in grams]
        for reference in references:
            other = idf * [_grams(reference, n)[gram] for gram in grams]
            norm = np.linalg.norm(one) * np.linalg.norm(other)
            further = max(len(caption) - 1, 0) - max(len(reference) - 1, 0)
            cosine = np.minimum(one, other) @ other / norm if norm else 0.0
            total += cosine * math.exp(-(further**2) / 72)
    return 10 * total / 4 / len(references)
