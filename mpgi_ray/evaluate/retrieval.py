"""Cross-modal retrieval: recall at k of images by texts and of texts by images, under three protocols.

`retrieval` is protocol A, that of RemoteCLIP (Liu et al. 2024) and HQRS-CLIP: every text is a candidate of
its own and belongs to one image. `retrieval_merged` is protocol B, that of SkyScript (Wang et al. 2024) and
FarSLIP: equal texts are one candidate, which belongs to every image that has it. `retrieval_repeated` is A
mended: the candidates are those of A, but a text is right for every image that has an equal one. The figures
of different protocols cannot be compared.

A query is a hit at k if any of its positives is among the first k candidates; `ranking` says how ties count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.evaluate.protocol import Protocol
from mpgi_ray.evaluate.ranking import Features, Hits, Pairs, check_features, expected_hits

KS = (1, 5, 10)  # the mean recall is over these, whatever else is reported
KS_B = (*KS, 100)


@dataclass(frozen=True, slots=True, eq=False)
class Retrieval:
    """What each query found.

    Attributes:
        ks: how many candidates were looked at.
        image_hits: (images, len(ks)), the chance of a hit of each image as the query.
        text_hits: (texts, len(ks)), the same of each text, or each distinct one where equal texts are merged.
        owners: pairs (image, text), which say whose texts the queries are.
    """

    ks: tuple[int, ...]
    image_hits: Hits
    text_hits: Hits
    owners: Pairs

    @property
    def image_to_text(self) -> tuple[float, ...]:
        """Recall at each k in per cent; the query is an image."""
        return tuple((100 * self.image_hits.mean(axis=0)).tolist())

    @property
    def text_to_image(self) -> tuple[float, ...]:
        """Recall at each k in per cent; the query is a text."""
        return tuple((100 * self.text_hits.mean(axis=0)).tolist())

    @property
    def mean_recall(self) -> float:
        """Plain mean of the six recalls at 1, 5 and 10."""
        return float(self.figures(self.by_image())[-1])

    def row(self) -> dict[str, float]:
        """The figures of a results table, rounded to two decimals as published ones are."""
        figures = self.figures(self.by_image()).tolist()
        return {name: round(value, 2) for name, value in zip(self.names, figures, strict=True)}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of `figures`: ``i2t_r1`` … ``t2i_r10``, the mean of each way over k = 1, 5, 10, of both."""
        recalls = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in self.ks]
        return (*recalls, "i2t_mean", "t2i_mean", "mean_recall")

    def by_image(self) -> NDArray[np.float64]:
        """What each image adds to the figures: rows to resample for an interval.

        A text that several images share counts for each of them with an equal part.

        Returns:
            (images, 2 len(ks) + 1): the image's own hits, the sum of its texts' hits, how many texts it has.
        """
        image, text = self.owners.T
        part = 1 / np.bincount(text, minlength=len(self.text_hits))[text]
        texts = np.zeros((len(self.image_hits), len(self.ks) + 1))
        np.add.at(texts, image, part[:, None] * np.c_[self.text_hits[text], np.ones(len(text))])
        return np.concatenate([self.image_hits, texts], axis=1)

    def figures(self, by_image: NDArray[np.float64]) -> NDArray[np.float64]:
        """The figures of `names`, in per cent, over rows of `by_image`, all or drawn ones."""
        count = len(self.ks)
        images, texts, owned = np.split(by_image, [count, 2 * count], axis=1)
        ways = 100 * np.stack([images.mean(axis=0), texts.sum(axis=0) / owned.sum()])
        means = ways[:, [k in KS for k in self.ks]].mean(axis=1)
        return np.concatenate([ways.ravel(), means, [means.mean()]])


def score(
    protocol: Protocol,
    image_features: Features,
    text_features: Features,
    image_of_text: Sequence[int],
    texts: Sequence[str],
) -> Retrieval:
    """Retrieval under a protocol; the arguments and errors are those of the three functions below."""
    match protocol:
        case Protocol.A:
            return retrieval(image_features, text_features, image_of_text)
        case Protocol.B:
            return retrieval_merged(image_features, text_features, image_of_text, texts, KS_B)
        case Protocol.REPEATED:
            return retrieval_repeated(image_features, text_features, image_of_text, texts)


def retrieval(
    image_features: Features,
    text_features: Features,
    image_of_text: Sequence[int],
    ks: tuple[int, ...] = KS,
) -> Retrieval:
    """Protocol A: each text belongs to its own image only, even if another image has the same text.

    Args:
        image_features: (images, dim), L2-normalised.
        text_features: (texts, dim), L2-normalised.
        image_of_text: the image, by row, that each text belongs to.
        ks: how many candidates are looked at; 1, 5 and 10 are among them.

    Raises:
        ValueError: shapes do not fit, a feature is not finite, or an image has no text.
    """
    owners = _owners(image_of_text, len(text_features))
    return _both_ways(image_features, text_features, owners, owners, ks)


def retrieval_merged(
    image_features: Features,
    text_features: Features,
    image_of_text: Sequence[int],
    texts: Sequence[str],
    ks: tuple[int, ...] = KS,
) -> Retrieval:
    """Equal texts merged: each distinct text is one candidate and one query, right for all its images.

    Args:
        texts: the text of each row of ``text_features``; see `retrieval` for the others and for errors.
    """
    owners = _owners(image_of_text, len(text_features))
    first, same = _equal(texts, len(owners))
    owners = np.unique(np.stack([owners[:, 0], same], axis=1), axis=0)
    return _both_ways(image_features, text_features[first], owners, owners, ks)


def retrieval_repeated(
    image_features: Features,
    text_features: Features,
    image_of_text: Sequence[int],
    texts: Sequence[str],
    ks: tuple[int, ...] = KS,
) -> Retrieval:
    """Repeated texts as positives: each text is a candidate and a query, right for every image that has it.

    Args:
        texts: the text of each row of ``text_features``; see `retrieval` for the others and for errors.
    """
    owners = _owners(image_of_text, len(text_features))
    _, same = _equal(texts, len(owners))
    has = np.unique(np.stack([owners[:, 0], same], axis=1), axis=0)  # (image, distinct text)
    rows = np.split(np.argsort(same, kind="stable"), np.cumsum(np.bincount(same))[:-1])
    positives = np.concatenate(
        [np.stack([np.full(len(rows[text]), image), rows[text]], axis=1) for image, text in has]
    )
    return _both_ways(image_features, text_features, positives, owners, ks)


def _owners(image_of_text: Sequence[int], texts: int) -> Pairs:
    if len(image_of_text) != texts or not texts:
        raise ValueError(
            f"image_of_text names {len(image_of_text)} images for {texts} texts: expected one for each"
        )
    return np.stack([np.asarray(image_of_text, dtype=np.intp), np.arange(texts)], axis=1)


def _equal(texts: Sequence[str], rows: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The first row of each distinct text, and the distinct text of each row."""
    if len(texts) != rows:
        raise ValueError(f"{len(texts)} texts for {rows} text features: expected one for each")
    number: dict[str, int] = {}
    same = np.array([number.setdefault(text, len(number)) for text in texts], dtype=np.intp)
    return np.unique(same, return_index=True)[1], same


def _both_ways(
    images: Features, texts: Features, positives: Pairs, owners: Pairs, ks: tuple[int, ...]
) -> Retrieval:
    check_features("image", images)
    check_features("text", texts)
    if not np.array_equal(np.unique(owners[:, 0]), np.arange(len(images))):
        raise ValueError(f"some of {len(images)} images have no text, or a text names an image beyond them")
    image_hits = expected_hits(images, texts, positives, ks)
    return Retrieval(ks, image_hits, expected_hits(texts, images, positives[:, ::-1], ks), owners)
