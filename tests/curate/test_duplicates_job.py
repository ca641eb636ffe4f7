"""The search for duplicates as a job: what it publishes, how it goes on, and what curation makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import ray
from PIL import Image

from mpgi_ray.cli.exits import code_of
from mpgi_ray.config import parse
from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.duplicates import Duplicates, find_duplicates
from mpgi_ray.curate.select import read_choice
from mpgi_ray.errors import InputError, OutputError, RecipeError
from support.build import tar
from support.grounds import encoded, ground

pytestmark = pytest.mark.usefixtures("ray_cluster")
RESULTS = (
    "hashes/a.parquet",
    "hashes/b.parquet",
    "pairs.parquet",
    "groups.parquet",
    "merged.parquet",
    "summary.json",
)


def sample(key: str, image: bytes, scene: str, *captions: str) -> list[tuple[str, bytes]]:
    return [
        (f"{key}.png", image),
        (f"{key}.cls", scene.encode()),
        (f"{key}.txt", "\n".join(captions).encode()),
    ]


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures in one shard; in another one copies of six of them, and two that are no pictures."""
    folder = tmp_path_factory.mktemp("shards")
    pictures = [ground(seed) for seed in range(8)]
    first = [sample(f"p{n}", encoded(one), "farm", f"Field {n}.") for n, one in enumerate(pictures)]
    first[2] = sample("p2", encoded(pictures[2]), "farm", "Field 2.", "Grass.")
    rotated, mirrored = (Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT)
    copies = [
        sample("same", encoded(pictures[0]), "forest", "Field 0."),
        sample("richer", encoded(pictures[1].transpose(rotated)), "farm", "Field 1.", "A farm."),
        sample("jpeg", encoded(pictures[2], "JPEG", quality=40), "farm", "field 2"),
        sample("half", encoded(pictures[3].transpose(mirrored).resize((96, 96))), "farm", "Another field."),
        sample("larger", encoded(pictures[4].resize((300, 300))), "farm", "A field."),
        sample("cut", encoded(pictures[5].crop((8, 8, 186, 188))), "farm", "A field."),
        sample("flat", encoded(Image.new("RGB", (50, 50), "green")), "farm", "A field."),
        sample("torn", encoded(pictures[6])[:-300], "farm", "A field."),
    ]
    for name, samples in (("a", first), ("b", copies)):
        (folder / f"{name}.tar").write_bytes(tar(*(member for one in samples for member in one)))
    return folder


@pytest.fixture(scope="module")
def found(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("found") / "out"
    summary = find_duplicates(Duplicates(shards=(str(shards),), output=str(out)))
    assert (summary.pictures, summary.left_out) == (14, {"broken_image": 1, "one_grey": 1})
    assert (summary.exact, summary.groups, summary.dropped, summary.conflicts) == (1, 6, 6, 1)
    assert (summary.texts.texts, summary.texts.distinct, summary.texts.shared) == (18, 12, 4)
    return out


def rows(out: Path, name: str) -> list[dict[str, Any]]:
    return list(pq.read_table(out / f"{name}.parquet").to_pylist())


def test_each_copy_is_reported_with_its_pair_its_group_and_the_reason(found: Path) -> None:
    pairs = {(row["key_a"], row["key_b"]): row for row in rows(found, "pairs")}
    confirmed = {keys: row for keys, row in pairs.items() if row["confirmed"]}
    assert set(confirmed) == {
        ("p1", "richer"),
        ("p2", "jpeg"),
        ("p3", "half"),
        ("p4", "larger"),
        ("p5", "cut"),
    }
    assert {row["verdict"] for keys, row in confirmed.items() if keys[0] != "p5"} == {"copy"}
    assert confirmed["p5", "cut"]["verdict"] == "overlap"
    assert confirmed["p5", "cut"]["inliers"] >= 10
    # the second one is turned: a quarter against the clock is undone by one with it
    assert confirmed["p1", "richer"]["symmetry"] == "rotate_270"
    assert confirmed["p3", "half"]["symmetry"] == "flip_left_right"
    members = {row["key"]: row for row in rows(found, "groups")}
    assert {key for key, row in members.items() if row["keep"]} == {
        "p0",
        "richer",
        "p2",
        "p3",
        "larger",
        "p5",
    }
    assert members["p1"]["duplicate_of"] == members["richer"]["sample_id"]
    assert (members["same"]["reason"], members["same"]["conflicts"]) == ("exact", ["scene"])
    assert (members["jpeg"]["reason"], members["cut"]["reason"]) == ("copy", "overlap")
    assert [row["group"] for row in rows(found, "groups")] == sorted([*range(6)] * 2)
    assert not (found / ".work").exists()


@pytest.mark.parametrize("as_file", [False, True])
def test_curation_keeps_one_of_each_group(shards: Path, found: Path, tmp_path: Path, as_file: bool) -> None:
    groups = found / "groups.parquet" if as_file else found
    # one shard is curated alone: shards are named below another folder there
    for given, kept, dropped in ((shards, 8, 6), (shards / "b.tar", 2, 4)):
        out = tmp_path / given.name
        filters = (read_choice(f"duplicates:groups={groups}"),)
        summary = curate(Curation(shards=str(given), output=str(out), filters=filters))
        assert summary.dropped == {"broken_image": 1, "duplicate": dropped}
        assert summary.kept == kept + 1  # the picture of one grey is no copy of another one


STOPPED = """
import os, sys
from mpgi_ray.curate.duplicates import job, rounds
from mpgi_ray.cli.main import main

def die(*_, **__):
    os._exit(9)

setattr(rounds if sys.argv[1] in vars(rounds) else job, sys.argv[1], die)
sys.exit(main(["duplicates", *sys.argv[2:]]))
"""


@pytest.mark.parametrize("last", ["read_pairs", "groups_table"])
def test_a_driver_that_dies_is_followed_by_one_that_goes_on(
    shards: Path, found: Path, tmp_path: Path, last: str
) -> None:
    """It dies after the candidates were found, or after they were looked at: without a word or a clean-up."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", STOPPED, last, str(shards), "--out", str(out)]
    environment = os.environ | {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert (out / "lease.json").exists()
    before = {name: (out / "hashes" / name).stat().st_mtime_ns for name in os.listdir(out / "hashes")}
    assert len(before) == 2
    config = Duplicates(shards=(str(shards),), output=str(out))
    assert not find_duplicates(config).nothing_to_do
    assert {name: (out / "hashes" / name).stat().st_mtime_ns for name in before} == before
    assert all((out / name).read_bytes() == (found / name).read_bytes() for name in RESULTS)
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["duplicates.json", *{name.partition("/")[0] for name in RESULTS}]
    )
    assert find_duplicates(config).nothing_to_do


def test_another_search_and_a_lost_groups_file_are_refused(shards: Path, found: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="made with other settings: radius was 10, is 8"):
        find_duplicates(Duplicates(shards=(str(shards),), output=str(found), radius=8))
    filters = (read_choice(f"duplicates:groups={tmp_path}"),)
    with pytest.raises(InputError, match=r"groups\.parquet"):
        curate(Curation(shards=str(shards), output=str(tmp_path / "out"), filters=filters))


def test_without_the_extra_one_line_names_it(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cv2", "mpgi_ray.curate.duplicates.overlap"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "cv2", None)
    config = Duplicates(shards=(str(shards),), output=str(tmp_path / "out"))
    assert code_of(lambda: find_duplicates(config)) == 1
    assert "pip install 'mpgi-ray[duplicates]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    without = find_duplicates(config.model_copy(update={"overlaps": False}))
    assert (without.copies, without.overlaps, without.overlaps_sought) == (4, 0, False)


def test_a_corner_is_proposed_by_the_features_of_a_model(tmp_path: Path) -> None:
    """Whatever the model: among six pictures each is a neighbour of every other one."""
    pytest.importorskip("torch")
    from mpgi_ray.models import checkpoint
    from mpgi_ray.models.architecture import Architecture

    vision = {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 32}
    text = {"context_length": 8, "vocab_size": 49408, "width": 32, "heads": 1, "layers": 1}
    tiny = Architecture("tiny", {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}, {})
    checkpoint.save(tmp_path / "model", tiny, checkpoint.build(tiny)[0])
    pictures = [ground(seed) for seed in range(5)]
    members = [sample(f"p{n}", encoded(one), "farm") for n, one in enumerate(pictures)]
    members.append(sample("corner", encoded(pictures[2].crop((0, 0, 128, 128))), "farm"))
    (tmp_path / "a.tar").write_bytes(tar(*(member for one in members for member in one)))
    model, out = str(tmp_path / "model"), str(tmp_path / "out")
    summary = find_duplicates(Duplicates(shards=(str(tmp_path / "a.tar"),), output=out, embeddings=model))
    assert (summary.candidates, summary.overlaps) == (15, 1)
    assert {row["distance"] for row in rows(tmp_path / "out", "pairs")} == {None}  # hashes propose none
    (pair,) = [row for row in rows(tmp_path / "out", "pairs") if row["confirmed"]]
    assert (pair["key_a"], pair["key_b"]) == ("p2", "corner")
    assert -1 <= pair["cosine"] <= 1
    with pytest.raises(RecipeError, match="only local features confirm"):
        parse(
            Duplicates, {"shards": ("a",), "output": "b", "embeddings": "c", "overlaps": False}, "duplicates"
        )


def test_shards_without_pictures_have_no_duplicates(tmp_path: Path) -> None:
    for name, members in (("none", []), ("texts", [("a.txt", b"A field.")])):
        (tmp_path / f"{name}.tar").write_bytes(tar(*members))
    summary = find_duplicates(Duplicates(shards=(str(tmp_path / "*.tar"),), output=str(tmp_path / "out")))
    assert (summary.pictures, summary.left_out, summary.groups) == (0, {"missing_image": 1}, 0)
    assert rows(tmp_path / "out", "groups") == rows(tmp_path / "out", "pairs") == []
