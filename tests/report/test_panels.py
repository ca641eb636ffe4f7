"""Panels of the report on duplicates, leaks, scores and curation: the right pictures, texts and counts."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.cli.main import main
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.rejected import dropped_table
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.data.searches import PLACE
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.report import write_panel
from mpgi_ray.report.histogram import marks, spread
from mpgi_ray.report.picking import Picked
from support.grounds import encoded, ground
from support.report_runs import SCRIPT, Run, make_run

SCORES = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("shard", "key", "sample_id", "name")),
        pa.field("index", pa.int64()),
        pa.field("number", pa.int32()),
        pa.field("text_hash", pa.uint64()),
        pa.field("clip", pa.float64(), metadata={"scorer": "clip", "model": "ViT", "revision": "f" * 40}),
        pa.field("words", pa.float64(), metadata={"scorer": "text", "model": "", "revision": "1"}),
    ]
)


def sample(index: int, key: str, picture: Image.Image, split: str, kind: str = "PNG", **how: int) -> Sample:
    note = Annotation(width=picture.width, height=picture.height, scene=("field",), split=split)
    return Sample(key, index, encoded(picture, kind, **how), {"PNG": "png", "JPEG": "jpg"}[kind], note, key)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Pictures by key, in a shard ``a`` and a shard ``b`` with copies of three of them."""
    grounds = [ground(seed, 96) for seed in range(5)]
    train = [sample(n, f"<i>{n}", picture, "train") for n, picture in enumerate(grounds)]
    test = [
        sample(0, "same", grounds[0], "test"),
        sample(1, "turned", grounds[1].transpose(Image.Transpose.ROTATE_90), "test"),
        sample(2, "saved", grounds[2], "train", kind="JPEG", quality=40),
        sample(3, "other", ground(9, 96), "test"),
    ]
    return {one.key: one for one in (*train, *test)}


@pytest.fixture(scope="module")
def searched(planted: dict[str, Sample], tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    """Shards, and what both searches found in them."""
    folder = tmp_path_factory.mktemp("searched")
    samples = list(planted.values())
    (folder / "shards").mkdir()
    for name, part in {"a": samples[:5], "b": samples[5:]}.items():
        (folder / "shards" / f"{name}.tar").write_bytes(write_members(map(sample_members, part)))
    one, other = (str(folder / "shards" / f"{name}.tar") for name in "ab")
    assert main(["duplicates", one, other, "--out", str(folder / "dup"), "--no-overlaps"]) == 0
    assert main(["leaks", one, "--against", other, "--out", str(folder / "leaks"), "--no-overlaps"]) == 0
    return folder


def page_of(folder: Path, output: Path, **options: Any) -> str:
    assert write_panel(str(folder), str(output / "panel.html"), **options) == str(output / "panel.html")
    return (output / "panel.html").read_text()


def shown(html: str) -> list[tuple[str, Image.Image]]:
    """Keys, as the alternative texts have them, and pictures."""
    found = re.findall(r'<img src="data:image/jpeg;base64,(.*?)".*? alt="Picture (.*?): ', html)
    return [(unescape(key), Image.open(io.BytesIO(base64.b64decode(data)))) for data, key in found]


def require_right(html: str, planted: dict[str, Sample]) -> None:
    for key, picture in shown(html):
        right = np.asarray(Image.open(io.BytesIO(planted[key].image)).convert("RGB"), float)
        assert abs(np.asarray(picture, float) - right).mean() < 15, key


def words(html: str) -> str:
    return unescape(" ".join(re.sub("<[^>]*>", " ", html).split()))


def test_groups_are_shown_side_by_side_with_what_is_known(
    searched: Path, planted: dict[str, Sample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = page_of(searched / "dup", tmp_path)
    rows = pq.read_table(searched / "dup" / "groups.parquet").to_pylist()
    reasons = Counter(row["reason"] for row in rows if not row["keep"])
    told = re.findall(r'<tr data-reason="(\w+)"><th scope="row">\w+</th><td class="n">(\d+)', html)
    assert {reason: int(count) for reason, count in told} == reasons == {"exact": 1, "copy": 2}
    groups = re.findall(r'<article class="card" data-group="(\d+)">(.*?)</article>', html, re.DOTALL)
    assert len(groups) == 3
    for number, group in groups:
        members = [row for row in rows if row["group"] == int(number)]
        keys = [key for key, _ in shown(group)]
        assert keys == [row["key"] for row in sorted(members, key=lambda row: not row["keep"])]
        assert words(group).index("kept ") < words(group).index(members[1]["reason"])
        splits = {planted[key].annotation.split for key in keys}
        assert ("other than the kept one: split" in group) == (len(splits) > 1)
    require_right(html, planted)
    assert "of 64 bits differ, correlation" in html
    assert "<i>0" not in html
    assert all(link.startswith("data:") for link in re.findall('(?:src|href)="(.*?)"', html))
    assert "default-src 'none'" in html
    assert page_of(searched / "dup", tmp_path) == html
    assert len(shown(page_of(searched / "dup", tmp_path, cards=1))) == 2
    capsys.readouterr()
    assert main(["inspect", str(searched / "dup")]) == 0
    assert "nothing to do" not in (said := capsys.readouterr().out)
    assert "to drop" in said


def test_leaks_stand_beside_what_they_show(
    searched: Path, planted: dict[str, Sample], tmp_path: Path
) -> None:
    html = page_of(searched / "leaks", tmp_path)
    rows = pq.read_table(searched / "leaks" / "leaks.parquet").to_pylist()
    pairs = [
        (kind, *(key for key, _ in shown(part)))
        for kind, part in re.findall(
            r'<article class="card" data-kind="(\w+)">(.*?)</article>', html, re.DOTALL
        )
    ]
    assert sorted(pairs) == sorted((row["kind"], row["key"], row["evaluation_key"]) for row in rows)
    assert {kind for kind, *_ in pairs} == {"exact", "copy"}
    require_right(html, planted)
    assert all(row["evidence"] in unescape(html) for row in rows)
    assert re.search(r'data-kind="copy"><th scope="row">copy</th><td class="n">2</td>', html)


def test_pictures_of_an_evaluation_set_that_is_a_list_are_not_sought(searched: Path, tmp_path: Path) -> None:
    assert main(["leaks", str(searched / "shards" / "a.tar"), "--hashes", str(searched / "leaks"),
                 "--out", str(tmp_path / "out"), "--no-overlaps"]) == 0  # fmt: skip
    html = page_of(tmp_path / "out", tmp_path)
    assert len(shown(html)) == 3
    assert html.count("It is known by its hash alone") == 3


def test_shards_that_are_gone_are_named(searched: Path, tmp_path: Path) -> None:
    shutil.copytree(searched / "leaks", tmp_path / "leaks")
    for name in ("train/a", "against/b"):
        file = tmp_path / "leaks" / "hashes" / f"{name}.parquet"
        table = pq.read_table(file)
        # one was moved, the other was read by an earlier version
        place = {PLACE: str(tmp_path / "moved.tar")} if name == "train/a" else {}
        told = {k: v for k, v in table.schema.metadata.items() if k != PLACE.encode()}
        pq.write_table(table.replace_schema_metadata(told | place), file)
    html = page_of(tmp_path / "leaks", tmp_path)
    assert not shown(html)
    assert re.search(r'<p class="notice">[^<]*moved\.tar', html)
    assert "Where the shard of this picture lies is not known." in html


def test_other_and_unfinished_folders_are_refused(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(searched / "dup", tmp_path / "dup")
    (tmp_path / "dup" / "summary.json").unlink()
    with pytest.raises(InputError, match="is not finished: run the same `mpgi duplicates` again first"):
        page_of(tmp_path / "dup", tmp_path)
    run = make_run(tmp_path)
    with pytest.raises(InputError, match=r"holds no leaks\.json: give the output folder of `mpgi leaks`"):
        run.report(leaks=str(searched / "dup"))
    assert main(["inspect", str(searched / "dup"), "--html", f"{tmp_path}/x.html", "--leaks", "leaks"]) == 1
    assert "--leaks adds to the report of a caption folder" in capsys.readouterr().err
    with pytest.raises(OutputError, match="is a folder: name the file"):
        write_panel(str(searched / "dup"), f"{tmp_path}/")


def rows_of(run: Run) -> list[dict[str, Any]]:
    """A row of scores for each good text of a run."""
    return [
        {
            **{name: getattr(row, name) for name in ("shard", "index", "key", "sample_id")},
            "name": row.perspective,
            "number": 0,
            "text_hash": digest(row),
            # one in seven has no score
            "clip": None if number % 7 == 3 else float(np.sin(number)) / 3,
            "words": float(len(row.text.split())),
        }
        for number, row in enumerate(row for row in run.rows if row.status == "ok")
    ]


def text_of(run: Run, key: str, name: str) -> str:
    return next(row.text for row in run.rows if (row.key, row.perspective) == (key, name))


def digest(row: Caption) -> int:
    return int.from_bytes(hashlib.blake2b(row.text.encode(), digest_size=8).digest(), "little")


def scored(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    (folder / "scores").mkdir(parents=True)
    for shard in {row["shard"] for row in rows}:
        table = pa.Table.from_pylist([row for row in rows if row["shard"] == shard], SCORES)
        pq.write_table(table, folder / "scores" / f"{shard}.parquet")
    (folder / "score.json").write_text("{}")
    (folder / "summary.json").write_text(json.dumps({"texts": len(rows)}))
    return folder


def test_scores_are_drawn_by_name_and_their_ends_shown_with_picture_and_text(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    rows = rows_of(run)
    page = run.report(cards=0, scores=str(scored(tmp_path / "none", rows)))
    assert page.tags["img"] == 0
    (tmp_path / "scored").mkdir()
    html = report(run, scores=str(scored(tmp_path / "scored" / "scores", rows)))
    parts = dict(re.findall(r'data-score="(\w+)">(.*?)(?=data-score|</section>)', html, re.DOTALL))
    assert list(parts) == ["clip", "words"]
    known = [row for row in rows if row["clip"] is not None]
    for name in ("objects", "scene", "long"):
        (plot,) = re.findall(rf"<h4>{name}</h4>(.*?)</div>", parts["clip"], re.DOTALL)
        drawn = sum(map(int, re.findall(r'data-texts="(\d+)"', plot)))
        values = [row["clip"] for row in known if row["name"] == name]
        assert drawn == len(values)
        assert f"median {np.median(values):.4g}," in plot
    assert "clip, ViT, revision ffffffffffff" in html
    shelves = re.findall(r'<ul class="shelf">(.*?)</ul>', parts["clip"], re.DOTALL)
    ordered = sorted(known, key=lambda row: row["clip"])
    for shelf, ends in zip(shelves, (ordered[:3], ordered[:-4:-1]), strict=True):
        found = re.findall(r'data-value="(.*?)">(.*?)</li>', shelf, re.DOTALL)
        assert [float(value) for value, _ in found] == [row["clip"] for row in ends]
        for (_, item), row in zip(found, ends, strict=True):
            assert text_of(run, row["key"], row["name"]) in unescape(item)
            assert [key for key, _ in shown(item)] == [row["key"]]
    assert SCRIPT not in html


def report(run: Run, **options: Any) -> str:
    run.report(**options)
    return (run.root / "report.html").read_text()


def test_scores_alone_say_where_texts_and_pictures_are(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    rows = rows_of(run)
    rows[0]["clip"], rows[0]["text_hash"] = -9.0, 1  # this text was written anew
    folder = scored(tmp_path / "scores", rows)
    html = page_of(folder, tmp_path)
    assert "mpgi inspect CAPTIONS --html FILE --scores" in html
    assert not shown(html)
    for shard in ("a", "b"):
        file = folder / "scores" / f"{shard}.parquet"
        table = pq.read_table(file)
        told = {PLACE: str(tmp_path / "shards" / f"{shard}.tar"), "captions": run.captions}
        pq.write_table(table.replace_schema_metadata(told), file)
    html = page_of(folder, tmp_path)
    assert "CAPTIONS" not in html
    assert len(shown(html)) == 12
    (anew,) = re.findall(r'data-value="-9.0">(.*?)</li>', html, re.DOTALL)
    assert "(the text is no longer there, or was written anew)" in anew


def test_what_was_kept_and_dropped_is_told_by_reason(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    final = tmp_path / "final"
    final.mkdir()
    (final / "summary.json").write_text(json.dumps({"samples_in": 20, "kept": 14, "dropped": {"leak": 5}}))
    gone = [
        dropped_table(shard, [(n, f"k{n}", "leak" if n else "no_text") for n in range(4)]) for shard in "ab"
    ]
    pq.write_table(pa.concat_tables(gone), final / "dropped.parquet")
    texts = [
        {**row, "kept": not reason, "reason": reason}
        for number, row in enumerate(rows_of(run))
        for reason in [("", "weak", "", "long")[number % 4]]
    ]
    texts = [{name: value for name, value in row.items() if name != "text_hash"} for row in texts]
    pq.write_table(pa.Table.from_pylist(texts), final / "texts.parquet")
    html = report(run, curated=str(final))
    found = re.findall(
        r'data-reason="(\w*)" data-(\w+)="(\d+)">(.*?)(?=data-reason|</section>)', html, re.DOTALL
    )
    counts = {(kind, reason): int(count) for reason, kind, count, _ in found}
    assert counts == {
        ("samples", "leak"): 6,
        ("samples", "no_text"): 2,
        **{("texts", reason): count for reason, count in Counter(row["reason"] for row in texts).items()},
    }
    assert next(reason for reason, kind, *_ in found if kind == "texts") == ""  # the kept ones come first
    said = {(row["key"], row["name"]): row for row in texts}
    for reason, kind, _, part in found:
        examples = re.findall(r"<li>(.*?)</li>", part, re.DOTALL)
        assert len(examples) == min(3, counts[kind, reason])
        assert len(shown(part)) == len(examples)
        for example in examples if kind == "texts" else ():
            key, name = re.findall(r"<b>(.*?)</b>", example)
            row = said[key, name]
            assert row["reason"] == reason
            assert text_of(run, key, name) in unescape(example)
            assert f"words {row['words']:.4g}" in words(example)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), unique=True), st.data())
def test_what_is_picked_does_not_depend_on_how_tables_are_cut(
    places: list[tuple[str, int]], data: st.DataObject
) -> None:
    def picked(rows: list[tuple[str, int]], cut: int) -> list[dict[str, Any]]:
        picker = Picked(4)
        for part in (rows[:cut], rows[cut:]):
            columns = {"shard": [one for one, _ in part], "index": [place for _, place in part]}
            picker.add("all", pa.table(columns, pa.schema([("shard", pa.string()), ("index", pa.int64())])))
        assert picker.counts["all"] == len(rows)
        return picker.rows("all")

    first = picked(places, len(places))
    assert picked(data.draw(st.permutations(places)), data.draw(st.integers(0, len(places)))) == first
    assert len(first) == min(4, len(places))
    shards = list(dict.fromkeys(row["shard"] for row in first))
    for shard in shards[:-1]:  # a further shard is asked only once the one before has no more rows
        assert sum(row["shard"] == shard for row in first) == sum(one == shard for one, _ in places)


@given(
    st.lists(
        st.floats(-1e6, 1e6).map(lambda value: round(value, 6)) | st.integers(-50, 50).map(float), min_size=1
    )
)
def test_a_histogram_of_scores_holds_every_value_once(values: list[float]) -> None:
    found = spread(np.array(values), min(values), max(values))
    assert sum(found.bars) == len(values)
    end = found.start + found.width * len(found.bars)
    rounding = 1e-9 * max(1.0, *map(abs, values))
    assert end >= max(values) - rounding
    assert len(found.values) <= 6
    assert all(found.start - rounding <= tick <= end + rounding for tick in found.values)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_marks_are_at_least_two(low: float, width: float) -> None:
    found = marks(low, low + width)
    assert 2 <= len(found) <= 6
