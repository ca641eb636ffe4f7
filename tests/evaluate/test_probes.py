"""Fact probes: what they call true is true, what they call false is false, and texts alone tell nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.data.final import Record
from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object, Sample
from mpgi_ray.demo import scenes
from mpgi_ray.demo.scenes.models import MODELS
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.probes.probe import (
    Accuracy,
    CountProbe,
    Probe,
    accuracy,
    count_accuracy,
    make_counts,
    make_probes,
)
from mpgi_ray.evaluate.probes.wording import Kind
from mpgi_ray.rules import gather, rule_text
from support.template_texts import annotated_texts

SCENES = 400
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# an independent reading of the sentences, by their words
CLASS = (
    r"listed object type: (?P<thing>.+)|asked after (?P<things>.+), the answer is yes|catalogue entry: (.+)"
)
COUNT = r"(?:exact tally: |a full tally gives |tally by type: )(\w+) (.+)"
COLOUR = (
    r"every (.+) here is painted (\w+)|paint of each (.+): (\w+)|"
    r"asked for the colour of the (.+), the answer is (\w+)"
)
POSITION = (
    r"search (?P<a>(?:in|on|at) .+) for an? (?P<b>.+)|asked where to find an? (?P<d>.+): (?P<c>.+)|"
    r"marked (?P<e>.+): an? (?P<f>.+)"
)
Middle = tuple[float, float]  # of a box, as a share of width and height
# the words for places, given a middle and how far a side reaches: a third strictly, a half at most
SIDES: dict[str, Callable[[float, float, float], bool]] = {
    "left": lambda x, y, reach: x < reach,
    "right": lambda x, y, reach: x > 1 - reach,
    "top": lambda x, y, reach: y < reach,
    "upper": lambda x, y, reach: y < reach,
    "bottom": lambda x, y, reach: y > 1 - reach,
    "lower": lambda x, y, reach: y > 1 - reach,
    "centre": lambda x, y, reach: max(abs(x - 1 / 2), abs(y - 1 / 2)) < reach / 2,
}
STRICTLY, WIDELY = 1 / 3, 1 / 2


def record(sample: Sample) -> Record:
    note = sample.annotation.model_dump(mode="json", exclude_defaults=True)
    return Record("s", sample.key, sample.sample_id, {}, note, b"")


def described(**values: Any) -> Record:
    """A record of a picture of 100 × 100 pixels."""
    note = {"width": 100, "height": 100, **values}
    return Record("s", "k", str(sorted(values.items(), key=str)), {}, note, b"")


def singular(words: str) -> str:
    """The class of the scenes that a singular or plural names."""
    named = [label for label in MODELS if words in (label, f"{label}s", f"{label}es")]
    assert len(named) == 1, words
    return named[0]


def middles(annotation: Annotation, label: str) -> list[Middle]:
    found = [o.box.middle for o in annotation.objects if o.label == label]
    return [(x / annotation.width, y / annotation.height) for x, y in found]


def is_at(place: str, middle: Middle, reach: float) -> bool:
    return all(SIDES[word](*middle, reach) for word in place.split() if word in SIDES)


def is_true(text: str, kind: Kind, annotation: Annotation, reach: float = STRICTLY) -> bool:
    """Whether a scene's annotation says what a probe's text says, if places reach so far."""
    text = text.rstrip(".").lower()
    found = re.fullmatch({"class": CLASS, "count": COUNT, "colour": COLOUR, "position": POSITION}[kind], text)
    assert found, text
    parts = [part for part in found.groups() if part]
    if kind is Kind.CLASS:
        return bool(middles(annotation, singular(parts[0])))
    if kind is Kind.COUNT:
        return len(middles(annotation, singular(parts[1]))) == WORDS.index(parts[0]) + 1
    if kind is Kind.COLOUR:
        label, colour = singular(parts[0]), parts[1]
        return bool(re.search(rf"\b{colour} {label}", annotation.captions[0].lower()))
    named = found.groupdict()
    place = named["a"] or named["c"] or named["e"]
    label = singular(named["b"] or named["d"] or named["f"])
    return any(is_at(place, middle, reach) for middle in middles(annotation, label))


@cache
def generated() -> tuple[tuple[Annotation, ...], list[Record], list[Probe], list[CountProbe]]:
    drawn = list(scenes(SCENES, seed=5, size=64))
    records = [record(sample) for sample in drawn]
    return tuple(s.annotation for s in drawn), records, make_probes(records), make_counts(records)


def test_true_texts_are_true_and_changed_ones_are_false_by_the_annotation() -> None:
    annotations, _, probes, _ = generated()
    kinds = Counter(probe.kind for probe in probes)
    assert len(probes) >= 1000
    assert min(kinds[kind] for kind in Kind) >= 200
    for probe in probes:
        assert is_true(probe.true, probe.kind, annotations[probe.image]), probe
        assert not is_true(probe.false, probe.kind, annotations[probe.image], WIDELY), probe


def test_one_fact_is_changed_and_a_number_by_one() -> None:
    for probe in generated()[2]:
        true, false = (text.rstrip(".").lower().split() for text in (probe.true, probe.false))
        if probe.kind is Kind.COUNT:
            one, two = ({WORDS.index(w) for w in text if w in WORDS} for text in (true, false))
            assert abs(one.pop() - two.pop()) == 1
        if probe.kind is Kind.COLOUR:
            assert sum(a != b for a, b in zip(true, false, strict=True)) == 1


def test_one_of_ten_counting_texts_is_true() -> None:
    annotations, _, _, counts = generated()
    assert len(counts) >= 500
    for probe in counts:
        told = [is_true(text, Kind.COUNT, annotations[probe.image]) for text in probe.texts]
        assert told == [place == probe.answer for place in range(10)], probe


def test_one_who_knows_the_facts_is_always_right() -> None:
    annotations, _, probes, counts = generated()
    asked = {(p.kind, p.image, text) for p in probes for text in (p.true, p.false)}
    asked |= {(Kind.COUNT, count.image, text) for count in counts for text in count.texts}
    true_of: dict[str, list[int]] = defaultdict(list)
    for kind, image, text in asked:
        if is_true(text, kind, annotations[image]):
            true_of[text].append(image)

    def encode(texts: Sequence[str]) -> np.ndarray:
        features = np.zeros((len(texts), SCENES))
        for row, text in zip(features, texts, strict=True):
            row[true_of[text]] = 1
        return features

    scored = accuracy(np.eye(SCENES), encode, probes)
    assert set(scored) == set(Kind)
    for figure in (*scored.values(), count_accuracy(np.eye(SCENES), encode, counts)):
        assert figure.per_cent.value == figure.per_cent.low == figure.per_cent.high == 100
        assert figure.probes >= figure.images > 100


@pytest.mark.parametrize("seed", range(3))
def test_one_who_does_not_look_at_pictures_is_right_half_the_time(seed: int) -> None:
    _, _, probes, counts = generated()
    rng = np.random.default_rng(seed)
    features: dict[str, np.ndarray] = {}

    def by_text(texts: Sequence[str]) -> np.ndarray:
        return np.array([features.setdefault(text, rng.normal(size=8)) for text in texts])

    blind = np.repeat(rng.normal(size=(1, 8)), SCENES, axis=0)
    looking = rng.normal(size=(SCENES, 8))
    for images, encode in ((blind, by_text), (looking, lambda texts: np.ones((len(texts), 8)))):
        for figure in accuracy(images, encode, probes).values():
            assert figure.per_cent.value == figure.chance == 50
            assert figure.per_cent.low <= 50 <= figure.per_cent.high
    constant = count_accuracy(looking, lambda texts: np.ones((len(texts), 8)), counts)
    assert constant.per_cent.value == pytest.approx(10)


def test_who_knows_the_usual_number_of_each_class_reaches_the_bar_of_counting_and_no_blind_one_more() -> None:
    counts = generated()[3]
    words = {
        text: singular(re.fullmatch(COUNT, text.rstrip(".").lower())[2]) for c in counts for text in c.texts
    }
    numbers = {text: place for c in counts for place, text in enumerate(c.texts)}
    frequent: dict[str, Counter[int]] = defaultdict(Counter)
    for count in counts:
        frequent[words[count.texts[0]]][count.answer] += 1

    def reached(scores: Callable[[str, int], float]) -> Accuracy:
        def encode(texts: Sequence[str]) -> np.ndarray:
            return np.array([[scores(words[text], numbers[text])] for text in texts])

        return count_accuracy(np.ones((SCENES, 1)), encode, counts)

    usual = reached(lambda thing, place: frequent[thing][place])
    assert usual.per_cent.value == pytest.approx(usual.chance)
    everywhere = sum(frequent.values(), Counter[int]())
    assert reached(lambda _, place: everywhere[place]).per_cent.value < usual.chance - 1
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert reached(cache(lambda thing, place: rng.random())).per_cent.value <= usual.chance


def test_probes_depend_on_records_and_seed_alone() -> None:
    records = generated()[1][:100]
    probes = make_probes(records)
    assert len(probes) >= 150
    assert make_probes(records) == probes
    assert make_counts(records) == make_counts(records)
    assert make_probes(records, seed=1) != probes


def test_no_text_to_train_on_speaks_like_a_probe() -> None:
    annotations, _, _, _ = generated()
    told = []
    for number, annotation in enumerate(annotations[:200]):
        facts, seed = gather(annotation), str(number)
        told += [*rule_text(facts, seed), *annotated_texts(facts, seed)]
        told += annotation.captions
    corpus = " ".join(told).lower()
    for kind in Kind:
        for frame in kind.frames:
            longest = max((part.strip(" :,") for part in re.split(r"{\w+}", frame)), key=len)
            assert longest
            assert re.search(rf"\b{longest}\b", corpus) is None, frame


def test_sources_that_label_partly_give_nothing_that_could_be_wrong() -> None:
    ships = [{"label": "tug", "box": (5, 5, 20, 20)}]
    vans = [{"label": "van", "box": (70, 70, 90, 90)}, {"label": "van", "box": (70, 5, 90, 20)}]
    partly = {"tug": {"exhaustive": False}, "van": {"exhaustive": False}}
    wholly = {"tug": {"exhaustive": True}, "van": {"exhaustive": True}}
    for vocabulary, expected in ((partly, 0), (wholly, 2)):
        records = [described(objects=objects, vocabulary=vocabulary) for objects in (ships, vans)]
        assert len(make_probes(records)) == expected
        assert len(make_counts(records)) == expected


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, min(x + w, 100), min(y + h, 100)),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(8, 60),
    st.integers(8, 60),
)


@given(st.lists(st.lists(boxes, min_size=1, max_size=4), min_size=2, max_size=6))
@settings(max_examples=200)
def test_a_place_is_never_called_empty_that_a_box_touches(pictures: list[list[Box]]) -> None:
    vocabulary = {"tent": LabelClass(exhaustive=True)}
    notes = [
        Annotation(
            width=100,
            height=100,
            vocabulary=vocabulary,
            objects=tuple(Object(label="tent", box=box) for box in picture),
        )
        for picture in pictures
    ]
    records = [
        Record("s", str(i), f"{i}", {}, note.model_dump(mode="json"), b"") for i, note in enumerate(notes)
    ]
    for probe in make_probes(records):
        if probe.kind is Kind.POSITION:
            assert is_true(probe.true, probe.kind, notes[probe.image])
            for box in pictures[probe.image]:
                corners = [(x / 100, y / 100) for x in (box.x1, box.x2) for y in (box.y1, box.y2)]
                for middle in (*corners, (box.middle[0] / 100, box.middle[1] / 100)):
                    alone = notes[probe.image].model_copy(update={"objects": (_at(middle),)})
                    assert not is_true(probe.false, probe.kind, alone, WIDELY), (probe, box)


def _at(middle: Middle) -> Object:
    x, y = 100 * middle[0], 100 * middle[1]
    return Object(label="tent", box=Box(x, y, x, y))


def test_a_colour_is_taken_from_captions_that_count_all_and_agree() -> None:
    def picture(colour: str, *captions: str) -> Record:
        objects = [{"label": "bus", "box": (10, 10, 30, 30)}, {"label": "bus", "box": (50, 50, 80, 80)}]
        return described(
            objects=objects,
            vocabulary={"bus": {"exhaustive": True}},
            captions=captions or [f"Two {colour} buses are parked."],
        )

    def colours(*records: Record) -> list[Probe]:
        return [probe for probe in make_probes(records) if probe.kind is Kind.COLOUR]

    one, other = colours(picture("red"), picture("blue"))
    assert (one.true, one.false) == (other.false, other.true)
    assert ("red", "blue")[one.image] in one.true
    assert ("blue", "red")[one.image] in one.false
    assert not colours(picture("red"), picture("red"))
    assert not colours(picture("red"), picture("", "One blue bus is parked."))
    assert not colours(picture("red"), picture("", "Two blue buses.", "Two white buses."))


def test_bad_annotations_and_features_are_said() -> None:
    with pytest.raises(InputError, match=r"s/k: width.*curate the shards again"):
        make_probes([described(width=0)])
    _, _, probes, counts = generated()
    with pytest.raises(ValueError, match="features of 3 pictures, but a probe of picture"):
        accuracy(np.eye(3), lambda texts: np.ones((len(texts), 3)), probes)
    with pytest.raises(ValueError, match=r"text features .* expected finite rows"):
        count_accuracy(np.eye(SCENES), lambda texts: np.full((len(texts), 3), np.nan), counts)
    assert accuracy(np.eye(3), lambda texts: np.eye(3), []) == {}
