"""A curation with rules from end to end: what is published says the same everywhere, and resumes."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from mpgi_ray.cli.main import app
from mpgi_ray.curate import CurateSummary, Curation, curate
from mpgi_ray.curate.select import read_choice
from mpgi_ray.curate.selection.decided import TEXTS
from mpgi_ray.data.caption import Caption, Stage, Status, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import InputError, OutputError, RecipeError
from support.build import noise, tar
from support.caption_rows import begin
from support.score_tables import write_scores

pytestmark = pytest.mark.usefixtures("ray_cluster")
PICTURES, SHARD = 24, 10
NAMES = ("objects", "short", "long")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shards, captions of them, and scores; no test changes it.

    Each picture has three texts and two that people wrote, behind a blank one; ``clip`` is the number of the
    picture and a hundredth of the text's length, and none for every fifth picture.
    """
    folder = tmp_path_factory.mktemp("told")
    captions = CaptionFolder(str(folder / "captions"))
    shards: dict[str, list[tuple[str, bytes]]] = {}
    chunks: dict[str, list[Caption]] = {}
    scored: dict[str, list[dict[str, Any]]] = {}
    for number in range(PICTURES):
        shard, index, key = f"s{number // SHARD}", number % SHARD, f"{number:04d}"
        people = ["A picture.", f"Pier {number} by hand."]
        scene = ("harbor", "airport")[number % 2]
        note = {"width": 32, "height": 32, "scene": [scene], "captions": [" ", *people], "source": "test"}
        record = json.dumps({"mpgi": 1, "name": key, "annotation": note}).encode()
        shards.setdefault(shard, []).extend([(f"{key}.jpg", noise(number)), (f"{key}.json", record)])
        place = {"shard": shard, "index": index, "key": key, "sample_id": "", "model": "m"}
        texts = [(name, 0, f"{name} of the {scene} {number}") for name in NAMES]
        if number == 3:
            texts[1:2] = []  # the main text was rejected
        rows = [
            Caption(
                caption_id=f"{key} {name}",
                stage=Stage.PERSPECTIVE.value if name == "objects" else Stage.INTEGRATED.value,
                perspective=name,
                text=text,
                **place,
            )
            for name, _, text in texts
        ]
        if number == 3:
            bad = {"status": Status.REJECTED.value, "reason": "format", "text": ""}
            rows.append(replace(rows[-1], caption_id="bad", perspective="short", **bad))
        chunks.setdefault(shard, []).extend(rows)
        for name, of, text in [*texts, *(("captions", n, text) for n, text in enumerate(people))]:
            clip = None if number % 5 == 4 else number + len(text) / 100
            content = hashlib.sha256(noise(number)).hexdigest()
            row = {"index": index, "key": key, "sample_id": content, "name": name, "number": of, "text": text}
            scored.setdefault(shard, []).append(row | {"clip": clip})
    (folder / "shards").mkdir()
    for name, members in shards.items():
        (folder / f"shards/{name}.tar").write_bytes(tar(*members))
    input_ = {"shards": str(folder / "shards"), "fields": {}}
    asked = {name: {"stamp": ""} for name in shards}
    begin(captions, [["objects"]], recipe={"input": input_}, shards=asked)
    for name, rows in chunks.items():
        digest = hashlib.sha256((folder / f"shards/{name}.tar").read_bytes()).hexdigest()
        for stage, of in (captions.stage1[0], Stage.PERSPECTIVE), (captions.stage2, Stage.INTEGRATED):
            part = Part(to_table([row for row in rows if row.stage == of.value]), digest)
            stage.full.publish(ChunkId(name, 0, 1), part)
    write_scores(folder / "scores", scored, ["clip"])
    return folder


def asked(told: Path, folder: Path, rules: Sequence[dict[str, Any]], **others: Any) -> Curation:
    """A curation by some rules."""
    folder.mkdir(exist_ok=True)
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"scores": [str(told / "scores")], "rules": list(rules)}))
    values: dict[str, Any] = {"captions": str(told / "captions"), "shard_size": 8, "select": str(path)}
    return Curation(output=str(folder / "final"), **(values | others))


RULES = (
    {"name": "low", "drop": "clip < 4"},
    {"name": "one_said", "distinct": "set", "by": "clip"},
    {"name": "best", "texts": 2, "by": "clip"},
    {"name": "balance", "pictures": 7, "per": ["scene"]},
)


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def agree(out: Path, summary: CurateSummary) -> list[dict[str, Any]]:
    """Hold all that was published against each other; the rows of ``texts.parquet``."""
    rows: list[dict[str, Any]] = pq.read_table(out / TEXTS).to_pylist()
    dropped = pq.read_table(out / "dropped.parquet").to_pylist()
    records = list(read_records(list_shards(out)))
    kept = [row for row in rows if row["kept"]]
    assert all(row["kept"] == (row["reason"] == "") for row in rows)
    assert (summary.kept, summary.texts) == (len(records), len(kept))
    assert summary.dropped == dict(sorted(Counter(row["reason"] for row in dropped).items()))
    assert summary.selection is not None
    by_rule = Counter(row["reason"] for row in rows if not row["kept"])
    assert {rule.name: rule.dropped for rule in summary.selection.rules if rule.dropped} == by_rule
    assert {rule.name: rule.pictures for rule in summary.selection.rules if rule.pictures} == {
        name: count for name, count in summary.dropped.items() if name in by_rule
    }
    with (out / "captions.csv").open(newline="") as file:
        listed = Counter(row["caption"] for row in csv.DictReader(file))
    published: Counter[str] = Counter()
    for record in records:
        published.update([*record.texts.values(), *record.captions])
        of_sample = [row for row in kept if row["sample_id"] == record.sample_id]
        assert {row["name"] for row in of_sample} == {
            *record.texts,
            *(["captions"] if record.captions else []),
        }
    assert listed == published
    return rows


def test_rules_decide_what_is_published_and_the_table_says_why(told: Path, tmp_path: Path) -> None:
    config = asked(told, tmp_path, RULES, filters=(read_choice("min_words:text=long,words=5"),))
    out = tmp_path / "final"
    summary = curate(config)
    rows = agree(out, summary)
    assert (summary.samples_in, summary.kept, summary.shards) == (24, 14, 2)
    assert len(rows) == 24 * 5 - 1
    assert {group.num_rows for group in _groups(out / TEXTS)} == {50, 49, 20}  # a group a source shard
    low, said, best, balance = summary.selection.rules if summary.selection else ()
    assert (low.seen, low.dropped, low.unknown, low.pictures) == (119, 19, 20, 4)
    assert said.dropped == 19  # "A picture." of twenty
    kept = Counter((row["shard"], row["index"]) for row in rows if row["kept"])
    assert set(kept.values()) == {2}
    assert balance.pictures == 20 - 14
    assert [rule.seen for rule in (low, said, best)] == [119, 100, 81]
    texts = {(row["shard"], row["index"], row["name"], row["number"]): row for row in rows}
    assert texts["s0", 9, "long", 0]["clip"] is None
    again = asked(told, tmp_path / "again", RULES, filters=config.filters)
    curate(again)
    (tmp_path / "again/rules.yaml").unlink()
    assert content(tmp_path / "again/final") == content(out)
    assert curate(config) == replace(summary, nothing_to_do=True)
    (out / TEXTS).unlink()
    assert curate(config) == summary
    assert content(tmp_path / "again/final") == content(out)
    with pytest.raises(OutputError, match="made with other settings: select was"):
        curate(asked(told, tmp_path, RULES[:2], filters=config.filters))


def _groups(path: Path) -> list[Any]:
    told = pq.ParquetFile(path).metadata
    return [told.row_group(number) for number in range(told.num_row_groups)]


def test_the_first_kept_text_becomes_txt_and_the_record_holds_no_other(told: Path, tmp_path: Path) -> None:
    rules = (
        {"name": "no_short", "drop": "name = 'short' AND sample_id < '8'"},
        {"name": "first_said", "drop": "name = 'captions' AND number = 0"},
        {"name": "no_long", "drop": "name = 'long'"},
    )
    config = asked(told, tmp_path, rules, texts=("short", "captions", "long"))
    summary = curate(config)
    agree(tmp_path / "final", summary)
    assert summary.dropped == {}  # also of the picture without the main text
    for sample in _samples(tmp_path / "final"):
        record = json.loads(sample["json"])
        short = record["texts"].get("short")
        assert (short is None) == (record["sample_id"] < "8" or record["name"] == "0003")
        assert (
            list(record["texts"])
            == [row["perspective"] for row in record["captions"]]
            == ["short"] * bool(short)
        )
        said = f"Pier {int(record['name'])} by hand."
        assert record["annotation"]["captions"] == [said]
        assert sample["txt"].decode() == (short or said)


def _samples(folder: Path) -> list[dict[str, bytes]]:
    samples: dict[str, dict[str, bytes]] = {}
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                key, _, suffix = member.name.partition(".")
                samples.setdefault(key, {})[suffix] = archive.extractfile(member).read()  # type: ignore[union-attr]
    return list(samples.values())


def test_rules_that_drop_nothing_change_nothing_that_is_published(told: Path, tmp_path: Path) -> None:
    config = asked(told, tmp_path, [{"name": "none", "drop": "clip > 1000"}], texts=("long", "short"))
    curate(config)
    curate(config.model_copy(update={"output": str(tmp_path / "plain"), "select": None}))
    chosen, plain = content(tmp_path / "final"), content(tmp_path / "plain")
    assert chosen.keys() - plain.keys() == {TEXTS}
    for name, data in plain.items():
        told_otherwise = ("curate.json", "summary.json", "card.json", "README.md")  # these tell the rules
        assert name in told_otherwise or chosen[name] == data, name


def test_captions_that_came_with_shards_are_selected_and_a_broken_picture_is_told(tmp_path: Path) -> None:
    broken = noise(1, 64)[:-1500]
    members = [
        (f"{number}.{field}", data)
        for number in range(4)
        for field, data in (
            ("jpg", broken if number == 1 else noise(number)),
            ("txt", f"A pier.\nPier {number} and its boats.".encode()),
        )
    ]
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/a.tar").write_bytes(tar(*members))
    rules = [{"name": "repeated", "distinct": "set"}, {"name": "best", "texts": 1, "by": "words"}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"rules": rules}))
    out = tmp_path / "final"
    config = Curation(shards=str(tmp_path / "shards"), output=str(out), select=str(tmp_path / "rules.yaml"))
    summary = curate(config)
    assert (summary.kept, summary.texts, summary.dropped) == (3, 3, {"broken_image": 1})
    rows = pq.read_table(out / TEXTS).to_pylist()
    reasons = Counter((row["number"], row["reason"]) for row in rows)
    assert reasons == {(0, "repeated"): 3, (0, "best"): 1, (1, ""): 3, (1, "broken_image"): 1}
    assert [row["index"] for row in rows if row["reason"] == "broken_image"] == [1]
    assert {record.captions for record in read_records(list_shards(out))} == {
        (f"Pier {number} and its boats.",) for number in (0, 2, 3)
    }


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(told: Path, tmp_path: Path) -> None:
    config = asked(told, tmp_path, RULES)
    before = content(tmp_path)
    call = ["curate", str(told / "captions"), "--out", config.output, "--shard-size", "8", "--select"]
    result = CliRunner().invoke(app, [*call, str(config.select), "--dry-run"])
    assert result.exit_code == 0, result.output
    assert content(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["rules.yaml"]
    lines = result.stdout.splitlines()
    summary = curate(config)
    assert summary.selection is not None
    assert [line for line in lines if line[:1] != " "] == [
        "24 samples in; dropped before any rule: none",
        *map(str, summary.selection.rules),
        str(summary.selection),
        f"a curation would publish {summary.kept} samples in {summary.shards} shards with {summary.texts} "
        "texts; nothing was written",
    ]
    examples = [line for line in lines if line[:1] == " "]
    assert len(examples) == 4 * 3
    assert all(re.fullmatch(r"    s[0-2]/\d{4} \w+( 1)? \(.*\): \w.*", line) for line in examples)
    assert all(float(line.partition("clip ")[2].partition(")")[0]) < 4 for line in examples[:3])
    without = CliRunner().invoke(app, [*call[:-1], "--dry-run"])
    assert "name a rules file with --select" in str(without.exception or without.output)


class Killed(BaseException):
    """What ends a job without any of its own words."""


@pytest.mark.parametrize(
    "name", ["s1.decided.parquet", "decision.json", "dropped.parquet", TEXTS, "index.parquet", "summary.json"]
)
def test_a_killed_curation_goes_on(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    config = asked(told, tmp_path, RULES)
    publish_ = Storage.publish

    def fatal(self: Storage, called: str, data: Any) -> None:
        if called == name:
            raise Killed
        publish_(self, called, data)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "publish", fatal)
        with pytest.raises(Killed):
            curate(config)
    curate(config)
    curate(whole := asked(told, tmp_path / "whole", RULES))
    assert content(tmp_path / "final") == content(Path(whole.output))


def test_texts_without_scores_are_one_error_unless_no_rule_asks(told: Path, tmp_path: Path) -> None:
    shutil.copytree(told / "scores", tmp_path / "scores")
    tables = tmp_path / "scores/scores"
    (tables / "s2.parquet").unlink()
    table = pq.read_table(tables / "s1.parquet")  # whose long texts were others, and of one text the picture
    hashes = zip(table["name"].to_pylist(), table["text_hash"].to_pylist(), strict=True)
    others = pa.array([of ^ (name == "long") for name, of in hashes], pa.uint64())
    at = table.schema.get_field_index("text_hash")
    table = table.set_column(at, table.schema.field(at), others)
    pictures = table["sample_id"].to_pylist()
    pictures[table["name"].to_pylist().index("short")] = "another"
    at = table.schema.get_field_index("sample_id")
    pq.write_table(table.set_column(at, "sample_id", pa.array(pictures)), tables / "s1.parquet")
    rules = {"scores": [str(tmp_path / "scores")], "rules": [{"name": "low", "drop": "clip < 1"}]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    config = asked(told, tmp_path / "x", []).model_copy(update={"select": str(tmp_path / "rules.yaml")})
    with pytest.raises(
        InputError, match=r"(11 of 50 texts of shard s1|20 of 20 texts of shard s2) have no scores"
    ):
        curate(config)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules | {"rules": [{"name": "few", "texts": 2}]}))
    curate(config.model_copy(update={"output": str(tmp_path / "other")}))
    table = pq.read_table(tmp_path / "other" / TEXTS).to_pylist()
    unscored = Counter(row["shard"] for row in table if row["clip"] is None)
    assert unscored == {"s0": 10, "s1": 19, "s2": 20}


def test_what_a_rule_cannot_do_is_one_error(told: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="rule 'bad': drop: there is no column 'clop'"):
        curate(asked(told, tmp_path, [{"name": "bad", "drop": "clop > 3"}]))
    assert not (tmp_path / "final").exists()
