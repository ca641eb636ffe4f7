"""A card tells what jobs handed over, and nothing of the machine that it was made on."""

from __future__ import annotations

import json
from pathlib import Path

from huggingface_hub import DatasetCard

from mpgi_ray.curate.card import final_card, release_card
from mpgi_ray.curate.card_facts import CardFacts, filters_of
from mpgi_ray.curate.counts import Counts
from mpgi_ray.curate.summary import CurateSummary
from mpgi_ray.data.release import Made
from mpgi_ray.data.release_rows import rows_of


def counted(number: int) -> Counts:
    counts = Counts()
    for i in range(number):
        annotation = {"source": "A | B", "licence": "CC0 1.0", "split": "train"}
        made = {"caption_id": "c", "perspective": "short", "model": "m", "revision": "r", "prompt_hash": "h"}
        made |= {"attempt": 1, "parents": [], "scores": {"coverage": i / 4}}
        texts = {"short": " ".join(["word"] * (i + 1))}
        note = {"name": "n", "sample_id": f"{i}", "shard": "s", "index": i, "annotation": annotation}
        rows = rows_of(note | {"texts": texts, "captions": [made]}, texts["short"], "", f"{i}")
        counts.add(rows, annotation, "jpg", len)
    return counts


def test_reports_of_filters_and_rejects_are_told_and_paths_are_not(tmp_path: Path) -> None:
    leaks = {"train": 9, "kinds": {"copy": 2, "window": 1}, "examples": {"copy": f"{tmp_path}: a and b"}}
    (tmp_path / "summary.json").write_text(json.dumps(leaks))
    filters = {
        "filters.0": {"name": "leaks", "file": str(tmp_path), "content": "0f"},
        "filters.1": {"name": "min_words", "text": "long", "words": 5},
    }
    facts = CardFacts(
        filters=filters_of({"seed": 0, **filters}),
        not_ok={"rejected": {"too_short": 3}},
        citations={"A | B": "Somebody: A set", "Other": "Nobody"},
        names=("short",),
    )
    summary = CurateSummary(12, 5, {"leak": 3, "short_long_text": 4}, 5, 1, 0)
    text = final_card(counted(5), facts, summary)
    assert "The curation took 12 pictures in; dropped: leak 3, short long text 4." in text
    assert "1. `leaks`: train 9, kinds (copy 2, window 1)" in text
    assert '2. `min_words` {"text": "long", "words": 5}' in text
    assert "rejected: too short 3." in text
    assert "- A | B: Somebody: A set" in text
    assert "Nobody" not in text
    assert str(tmp_path) not in text
    assert "| A \\| B | CC0 1.0 | 5 | 5 |" in text
    assert "| short | coverage | 5 | 0.500 |" in text
    assert "| short | 5 | 3.0 | 5 | 5 |" in text
    data = DatasetCard(text).data
    assert (data.license, data.annotations_creators, data.pretty_name) == (
        "cc0-1.0",
        ["machine-generated"],
        "Captions of A | B",
    )


def test_the_name_of_a_source_adds_no_line_to_the_commands() -> None:
    note = {"name": "n", "sample_id": "0", "shard": "s", "index": 0, "texts": {}, "captions": []}
    counts = Counts()
    annotation = {"source": "A\nrm -rf ~", "captions": ["a ship"]}
    counts.add(rows_of(note | {"annotation": annotation}, "a ship", "", "0"), annotation, "jpg")
    text = release_card(
        counts, CardFacts(), Made(seed=0, shards=1, content="", names=(), listed=True), [], 1, {}
    )
    assert not [line for line in text.splitlines() if line.startswith("rm")]


def test_the_licence_of_a_map_is_named_beside_that_of_the_pictures() -> None:
    note = {"name": "n", "sample_id": "0", "shard": "s", "index": 0, "texts": {}, "captions": []}
    counts = Counts()
    view = {"shown": ["natural=beach"], "licence": "ODbL 1.0, © A map", "extract": "2024-02-01"}
    for shown in (view, view, {"licence": view["licence"]}):  # the last shows nothing
        annotation = {"licence": "CC0 1.0", "captions": ["a beach"], "map": shown, "bounds": [1, 2, 3, 4]}
        rows = rows_of(note | {"annotation": annotation}, "a beach", "", "0")
        counts.add(rows, annotation, "jpg")
    together = Counts.joined([json.loads(json.dumps(counts.record()))])
    text = release_card(
        together, CardFacts(), Made(seed=0, shards=1, content="", names=(), listed=True), [], 1, {}
    )
    assert "| ODbL 1.0, © A map | 2024-02-01 | 2 |" in text
    assert "Of 3 pictures it is known where they lie" in text
    assert DatasetCard(text).data.license == "other"  # not that of the pictures alone


def test_counts_of_parts_are_those_of_all() -> None:
    together = Counts.joined(json.loads(json.dumps([counted(3).record(), counted(2).record()])))
    assert together.samples == 5
    assert together.texts == {"short": 5}
    assert together.words["short"] == {1: 2, 2: 2, 3: 1}
    assert Counts.joined([together.record()]).record() == together.record()
