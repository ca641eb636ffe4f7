"""The caption job on a local Ray cluster: everything once, whatever happens in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import ray

from mpgi_ray.caption import run_json
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.todo import Pilot
from mpgi_ray.cli import main
from mpgi_ray.data.caption import TIMINGS, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, EngineError, Prompt, Reply
from mpgi_ray.engines.connect import connect
from mpgi_ray.engines.template.settings import TemplateSettings
from mpgi_ray.errors import InputError, OutputError, ResourceError, UnfinishedError
from support.build import noise, picture, tar, write_shards
from support.caption_here import caption_here

pytestmark = pytest.mark.usefixtures("ray_cluster")
TEXTS = ["objects", "layout", "scene", "attributes", "short", "long"]


class Witness:
    """An engine that notes in a file which samples it is asked about, then answers as another does."""

    def __init__(self, engine: Engine, log: Path) -> None:
        self.engine, self.log = engine, log
        self.kind, self.model, self.revision = engine.kind, engine.model, engine.revision
        self.trusted = engine.trusted

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        with self.log.open("a") as file:
            file.write(f"{prompts[0].name} {prompts[0].seed}\n")
        return await self.engine.reply(prompts)

    def close(self) -> None:
        self.engine.close()


class Asked:
    """Connects witnesses; ``calls`` are the (first prompt, sample) pairs of all replicas."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "asked.txt"

    def __call__(self, config: TemplateSettings) -> Engine:
        return Witness(connect(config), self.log)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def recipe(folder: Path, **settings: object) -> Recipe:
    values = {
        "input": {"shards": str(folder / "shards")},
        "output": str(folder / "captions"),
        "chunk_size": 8,
    }
    return Recipe.model_validate(values | settings)


def table(output: str) -> pa.Table:
    """All records without their times, in a fixed order."""
    rows = pa.concat_tables(list(CaptionFolder(output).tables())).drop_columns(list(TIMINGS))
    return rows.sort_by([(name, "ascending") for name in ("shard", "index", "stage", "perspective")])


def test_six_texts_for_every_image_and_the_same_again(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [20, 5])
    first, second = recipe(tmp_path), recipe(tmp_path, output=str(tmp_path / "again"))
    outcome = caption(first)
    assert (outcome.samples, outcome.new, outcome.not_ok) == (25, 25, 0)
    rows = table(first.output)
    for index in range(20):
        texts = [r for r in rows.to_pylist() if (r["shard"], r["index"]) == ("s0", index)]
        assert sorted(r["perspective"] for r in texts) == sorted(TEXTS)
        assert all(r["text"] and r["status"] == "ok" and r["model"] for r in texts)
    parents = {r["caption_id"] for r in rows.to_pylist() if r["stage"] == "perspective"}
    assert all(set(r["parents"]) < parents for r in rows.to_pylist() if r["stage"] == "integrated")
    caption_here(second)
    assert table(second.output).equals(rows)
    assert caption(first).samples == 0  # nothing to do


def test_pilot_then_full_run_then_new_shards_ask_about_every_sample_once(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [30, 40])
    asked, run = Asked(tmp_path), recipe(tmp_path)
    assert caption(run, pilot=Pilot(50), connect=asked).new == 50
    assert len(asked.calls) == 2 * 50
    assert caption(run, pilot=Pilot(20, at_random=True), connect=asked).samples == 20
    pilots = len(asked.calls)
    assert caption(run, connect=asked).new == 70 - pilots // 2
    write_shards(tmp_path / "shards", [10, 12], start=2)
    assert caption(run, connect=asked).new == 22
    assert len(asked.calls) == len(set(asked.calls)) == 2 * 92
    records = table(run.output)
    assert records.num_rows == 92 * 6
    fresh = recipe(tmp_path, output=str(tmp_path / "fresh"))
    caption_here(fresh)
    assert table(fresh.output).equals(records)


def test_the_command_says_what_each_stage_did_and_how_far_this_start_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path / "shards", [10, 12])
    command = ["caption", "template", "--shards", str(tmp_path / "shards"), "--out", str(tmp_path / "out")]
    command += ["--set", "phases=two", "--set", "chunk_size=4"]
    assert main([*command, "--limit", "4"]) == 0  # one chunk of one of two shards
    said = capsys.readouterr()
    assert "4 samples in this start, 4 of them new" in said.out
    begun, *lines = said.err.splitlines()
    assert begun == f"caption: recipe template, shards {tmp_path}/shards, output {tmp_path}/out"
    told = [line.partition(",")[0] for line in lines if " samples (" in line]  # a Ray of others may log, too
    assert told == ["4 samples (100 %)"] * 2
    assert sum(line.startswith("waiting for the template engine to load") for line in lines) >= 2
    assert main(command) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("22 samples (100 %)")
    for part in (tmp_path / "out/integrated").glob("s1-*"):
        part.unlink()
    assert main(command) == 0
    assert "12 samples in this start, 12 of them new" in capsys.readouterr().out
    assert main(command) == 0
    said = capsys.readouterr()
    assert "nothing to do" in said.out
    assert "note:" not in said.out

    monkeypatch.setattr(run_json, "_PACKAGES", ("mpgi-ray",))
    monkeypatch.setattr(run_json.metadata, "version", lambda package: "9.9")
    (tmp_path / "out/integrated/s1-00000-of-00003.parquet").unlink()
    for _ in range(2):
        assert main(command) == 0
    assert " and 9.9: rules and checks may differ" in capsys.readouterr().out
    (later,) = json.loads((tmp_path / "out/run.json").read_text())["later_versions"]
    assert later["mpgi-ray"] == "9.9"


def test_bad_samples_are_records_and_a_bad_shard_is_loud(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [9])
    cut = noise(1, 64)[:-1500]
    broken = tar(("a.jpg", picture()), ("b.jpg", cut), ("c.jpg", b"no"), ("d.txt", b"text"))
    (tmp_path / "shards/mixed.tar").write_bytes(broken)
    (tmp_path / "shards/short.tar").write_bytes(tar(("a.jpg", picture()))[:600])
    run = recipe(tmp_path, max_reject_rate=1)
    with pytest.raises(
        UnfinishedError, match=r"1 of 3 shards could not be read.*short\.tar is cut off inside"
    ):
        caption(run)
    rejected = [r for r in table(run.output).to_pylist() if r["status"] == "rejected"]
    assert [(r["key"], r["reason"]) for r in rejected] == [
        ("b", "broken_image"),
        ("c", "not_an_image"),
        ("d", "missing_image"),
    ]
    (tmp_path / "shards/short.tar").write_bytes(tar(("a.jpg", picture())))
    assert caption(run).samples == 1
    with pytest.raises(
        UnfinishedError, match=r"3 of 14 samples have a rejected or failed record \(21\.4%\).*allows 1\.0%"
    ) as error:
        caption(recipe(tmp_path, max_reject_rate=0.01))
    advice = str(error.value).partition("`mpgi ")[2].rstrip("`")
    assert main(advice.split()) == 0


class Moody(Witness):
    """Fails on one sample, or is in trouble altogether."""

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if self.log.name == "dead":
            raise EngineError("connection refused")
        if prompts[0].facts is not None and prompts[0].seed.startswith(("0", "1", "2", "3")):
            raise KeyError("odd sample")
        return [Reply("", "length") if p.name == "scene" else Reply(f"text {p.name}") for p in prompts]


def test_a_failing_answer_is_a_record_and_a_failing_engine_stops_the_job(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [16])
    run = recipe(tmp_path, max_reject_rate=1)
    caption(run, connect=lambda config: Moody(connect(config), tmp_path / "alive"))
    rows = table(run.output).to_pylist()
    reasons = {(r["perspective"], r["status"], r["reason"]) for r in rows}
    assert ("scene", "rejected", "truncated") in reasons
    assert ("objects", "failed", "engine_error") in reasons
    assert ("objects", "ok", "") in reasons
    assert all(bool(r["text"]) == (r["status"] == "ok") for r in rows)
    dead = recipe(tmp_path, output=str(tmp_path / "dead_out"))
    with pytest.raises(
        UnfinishedError, match=r"2 consecutive passes finished no chunk: .*connection refused"
    ):
        caption(dead, connect=lambda config: Moody(connect(config), tmp_path / "dead"))


def test_another_recipe_or_a_changed_shard_is_refused_by_name(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [6, 6])
    run = recipe(tmp_path)
    caption_here(run)
    with pytest.raises(OutputError, match="made with other settings: chunk_size was 8, is 4"):
        caption(recipe(tmp_path, chunk_size=4))
    with pytest.raises(OutputError, match=r"generate\.perspectives was .*, is \['objects'\]"):
        caption(recipe(tmp_path, generate={"perspectives": ["objects"]}))
    shard = tmp_path / "shards/s1.tar"
    data = shard.read_bytes()
    os.utime(shard, (1, 1))  # a copy has another time, the same bytes
    assert caption(run).samples == 0
    shard.write_bytes(data.replace(b"airport", b"seaport"))
    with pytest.raises(OutputError, match=r"shard s1\.tar changed after it was captioned"):
        caption(run)
    shard.unlink()
    with pytest.raises(InputError, match=r"1 shard is missing .*: s1"):
        caption(run)


def test_missing_shards_resources_and_rights_are_said_before_work(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [3])
    named = recipe(tmp_path, input={"shards": str(tmp_path / "shards/s{0..1}.tar")})
    with pytest.raises(InputError, match=r"1 shard is missing below .*: s1\.tar"):
        caption(named)
    with pytest.raises(InputError, match="there are no shards: no file ending in"):
        caption(recipe(tmp_path, input={"shards": str(tmp_path / "nowhere")}))
    greedy = {"engine": {"replicas": 40}}
    with pytest.raises(ResourceError, match=r"hold 41 CPUs and reading needs 1 more, the cluster has 8"):
        caption(recipe(tmp_path, output=str(tmp_path / "x"), generate=greedy))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*file/captions/lease\.json: .* is not a folder"):
        caption(recipe(tmp_path, output=str(tmp_path / "file/captions")))


KILLED = """
import os, signal, sys, threading
from pathlib import Path
sys.path[:0] = "{tests}".split(os.pathsep)
import test_caption_job as t

class Killer(t.Witness):
    async def reply(self, prompts):
        published = t.CaptionFolder("{folder}/captions").integrated.done()
        if prompts[0].name == "integrate" and len(published) > {after}:
            os.kill(int(os.environ["DRIVER"]), signal.{how})
            threading.Event().wait()  # until Ray ends this replica
        return await super().reply(prompts)

import ray
from mpgi_ray import cli
from mpgi_ray.caption import job
ray.init(num_cpus=6, include_dashboard=False, log_to_driver=False,
         runtime_env={{"env_vars": {{"DRIVER": str(os.getpid()), "PYTHONPATH": "{tests}"}}}})
folder = Path("{folder}")
# the command itself, with another engine behind it
job.caption.__kwdefaults__["connect"] = lambda c: Killer(t.connect(c), folder / "asked.txt")
sys.exit(cli.main(["caption", "template", "--shards", f"{{folder}}/shards", "--out", f"{{folder}}/captions",
                   "--set", "chunk_size=8", "--grace", "2"]))
"""


@pytest.mark.slow  # six other kills of a caption run are in tests/faults
def test_killed_half_way_twice_and_run_again_gives_the_same(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [80, 80])
    run, asked = recipe(tmp_path), Asked(tmp_path)
    folder, after = CaptionFolder(run.output), 0
    here = Path(__file__).parent
    tests = os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])
    for how, status in (("SIGKILL", -signal.SIGKILL), ("SIGTERM", 143)):
        script = KILLED.format(tests=tests, folder=tmp_path, how=how, after=after + 1)
        killed = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"RAY_ADDRESS": "local"},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert killed.returncode == status, killed.stderr
        published = folder.integrated.done()
        assert after < len(published) < 20
        after = len(published)
    kept = {c.sample_id for chunk in published for c in from_table(folder.table(chunk))}
    first = len(asked.calls)
    caption(run, connect=asked)
    again = {call.partition(" ")[2] for call in asked.calls[first:]}
    assert again
    assert not again & kept  # what was published is not asked again
    untouched = recipe(tmp_path, output=str(tmp_path / "untouched"))
    caption(untouched)
    assert table(run.output).equals(table(untouched.output))


SESSION = """
import ray
from mpgi_ray.runtime.cluster import ray_session
with ray_session(cpus_held=1):
    print(ray.get_runtime_context().gcs_address)
"""


@pytest.mark.parametrize("named", [True, False])
def test_only_a_cluster_that_is_named_is_joined(named: bool) -> None:
    here = ray.get_runtime_context().gcs_address
    with tempfile.TemporaryDirectory(prefix="ray") as folder:  # a short path: there are sockets below it
        found = Path(folder) / "ray/ray_current_cluster"  # which Ray by itself would join
        found.parent.mkdir()
        found.write_text(here)
        environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        environment |= {"RAY_TMPDIR": folder} | ({"RAY_ADDRESS": here} if named else {})
        session = subprocess.run(
            [sys.executable, "-c", SESSION], env=environment, capture_output=True, text=True, timeout=100
        )
    assert session.returncode == 0, session.stderr
    assert (session.stdout.split()[-1] == here) is named


def test_run_json_tells_what_the_folder_was_made_with(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [2])
    run = recipe(tmp_path)
    caption_here(run)
    record = json.loads((tmp_path / "captions/run.json").read_text())
    assert record["stage1"] == [TEXTS[:4]]
    assert set(record["prompts"]) == {*TEXTS[:4], "integrate"}
    assert {"python", "ray", "mpgi-ray"} <= set(record["versions"])
    assert set(record["shards"]) == {"s0"}
    hashes = {c.prompt_hash for t in CaptionFolder(run.output).tables() for c in from_table(t)}
    assert hashes == {prompt["hash"] for prompt in record["prompts"].values()}


def test_prompt_files_are_read_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replicas run in another folder, in which a relative path leads nowhere."""
    write_shards(tmp_path / "shards", [2])
    for name, kind in (("water", "relay\nwords: [1, 90]"), ("union", "integrate\ntexts: {whole: [1, 90]}")):
        (tmp_path / f"{name}.j2").write_text(f"---\nkind: {kind}\n---\nTell of water.\n")
    monkeypatch.chdir(tmp_path)
    prompts = {"perspectives": ["scene", "./water.j2"]}
    run = recipe(tmp_path, generate=prompts, integrate={"prompt": "./union.j2"})
    assert caption(run).samples == 2
    assert set(table(run.output)["perspective"].to_pylist()) == {"scene", "water", "whole"}
