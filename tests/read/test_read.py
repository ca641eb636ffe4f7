"""What is in shards, captions and final shards, in every form in which other programs take it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from torch.utils.data import DataLoader

import mpgi_ray as mpgi
from mpgi_ray.data.caption import SCHEMA
from support.build import tar, write_shards

KEYS = [f"{i:04d}" for size in (3, 1, 2) for i in range(size)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    """Three shards, their captions and final shards; one sample of the fourth shard has no picture."""
    folder = tmp_path_factory.mktemp("made")
    write_shards(folder / "shards", [3, 1, 2])
    (folder / "shards" / "t.tar").write_bytes(tar(("bad.jpg", b"no picture"), ("bad.cls", b"airport")))
    places = {"input.shards": str(folder / "shards"), "output": str(folder / "captions")}
    mpgi.caption_shards(mpgi.load_recipe("template", places, ["max_reject_rate=1"]))
    settings = {"captions": str(folder / "captions"), "output": str(folder / "final"), "shard_size": 3}
    mpgi.curate_captions(mpgi.Curation.model_validate(settings))
    return folder


def test_public_names_are_there_and_load_nothing_before_they_are_used() -> None:
    program = "import mpgi_ray, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"ray", "torch", "pyarrow", "pydantic"} & set(told.split())
    assert sorted(mpgi.__all__) == sorted(mpgi._PLACES)
    assert all(getattr(mpgi, name).__doc__ for name in mpgi.__all__)
    with pytest.raises(AttributeError, match=r"no attribute 'read_shard'; it has .*read_shards"):
        mpgi.read_shard  # noqa: B018 - the name is looked up


def test_shards_in_every_form(made: Path) -> None:
    rows = mpgi.read_shards(str(made / "shards"))
    table = rows.arrow()
    assert table.schema == rows.schema
    assert table["key"].to_pylist() == [*KEYS, "bad"]
    (bad,) = [row for row in rows if row["reason"]]
    assert (bad["key"], bad["reason"], bad["annotation"]) == ("bad", "not_an_image", None)
    good = table.slice(0, len(KEYS))
    assert good["scene"].to_pylist() == [["airport"]] * len(KEYS)
    assert json.loads(good["annotation"][0].as_py())["width"] == good["width"][0].as_py() == 32
    assert "image" not in mpgi.read_shards(str(made / "shards"), pictures=False).schema.names

    frame = rows.pandas()
    assert frame["sample_id"].tolist() == table["sample_id"].to_pylist()
    ours = {(row["shard"], row["key"]): row["image"] for row in rows}
    assert {(row["shard"], row["key"]): row["image"] for row in rows.ray().take_all()} == ours
    loader = DataLoader(rows.torch(lambda row: (row["shard"], row["key"])), batch_size=None, num_workers=2)
    assert sorted(map(tuple, loader)) == sorted(ours)
    assert [sample["__key__"] for sample in rows.webdataset()] == [*KEYS, "bad"]


def test_captions_with_what_was_refused(made: Path) -> None:
    rows = mpgi.read_captions(str(made / "captions"))
    frame = rows.pandas()
    assert rows.schema == SCHEMA
    assert frame["status"].value_counts().to_dict() == {"ok": 6 * len(KEYS), "rejected": 1}
    assert set(frame[frame["status"] == "ok"]["perspective"]) >= {"short", "long", "scene"}
    with pytest.raises(mpgi.MpgiError, match="not lie in a tar"):
        rows.webdataset()


def test_final_samples(made: Path) -> None:
    rows = mpgi.read_final(str(made / "final"))
    texts = {row["sample_id"]: row["texts"] for row in rows.pandas().to_dict("records")}
    assert len(texts) == len(KEYS)
    captions = mpgi.read_captions(str(made / "captions")).pandas()
    own = captions[(captions["status"] == "ok") & (captions["perspective"] == "short")]
    assert {sample: told["short"] for sample, told in texts.items()} == dict(
        zip(own["sample_id"], own["text"], strict=True)
    )
    with pytest.raises(mpgi.MpgiError, match=r"files is of split 'tset': read them without it"):
        mpgi.read_final(str(made / "final"), split="tset").arrow()
    piped = [sample["__key__"] for sample in rows.webdataset().decode("pil")]
    assert piped == rows.arrow()["key"].to_pylist()
