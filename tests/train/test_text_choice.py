"""Which text is learned: by weight, true of the transformed picture, and whole sentences that fit."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpgi_ray.errors import InputError
from mpgi_ray.train.augment import Transform, survives
from mpgi_ray.train.text_choice import choose, draw_view, sample_sentences, split_sentences

EVERY = frozenset(Transform)
TEXTS = {
    "objects": "There are three cars.",
    "layout": "A car is in the upper left.",
    "rows": "The houses stand in rows.",
    "side": "The right half is darker.",
}
WEIGHTS = {"objects": 1.0, "layout": 2.0, "rows": 3.0, "side": 4.0, "unused": 5.0}


def words(text: str) -> int:
    return len(text.split())


def test_texts_are_drawn_by_weight_among_those_that_the_sample_has() -> None:
    weights = WEIGHTS | {"rows": 0.0}
    drawn = Counter(choose(TEXTS, weights, 0, epoch, "s") for epoch in range(7000))
    shares = {name: drawn[name, text] / 7000 for name, text in TEXTS.items()}
    assert shares == pytest.approx({"objects": 1 / 7, "layout": 2 / 7, "rows": 0, "side": 4 / 7}, abs=0.02)
    assert shares["rows"] == 0


def test_there_is_nothing_to_choose_without_a_weighted_text() -> None:
    assert choose(TEXTS, {"objects": 0.0}, 0, 0, "s") is None
    assert choose({"objects": ""}, WEIGHTS, 0, 0, "s") is None


@given(
    st.dictionaries(st.sampled_from(sorted(TEXTS)), st.floats(0.1, 9), min_size=1),
    st.sets(st.sampled_from(Transform), min_size=1),
    st.integers(0, 1000),
    st.text(max_size=4),
)
@settings(deadline=None)
def test_a_view_is_a_transform_and_a_text_that_survives_it(
    weights: dict[str, float], transforms: set[Transform], epoch: int, sample_id: str
) -> None:
    view = draw_view(TEXTS, weights, transforms, 1, epoch, sample_id)
    assert view.transform in transforms | {Transform.IDENTITY}
    assert view.transform in survives(view.text)
    assert view.text == TEXTS[view.name]
    assert view.name in weights
    assert view == draw_view(TEXTS, weights, sorted(transforms, reverse=True), 1, epoch, sample_id)


def test_a_sample_whose_texts_survive_nothing_is_shown_as_it_is() -> None:
    views = [draw_view(TEXTS, {"layout": 1.0}, EVERY, 0, epoch, "s") for epoch in range(50)]
    assert {view.transform for view in views} == {Transform.IDENTITY}


def test_a_sample_whose_texts_survive_everything_is_shown_in_every_way() -> None:
    views = [draw_view(TEXTS, {"objects": 1.0}, EVERY, 0, epoch, "s") for epoch in range(200)]
    assert {view.transform for view in views} == EVERY


def test_a_sample_without_a_text_to_learn_is_an_error_that_names_both_sides() -> None:
    with pytest.raises(InputError, match=r"sample s1 .* expected one of long, but it has layout, objects"):
        draw_view({"objects": "Cars.", "layout": "Left."}, {"long": 1.0, "objects": 0.0}, EVERY, 0, 0, "s1")


@pytest.mark.parametrize(
    "sentences",
    [
        ["It covers approx. 3 fields of 0.5 m each.", "Trees stand by it."],
        ["One sees vehicles (e.g. Trucks).", "12 of them are red!", "Are others, i.e. Cars, blue?", "Yes."],
        ["Taken over St. Louis by J. Smith on runway 3.", '"Beach" is its label.', "The rest is sand."],
        ["Grass, trees etc. cover it.", "Nothing else, etc.", "É is a letter... or so", ],
        ["many planes are parked . some are white ."],
    ],
    ids=lambda sentences: sentences[0],
)  # fmt: skip
def test_sentences_end_at_full_stops_and_not_at_abbreviations(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


@given(st.text(alphabet='aB3.!?" e\n', max_size=60))
@settings(deadline=None)
def test_splitting_loses_no_word(text: str) -> None:
    assert " ".join(split_sentences(text)).split() == text.split()


LONG = " ".join(f"Sentence {i} has {' '.join(['more'] * (i % 5))} words." for i in range(12))


@given(st.integers(0, 200), st.integers(4, 60))
@settings(deadline=None)
def test_a_text_that_is_too_long_gives_a_run_of_sentences_that_fits(epoch: int, limit: int) -> None:
    sentences = split_sentences(LONG)
    run = sample_sentences(LONG, words, limit, 0, epoch, "s")
    first, count = sentences.index(split_sentences(run)[0]), len(split_sentences(run))
    assert run == " ".join(sentences[first : first + count])
    assert words(run) <= limit or count == 1
    for longer in {(max(first - 1, 0), first + count), (first, min(first + count + 1, 12))}:
        text = " ".join(sentences[slice(*longer)])
        assert text == run or words(text) > limit


def test_every_sentence_of_a_long_text_is_learned_in_some_epoch() -> None:
    runs = [sample_sentences(LONG, words, 9, 0, epoch, "s") for epoch in range(100)]
    assert {sentence for run in runs for sentence in split_sentences(run)} == set(split_sentences(LONG))


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert sample_sentences("One.  Two.", words, 2, 0, 0, "s") == "One.  Two."


def test_a_sentence_that_is_too_long_comes_alone() -> None:
    text = "This one has far too many words. Short. Brief."
    runs = {sample_sentences(text, words, 2, 0, epoch, "s") for epoch in range(50)}
    assert runs == {"This one has far too many words.", "Short. Brief."}
