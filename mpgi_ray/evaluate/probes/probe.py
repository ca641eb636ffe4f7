"""Fact probes: does a model prefer a true text to the same text with one fact changed?

Probes come in swaps. Of two pictures that differ in a fact, what is true of one is false of the other, and
both are asked about both texts. So a model that looks at the texts alone is right exactly half the time,
whatever it prefers, and knowing which classes, numbers or colours are frequent does not help. Only the number
out of ten (`make_counts`) is not a swap: what such a model can reach there stands beside the figure.

A text is called false only where the annotation proves it:

- class: of a class that is exhaustive and not there (`Facts.absent`);
- count: one more or one less (no other difference), of a class whose number is exact;
- colour: where a caption of the source states number, colour and class, and the number is that of all;
- position: of a class whose number is exact. True is a clear cell of the 3×3 grid; false is a place whose
  most generous reading, half the picture for a side, no box of the class touches. So "left" is not called
  false where objects lie on both sides.

`make_counts` follows the counting test of RemoteCLIP (Liu et al. 2024): one sentence with the numbers one to
ten, and the text that scores highest is the answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mpgi_ray.data.annotated import annotation_of
from mpgi_ray.data.final import Record
from mpgi_ray.evaluate.bootstrap import Interval, bootstrap
from mpgi_ray.evaluate.probes.facts import NUMBERS, Told, exact_counts, tell
from mpgi_ray.evaluate.probes.wording import Kind, say_count
from mpgi_ray.evaluate.ranking import Features, check_features

_LOOKED_AT = 500  # candidates for one swap, so that the time stays linear where few can be swapped

Encode: TypeAlias = Callable[[Sequence[str]], Features]  # texts to their features (texts, dim)


@dataclass(frozen=True, slots=True)
class Probe:
    """A true and a false text about a picture.

    Attributes:
        image: its place in the records.
    """

    kind: Kind
    image: int
    true: str
    false: str


@dataclass(frozen=True, slots=True)
class CountProbe:
    """Ten texts about a picture, one of them with the right number.

    Attributes:
        image: its place in the records.
        thing: the class that is counted; all ten texts name it.
        texts: with the numbers of `NUMBERS`.
        answer: the place of the right one.
    """

    image: int
    thing: str
    texts: tuple[str, ...]
    answer: int


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """How often the right text was preferred.

    Attributes:
        probes, images: how many probes there were, and of how many pictures.
        per_cent: the share of probes that were right, with its interval over pictures.
        chance: what a model reaches, in per cent, without looking at pictures; for counting the most that it
            can reach, see `blind_count_bound`.
    """

    probes: int
    images: int
    per_cent: Interval
    chance: float


@dataclass(frozen=True, slots=True)
class _Turn:
    """What can be said about a picture, and its place in the order, by a hash."""

    order: str
    image: int
    told: Told


def make_probes(records: Sequence[Record], seed: int = 0) -> list[Probe]:
    """The probes that the annotations allow, by kind, the two of a swap one after the other.

    There is at most one for each picture, kind and class (for kind ``class`` one for each picture); a fact
    that cannot be swapped with another picture's gives none.

    Raises:
        InputError: an annotation cannot be read.
    """
    groups: dict[tuple[Kind, str], list[_Turn]] = defaultdict(list)
    for image, record in enumerate(records):
        for told in tell(annotation_of(record)):
            name = f"{seed}/{record.sample_id}/{told.kind}/{told.subject}"
            order = hashlib.sha256(name.encode()).hexdigest()
            groups[told.kind, told.subject].append(_Turn(order, image, told))
    kinds = list(Kind)
    ordered = sorted(groups, key=lambda group: (kinds.index(group[0]), group[1]))
    return [probe for group in ordered for probe in _swaps(groups[group])]


def make_counts(records: Sequence[Record], seed: int = 0) -> list[CountProbe]:
    """A counting probe for each class of a picture whose number is exact and in `NUMBERS`.

    Raises:
        InputError: an annotation cannot be read.
    """
    made = []
    for image, record in enumerate(records):
        for name, count in exact_counts(annotation_of(record)).items():
            texts = tuple(say_count(name, n, f"{seed}/{record.sample_id}/{name}") for n in NUMBERS)
            made.append(CountProbe(image, name, texts, NUMBERS.index(count)))
    return made


def accuracy(image_features: Features, encode: Encode, probes: Sequence[Probe]) -> dict[Kind, Accuracy]:
    """The accuracy of each kind that has probes; a tie counts one half.

    Args:
        image_features: (images, dim), L2-normalised, in the order of the records.
        encode: gives unit features; equal texts must have equal ones.

    Raises:
        ValueError: features are not finite rows, or a probe's picture has none.
    """
    if not probes:
        return {}
    images = np.array([probe.image for probe in probes])
    pictures = _rows(image_features, images)
    true, false = (_encoded(encode, [getattr(p, which) for p in probes]) for which in ("true", "false"))
    right = (np.sign(((true - false) * pictures).sum(axis=1)) + 1) / 2
    kinds = np.array([probe.kind for probe in probes])
    return {
        kind: _accuracy(right[kinds == kind], images[kinds == kind], 50.0)
        for kind in Kind
        if (kinds == kind).any()
    }


def count_accuracy(image_features: Features, encode: Encode, probes: Sequence[CountProbe]) -> Accuracy:
    """How often the right number scores highest; if several tie for it, each counts an equal share.

    Args:
        image_features, encode: see `accuracy`.

    Raises:
        ValueError: no probes; see `accuracy` for the others.
    """
    bound = blind_count_bound(probes)
    images = np.array([probe.image for probe in probes])
    pictures = _rows(image_features, images)
    texts = _encoded(encode, [text for probe in probes for text in probe.texts])
    scores = (texts.reshape(len(probes), len(NUMBERS), -1) * pictures[:, None]).sum(axis=2)
    best = scores == scores.max(axis=1, keepdims=True)
    answers = np.array([probe.answer for probe in probes])
    right = best[np.arange(len(probes)), answers] / best.sum(axis=1)
    return _accuracy(right, images, bound)


def blind_count_bound(probes: Sequence[CountProbe]) -> float:
    """The most, in per cent, that a model can reach by looking at the texts alone.

    The texts name the class, so it can answer with the usual number of each: here the most frequent one among
    these probes, which is at least as good as any number that it could have learned elsewhere. Nothing else
    in the texts helps it, as the sentence is drawn by hash. The fewer probes a class has, the further
    the bound lies above what can be learned.

    Raises:
        ValueError: no probes.
    """
    if not probes:
        raise ValueError("no counting probes: no picture has a class with an exact number from one to ten")
    answers: dict[str, Counter[int]] = defaultdict(Counter)
    for probe in probes:
        answers[probe.thing][probe.answer] += 1
    return 100 * sum(max(of_class.values()) for of_class in answers.values()) / len(probes)


def _swaps(turns: list[_Turn]) -> Iterator[Probe]:
    """The probes of each picture and the next one with which it can swap a fact; others give none."""
    left = sorted(turns, key=lambda turn: (turn.order, turn.image))
    while left:
        one = left.pop(0)
        for other in islice(left, _LOOKED_AT):
            a, b = one.told, other.told
            found = [(x, y) for x in a.values for y in b.values if b.denies(x) and a.denies(y)]
            if found:
                left.remove(other)
                x, y = (a.say(value, one.order) for value in found[int(one.order, 16) % len(found)])
                yield Probe(a.kind, one.image, x, y)
                yield Probe(a.kind, other.image, y, x)
                break


def _rows(image_features: Features, images: NDArray[np.intp]) -> NDArray[np.float64]:
    check_features("image", image_features)
    if images.max() >= len(image_features):
        raise ValueError(
            f"features of {len(image_features)} pictures, but a probe of picture {images.max()}: expected "
            "features of the records that the probes were made from"
        )
    return image_features[images].astype(np.float64)


def _encoded(encode: Encode, texts: Sequence[str]) -> NDArray[np.float64]:
    features = encode(texts)
    check_features("text", features)
    return features.astype(np.float64)


def _accuracy(right: NDArray[np.float64], images: NDArray[np.intp], chance: float) -> Accuracy:
    shown, place = np.unique(images, return_inverse=True)
    rows = np.stack([np.bincount(place, weights=right), np.bincount(place).astype(np.float64)], axis=1)
    interval = bootstrap(rows, lambda drawn: np.asarray(100 * drawn[:, 0].sum() / drawn[:, 1].sum()))
    return Accuracy(len(right), len(shown), interval, chance)
