"""Imperfect prose at known rates: what the writer plants in its form is found, answer by answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.recipe import FactsConfig, load_recipe
from mpgi_ray.data.caption import from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.demo.reconcile import CODES, reconcile
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.demo.writer import CONTENT, FORM, MODEL, Faults, ImperfectWriter
from mpgi_ray.rules import measured_text, rule_text
from mpgi_ray.truth.wording import novel, wording
from support.caption_here import caption_here

pytestmark = pytest.mark.timeout(600)
SCENES = 60


def test_planted_faults_are_found_one_to_one(tmp_path: Path) -> None:
    samples = [scene(number, 5) for number in range(SCENES)]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(write_members(map(sample_members, samples)))
    rates = dict.fromkeys(FORM, 0.05) | dict.fromkeys(CONTENT, 0.01) | {"invented": 0.03}  # in merges, too
    with ImperfectWriter(tmp_path / "writer.jsonl", 3, Faults(**rates)) as writer:
        where = {"input.shards": str(tmp_path / "shards"), "output": str(tmp_path / "captions")}
        where |= {"generate.engine.url": writer.url, "generate.engine.model": MODEL}
        caption_here(load_recipe("endpoint", where, ["chunk_size=32", "max_reject_rate=0.3"]))
    folder = CaptionFolder(str(tmp_path / "captions"))
    result = reconcile(folder, tmp_path / "writer.jsonl")
    assert result.answers > SCENES * 5
    assert (result.unmatched, dict(result.unlike)) == (0, {})
    assert result.alarms <= 0.01 * result.planted[""]
    for kind, code in CODES.items():
        assert result.planted[kind] == result.found[code] > 0
    assert result.planted["invented"] > 0
    assert result.found["novel"] > 0
    assert sum(result.coverage) / len(result.coverage) >= 0.8

    known = {s.sample_id: facts_of(s.annotation, decode(s.image), FactsConfig()) for s in samples}
    facts = {key: [*rule_text(one, key), *measured_text(one, key)] for key, one in known.items()}
    rows = [row for table in folder.tables() for row in from_table(table)]
    texts = {row.caption_id: row.text for row in rows}
    merged = [row for row in rows if row.stage == "integrated" and row.status == "ok"]
    assert len(merged) > 1.7 * SCENES
    for row in merged:
        sources = [*(texts[parent] for parent in row.parents), *facts[row.sample_id]]
        assert novel(row.text, wording(sources)) == []
    assert {row.model for row in rows} == {MODEL}
    assert all(json.loads(row.sampling)["max_tokens"] for row in rows)
