"""Preferences of people, from what the viewer exports."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mpgi_ray.data.preferences import Preference
from mpgi_ray.data.text import text_hash
from mpgi_ray.errors import InputError
from mpgi_ray.reward.ratings import GONE, OPEN, OPPOSED, TIED, UNKNOWN, Rating, rated, read_ratings

TEXTS = {("a", "long"): ["Best."], ("b", "long"): ["Good."], ("c", "long"): ["-Bad", "Worse."]}


def rating(caption: str, text: str, relevance: int | None, *others: int, sample: str = "p") -> Rating:
    scales = dict(zip(("hallucination", "fluency"), others, strict=False))
    told = {"caption_id": caption, "sample_id": sample, "perspective": "long", "relevance": relevance}
    return Rating.model_validate({**told, "text_hash": str(text_hash(text)), **scales})


def test_ratings_make_lists_and_nobody_is_right_who_is_contradicted() -> None:
    one = [
        rating("a", "Best.", 5, 5),
        rating("b", "Good.", 4, 4),
        rating("c", "-Bad", 1, 2),
        rating("c", "Worse.", 3),  # on one scale alone
        rating("b", "written anew", 5),
        rating("x", "Best.", 5, sample="elsewhere"),
    ]
    lists, left_out, unknown = rated([one], TEXTS, {"p"})
    assert lists == [Preference("p", "ratings", (("a", "Best."), ("b", "Good."), ("c", "-Bad")))]
    assert left_out == {GONE: 1, UNKNOWN: 1, TIED: 1}
    assert unknown == ["elsewhere"]
    other = [rating("a", "Best.", 2, 2), rating("b", "Good.", 3, 4), rating("c", "-Bad", None)]
    lists, left_out, _ = rated([one[:3], other], TEXTS, {"p"})
    assert [[text for _, text in of.texts] for of in lists] == [["Best.", "-Bad"], ["Good.", "-Bad"]]
    assert left_out == {OPPOSED: 1, OPEN: 1}
    same = [rating("a", "Best.", 5, 5), rating("b", "Good.", 5, 5)]  # a tie contradicts nobody
    assert len(rated([one[:2], same], TEXTS, {"p"})[0]) == 1
    assert rated([same], TEXTS, {"p"}) == ([], {TIED: 2}, [])


def test_both_forms_of_an_export_are_read_and_others_named(tmp_path: Path) -> None:
    columns = ["caption_id", "sample_id", "perspective", "text_hash", "relevance", "fluency", "comment"]
    rows = [["'-a", "p", "long", "7", "5", "", "'=1+1, he said"], ["b", "p", "long", "8", "", "", ""]]
    with (tmp_path / "r.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([columns, *rows])
    first, second = read_ratings(str(tmp_path / "r.csv"))
    assert (first.caption_id, first.worth) == ("-a", (frozenset({"relevance"}), 5))
    assert second.worth == (frozenset(), 0)
    told = {"caption_id": "-a", "sample_id": "p", "perspective": "long", "text_hash": "7", "relevance": 5}
    (tmp_path / "r.json").write_text(json.dumps([told | {"fluency": None, "time": "now"}]))
    assert read_ratings(str(tmp_path / "r.json")) == [first]
    for content, why in (
        (json.dumps([told | {"relevance": 6}]), "rating 1: relevance: .*less than or equal to 5"),
        (json.dumps({"a": 1}), "it holds a dict, expected a list of ratings; give the file"),
        ("[", "give the file that the viewer's Export wrote"),
        (json.dumps([{"sample_id": "p"}]), "rating 1: caption_id"),
    ):
        (tmp_path / "r.json").write_text(content)
        with pytest.raises(InputError, match=why):
            read_ratings(str(tmp_path / "r.json"))
