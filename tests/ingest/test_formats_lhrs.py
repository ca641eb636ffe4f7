"""LHRS-Align read and written: names, places and captions come back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.release import ReleaseConfig, release
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import lhrs
from mpgi_ray.ingest.recognise import beliefs
from support.build import noise
from support.ingested import ingest_all, put

RECORDS: list[dict[str, Any]] = [
    {"name": "A_12_B_7.10_46.2_7.2_46.1", "info": {"location": ["A", "B"]}, "cap": "A park, “old”.\nA pond."},
    {"name": "C_D_3_E_F_-9.5_-38.5_-9.25_-39", "info": {"location": ["C_D", "E_F"]}, "cap": " a beach "},
    {"name": "C_D_4_E_F_-9.5_-38.5_-9.25_-39", "info": {"location": ["C D", "E F"]}, "cap": "a beach"},
]


def align(folder: Path, *records: Any, number: int = 0) -> Path:
    """A folder of the layout, with a picture for each good record."""
    files: dict[str, str | bytes] = {f"OSMCapAnn/features_{number}.json": json.dumps({"data": records})}
    for position, record in enumerate(RECORDS):
        path = "/".join([*record["info"]["location"], record["name"]])
        files[f"OSMCap/{path}.jpg"] = noise(position)
    return put(folder, files)


def read(folder: Path) -> Any:
    return lhrs(str(folder / "OSMCapAnn"), str(folder / "OSMCap"))


def test_captions_and_places_of_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    align(tmp_path, *RECORDS[:2], number=1)
    bad: list[Any] = [
        RECORDS[2] | {"cap": " "},
        RECORDS[2] | {"name": "no place"},
        RECORDS[2] | {"name": "C_D_9_E_F_-9.5_-38.5_-9.25_-39"},
        RECORDS[2] | {"info": {"location": ["..", "..", ".."]}, "name": "x"},
        RECORDS[0] | {"info": {"location": ["../..", "etc"]}},
        "text",
    ]
    align(tmp_path, *bad, number=2)
    (tmp_path / "OSMCapAnn/features_0.json").unlink(missing_ok=True)
    kept, lost = ingest_all(read(tmp_path), tmp_path / "out")
    first = kept["A/B/A_12_B_7.10_46.2_7.2_46.1.jpg"].annotation
    assert first.captions == (RECORDS[0]["cap"],)
    assert first.bounds == (7.1, 46.1, 7.2, 46.2)
    assert first.gsd == pytest.approx(0.1 / 360 * 40_075_017 * 0.6926 / 32, rel=0.01)  # cos 46.15°
    assert kept["C_D/E_F/C_D_3_E_F_-9.5_-38.5_-9.25_-39.jpg"].annotation.bounds == (-9.5, -39, -9.25, -38.5)
    assert len(kept) == 2
    assert len(lost) == len(bad)
    assert "no entry that can be read names 1 of 3 pictures" in caplog.text
    assert {belief.format for belief in beliefs(str(tmp_path / "OSMCapAnn/features_1.json"))} == {"lhrs"}
    put(tmp_path, {"OSMCapAnn/features_3.json": "[]"})
    with pytest.raises(InputError, match=r'features_3.json has no list "data"'):
        read(tmp_path)


def test_it_is_written_as_it_was_read(tmp_path: Path, ray_cluster: None) -> None:
    align(tmp_path, *RECORDS)
    ingest_all(read(tmp_path), tmp_path / "shards")
    final, out = tmp_path / "final", tmp_path / "release"
    curate(Curation(shards=str(tmp_path / "shards"), output=str(final), shard_size=2))
    config = ReleaseConfig(final=str(final), output=str(out), unpack=True, lhrs=True, share=("unnamed",))
    summary = release(config)
    assert (summary.samples, summary.pictures) == (3, 3)
    files = sorted((out / "lhrs").glob("*.json"))
    assert [file.name for file in files] == ["features_00000.json", "features_00001.json"]
    written = [record for file in files for record in json.loads(file.read_text())["data"]]
    assert sorted(written, key=RECORDS.index) == RECORDS
    for position, record in enumerate(RECORDS):
        path = "/".join([*record["info"]["location"], record["name"]])
        assert (out / f"unpacked/images/{path}.jpg").read_bytes() == noise(position)
    assert "`lhrs/` lists 3 pictures" in (out / "README.md").read_text()
    again, lost = ingest_all(lhrs(str(out / "lhrs"), str(out / "unpacked/images")), tmp_path / "again")
    assert not lost
    assert {name: one.annotation.captions for name, one in again.items()} == {
        f"{'/'.join([*one['info']['location'], one['name']])}.jpg": (one["cap"],) for one in RECORDS
    }
