"""Which text is learned: by weight, true of the transformed picture, and whole sentences that fit."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
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
FIRST = ["objects", "rows", "side", "rows", "side", "layout", "rows", "side"]  # of steps 0 to 7


def words(text: str) -> int:
    return len(text.split())


def test_texts_are_drawn_by_weight_among_those_that_the_sample_has() -> None:
    weights = WEIGHTS | {"rows": 0.0}
    drawn = Counter(choose(TEXTS, weights, 0, epoch)[0] for epoch in range(7000))
    shares = {name: drawn[name] / 7000 for name in TEXTS}
    assert shares == pytest.approx({"objects": 1 / 7, "layout": 2 / 7, "rows": 0, "side": 4 / 7}, abs=0.02)
    assert shares["rows"] == 0


def test_there_is_nothing_to_choose_without_a_weighted_text() -> None:
    assert choose(TEXTS, {"objects": 0.0}, 0, 0) == []
    assert choose({"objects": ""}, WEIGHTS, 0, 0) == []


def test_several_texts_are_drawn_by_weight_each_once_and_the_first_is_drawn_as_if_alone() -> None:
    drawn = [choose(TEXTS, WEIGHTS, 0, epoch, 2) for epoch in range(7000)]
    assert all(len(set(names)) == 2 for names in drawn)
    for epoch, names in enumerate(drawn[:99]):
        assert choose(TEXTS, WEIGHTS, 0, epoch) == names[:1]
    assert [first for first, _ in drawn[:8]] == FIRST  # a run that was stopped goes on with these
    second = Counter(other for first, other in drawn if first == "side")
    shares = {name: second[name] / second.total() for name in TEXTS}
    assert shares == pytest.approx({"objects": 1 / 6, "layout": 2 / 6, "rows": 3 / 6, "side": 0}, abs=0.03)


def test_a_sample_with_fewer_texts_than_a_step_takes_gives_them_again() -> None:
    few = {name: TEXTS[name] for name in ("objects", "layout")}
    for epoch in range(20):
        view = draw_view(few, WEIGHTS, EVERY, 0, 0, "s", epoch, 3)
        assert view.names == (*choose(few, WEIGHTS, 0, epoch, 2), view.names[0])
        assert set(view.names) == set(few)


@given(
    st.dictionaries(st.sampled_from(sorted(TEXTS)), st.floats(0.1, 9), min_size=1),
    st.sets(st.sampled_from(Transform), min_size=1),
    st.integers(0, 1000),
    st.text(max_size=4),
    st.integers(1, 5),
)
def test_a_view_is_a_transform_and_texts_that_survive_it(
    weights: dict[str, float], transforms: set[Transform], epoch: int, sample_id: str, count: int
) -> None:
    view = draw_view(TEXTS, weights, transforms, 1, 0, sample_id, epoch, count)
    assert view.transform in transforms | {Transform.IDENTITY}
    assert all(view.transform in survives(text) for text in view.texts)
    assert view.texts == tuple(TEXTS[name] for name in view.names)
    assert len(view.names) == count
    assert len({*view.names}) == min(count, len(weights))
    assert weights.keys() >= {*view.names}
    assert view == draw_view(TEXTS, weights, sorted(transforms, reverse=True), 1, 0, sample_id, epoch, count)


def test_a_sample_whose_texts_survive_nothing_is_shown_as_it_is() -> None:
    views = [draw_view(TEXTS, {"layout": 1.0}, EVERY, 0, epoch, "s", epoch) for epoch in range(50)]
    assert {view.transform for view in views} == {Transform.IDENTITY}


def test_a_sample_whose_texts_survive_everything_is_shown_in_every_way() -> None:
    views = [draw_view(TEXTS, {"objects": 1.0}, EVERY, 0, epoch, "s", epoch) for epoch in range(200)]
    assert {view.transform for view in views} == EVERY


def test_a_sample_without_a_text_to_learn_is_an_error_that_names_both_sides() -> None:
    with pytest.raises(InputError, match=r"sample s1 .* expected one of long, but it has layout, objects"):
        draw_view(
            {"objects": "Cars.", "layout": "Left."}, {"long": 1.0, "objects": 0.0}, EVERY, 0, 0, "s1", 0
        )


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
def test_splitting_loses_no_word(text: str) -> None:
    assert " ".join(split_sentences(text)).split() == text.split()


LONG = " ".join(f"Sentence {i} has {' '.join(['more'] * (i % 5))} words." for i in range(12))


@given(st.integers(0, 200), st.integers(4, 60))
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


def test_a_long_text_that_comes_twice_gives_two_runs() -> None:
    pairs = [[sample_sentences(LONG, words, 9, 0, epoch, "s", n) for n in (0, 1)] for epoch in range(50)]
    assert sum(first != second for first, second in pairs) > 25


def test_so_many_texts_come_as_one_of_their_sentences() -> None:
    drawn = [sample_sentences("One. Two. Three.", words, 9, 0, 0, f"s{n}", alone=0.3) for n in range(400)]
    alone = [text for text in drawn if text != "One. Two. Three."]
    assert set(alone) == {"One.", "Two.", "Three."}
    assert 80 <= len(alone) <= 160


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert sample_sentences("One.  Two.", words, 2, 0, 0, "s") == "One.  Two."


def test_a_sentence_that_is_too_long_comes_alone() -> None:
    text = "This one has far too many words. Short. Brief."
    runs = {sample_sentences(text, words, 2, 0, epoch, "s") for epoch in range(50)}
    assert runs == {"This one has far too many words.", "Short. Brief."}
