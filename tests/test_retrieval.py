"""Retrieval figures against their definition, spelled out by brute force over all orders of ties."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.evaluate import retrieval as module
from mpgi_ray.evaluate.bars import chance, class_oracle
from mpgi_ray.evaluate.retrieval import KS, retrieval, retrieval_merged


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


@settings(max_examples=40, deadline=None)
@given(images=st.integers(1, 4), extra=st.integers(0, 2), seed=st.integers(0, 10_000))
def test_recalls_follow_the_definition_with_ties(images: int, extra: int, seed: int) -> None:
    owner = [*range(images), *np.random.default_rng(seed).integers(0, images, extra).tolist()]
    pictures, texts = few_valued(images, seed), few_valued(len(owner), seed + 1)
    positive = np.arange(images)[:, None] == np.array(owner)[None, :]
    result = retrieval(pictures, texts, owner)
    assert result.image_to_text == pytest.approx(by_definition(pictures @ texts.T, positive))
    assert result.text_to_image == pytest.approx(by_definition(texts @ pictures.T, positive.T))


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
        monkeypatch.setattr(module, "BLOCK_BYTES", block)
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


def test_bars() -> None:
    owner = np.repeat(np.arange(40), 5).tolist()
    by_chance = chance(40, owner)
    assert by_chance.text_to_image == pytest.approx((100 / 40, 100 * 5 / 40, 100 * 10 / 40))
    assert by_chance.image_to_text[0] == pytest.approx(100 * 5 / 200)
    oracle = class_oracle(
        [f"class {i // 10}" for i in range(40)], owner
    )  # ten pictures of each of four classes
    assert oracle.text_to_image == pytest.approx((10, 50, 100))


@pytest.mark.parametrize(
    ("images", "texts", "owner", "said"),
    [
        (np.eye(2), np.eye(2), [0, 0], "no text"),
        (np.eye(2), np.eye(2), [0, 2], "no text"),
        (np.eye(2) * np.nan, np.eye(2), [0, 1], "finite"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    images: np.ndarray, texts: np.ndarray, owner: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        retrieval(images, texts, owner)
