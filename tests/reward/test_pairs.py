"""Preferences: how the truth check makes them, how they are kept, and what a scorer says."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mpgi_ray.curate.choice import read_choice
from mpgi_ray.curate.scores.scorer import Named, Shown, load_scorers
from mpgi_ray.data.preferences import PREFERENCES, Preference, read_preferences, write_preferences
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.demo import scene
from mpgi_ray.errors import InputError
from mpgi_ray.models.scorer import Scorer
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.rules.sentences import rule_text
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.initial import initial
from mpgi_ray.train.source import Source
from mpgi_ray.truth.verdict import Verdict, check, verdict_of
from support.random_scorer import write_scorer


@pytest.fixture(scope="module")
def pictures() -> list[Told]:
    made = []
    for number in range(60):
        sample = scene(number, size=96)
        facts = facts_of_sample(sample, measured=True)
        made.append(Told(sample.sample_id, facts, {"rules": " ".join(rule_text(facts, str(number)))}))
    return made


def test_nothing_can_be_learned_of_swapped_texts_alone(pictures: list[Told]) -> None:
    found = list(swapped(pictures))
    assert len(found) > 20
    facts = {told.sample_id: told.facts for told in pictures}
    preferred: Counter[tuple[str, str]] = Counter()
    for one in found:
        (_, true), (_, false) = one.texts
        preferred[true, false] += 1
        preferred[false, true] -= 1
        assert verdict_of(check(true, facts[one.sample_id])) is Verdict.SUPPORTED
        wrong = [
            each.claim.about
            for each in check(false, facts[one.sample_id])
            if each.verdict is Verdict.CONTRADICTED
        ]
        assert wrong[0] == one.kind
    assert not any(preferred.values())  # each pair of texts in both orders equally often
    assert max(Counter((one.sample_id, one.texts[0][1]) for one in found).values()) == 1
    assert list(swapped(pictures)) == found
    assert {one.texts for one in swapped(pictures, seed=1)} != {one.texts for one in found}


def test_preferences_are_read_as_they_were_written(tmp_path: Path) -> None:
    lists = [
        Preference("a", "count", (("id-1", "three ships"), ("", "four ships"))),
        Preference("b", "rating", (("1", "best"), ("2", "good"), ("3", "bad"))),
        Preference("a", "colour", (("", "red"), ("", "blue"))),
    ]
    assert write_preferences(Storage(str(tmp_path)), lists) == 3
    found = read_preferences(str(tmp_path))
    assert found == {"a": (lists[0], lists[2]), "b": (lists[1],)}
    write_preferences(Storage(str(tmp_path)), [Preference("a", "count", (("", "alone"),))])
    with pytest.raises(InputError, match="list 0 has one text: expected two or more"):
        read_preferences(str(tmp_path))


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("rank", [0, 0], "two texts of list 0 have one rank"),
        ("rank", [0, None], "column rank lacks values"),
        ("text", ["a", None], "column text lacks values"),
        ("sample_id", ["a", "b"], "list 0 is about two pictures"),
        ("list", ["one", "one"], "expected columns sample_id string, list int64"),
    ],
)
def test_a_table_of_ones_own_is_refused_where_it_gives_no_order(
    tmp_path: Path, column: str, values: list[object], said: str
) -> None:
    whole = {"sample_id": ["a", "a"], "list": [0, 0], "rank": [0, 1], "text": ["good", "bad"]}
    table = pa.table(whole | {"caption_id": [None, None], "kind": ["mine", "mine"]} | {column: values})
    publish_table(Storage(str(tmp_path)), PREFERENCES, table)
    with pytest.raises(InputError, match=said):
        read_preferences(str(tmp_path))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_scorer(tmp_path_factory.mktemp("scorer"), "Two red ships lie in a harbour. Sand is yellow.")


def test_a_fresh_model_knows_the_words_of_preferences_and_may_learn_its_head_alone(tmp_path: Path) -> None:
    pair = Preference("a", "count", (("", "three trawlers three trawlers"), ("", "four trawlers")))
    write_preferences(Storage(str(tmp_path)), [pair])
    told = {
        "task": "preference",
        "task_settings": {"preferences": str(tmp_path)},
        "freeze": ["image", "text"],
    }
    config = TrainConfig.model_validate({"shards": "s", "output": "o", "steps": 1, **told})
    architecture, model = initial(config, Source((), None, None))
    tokenizer = TextTokenizer.from_json(architecture.tokenizer or "", 32)
    assert len(tokenizer.encode("trawlers")) == 1
    model.requires_grad_(False)
    task = config.learns(writes=False).task(model)
    assert all(weight.requires_grad for weight in task.head.parameters())


def noise(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (80, 100, 3), np.uint8))


def test_the_same_input_has_the_same_score_whatever_is_asked_beside_it(run: str) -> None:
    scorer = Scorer.load(run, gpu=False)
    texts = [["Two red ships.", "Sand."], [], ["A harbour."], ["Sand.", "Ships lie.", "Two red ships."]] * 12
    seen = [noise(number % 4) for number in range(len(texts))]
    first, again = scorer.score(seen, texts), scorer.score(seen, texts)
    assert [len(one) for one in first] == [2, 0, 1, 3] * 12
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other)
    alone = scorer.score([seen[3]], [texts[3]])[0]
    np.testing.assert_allclose(first[3], alone, rtol=1e-5)
    assert np.ptp(alone) > 1e-6
    assert (alone > 0).all()


def test_a_text_is_worth_the_geometric_mean_of_its_sentences(run: str) -> None:
    sink = io.BytesIO()
    noise(1).save(sink, "PNG")
    texts = ("Two red ships. Sand is yellow.", "Two red ships.", "Sand is yellow.")
    good = Sample("k", 0, sink.getvalue(), "png", Annotation(width=100, height=80), "n")
    torn = Sample("t", 1, sink.getvalue()[:-400], "png", Annotation(width=100, height=80), "n")
    shown = [Shown(one, tuple(Named("a", 0, text) for text in texts)) for one in (torn, good)]
    (scorer,) = load_scorers([read_choice(f"learned:model={run}")])
    rows = [row[0] for row in scorer.open(gpu=False)(shown)]
    assert rows[:3] == ["broken_image"] * 3
    assert rows[3] == pytest.approx((rows[4] * rows[5]) ** 0.5)
    assert rows[4] != rows[5]
    plain = Path(run, "scorer.pt").read_bytes()
    before = scorer.made_by()
    Path(run, "scorer.pt").write_bytes(plain + b" ")
    assert scorer.made_by() != before
    Path(run, "scorer.pt").write_bytes(plain)


def test_a_folder_without_a_scorer_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no scorer.pt: expected the folder of `mpgi train --task pref"):
        Scorer.load(str(tmp_path))
