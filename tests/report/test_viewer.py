"""The folder of the viewer: which samples are drawn, and what its data say of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.cli.main import main
from mpgi_ray.data.caption import Caption, Status, to_table
from mpgi_ray.data.parts import ChunkId
from mpgi_ray.data.rejected import dropped_table
from mpgi_ray.data.sample import Annotation, Cover, Sample
from mpgi_ray.errors import InputError, OutputError
from mpgi_ray.report.cover_bands import bands
from mpgi_ray.report.sampling import Sampler
from mpgi_ray.report.spread import drawn, evenly, series, shares
from mpgi_ray.report.viewer import is_folder, write_viewer
from mpgi_ray.report.viewer.pieces import script
from support.report_runs import SCRIPT, TEXTS, Run, make_run, texts_of
from support.score_tables import write_scores
from support.viewer_data import index, rows, texts

SIZES = st.dictionaries(
    st.sampled_from([f"{name}-{n:06d}" for name in "abc" for n in range(4)]), st.integers(0, 9)
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path)


def view(captions: str, folder: str, **options: Any) -> str:
    """The folder, without cards in its report."""
    return write_viewer(captions, folder, cards=0, **options)


def final_rows(run: Run) -> list[Caption]:
    return [row for row in run.rows if row.status != Status.RETRIED]


@given(SIZES, st.integers(0, 60), st.integers(0, 3))
def test_sources_and_shards_share_evenly(sizes: dict[str, int], count: int, seed: int) -> None:
    given = shares(sizes, count, seed)
    assert sum(given.values()) == min(count, sum(sizes.values()))
    assert all(0 <= given[shard] <= sizes[shard] for shard in sizes)
    assert given == shares(sizes, count, seed)
    there = {shard for shard, size in sizes.items() if size}
    if count >= len(there):
        assert {shard for shard, number in given.items() if number} == there  # none is left out
    parts, whole, least = Counter[str](), Counter[str](), Counter[str]()
    for shard in sizes:
        parts[series(shard)] += given[shard]
        whole[series(shard)] += sizes[shard]
        least[series(shard)] += shard in there and count >= len(there)
    free = [parts[name] for name in whole if parts[name] < whole[name]]
    assert all(parts[name] <= max(few + 1, least[name]) for few in free for name in whole)
    for name in whole:
        inside = [shard for shard in sizes if series(shard) == name]
        free = [given[shard] for shard in inside if given[shard] < sizes[shard]]
        assert all(given[shard] <= few + 1 for few in free for shard in inside)


def test_cards_of_a_report_come_from_all_shards() -> None:
    shards = [f"{name}-{n:06d}" for name, count in (("ships", 12), ("roads", 2)) for n in range(count)]
    row = Caption(
        caption_id="", sample_id="", shard="", index=0, key="k", stage="perspective", text="A road."
    )
    for cards, from_roads in ((14, 2), (4, 2), (20, 4)):
        sampler = Sampler(shards, cards, 0)
        for shard in shards:
            rows = [replace(row, shard=shard, index=n, sample_id=f"{shard} {n}") for n in range(2)]
            sampler.add(to_table(rows))
        found = Counter(pick.rows[0].shard for pick in sampler.good())
        assert found.total() == cards
        assert sum(found[shard] for shard in shards[12:]) == from_roads
        assert len(found) == min(cards, 14)


def test_sources_in_a_shard_share_evenly() -> None:
    sources = {n: "rare" if n % 10 == 0 else "common" for n in range(40)}
    names = {n: f"sample {n}" for n in sources}
    assert Counter(sources[n] for n in drawn(sources, names, 6)) == {"rare": 3, "common": 3}
    assert Counter(sources[n] for n in drawn(sources, names, 20)) == {"rare": 4, "common": 16}
    assert drawn(sources, names, 6, seed=1) != drawn(sources, names, 6)
    assert evenly({"a": 1, "b": 9}, 6) == {"a": 1, "b": 5}


def test_every_text_is_there_with_its_columns(run: Run, tmp_path: Path) -> None:
    said = view(run.captions, str(tmp_path / "view"))
    assert said == f"{tmp_path / 'view' / 'index.html'}: 18 of 18 samples"
    found = texts(tmp_path / "view")

    def told(key: str, perspective: str, status: str, reason: str, text: str, model: str) -> tuple[str, ...]:
        return key, perspective, status, reason, text, model

    assert {
        told(t["key"], t["perspective"], t["status"], t["reason"], t["text"], t["model"]) for t in found
    } == {told(r.key, r.perspective, r.status, r.reason, r.text, r.model) for r in final_rows(run)}
    assert len(found) == len(final_rows(run))
    known = index(tmp_path / "view")
    assert sorted(known["order"]) == list(range(18))
    for sample, (key, shown) in enumerate(
        zip(known["samples"]["key"], rows(tmp_path / "view", "shown"), strict=True)
    ):
        with Image.open(tmp_path / "view" / "pictures" / f"{sample}.jpg") as picture:
            assert picture.size == (120, 90) == tuple(shown["size"])
        assert run.samples[shown["id"]].key == key
        assert {label for _, label, *_ in shown["shapes"]} == {"car", "ship <b>"}
        assert [known["names"]["object"][n] for n in known["samples"]["object"][sample]] == [
            "car",
            "ship <b>",
        ]
    assert 'href="samples.html"' in (tmp_path / "view" / "index.html").read_text()


def test_provenance_has_the_earlier_answers_and_the_prompt(tmp_path: Path) -> None:
    def write(shard: str, sample: Sample) -> list[Caption]:
        good = texts_of(shard, sample)
        fault = {"reason": "copied", "detail": "", "raw": "Name what you see."}
        first = replace(good[0], status="retried", attempt=1, text="", **fault)
        return [first, replace(good[0], attempt=2, sampling='{"top_p": 0.9}'), *good[1:]]

    run = make_run(tmp_path, write)
    view(run.captions, str(tmp_path / "view"), samples=4)
    for of_sample in rows(tmp_path / "view", "made"):
        made = of_sample[0]
        assert (made["attempt"], made["sampling"], made["tokens"]) == (2, '{"top_p": 0.9}', [100, 0, 12])
        assert [(one["attempt"], one["why"], one["raw"]) for one in made["earlier"]] == [
            (1, "copied", "Name what you see.")
        ]
        assert made["prompt"] == "0123456789abcdef"
    assert index(tmp_path / "view")["prompts"] == [
        ["0123456789abcdef", "objects", f"Name what you see. {SCRIPT}"]
    ]


def test_samples_come_from_all_shards_and_lost_ones_keep_their_texts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shards" / "b.tar").unlink()
    view(run.captions, str(tmp_path / "view"), samples=6)
    known = index(tmp_path / "view")
    assert Counter(known["names"]["shard"][n] for n in known["samples"]["shard"]) == {"a": 3, "b": 3}
    assert (known["total"], len(known["troubles"])) == (18, 1)
    for shard, shown in zip(known["samples"]["shard"], rows(tmp_path / "view", "shown"), strict=True):
        lost = known["names"]["shard"][shard] == "b"
        assert shown["picture"] is not lost
        assert ("b is no longer among the input shards" in shown["trouble"]) is lost
        assert len(shown["texts"]) == len(TEXTS)


def test_verdicts_and_marks_are_those_of_the_facts(tmp_path: Path) -> None:
    said = {0: "A car and a plane.", 1: "😀 İzmir: A car.", 2: "It is quiet."}

    def write(shard: str, sample: Sample) -> list[Caption]:
        return [
            replace(row, text=said.get(sample.index, "A car."), status="ok")
            for row in texts_of(shard, sample)
        ]

    view(make_run(tmp_path, write).captions, str(tmp_path / "view"))
    found = texts(tmp_path / "view")
    assert {t["text"]: t["verdicts"] for t in found} == {
        "A car and a plane.": 3,
        "😀 İzmir: A car.": 1,
        "It is quiet.": 0,
        "A car.": 1,
    }
    for text, shown in zip(
        found, (t for row in rows(tmp_path / "view", "shown") for t in row["texts"]), strict=True
    ):
        units = text["text"].encode("utf-16-le")
        marked = {
            verdict: units[2 * start : 2 * end].decode("utf-16-le")
            for start, end, verdict, _ in shown["marks"]
        }
        if "car" in text["text"]:
            assert marked["supported"].lower() == "a car"


def test_two_runs_are_joined_by_the_pictures(tmp_path: Path) -> None:
    def other(shard: str, sample: Sample) -> list[Caption]:
        rows = [replace(row, model="other-1") for row in texts_of(shard, sample)]
        return [replace(row, text=f"{row.text} Again.") if row.perspective == "long" else row for row in rows]

    one, two = make_run(tmp_path / "one"), make_run(tmp_path / "two", other)
    chunk = ChunkId("a", 0, 3)
    for stage in ("perspectives", "integrated"):
        (tmp_path / "two" / "captions" / stage / chunk.file_name).unlink()
    view(one.captions, str(tmp_path / "view"), against=two.captions)
    known, found = index(tmp_path / "view"), texts(tmp_path / "view")
    assert (known["alone"], len(known["samples"]["key"]), known["total"]) == ([4, 0], 14, 18)
    assert Counter(text["run"] for text in found) == {0: 42, 1: 42}
    assert {(text["perspective"], text["differs"]) for text in found} == {
        ("objects", 0),
        ("scene", 0),
        ("long", 1),
    }
    assert {text["model"] for text in found if text["run"]} == {"other-1"}
    with pytest.raises(InputError, match=r"holds no run\.json"):
        view(one.captions, str(tmp_path / "more"), against=str(tmp_path))


def test_scores_and_what_a_curation_kept(run: Run, tmp_path: Path) -> None:
    good = [row for row in run.rows if row.status == Status.OK]
    scored = [
        {"index": r.index, "key": r.key, "sample_id": r.sample_id, "name": r.perspective, "number": 0}
        | {"text": "another text" if r.index == 7 else r.text, "clip": r.index / 10}
        for r in good
        if r.shard == "a"
    ]
    scores = write_scores(tmp_path / "scores", {"a": scored}, ["clip"])
    final = tmp_path / "final"
    final.mkdir()
    (final / "summary.json").write_text(json.dumps({"samples_in": 18, "kept": 16, "texts": 1}))
    pq.write_table(dropped_table("a", [(0, "k", "no_text"), (1, "k", "leak")]), final / "dropped.parquet")
    fates = [
        {"shard": "a", "index": 2, "name": "long", "number": 0, "kept": False, "reason": "equal", "key": "k"}
    ]
    pq.write_table(pa.Table.from_pylist(fates), final / "texts.parquet")
    view(run.captions, str(tmp_path / "view"), scores=scores, curated=str(final))
    [[name, column]] = index(tmp_path / "view")["scores"]
    assert name == "clip"
    for text, score in zip(texts(tmp_path / "view"), column, strict=True):
        place = int(text["key"][-3:])
        of_a = place < 10 and place != 7 and text["status"] == "ok"
        assert score == (place / 10 if of_a else None)
        known = {0: "dropped: no_text", 1: "dropped: leak"} | (
            {2: "dropped: equal"} if text["perspective"] == "long" else {}
        )
        assert text["fate"] == (known.get(place, "kept") if text["status"] == "ok" else "")


def test_a_folder_of_others_is_left_alone_and_an_own_one_replaced(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "data").mkdir(parents=True)
    (mine / "data" / "letters.txt").write_text("dear")
    with pytest.raises(OutputError, match=r"holds data/letters\.txt and no viewer\.json"):
        view(run.captions, str(mine))
    assert (mine / "data" / "letters.txt").read_text() == "dear"
    view(run.captions, str(tmp_path / "view"))
    view(run.captions, f"{tmp_path / 'view'}/", samples=3)
    assert len(list((tmp_path / "view" / "pictures").iterdir())) == 3
    assert len(texts(tmp_path / "view")) == 9
    assert is_folder(str(tmp_path))
    assert not is_folder(str(tmp_path / "report.html"))


def test_the_command_writes_a_file_or_a_folder(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["inspect", run.captions, "--html", f"{tmp_path}/view/", "--samples", "5", "--cards", "2"]) == 0
    )
    assert "5 of 18 samples" in capsys.readouterr().out
    assert main(["inspect", run.captions, "--html", f"{tmp_path}/a.html", "--samples", "5"]) != 0
    assert "give --html FOLDER/" in capsys.readouterr().err


def test_data_is_ascii_and_holds_no_end_of_a_line_or_script() -> None:
    hostile = "</script><!--\u2028\u2029\x00é😀\\\"'"
    told = script("mpgi.piece", "texts", 0, [[hostile]])
    assert told.isascii()
    assert told.count(b"\n") == 1
    assert json.loads(b"[" + told.removeprefix(b"mpgi.piece(").removesuffix(b");\n") + b"]")[2] == [[hostile]]


def test_a_mask_is_drawn_by_its_cells() -> None:
    cells = (1.0, 0.5, 0.0) + (0.0,) * 6
    rest = tuple(1 - cell for cell in cells)
    note = Annotation(
        width=90,
        height=60,
        cover={
            "water": Cover(fraction=1 / 6, cells=cells, patches=1),
            "land": Cover(fraction=5 / 6, cells=rest, patches=1),
        },
    )  # type: ignore[arg-type]
    found = bands(note, {"water": "#00f", "land": "#0f0"})
    assert [(band.label, band.share) for band in found][:3] == [("water", 1.0), ("water", 0.5), ("land", 0.5)]
    assert len(found) == 1 + 2 + 7
    for band in found:
        assert band.box.clipped(90, 60) == band.box
        assert int(band.box.x1 // 30) == int(band.box.x2 // 30.0001)
