"""A scorer is added as docs/scores.md says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from support.scratch_package import run_in, scratch_package

BEFORE = Path(__file__).parents[1] / "fixtures/folders-0.1.0"
# a replica of the job, without Ray around it
SCORED = """
import json, sys
from mpgi_ray.curate.choice import read_choice
from mpgi_ray.curate.given import Run
from mpgi_ray.curate.scores.scorer import load_scorers
from mpgi_ray.curate.scores.scoring import Job, Scoring
from mpgi_ray.curate.scores.table import Column
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import read_table

captions, shards, out, *choices = sys.argv[1:]
run, scorers = Run(captions, shards, partial=False), load_scorers([read_choice(one) for one in choices])
columns = tuple(Column(name, "", *one.made_by()) for one in scorers for name in one.columns)
where = run.shards()
job = Job(captions, out, where.root.url, run.fields, run.written, tuple(scorers), columns, gpu=False)
replica, rows = Scoring(job), []
for source in run.sources(where):
    replica(source)
    table = read_table(Storage(out), f"scores/{source.shard}.parquet")
    rows += table.select(["index", "name", "names_scene", "words"]).to_pylist()
print(json.dumps(rows))
"""


def test_a_scorer_is_one_file(tmp_path: Path) -> None:
    package = scratch_package(tmp_path / "package", "scores.md")
    where = [str(BEFORE / "captions"), str(BEFORE / "shards"), str(tmp_path / "scores")]
    rows = json.loads(run_in(package, "-c", SCORED, *where, "scene:also=[colours]", "text"))
    assert [row["index"] for row in rows] == [index for index in (1, 2, 3, 4) for _ in range(6)]
    assert [row["name"] for row in rows[:6]] == ["objects", "layout", "scene", "attributes", "short", "long"]
    naming = {"objects": 4, "short": 4, "long": 4, "attributes": 3}  # three of these speak of colours
    assert Counter(row["name"] for row in rows if row["names_scene"]) == naming
    assert rows[0]["words"] == 8
