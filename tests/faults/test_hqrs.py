"""The sources of HQRS in one file: ingested and captioned; each job is killed in its middle and resumed."""

from __future__ import annotations

import signal
import tarfile
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
import ray

from mpgi_ray.data.caption import Status, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from support.faults import Fault
from support.miniature_hqrs import MINIATURES
from support.starts import Start

SIX = {"objects", "layout", "scene", "attributes", "short", "long"}


def killed_and_resumed(home: Path, out: Path, command: list[str], at: int, cluster: str) -> None:
    """Start a command that is killed at this publish, then once more."""
    first = Start(home, out, command, [Fault("kill", at, "after")], cluster=cluster)
    assert first.ended() == -signal.SIGKILL, first.said
    again = Start(home, out, command, cluster=cluster)
    assert again.ended() == 0, again.said
    assert again.publishes > 0


def sampled(shards: Path) -> Counter[tuple[str, str]]:
    """Shard and key of every picture that lies in a shard."""
    found: Counter[tuple[str, str]] = Counter()
    for shard in shards.rglob("*.tar"):
        with tarfile.open(shard) as tar:
            names = [PurePosixPath(name) for name in tar.getnames()]
        called = str(shard.relative_to(shards).with_suffix(""))
        found.update((called, name.stem) for name in names if name.suffix == ".json")
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("ray_cluster")
def test_six_texts_a_sample_of_all_sources(tmp_path: Path) -> None:
    cluster, pictures = ray.get_runtime_context().gcs_address, 0
    lines = ["sources:"]
    for name, miniature in MINIATURES.items():
        (tmp_path / name).mkdir()
        pictures += len(miniature(tmp_path / name))
        lines.append(f"  {name}: {{root: {tmp_path / name}}}")
    (tmp_path / "sources.yaml").write_text("\n".join(lines))

    shards, out = tmp_path / "shards", tmp_path / "captions"
    ingest = ["ingest", "many", str(tmp_path / "sources.yaml"), "--out", str(shards)]
    killed_and_resumed(tmp_path, shards, ingest, 40, "local")
    samples = sampled(shards)
    assert len(samples) == samples.total() == pictures

    caption = ["caption", "template", "--shards", str(shards), "--out", str(out)]
    killed_and_resumed(tmp_path, out, [*caption, "--grace", "2", "--set", "chunk_size=2"], 20, cluster)
    rows = [row for table in CaptionFolder(str(out)).tables() for row in from_table(table)]
    assert {row.status for row in rows} == {Status.OK.value}
    assert all(row.text for row in rows)
    texts = Counter((row.shard, row.key, row.perspective) for row in rows)
    assert texts == Counter((*sample, name) for sample in samples for name in SIX)
