"""Filters: chosen by name with typed settings, asked in their order."""

from __future__ import annotations

from collections import Counter

import pytest

from mpgi_ray.curate.join import assemble
from mpgi_ray.curate.select import load_filters, read_choice
from mpgi_ray.data.box import Box
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.sample import Annotation, LabelClass, Object, Rejected, Sample
from mpgi_ray.errors import RecipeError
from support.build import noise


def caption(index: int, name: str, text: str, **fields: str) -> Caption:
    place = {"caption_id": "", "sample_id": "", "shard": "s", "index": index, "key": "k"}
    return Caption(**place, perspective=name, text=text, **({"stage": "integrated"} | fields))


def test_every_sample_is_kept_or_counted_under_the_first_reason_against_it() -> None:
    entries: list[Sample | Rejected] = [
        Sample(f"k{n}", n, noise(n), "jpg", Annotation(width=32, height=32), f"k{n}") for n in range(5)
    ]
    entries += [Rejected("k5", 5, "missing_image", ""), Rejected("k6", 6, "empty_image", "")]
    captions = [
        caption(0, "short", "A ship."),
        caption(0, "long", "A ship in a harbour."),
        caption(1, "short", "A ship."),
        caption(1, "long", "A ship"),
        caption(2, "short", "A ship."),
        caption(3, "long", "A ship in a harbour."),
        caption(3, "short", "", status="rejected", reason="format", detail="no JSON"),
        caption(6, "", "", stage="input", status="rejected", reason="empty_image", detail="no bytes"),
    ]
    filters = load_filters([read_choice("min_words:text=long,words=4"), read_choice("min_words: words=1")])
    kept, dropped = assemble("s", entries, captions, "short", filters)
    assert [(sample.index, sample.text, len(sample.texts)) for sample in kept] == [(0, "A ship.", 2)]
    assert Counter(reason for _, _, reason in dropped) == {
        "short_long_text": 2,
        "no_short_text": 1,
        "not_captioned": 1,
        "missing_image": 1,
        "empty_image": 1,
    }
    assert dropped[0] == (1, "k1", "short_long_text")
    everything, _ = assemble("s", entries, captions, "short")
    assert [sample.index for sample in everything] == [0, 1, 2]


def test_texts_that_the_annotation_contradicts_are_dropped() -> None:
    note = Annotation(
        width=32,
        height=32,
        objects=(Object(label="ship", box=Box(2, 2, 20, 20)),),
        vocabulary={label: LabelClass(exhaustive=True) for label in ("ship", "crane")},
    )
    entries: list[Sample | Rejected] = [Sample(f"k{n}", n, noise(n), "jpg", note, f"k{n}") for n in range(4)]
    captions = [caption(n, "short", "A ship.") for n in range(4)]
    captions += [
        caption(0, "long", "A ship lies in the upper left, and there is no crane."),
        caption(1, "long", "A ship lies there under two cranes."),
        caption(2, "long", "It is a fine day."),
    ]
    asked = [read_choice("truth:texts=[short,long],supported=1")]
    kept, dropped = assemble("s", entries, captions, "short", load_filters(asked))
    assert [sample.index for sample in kept] == [0]
    reasons = [reason for _, _, reason in dropped]
    assert reasons == ["contradicted_long_text", "unsupported_long_text", "no_long_text"]
    everything, _ = assemble("s", entries, captions, "short", load_filters([read_choice("truth")]))
    assert [sample.index for sample in everything] == [0, 2, 3]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("min_wrds:words=1", "there is no filter 'min_wrds': did you mean 'min_words'"),
        ("min_words:words=1,txt=long", "filter min_words: unknown key 'txt': did you mean 'text'"),
        ("min_words:words=0", "filter min_words: words: Input should be greater than or equal to 1"),
        ("min_words:20", "--filter '20': expected key=value"),
    ],
)
def test_what_is_wrong_with_a_choice_is_said(choice: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_filters([read_choice(choice)])
