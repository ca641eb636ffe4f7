"""The jobs that the faults hit: their commands, and whether what they wrote is what it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mpgi_ray.data.caption import TIMINGS, digests_of, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from support.build import noise

CAPTION = ("fused", "two", "pilot", "sampled")
SEARCH = ("duplicates", "leaks")
JOBS = ("ingest", *CAPTION, *SEARCH, "curate", "select", "train")
# of each job, what its input was made by, the first first
BEFORE = {"ingest": (), **dict.fromkeys((*CAPTION, *SEARCH), ("ingest",))} | {
    "curate": ("ingest", "fused"),
    "select": ("ingest", "fused"),
    "train": ("ingest", "fused", "curate"),
}
_RULES = """rules:
  - {name: weak, top: 0.8, by: words, within: [name]}
  - {name: repeated, distinct: set}
  - {name: balance, pictures: 10, per: [scene]}
"""
_ORDER = ("shard", "index", "stage", "perspective")
_STEP_TIMES = ("samples_per_second", "data_wait")


@dataclass(frozen=True)
class Fixture:
    """Pictures, and what undisturbed jobs make of them, each the input of the next."""

    root: Path

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    def made(self, job: str) -> Path:
        """The folder of the undisturbed job."""
        return self.root / ("fused" if job in CAPTION else job)

    def draw(self, count: int) -> None:
        for number in range(count):
            folder = self.pictures / ("harbor", "airport", "forest")[number % 3]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:04d}.jpg").write_bytes(noise(number, 48))
        (self.pictures / "forest/broken.jpg").write_bytes(b"not a picture")
        (self.root / "rules.yaml").write_text(_RULES)

    def commands(self, job: str, out: Path) -> list[list[str]]:
        """The command lines of a job, one after the other."""
        if job == "ingest":
            size = ["--shard-size", "12", "--max-reject-rate", "0.5"]
            return [["ingest", "folders", str(self.pictures), "--out", str(out), *size, "--grace", "2"]]
        if job in ("curate", "select"):
            run = ["curate", str(self.made("fused")), "--out", str(out), "--shard-size", "12", "--grace", "2"]
            return [[*run, "--select", str(self.root / "rules.yaml")] if job == "select" else run]
        if job in SEARCH:
            shards = str(self.made("ingest"))
            against = ["--against", shards] if job == "leaks" else []
            return [[job, shards, *against, "--out", str(out), "--grace", "2"]]
        if job == "train":
            run = ["train", str(self.made("curate")), "--out", str(out), "--steps", "6", "--batch", "12"]
            return [[*run, "--set", "save_every=2", "--set", "readers=1", "--grace", "2"]]
        phases = "two" if job == "two" else "fused"
        run = ["caption", "template", "--shards", str(self.made("ingest")), "--out", str(out), "--grace", "2"]
        run += ["--set", "chunk_size=3", "--set", f"phases={phases}"]
        return [[*run, "--limit", "10"], run] if job == "pilot" else [run]

    def differences(self, job: str, out: Path) -> Iterator[str]:
        """What is not as the undisturbed job left it, in words."""
        for file in sorted(out.rglob("*")):
            if file.name.endswith(".tmp") or file.name in ("lease.json", "stop-asked"):
                yield f"{file} was left"
        if job in CAPTION:
            yield from _captions_differ(self.made(job), out, same_texts=job != "sampled")
            yield from _sources_differ(out)
            return
        if job == "train":
            yield from (f"{name} was left" for name in ("steps", ".ray") if (out / name).exists())
            if _steps(self.made(job)) != _steps(out):
                yield "train.jsonl tells of other steps"
        if job in SEARCH:
            yield from (f"{name} was left" for name in (".work",) if (out / name).exists())
            yield from _files_differ(self.made(job), out, "*.parquet")
            yield from _files_differ(self.made(job), out, "summary.json")
        for pattern in ("*.tar", "*.csv", "rejected.parquet", "texts.parquet", "open_clip*", "seen.json"):
            yield from _files_differ(self.made(job), out, pattern)


def _steps(folder: Path) -> list[dict[str, Any]]:
    """The logged steps, without their times."""
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in _STEP_TIMES} for row in rows]


def _files_differ(wanted: Path, out: Path, pattern: str) -> Iterator[str]:
    expected, found = ({file.name: file for file in folder.glob(pattern)} for folder in (wanted, out))
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            yield f"{name} is {'missing' if name in expected else 'too much'}"
        elif expected[name].read_bytes() != found[name].read_bytes():
            yield f"{name} has other bytes"


def _captions_differ(wanted: Path, out: Path, *, same_texts: bool) -> Iterator[str]:
    texts = () if same_texts else ("text", "raw", "caption_id", "parents", "scores", "completion_tokens")
    left_out = [*TIMINGS, *texts, *(() if same_texts else ("prompt_tokens", "cached_tokens"))]
    expected, found = (_table(folder).drop_columns(left_out) for folder in (wanted, out))
    if not expected.equals(found):
        rows, others = ({str(row) for row in table.to_pylist()} for table in (expected, found))
        yield (
            f"{found.num_rows} records, expected {expected.num_rows}: {len(rows - others)} are missing, "
            f"{len(others - rows)} are others: {sorted(others - rows)[:1]}"
        )


def _table(folder: Path) -> pa.Table:
    rows = pa.concat_tables(list(CaptionFolder(str(folder)).tables()))
    return rows.sort_by([(name, "ascending") for name in _ORDER])


def _sources_differ(out: Path) -> Iterator[str]:
    """Integrated texts whose recorded sources are not the published texts of stage 1."""
    folder = CaptionFolder(str(out))
    (stage1,) = folder.stage1
    for chunk in folder.chunks():
        described, integrated = stage1.read(chunk), folder.stage2.read(chunk)
        if described is None or integrated is None:
            yield f"{chunk.file_name} has one stage only"
        elif dict(integrated.sources) != digests_of(from_table(described.rows)):
            yield f"{chunk.file_name} was integrated from other texts than are published"
