"""Retrieval figures against their definition, spelled out by brute force over all orders of ties."""

from __future__ import annotations

import json
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.evaluate import ranking
from mpgi_ray.evaluate.baselines import chance, class_oracle, within_class
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.evaluate.retrieval import (
    KS,
    Protocol,
    Retrieval,
    retrieval,
    retrieval_merged,
    retrieval_repeated,
    score,
)


def by_definition(scores: np.ndarray, positive: np.ndarray) -> list[float]:
    """Hit-if-any at each k, averaged over every order of the candidates that respects the scores."""
    recalls = []
    for k in KS:
        hits = []
        for row, right in zip(scores, positive, strict=True):
            orders = [
                order
                for order in permutations(range(len(row)))
                if all(row[a] >= row[b] for a, b in pairwise(order))
            ]
            hits.append(np.mean([right[list(order[:k])].any() for order in orders]))
        recalls.append(100 * float(np.mean(hits)))
    return recalls


def few_valued(rows: int, seed: int) -> np.ndarray:
    """Features whose products take few values, hence many ties."""
    return np.random.default_rng(seed).integers(0, 2, (rows, 2)).astype(float)


def hits_by_definition(scores: np.ndarray, positive: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """The chance of each query, by many fair drawings of the order of ties: slow, and for any size."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(400):
        order = np.lexsort((rng.random(scores.shape), -scores))
        ranked = np.take_along_axis(positive, order, axis=1)
        drawn.append(np.stack([ranked[:, :k].any(axis=1) for k in ks], axis=1))
    return np.mean(drawn, axis=0)


@settings(max_examples=40)
@given(
    protocol=st.sampled_from(Protocol),
    images=st.integers(1, 4),
    extra=st.integers(0, 2),
    seed=st.integers(0, 10_000),
)
def test_recalls_follow_the_definition_with_ties(
    protocol: Protocol, images: int, extra: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    owner = [*range(images), *rng.integers(0, images, extra).tolist()]
    texts = [f"text {word}" for word in rng.integers(0, 4, len(owner))]
    pictures, of_text = (
        few_valued(images, seed),
        dict(zip(texts, few_valued(len(owner), seed + 1), strict=True)),
    )
    result = score(protocol, pictures, np.stack([of_text[text] for text in texts]), owner, texts)
    queries = list(dict.fromkeys(texts)) if protocol is Protocol.B else texts
    if protocol is Protocol.A:
        positive = np.arange(images)[:, None] == np.array(owner)[None, :]
    else:
        own = [{text for text, image in zip(texts, owner, strict=True) if image == i} for i in range(images)]
        positive = np.array([[text in own[image] for text in queries] for image in range(images)])
    features = np.stack([of_text[text] for text in queries])
    assert result.image_to_text[:3] == pytest.approx(by_definition(pictures @ features.T, positive))
    assert result.text_to_image[:3] == pytest.approx(by_definition(features @ pictures.T, positive.T))


def test_hits_of_each_query_follow_the_definition_for_five_repeated_texts_an_image() -> None:
    rng = np.random.default_rng(3)
    owner = np.repeat(np.arange(12), 5)
    words = rng.integers(0, 15, 60)
    texts = [f"text {word}" for word in words]
    pictures, features = rng.integers(0, 3, (12, 2)).astype(float), rng.integers(0, 3, (15, 2)).astype(float)
    result = retrieval_repeated(pictures, features[words], owner.tolist(), texts, (1, 5, 10, 20))
    has = np.zeros((12, 15), dtype=bool)
    has[owner, words] = True
    scores, positive = pictures @ features[words].T, has[:, words]
    assert result.image_hits.shape == (12, 4)
    assert result.text_hits.shape == (60, 4)
    for found, way in ((result.image_hits, (scores, positive)), (result.text_hits, (scores.T, positive.T))):
        assert np.abs(found - hits_by_definition(*way, result.ks)).max() < 0.13  # five standard errors


def test_five_texts_an_image_agree_with_ranks_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(60), 5)
    pictures = rng.normal(size=(60, 8))
    texts = pictures[owner] + 1.5 * rng.normal(size=(300, 8))
    scores = pictures @ texts.T
    best_rank = (
        np.argsort(np.argsort(-scores, axis=1), axis=1).reshape(60, 60, 5)[range(60), range(60)].min(1)
    )
    own_rank = np.argsort(np.argsort(-scores.T, axis=1), axis=1)[range(300), owner]
    for block in (2**26, 2**14, 1):
        monkeypatch.setattr(ranking, "BLOCK_BYTES", block)
        result = retrieval(pictures, texts, owner.tolist())
        assert result.image_to_text == pytest.approx([100 * (best_rank < k).mean() for k in KS])
        assert result.text_to_image == pytest.approx([100 * (own_rank < k).mean() for k in KS])
    six = [*result.image_to_text, *result.text_to_image]
    assert result.row()["mean_recall"] == round(sum(six) / 6, 2)


def test_a_repeated_text_is_wrong_for_the_other_image_unless_merged() -> None:
    texts = ["a harbour", "a harbour", "a forest"]
    pictures = np.eye(3)
    features = np.array([pictures[0], pictures[0], pictures[2]])
    separate = retrieval(pictures, features, [0, 1, 2])
    merged = retrieval_merged(pictures, features, [0, 1, 2], texts)
    # "a harbour" points at image 0: as the text of image 1 it ties images 1 and 2 behind it
    assert separate.text_to_image == pytest.approx((200 / 3, 100, 100))
    assert merged.text_to_image == (100, 100, 100)
    # image 0 finds two equal texts, one of which is its own; image 1 sees three equal scores
    assert separate.image_to_text == pytest.approx((100 * (1 / 2 + 1 / 3 + 1) / 3, 100, 100))
    assert merged.image_to_text == pytest.approx((100 * (1 + 1 / 2 + 1) / 3, 100, 100))


def test_a_repeated_text_is_right_for_each_of_its_images_and_counts_each_time() -> None:
    texts = ["a harbour", "a harbour", "a forest"]
    pictures = np.eye(3)
    features = np.array([pictures[0], pictures[0], pictures[2]])
    repeated = retrieval_repeated(pictures, features, [0, 1, 2], texts)
    assert repeated.text_to_image == (100, 100, 100)
    # both harbours are right for images 0 and 1; image 1 sees three equal scores, two of them right
    assert repeated.image_to_text == pytest.approx((100 * (1 + 2 / 3 + 1) / 3, 100, 100))


def test_protocols_prepare_texts_and_b_looks_at_a_hundred_candidates() -> None:
    assert Protocol("a").prepare("Two SHIPS at A Pier.") == "Two ships at a pier."
    assert Protocol("repeated").prepare("two ships") == "Two ships"
    assert Protocol("b").prepare("Two ships") == "a satellite image. Two ships"
    rng = np.random.default_rng(0)
    owner, texts = list(range(300)), [f"text {i % 250}" for i in range(300)]
    features = {text: rng.normal(size=4) for text in texts}
    row = score(
        Protocol.B, rng.normal(size=(300, 4)), np.stack([features[t] for t in texts]), owner, texts
    ).row()
    assert list(row) == [
        *("i2t_r1", "i2t_r5", "i2t_r10", "i2t_r100"),
        *("t2i_r1", "t2i_r5", "t2i_r10", "t2i_r100"),
        *("i2t_mean", "t2i_mean", "mean_recall"),
    ]
    assert row["i2t_r10"] < row["i2t_r100"]
    assert row["i2t_mean"] == pytest.approx((row["i2t_r1"] + row["i2t_r5"] + row["i2t_r10"]) / 3, abs=0.01)
    assert row["mean_recall"] == pytest.approx((row["i2t_mean"] + row["t2i_mean"]) / 2, abs=0.01)


@pytest.mark.parametrize("protocol", Protocol)
def test_images_can_be_drawn_again_for_an_interval(protocol: Protocol) -> None:
    rng = np.random.default_rng(1)
    owner = np.repeat(np.arange(80), rng.integers(1, 6, 80))
    words = np.where(
        rng.random(len(owner)) < 0.3, 0, np.arange(len(owner))
    )  # one text that many images share
    pictures = rng.normal(size=(80, 8))
    texts = (pictures[owner] + 2 * rng.normal(size=(len(owner), 8)))[words]
    result = score(protocol, pictures, texts, owner.tolist(), [str(word) for word in words])
    figures = dict(zip(result.names, result.figures(result.by_image()), strict=True))
    assert [figures[f"i2t_r{k}"] for k in result.ks] == pytest.approx(result.image_to_text)
    assert [figures[f"t2i_r{k}"] for k in result.ks] == pytest.approx(result.text_to_image)
    interval = bootstrap(result.by_image(), result.figures, resamples=200)
    assert interval.value == pytest.approx(list(figures.values()))
    assert (interval.low <= interval.value).all()
    assert (interval.value <= interval.high).all()
    assert 2 < interval.high[-1] - interval.low[-1] < 20  # mean recall of 80 images
    # one image alone: its own hits, and those of its own texts
    own = result.text_hits[result.owners[result.owners[:, 0] == 7, 1]]
    if protocol is not Protocol.B:
        alone = result.figures(result.by_image()[[7]])
        assert alone[: 2 * len(result.ks)] == pytest.approx(
            100 * np.r_[result.image_hits[7], own.mean(axis=0)]
        )


def test_bars() -> None:
    owner = np.repeat(np.arange(40), 5).tolist()
    by_chance = chance(40, owner)
    assert by_chance.text_to_image == pytest.approx((100 / 40, 100 * 5 / 40, 100 * 10 / 40))
    assert by_chance.image_to_text[0] == pytest.approx(100 * 5 / 200)
    scenes = [f"class {i // 10}" for i in range(40)]  # ten pictures of each of four classes
    assert class_oracle(scenes, owner).text_to_image == pytest.approx((10, 50, 100))


def test_within_a_class_is_retrieval_over_that_class_alone() -> None:
    rng = np.random.default_rng(4)
    features = [rng.normal(size=(count, 8)) for count in (36, 72)]
    images, texts = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in features)
    owner, scenes = np.repeat(np.arange(36), 2), np.arange(36) % 3
    found = within_class(images, texts, [str(scene) for scene in scenes], owner.tolist())
    for scene in range(3):
        own = scenes == scene
        alone = retrieval(images[own], texts[own[owner]], np.repeat(np.arange(12), 2).tolist())
        assert found.image_hits[own] == pytest.approx(alone.image_hits)
        assert found.text_hits[own[owner]] == pytest.approx(alone.text_hits)
    assert found.mean_recall > retrieval(images, texts, owner.tolist()).mean_recall + 10


def test_bars_of_other_protocols_count_what_a_text_shares() -> None:
    owner = np.repeat(np.arange(40), 5).tolist()
    scenes = [f"class {i // 10}" for i in range(40)]

    def of(texts: list[str], protocol: Protocol) -> tuple[Retrieval, Retrieval]:
        return chance(40, owner, texts, protocol), class_oracle(scenes, owner, texts, protocol)

    distinct = [f"text {i}" for i in range(200)]
    for ours, plain in zip(of(distinct, Protocol.REPEATED), of([], Protocol.A), strict=True):
        assert ours.row() == plain.row()
    assert of(distinct, Protocol.B)[0].row()["t2i_r100"] == 100
    by_class = [scenes[image] for image in owner]  # the text is the class: 4 distinct ones
    for protocol in (Protocol.B, Protocol.REPEATED):
        by_chance, oracle = of(by_class, protocol)
        assert by_chance.text_to_image[0] == pytest.approx(25)
        assert by_chance.image_to_text[0] == pytest.approx(25)
        assert oracle.row()["mean_recall"] == 100
    one = of(["something"] * 200, Protocol.B)[1]  # a text of all classes tells nothing and is always right
    assert one.row()["mean_recall"] == 100


def test_on_a_real_set_only_protocol_a_fails_a_model_that_knows_every_caption(data_dir: Path) -> None:
    lines = (data_dir / "ucm" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    images = [image for image in map(json.loads, lines) if image["split"] == "val"]
    owner = [i for i, image in enumerate(images) for _ in image["captions"]]
    captions = [caption for image in images for caption in image["captions"]]
    found = {}
    for protocol in Protocol:
        texts = [protocol.prepare(caption) for caption in captions]
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        words = [distinct[text] for text in texts]
        pictures = np.zeros((len(images), len(distinct)))
        pictures[owner, words] = 1
        found[protocol] = score(protocol, pictures, np.eye(len(distinct))[words], owner, texts).mean_recall
        baseline = class_oracle([image["scene"] for image in images], owner, texts, protocol).mean_recall
        least = chance(len(images), owner, texts, protocol).mean_recall
        assert least < baseline / 5 < baseline < found[protocol]
    # half of the captions of this set occur for several images
    assert found == {
        "a": pytest.approx(73.2, abs=0.5),
        "b": pytest.approx(100),
        "repeated": pytest.approx(100),
    }


@pytest.mark.parametrize(
    ("images", "texts", "owner", "said"),
    [
        (np.eye(2), np.eye(2), [0, 0], "no text"),
        (np.eye(2), np.eye(2), [0, 2], "no text"),
        (np.eye(2), np.eye(2), [0], "1 images for 2 texts"),
        (np.eye(2) * np.nan, np.eye(2), [0, 1], "finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    images: np.ndarray, texts: np.ndarray, owner: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        retrieval(images, texts, owner)
