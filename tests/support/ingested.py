"""What the ingest tests share: small pictures, and an output as the next stage reads it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.ingest import IngestConfig, IngestSummary, SourceConfig, ingest, manifest
from mpgi_ray.ingest.item import Listing

WIDTH, HEIGHT = 40, 30


def picture(mode: str = "RGB", kind: str = "PNG", colour: Any = 0) -> bytes:
    sink = io.BytesIO()
    Image.new(mode, (WIDTH, HEIGHT), colour).save(sink, kind)
    return sink.getvalue()


def samples(output: Path) -> dict[str, Sample]:
    """The samples of an output by name, as the next stage reads them."""
    shards = find_shards(str(output))
    assert not shards.missing
    entries = [entry for name in shards.files for entry in read_shard(shards.read(name), name)]
    assert all(isinstance(entry, Sample) for entry in entries)
    return {entry.name: entry for entry in entries if isinstance(entry, Sample)}


def rejected(output: Path) -> list[tuple[str, str, str]]:
    rows = pq.read_table(output / "rejected.parquet").to_pylist()
    return [(row["name"], row["reason"], row["detail"]) for row in rows]


def ingest_lines(
    folder: Path, *lines: str | dict[str, Any], source: SourceConfig | None = None
) -> IngestSummary:
    """Ingest a manifest of these lines beside a picture ``a.png`` into ``folder/out``."""
    (folder / "a.png").write_bytes(picture())
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "m.jsonl").write_text(text)
    return ingest(
        manifest(str(folder / "m.jsonl")),
        IngestConfig(output=str(folder / "out"), source=source or SourceConfig()),
    )


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def ingest_all(
    listing: Listing, output: Path, source: SourceConfig | None = None
) -> tuple[dict[str, Sample], dict[str, tuple[str, str]]]:
    """What came of a source: samples by name, and reason and detail of every rejected entry by name."""
    summary = ingest(listing, IngestConfig(output=str(output), source=source or SourceConfig()))
    kept = samples(output) if summary.kept else {}
    lost = {name: (reason, detail) for name, reason, detail in rejected(output)}
    assert summary.total == len(kept) + len(lost), summary
    return kept, lost
