"""Planted leaks are found, each by its kind, and nothing else; curation drops them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.cli.main import main
from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.leaks import Leaks, find_leaks
from mpgi_ray.curate.leaks.chains import Link, met_on_pixels
from mpgi_ray.curate.leaks.hash_list import read_hash_list
from mpgi_ray.curate.leaks.nodes import NAMED, Met, Nodes, joined
from mpgi_ray.curate.select import read_choice
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.errors import InputError
from mpgi_ray.ingest.related import related_sources
from support.build import tar
from support.grounds import encoded, ground

pytestmark = pytest.mark.usefixtures("ray_cluster")
FILE = hashlib.sha256(b"a scene").hexdigest()


def sample(key: str, picture: Image.Image, name: str = "", kind: str = "PNG", **known: Any) -> Sample:
    """``known``: fields of the annotation; ``window``: of the scene `FILE`."""
    if window := known.pop("window", None):
        known["origin"] = {"image": name or key, "sha256": FILE, "window": window}
    width, height = picture.size
    annotation = Annotation(width=width, height=height, captions=("A field.",), **known)
    quality = {"quality": 40} if kind == "JPEG" else {}
    return Sample(
        key,
        0,
        encoded(picture, kind, **quality),
        {"PNG": "png", "JPEG": "jpg"}[kind],
        annotation,
        name or key,
    )


def shard(path: Path, *samples: Sample) -> str:
    members = []
    for one in samples:
        key, fields = sample_members(one)
        members += [(f"{key}.{suffix}", data) for suffix, data in fields.items()]
    path.write_bytes(tar(*members))
    return str(path)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Shards by side: eight training pictures that leak, and four that do not."""
    folder = tmp_path_factory.mktemp("shards")
    test = [ground(seed) for seed in range(5)]
    turned = test[1].transpose(Image.Transpose.ROTATE_90)
    # a cut, and a cut of the cut, whose hash is near that of the cut and not that of the whole
    whole = ground(30)
    middle, inner = (whole.crop((edge, edge, 192 - edge, 192 - edge)) for edge in (8, 16))
    cut = test[4].crop((8, 8, 182, 184))
    evaluation = shard(
        folder / "test.tar",
        *(sample(f"e{n}", one) for n, one in enumerate(test)),
        sample("whole", whole),
        sample("part", ground(11), name="P1.png", window=(0, 0, 100, 100)),
        sample("named", ground(12), name="images/P0002.png", source="dota"),
        sample("placed", ground(13), bounds=(10.0, 50.0, 10.1, 50.1)),
    )
    train = shard(
        folder / "train.tar",
        sample("same", test[0]),
        sample("turned", turned),
        sample("jpeg", test[2], kind="JPEG"),
        sample("cut", cut),
        sample("chained", inner),
        sample("window", ground(21), name="P1.png", window=(50, 50, 100, 100)),
        sample("relative", ground(22), name="P0002.png", source="iSAID"),
        sample("near", ground(23), bounds=(10.05, 50.05, 10.15, 50.15)),
        # no leaks: another picture, another part of the scene, another name, a neighbour
        sample("other", ground(24)),
        sample("apart", ground(25), name="P1.png", window=(100, 0, 100, 100)),
        sample("stranger", ground(26), name="P0003.png", source="iSAID"),
        sample("beside", ground(27), bounds=(10.1, 50.0, 10.2, 50.1)),
    )
    return {
        "train": train,
        "against": evaluation,
        "through": shard(folder / "third.tar", sample("m", middle)),
    }


@pytest.fixture(scope="module")
def found(planted: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("found") / "out"
    assert main(["leaks", planted["train"], "--out", str(out), "--against", planted["against"],
                 "--through", planted["through"]]) == 0  # fmt: skip
    return out


def kinds(out: Path) -> dict[str, tuple[str, str]]:
    """What each training picture meets, and how."""
    rows = pq.read_table(out / "leaks.parquet").to_pylist()
    told = {row["key"]: (row["kind"], row["evaluation_key"]) for row in rows}
    assert len(told) == len(rows)
    return told


PIXELS = {"same": ("exact", "e0"), "turned": ("copy", "e1"), "jpeg": ("copy", "e2")}
ORIGINS = {
    "window": ("window", "part"),
    "relative": ("lineage", "named"),
    "near": ("footprint", "placed"),
}


def test_each_leak_is_found_by_its_kind_and_nothing_else(found: Path, planted: dict[str, str]) -> None:
    by_pixels = {"cut": ("overlap", "e4"), "chained": ("through", "whole")}
    assert kinds(found) == PIXELS | ORIGINS | by_pixels
    summary = json.loads((found / "summary.json").read_text())
    assert (summary["train"], summary["evaluation"], summary["through"]) == (12, 9, 1)
    assert summary["leaking"] == 8
    assert "through/third:m" in summary["examples"]["through"]
    assert not (found / ".work").exists()
    again = Leaks(**{side: (path,) for side, path in planted.items()}, output=str(found),
                  related=related_sources())  # fmt: skip
    assert find_leaks(again).nothing_to_do


def test_a_list_of_hashes_finds_the_same_copies(found: Path, planted: dict[str, str], tmp_path: Path) -> None:
    config = Leaks(train=(planted["train"],), hashes=(str(found),), output=str(tmp_path / "out"),
                   related=related_sources())  # fmt: skip
    assert find_leaks(config).evaluation == 9
    assert kinds(tmp_path / "out") == PIXELS | ORIGINS
    assert not {"reduced", "image.png"} & set(pq.read_schema(found / "hashes.parquet").names)
    with pytest.raises(InputError, match="is no list of hashes"):
        find_leaks(config.model_copy(update={"hashes": (str(found / "leaks.parquet"),)}))


def test_a_damaged_list_is_one_error(found: Path, tmp_path: Path) -> None:
    table = pq.read_table(found / "hashes.parquet")
    short = [one and one[:-1] for one in table["phash"].to_pylist()]
    place = table.schema.get_field_index("phash")
    pq.write_table(table.set_column(place, "phash", [short]), tmp_path / "hashes.parquet")
    with pytest.raises(InputError, match=r"'e0' has the phash '\w{15}', which is not of 16 hexadecimal"):
        read_hash_list(str(tmp_path))


def test_curation_drops_leaks(found: Path, planted: dict[str, str], tmp_path: Path) -> None:
    filters = (read_choice(f"leaks:file={found}"),)
    out = tmp_path / "final"
    summary = curate(Curation(shards=planted["train"], output=str(out), filters=filters))
    assert (summary.kept, summary.dropped) == (4, {"leak": 8})


@given(
    keys=st.lists(st.integers(-1, 3), max_size=30),
    identities=st.lists(st.integers(0, 9), min_size=30, max_size=30),
    at_once=st.integers(1, 9),
)
@settings(max_examples=50)
def test_what_is_met_does_not_depend_on_the_pieces(
    keys: list[int], identities: list[int], at_once: int
) -> None:
    sides = ["train/a" if number % 2 else "against/a" for number in range(len(keys))]
    rows = [
        {"shard": side, "sample_id": f"{identity:064x}"}
        for side, identity in zip(sides, identities, strict=False)
    ]
    nodes = Nodes(pa.Table.from_pylist(rows, NAMED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mpgi_ray.curate.leaks.nodes._AT_ONCE", at_once)
        pairs = joined(np.array(keys, np.int64), nodes.train, nodes.evaluation)
        met = Met.of("", nodes, pairs, lambda one, other: "")
    expected = {}
    for one in range(1, len(keys), 2):
        others = [n for n in range(0, len(keys), 2) if keys[n] == keys[one] >= 0]
        if others:
            first = min(others, key=lambda n: (identities[n], n))
            expected[one] = (first, len({identities[n] for n in others}))
    found = zip(met.evaluation.tolist(), met.counts.tolist(), strict=True)
    assert dict(zip(met.train.tolist(), found, strict=True)) == expected


def test_of_a_long_chain_the_first_links_and_the_end_are_told() -> None:
    rows = [{"shard": "train/a", "key": f"k{n}", "sample_id": f"{n:064x}"} for n in range(300)]
    rows.append({"shard": "against/b", "key": "end", "sample_id": "f" * 64})
    links = [Link(n, n + 1, "copy", "near") for n in range(300)]
    *_, chained = met_on_pixels(Nodes(pa.Table.from_pylist(rows, NAMED)), links)
    assert chained.train.tolist() == [*range(299)]
    assert chained.evidence(298, 300) == "train/a:k298 → train/a:k299 → against/b:end"
    shown = " → ".join(f"train/a:k{n}" for n in range(7))
    assert chained.evidence(0, 300) == f"{shown} → 294 more → against/b:end"


def test_without_an_evaluation_set_one_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaks", "train", "--out", "out"]) == 1
    assert "there is no evaluation set" in capsys.readouterr().err
