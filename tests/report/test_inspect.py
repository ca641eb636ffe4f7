"""`mpgi inspect`: what a path is, which forms there are of it, and all that is known of a sample."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.caption import UNDONE
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.lease import LEASE
from mpgi_ray.data.rejected import DROPPED, dropped_table
from mpgi_ray.data.searches import GROUPS
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.report.kinds import Kind, recognise
from mpgi_ray.report.watch import watch
from support.report_runs import SCRIPT, Run, draw, make_run

FIXTURES = Path(__file__).parents[1] / "fixtures/folders-0.1.0"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_run(tmp_path_factory.mktemp("inspected"))


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command prints as JSON."""
    assert main(["inspect", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("captions", Kind.CAPTIONS),
        ("final", Kind.FINAL),
        ("model", Kind.TRAINING),
        ("shards", Kind.SHARDS),
        ("shards/shard-000000.tar", Kind.SHARD),
        ("shards/*.tar", Kind.SHARDS),
        ("shards/shard-{000000..000000}.tar", Kind.SHARDS),
    ],
)
def test_a_path_is_recognised_and_told_as_text_and_json(
    folder: str, kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(FIXTURES / folder)
    assert recognise(path) is kind
    assert main(["inspect", path]) == 0
    assert capsys.readouterr().out
    told = say(capsys, path)
    assert (told["path"], told["kind"]) == (path, kind.name.lower())


def test_other_outputs_are_recognised_by_their_records(tmp_path: Path) -> None:
    records = {
        "duplicates.json": Kind.DUPLICATES,
        "leaks.json": Kind.LEAKS,
        "score.json": Kind.SCORES,
        "release.json": Kind.RELEASE,
        "metrics.json": Kind.EVALUATION,
        "open_clip_config.json": Kind.MODEL,
    }
    for name, kind in records.items():
        folder = Storage(str(tmp_path / kind.name))
        folder.publish_json(name, {"shards": "final", "split": None, "status": {}})
        if kind is Kind.MODEL:
            folder.publish("open_clip_model.safetensors", b"")
        assert recognise(folder.url) is kind


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{run}/nothing"], "it is no output of mpgi: expected the output folder of a command, a shard, or"),
        (["{fixtures}/model", "--html", "x.html"], "is a training run, for which there is no --html"),
        (["{fixtures}/model", "--rejects", "3"], "is a training run, for which there is no --rejects"),
        (["{fixtures}/shards/shard-000000.tar", "--status"], "is a shard: --status is of the output folder"),
        (["{run}/shards", "--status"], "is shards: --status is of the output folder of a job"),
        (["{run}/captions", "--status", "--html", "x"], "--status and --html: give one of them"),
        (["{run}/captions", "--json", "--html", "x"], "--html and --json: give one of them"),
        (["{run}/captions#picture-003", "--rejects", "3"], "--rejects is of a whole folder"),
        (["{run}/captions#picture-003", "--model", "m"], "--model knows nothing of a sample"),
        (["{fixtures}/model#a"], "is a training run, which holds no samples: leave out #a"),
        (["{run}/captions#picture-03"], "the nearest keys of 18 are picture-0"),
        (["{run}/shards/a.tar#picture-013"], "has no sample 'picture-013'"),
        (["{fixtures}/final#none"], "final keys begin a sample_id"),
        (
            ["{run}/shards#picture-003", "--scores", "s"],
            "--scores tells more of a sample of a caption folder",
        ),
    ],
)
def test_what_is_not_offered_is_one_clear_error(
    words: list[str], said: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (run.root / "nothing").mkdir(exist_ok=True)
    assert main(["inspect", *(word.format(run=run.root, fixtures=FIXTURES) for word in words)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_all_that_is_known_of_a_sample(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    sample_id = next(id for id, sample in run.samples.items() if sample.key == "picture-003")
    told = say(capsys, f"{run.captions}#picture-003")["samples"]
    assert told == say(capsys, f"{run.captions}#{sample_id[:12]}")["samples"]
    (one,) = told
    assert (one["shard"], one["index"], one["sample_id"]) == ("a", 3, sample_id)
    assert one["annotation"]["objects"] == {"car": 1, "ship <b>": 1}
    assert one["size"] == [120, 90]
    assert any("car" in sentence for sentence in one["facts"])
    texts = {text["perspective"]: text for text in one["texts"]}
    assert texts.keys() == {"objects", "scene", "long"}
    assert texts["scene"]["status"] == "rejected"
    assert texts["scene"]["raw"].startswith(SCRIPT)
    assert "presence: a car" in texts["objects"]["claims"]["supported"]
    assert texts["objects"]["tokens"] == {"prompt": 100, "cached": 0, "completion": 12}
    # of a shard alone: what is annotated, and nothing that was written later
    (packed,) = say(capsys, f"{run.root}/shards#picture-003")["samples"]
    assert packed["annotation"] == one["annotation"]
    assert "texts" not in packed
    assert main(["inspect", f"{run.captions}#picture-003"]) == 0
    assert f"raw: {SCRIPT}" in capsys.readouterr().out


def test_samples_of_one_key_are_all_shown_and_a_folder_with_a_mark_wins(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "set#2"
    odd.mkdir()
    for name in ("a", "b"):
        (odd / f"{name}.tar").write_bytes((run.root / "shards/a.tar").read_bytes())
    assert say(capsys, str(odd))["shards"] == {"a": 10, "b": 10}
    both = say(capsys, f"{odd}#picture-003")["samples"]
    assert [one["shard"] for one in both] == ["a", "b"]
    assert main(["inspect", f"{odd}#picture-003"]) == 0
    assert capsys.readouterr().out.startswith("2 samples are meant by picture-003:")
    marked = replace(draw(4), key="pier#4")
    (odd / "c.tar").write_bytes(write_members([sample_members(marked)]))
    (one,) = say(capsys, f"{odd}#pier#4")["samples"]
    assert (one["shard"], one["key"], one["sample_id"]) == ("c", "pier#4", marked.sample_id)
    assert say(capsys, f"{odd}/c.tar#pier#4")["samples"] == [one]


def test_what_other_jobs_know_of_a_sample(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    final, found = Storage(str(tmp_path / "final")), Storage(str(tmp_path / "found"))
    final.publish_json("curate.json", {})
    final.publish_json("summary.json", {"shards": 0, "seed": 0})
    publish_table(final, DROPPED, dropped_table("a", [(3, "picture-003", "duplicate")]))
    beside = ["--final", final.url]
    (one,) = say(capsys, f"{run.captions}#picture-003", *beside)["samples"]
    assert one["fate"] == {"kept": False, "reason": "duplicate"}
    (other,) = say(capsys, f"{run.captions}#picture-004", *beside)["samples"]
    assert other["fate"]["detail"].startswith("it was not offered to this curation")
    final.publish("captions.csv", b"filepath,caption\n")
    (dropped,) = say(capsys, f"{final.url}#picture-003")["samples"]
    assert dropped["fate"] == one["fate"]
    # a source's key may be short, and then begins many sample_ids: it is no beginning of one
    final.publish("captions.csv", b"filepath,caption\nshard-000000/7f0123456789abcdef012345.jpg,A road.\n")
    publish_table(final, DROPPED, dropped_table("a", [(3, "7", "duplicate")]))
    (dropped,) = say(capsys, f"{final.url}#7")["samples"]
    assert (dropped["key"], dropped["fate"]["reason"]) == ("7", "duplicate")
    assert main(["inspect", f"{final.url}#7f"]) == 1
    assert "6 letters or more of a sample_id" in capsys.readouterr().err
    found.publish_json("duplicates.json", {})
    assert main(["inspect", f"{run.captions}#picture-003", "--duplicates", found.url]) == 1
    assert "is not finished: run the same `mpgi duplicates` again" in capsys.readouterr().err
    assert not found.exists(GROUPS)


def test_a_final_sample_tells_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(FIXTURES / "final")
    first = (FIXTURES / "final/captions.csv").read_text().splitlines()[1]
    shard, key = first.partition(".")[0].split("/")
    (one,) = say(capsys, f"{path}#{key}")["samples"]
    assert (one["shard"], one["key"]) == (shard, key)
    assert one["sample_id"].startswith(key)
    assert one["came_from"]["index"] >= 0
    place = {"shard": one["came_from"]["shard"], "index": one["came_from"]["index"]}
    (again,) = say(capsys, f"{FIXTURES}/captions#{one['sample_id']}", "--final", path)["samples"]
    assert {name: again[name] for name in place} == place
    assert again["fate"] == {"kept": True, "shard": shard, "key": key, "texts": sorted(one["texts"])}


def test_the_status_of_a_folder_by_its_lease(run: Run, tmp_path: Path) -> None:
    done = watch(run.captions, Kind.CAPTIONS)
    assert done.state.value == "stopped"
    assert {one.what: (one.done, one.total) for one in done.works}["chunks done"] == (5, 6)
    assert done.rejects is not None
    assert done.rejects.of == len(run.rows)
    assert done.rejects.number == sum(row.status in UNDONE for row in run.rows)
    storage = CaptionFolder(run.captions).storage
    holder = {"token": "t", "job": "caption", "user": "u", "host": "elsewhere", "pid": 1, "machine": "m"}
    storage.publish_json(LEASE, holder | {"born": "", "since": "yesterday", "seen": "today"})
    renewed = storage.times(LEASE)[LEASE]
    try:
        runs = watch(run.captions, Kind.CAPTIONS, now=renewed + 5)
        assert runs.lines()[0] == f"{run.captions}: a caption folder, running"
        assert any("held by `mpgi caption` of u on elsewhere" in line for line in runs.lines())
        crashed = watch(run.captions, Kind.CAPTIONS, now=renewed + 3600)
        first = crashed.lines()[0]  # the last piece is older than the lease
        assert first.startswith(f"{run.captions}: a caption folder, crashed: last activity ")
        assert first.endswith(" min ago, lease stale")
        assert crashed.record()["seconds_silent"] == pytest.approx(3600)
    finally:
        storage.delete(LEASE)
    assert done.lines()[-1] == "The same command goes on from here."
    pilot = watch(make_run(tmp_path, pilot=True).captions, Kind.CAPTIONS)
    assert pilot.state.value == "stopped"
    assert "without --limit or --sample" in pilot.lines()[-1]
