"""The report and its relatives, on caption folders that are built by hand."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console

from mpgi_ray.data.caption import Caption, Status, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.sample import Annotation, Box, Object, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.report import write_report
from mpgi_ray.report.histogram import histogram, ticks
from mpgi_ray.report.overlay import PALETTE, Colours, place_chips
from mpgi_ray.report.rejects import print_rejects, rejected_captions, rejects
from mpgi_ray.report.shard_view import print_shard, show_shard
from mpgi_ray.report.status import print_status, status
from support.caption_rows import begin
from support.report_runs import OBB, SCRIPT, TEXTS, Run, by_two_models, draw, make_run, refused, texts_of


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path)


def test_figures_add_up(run: Run) -> None:
    page = run.report()
    places = {(row.shard, row.index) for row in run.rows}
    assert page.figures == {"samples": len(places), "captioned": len(places), "textless": 0, "refused": 0}
    for name in TEXTS:
        counts = Counter(row.status for row in run.rows if row.perspective == name)
        statuses = [counts[status] for status in (Status.OK, Status.REJECTED, Status.FAILED)]
        assert page.texts[name][:4] == [counts.total(), *statuses]
    assert page.bars == sum(row.status == Status.OK for row in run.rows)


def test_samples_are_captioned_textless_or_refused(tmp_path: Path) -> None:
    def write(shard: str, sample: Sample) -> list[Caption]:
        if sample.index == 1:
            return refused(shard, sample)
        rows = texts_of(shard, sample)
        return (
            [replace(row, status="failed", reason="gone", text="") for row in rows]
            if sample.index == 2
            else rows
        )

    page = make_run(tmp_path, write).report()
    assert page.figures == {"samples": 18, "captioned": 14, "textless": 2, "refused": 2}


def test_cards_show_the_picture_and_the_boxes_of_their_sample(run: Run) -> None:
    cards = run.report(cards=8).cards[:8]
    assert len({card["data-sample"] for card in cards}) == 8
    assert {card["data-shard"] for card in cards} == {"a", "b"}
    for card in cards:
        sample = run.samples[str(card["data-sample"])]
        car = [(10, 10), (30 + int(sample.key[-3:]), 10), (30 + int(sample.key[-3:]), 25), (10, 25)]
        assert card["polygons"] == [("car", car), ("ship <b>", list(OBB))]
        data = base64.b64decode(str(card["src"]).partition(",")[2])
        shown = np.asarray(Image.open(io.BytesIO(data)), float)
        assert abs(shown - np.asarray(Image.open(io.BytesIO(sample.image)), float)).mean() < 4
        assert "harbour, 1 × car, 1 × ship <b>" in str(card["alt"])
        for row in run.rows:
            if row.sample_id == sample.sample_id:
                assert (row.text or row.why) in str(card["text"])


def test_every_model_is_told_apart_and_its_attempts_are_folded(tmp_path: Path) -> None:
    run = make_run(tmp_path, by_two_models, models=2)
    page = run.report(cards=18)
    good = sum(row.status == Status.OK for row in run.rows if row.model == "small")
    later = sum(row.status == Status.RETRIED for row in run.rows if row.model == "big")
    # asked, ok, rejected, failed, later attempts
    assert page.texts["scene, big"][:5] == [18, 18, 0, 0, later]
    assert page.texts["scene, small"][:5] == [18, good, 18 - good, 0, 18 - good]
    odd = sum(row.index % 2 for row in run.rows if row.perspective == "short")
    assert page.texts["short"][:5] == [18, 18, 0, 0, odd]
    assert page.figures["captioned"] == 18
    assert f"{18 - good} rows: scene, small {18 - good}" in page.words
    for card in page.cards[:18]:
        for author in ("scene by big", "scene by small", "short by merger", "long by merger"):
            assert author in str(card["text"])
        answers = [row for row in run.rows if row.sample_id == card["data-sample"]]
        again = [row for row in answers if row.status == Status.RETRIED]
        assert all(row.why in str(card["text"]) and row.raw in str(card["text"]) for row in again)
        assert str(card["text"]).count("Asked 2 times") == len(again)
    shown = page.cards[18:]
    assert shown
    for card in shown:  # what was good in the end is no matter of rejected cards
        assert "refusal: reply 2 of small" in str(card["text"])
        assert "Asked 2 times" in str(card["text"])
        assert "thinking" not in str(card["text"])
    assert {text.text: (text.model, text.ok) for text in status(run.captions).texts}["long"] == ("merger", 18)
    assert f"Rows rejected or failed: {18 - good}." in status(run.captions).advice[-1]
    assert {row.status for row in rejected_captions(run.captions, 1000)} == {Status.REJECTED}


def test_engines_are_told_of_models_alone(run: Run, tmp_path: Path) -> None:
    assert "Engines" not in run.report().words
    page = make_run(tmp_path / "models", by_two_models, models=2).report(cards=0)
    assert page.tags["svg"] == 4 + 2  # lengths of four texts, coverage of the integrated ones
    assert "median 80 %, a tenth at 80 % or less" in page.words
    assert page.faults == {"thinking": [7, 0, 7, 0], "refusal": [5, 5, 5, 5], "novel": [9, 0, 9, 0]}


def test_the_same_seed_shows_the_same_samples(run: Run) -> None:
    shown = [[card["data-sample"] for card in run.report(cards=4, seed=seed).cards] for seed in (1, 1, 2)]
    assert shown[0] == shown[1]
    assert shown[0] != shown[2]


def test_nothing_a_caption_says_becomes_markup(run: Run) -> None:
    page = run.report()
    assert SCRIPT in page.words
    assert page.tags["script"] == 0
    assert page.tags["b"] == page.html.count("<b>")


def test_the_file_needs_nothing_beside_it(run: Run) -> None:
    page = run.report()
    assert page.links
    assert all(link.startswith("data:") or f'<h2 id="{link[1:]}">' in page.html for link in page.links)
    assert "#samples" in page.links
    assert "url(" not in page.html
    assert "@import" not in page.html
    steps = [after - before for before, after in zip(page.headings, page.headings[1:], strict=False)]
    assert page.headings[0] == 1
    assert max(steps) == 1


def test_rejected_rows_are_shown_with_reason_and_reply(run: Run) -> None:
    page = run.report(cards=3)
    cards = page.cards[3:]
    assert any("connection: refused" in str(card["text"]) for card in cards)
    assert any(
        f"{SCRIPT}yyy" in str(card["text"]) and "more characters" in str(card["text"]) for card in cards
    )
    assert all(card["src"] for card in cards)


def test_a_run_with_rejected_samples_only(tmp_path: Path) -> None:
    page = make_run(tmp_path, refused).report()
    assert page.figures == {"samples": 18, "captioned": 0, "textless": 0, "refused": 18}
    assert "size_mismatch: annotated at 1×1" in page.words
    assert page.cards
    assert all(card["src"] for card in page.cards)


def test_a_refused_picture_is_shown_if_it_can_be_decoded(tmp_path: Path) -> None:
    reasons = [("size_mismatch", "annotated at 119×90"), ("not_an_image", "starts with b'text'")]
    run = make_run(tmp_path, lambda shard, sample: refused(shard, sample, *reasons[sample.index % 2]))
    for shard in ("a", "b"):
        members = []
        for number in range(10):
            key, fields = sample_members(draw(number))
            wrong = fields["json"].replace(b'"width": 120', b'"width": 119')
            members.append((key, {"png": b"text" if number % 2 else fields["png"], "json": wrong}))
        (tmp_path / "shards" / f"{shard}.tar").write_bytes(write_members(members))
    cards = run.report().cards
    shown = {int(str(card["data-index"])) % 2: bool(card["src"]) for card in cards}
    assert shown == {0: True, 1: False}
    assert not any(card["polygons"] for card in cards)


def test_an_unfinished_run_is_told_calmly(tmp_path: Path) -> None:
    folder = CaptionFolder(str(tmp_path / "captions"))
    with pytest.raises(InputError, match=r"holds no run\.json"):
        write_report(folder.storage.url, str(tmp_path / "report.html"))
    begin(folder)
    page = Run(tmp_path).report()
    assert "no chunk of this run is finished" in page.words
    folder.stage1[0].full.publish(ChunkId("a", 0, 1), Part(to_table([]), ""))
    folder.integrated.publish(ChunkId("a", 0, 1), Part(to_table([]), ""))
    assert "hold no samples" in Run(tmp_path).report().words


def test_a_pilot_is_called_one(tmp_path: Path) -> None:
    run = make_run(tmp_path, pilot=True)
    page = run.report()
    assert "This is a pilot" in page.words
    assert page.figures["samples"] == 18
    state = status(run.captions)
    assert [(shard.done, shard.pilot, shard.left) for shard in state.shards] == [(0, 3, 3), (0, 2, 3)]
    assert not state.complete
    assert "pilot" in state.advice[0]
    folder, chunk = CaptionFolder(run.captions), ChunkId("a", 0, 3)
    for stage in (*folder.stage1, folder.stage2):
        stage.full.publish(chunk, stage.pilot.read(chunk))
    assert [(s.done, s.pilot) for s in status(run.captions).shards] == [(1, 2), (0, 2)]
    assert "4 of 5 chunks come from a pilot" in run.report().words


def test_lost_shards_cost_the_pictures_alone(run: Run) -> None:
    (run.root / "shards" / "b.tar").unlink()
    changed = [replace(draw(90 + number), index=number) for number in range(10)]
    (run.root / "shards" / "a.tar").write_bytes(write_members(map(sample_members, changed)))
    page = run.report(cards=6)
    assert not any(card["src"] or card["polygons"] for card in page.cards)
    assert "b is no longer among the input shards" in page.words
    assert "the shard has changed since" in page.words
    assert page.figures["captioned"] == 18


def test_curation_and_evaluation_are_added(run: Run) -> None:
    final = run.root / "final"
    final.mkdir()
    summary = {"samples_in": 18, "kept": 11, "dropped": {"near duplicate": 7}, "texts": 44, "shards": 2}
    tokens = {"mean": 23.5, "p95": 37, "largest": 121, "cut": 0.0112}
    telling = {"layout": {"texts": 33, "own": 0.084, "tokens": tokens}}
    telling["people's"] = {"texts": 11, "own": 1.0, "tokens": None}
    summary |= {"telling": telling, "note": "nobody counted"}
    (final / "summary.json").write_text(json.dumps(summary))
    metrics = run.root / "metrics.json"
    metrics.write_text(
        json.dumps(
            {
                "protocol": "a",
                "status": {"tiny": "no picture seen"},
                "seconds": 12345.6,
                "retrieval": [{"model": "tiny", "i2t_r1": 12.345, "i2t_r1_low": 9.0, "i2t_r1_high": 14.0}],
            }
        )
    )
    words = run.report(curated=str(final), metrics=str(metrics)).words
    for said in (
        "near duplicate",
        "44 texts in 2 shards",
        "layout338.4 %23.5371211.1 %",
        "people's11100.0 %––––",
        "Here nobody counted.",
        "tiny: no picture seen",
        "12,346",
        "Retrieval, protocol a",
        "12.35 (9.00 to 14.00)",
    ):
        assert said in words
    metrics.write_text("[1]")
    with pytest.raises(InputError, match=r"metrics\.json holds a list"):
        run.report(metrics=str(metrics))


def test_wrong_options_are_refused(run: Run) -> None:
    with pytest.raises(RecipeError, match="cards=-1"):
        run.report(cards=-1)
    with pytest.raises(OutputError, match="is a folder"):
        write_report(run.captions, f"{run.root}/")
    assert not run.report(cards=0).cards


def test_status_counts_chunks_and_texts(run: Run) -> None:
    state = status(run.captions)
    assert [(s.shard, s.chunks, s.done, s.left) for s in state.shards] == [("a", 3, 3, 0), ("b", 3, 2, 1)]
    assert (state.samples, state.captioned, state.refused) == (18, 18, 0)
    counts = {text.text: (text.ok, text.rejected, text.failed) for text in state.texts}
    assert counts["scene"] == (11, 7, 0)
    assert state.advice[0].startswith("Chunks left: 1; shards not begun: 0.")
    folder = CaptionFolder(run.captions)
    folder.stage1[0].full.publish(ChunkId("b", 2, 3), Part(to_table([]), ""))
    assert status(run.captions).advice[1].endswith("wait for their integrated texts: 1.")
    folder.integrated.publish(ChunkId("b", 2, 3), Part(to_table([]), ""))
    assert status(run.captions).complete
    console = Console(file=io.StringIO(), width=160)
    print_status(state, console)
    assert state.advice[0] in console.file.getvalue()  # type: ignore[attr-defined]


def test_rejects_lists_rows_in_order(run: Run) -> None:
    bad = [row for row in run.rows if row.status != Status.OK]
    listed = rejected_captions(run.captions, limit=1000)
    assert sorted(listed, key=str) == sorted(bad, key=str)
    assert rejected_captions(run.captions, limit=2) == listed[:2]
    console = Console(file=io.StringIO(), width=200)
    print_rejects(rejects(run.captions), console)
    assert "too_long" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "The first 3 rejected or failed rows" in run.report(rejects=3).words


def test_any_shard_can_be_looked_into(run: Run) -> None:
    path = run.root / "shards" / "c.tar"
    key, members = sample_members(draw(3))
    foreign = {"jpg": members["png"], "cls": b"port", "txt": b"One text.\nAnother."}
    path.write_bytes(write_members([(key, members), ("foreign", foreign), ("bare", {"txt": b"no picture"})]))
    ours, other, bare = show_shard(str(path))
    assert (ours.size, ours.scene, ours.objects) == ((120, 90), ("harbour",), (("car", 1), ("ship <b>", 1)))
    assert (other.scene, other.texts) == (("port",), ("One text.", "Another."))
    assert bare.refused.startswith("missing_image")
    console = Console(file=io.StringIO(), width=200)
    print_shard([ours, other, bare], console)
    assert "1 of them cannot be used" in console.file.getvalue()  # type: ignore[attr-defined]


@given(st.dictionaries(st.integers(0, 5000), st.integers(1, 50), min_size=1), st.integers(1, 3000))
def test_no_text_is_missing_from_a_histogram(words: dict[int, int], longest: int) -> None:
    plot = histogram(Counter(words), longest)
    assert sum(plot.bars) == sum(words.values())
    assert len(plot.bars) * plot.width > longest


def test_the_last_bar_holds_all_longer_texts() -> None:
    plot = histogram(Counter({3: 5, 23: 1, 900: 2}), largest=23)
    assert (plot.width, len(plot.bars), plot.bars[3], plot.bars[23]) == (1, 24, 5, 3)


@given(st.integers(0, 10**9), st.integers(2, 9))
def test_ticks_are_few_and_inside(end: int, most: int) -> None:
    marks = ticks(end, most)
    assert len(marks) <= most
    assert 0 <= marks[0] <= marks[-1] <= end


corner = st.tuples(st.integers(0, 190), st.integers(0, 140), st.integers(1, 60), st.integers(1, 60))


@given(st.lists(corner, max_size=30))
def test_labels_stay_inside_and_apart(corners: list[tuple[int, int, int, int]]) -> None:
    objects = [
        Object(label=f"class {at % 4}", box=Box(x, y, min(x + w, 200), min(y + h, 150)))
        for at, (x, y, w, h) in enumerate(corners)
    ]
    note = Annotation(width=200, height=150, objects=tuple(objects))
    chips = place_chips(note, 6, {f"class {at}": PALETTE[at] for at in range(4)})
    for at, chip in enumerate(chips):
        assert chip.box.clipped(200, 150) == chip.box
        assert all(_apart(chip.box, other.box) for other in chips[:at])
    assert bool(chips) == bool(objects)


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnopqrst"), unique=True, max_size=len(PALETTE))))
def test_classes_of_a_picture_differ_in_colour_and_keep_it(pictures: list[list[str]]) -> None:
    colours, first = Colours(), dict[str, str]()
    for classes in pictures:
        given = colours.of(classes)
        assert len(set(given.values())) == len(classes)
        for label in classes:
            first.setdefault(label, given[label])
        if len(first) <= len(PALETTE):
            assert given == {label: first[label] for label in classes}


def _apart(one: Box, other: Box) -> bool:
    return one.x2 <= other.x1 or other.x2 <= one.x1 or one.y2 <= other.y1 or other.y2 <= one.y1
