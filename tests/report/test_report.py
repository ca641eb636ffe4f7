"""The report and its relatives, on caption folders that are built by hand."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from rich.console import Console
from test_run_metrics import merged, publish, scene

from mpgi_ray.data.caption import Caption, Stage, Status, to_table
from mpgi_ray.data.caption_folder import LOG, RUN, CaptionFolder
from mpgi_ray.data.parts import ChunkId, split_chunks
from mpgi_ray.data.sample import Annotation, Box, Object, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar import write_members
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.report import write_report
from mpgi_ray.report.histogram import histogram, ticks
from mpgi_ray.report.overlay import PALETTE, place_chips
from mpgi_ray.report.shard_view import print_shard, show_shard
from mpgi_ray.report.status import print_rejects, print_status, rejects, status

SCRIPT = "<script>alert('caption')</script>"
OBB = ((60.0, 20.0), (100.0, 40.0), (90.0, 60.0), (50.0, 40.0))
TEXTS = {"objects": Stage.PERSPECTIVE, "scene": Stage.PERSPECTIVE, "long": Stage.INTEGRATED}


def draw(number: int) -> Sample:
    """A picture of a car in a box and a ship in an oriented one, on a ground that differs by number."""
    image = Image.new("RGB", (120, 90), (40 + number, 90, 60))
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 30 + number, 25), fill=(200, 60, 60))
    pen.polygon(OBB, fill=(230, 230, 230))
    sink = io.BytesIO()
    image.save(sink, "PNG")
    note = Annotation(
        width=120,
        height=90,
        scene=("harbour",),
        objects=(
            Object(label="car", box=Box(10, 10, 30 + number, 25)),
            Object(label="ship <b>", box=Box(50, 20, 100, 60), obb=OBB, crowd=True),
        ),
    )
    return Sample(f"picture-{number:03d}", number % 10, sink.getvalue(), "png", note, f"{number}.png")


def texts_of(shard: str, sample: Sample) -> list[Caption]:
    """Three texts for every sample; each third lacks one, each fifth names a script in its text."""
    rows = []
    for name, stage in TEXTS.items():
        row = Caption(
            caption_id=f"{sample.key}-{name}",
            sample_id=sample.sample_id,
            shard=shard,
            index=sample.index,
            key=sample.key,
            stage=stage.value,
            perspective=name,
            text=f"A {name} text of {sample.key} with a car and a ship.",
            engine="template",
            model="template-1",
            revision="r7",
            prompt_hash="0123456789abcdef",
            prompt_tokens=100,
            completion_tokens=12,
            finish_reason="stop",
        )
        if name == "scene" and sample.index % 3 == 0:
            fault = {"reason": "too_long", "detail": f"{'x' * 500}\nsecond line"}
            row = replace(row, status=Status.REJECTED.value, **fault, text="", raw=SCRIPT + "y" * 5000)
        elif name == "objects" and sample.index == 5:
            fault = {"reason": "connection", "detail": "refused"}
            row = replace(row, status=Status.FAILED.value, **fault, text="", attempt=3)
        elif sample.index % 5 == 0:
            row = replace(row, text=f"{SCRIPT} & more")
        rows.append(row)
    return rows


def refused(
    shard: str, sample: Sample, reason: str = "size_mismatch", detail: str = "annotated at 1×1"
) -> list[Caption]:
    return [
        Caption(
            caption_id=f"{sample.key}-input",
            sample_id=sample.sample_id,
            shard=shard,
            index=sample.index,
            key=sample.key,
            stage=Stage.INPUT.value,
            status=Status.REJECTED.value,
            reason=reason,
            detail=detail,
        )
    ]


@dataclass
class Run:
    """A caption folder and what lies in it."""

    root: Path
    samples: dict[str, Sample] = field(default_factory=dict)
    rows: list[Caption] = field(default_factory=list)

    @property
    def captions(self) -> str:
        return str(self.root / "captions")

    def report(self, **options: object) -> Page:
        output = str(self.root / "report.html")
        assert write_report(self.captions, output, **options) == output  # type: ignore[arg-type]
        return Page(Path(output).read_text())


def by_two_models(shard: str, sample: Sample) -> list[Caption]:
    """Each third scene of the big model is asked again, as is each second integration; each fourth of the
    small model is given up.
    """
    place = replace(refused(shard, sample)[0], reason="")
    given_up = [("refusal", Status.RETRIED), ("refusal", Status.REJECTED)] if sample.index % 4 == 0 else []
    return [
        *scene(place, "big", *([("thinking", Status.RETRIED)] if sample.index % 3 == 0 else [])),
        *scene(place, "small", *given_up, good=not given_up),
        *merged(place, *([("novel", Status.RETRIED)] if sample.index % 2 else []), coverage=0.8),
    ]


def make_run(
    root: Path,
    write: Callable[[str, Sample], list[Caption]] = texts_of,
    *,
    pilot: bool = False,
    models: int = 1,
) -> Run:
    """Two shards of ten samples in chunks of four; the second shard's last chunk is not done."""
    run, folder = Run(root), CaptionFolder(str(root / "captions"))
    manifest = {
        "recipe": {"input": {"shards": str(root / "shards"), "fields": {}}},
        "prompts": {"objects": {"hash": "0123456789abcdef", "text": f"Name what you see. {SCRIPT}"}},
        "shards": {"a": {}, "b": {}},
        "stage1": [["objects", "scene"]] * models,
    }
    folder.storage.publish(RUN, json.dumps(manifest).encode())
    (root / "shards").mkdir(parents=True)
    for at, shard in enumerate(("a", "b")):
        samples = [draw(10 * at + number) for number in range(10)]
        run.samples |= {sample.sample_id: sample for sample in samples}
        (root / "shards" / f"{shard}.tar").write_bytes(write_members(map(sample_members, samples)))
        for chunk, part in split_chunks(shard, samples, 4):
            if chunk == ChunkId("b", 2, 3):
                continue
            rows = [row for sample in part for row in write(shard, sample)]
            publish(folder, chunk, rows, pilot=pilot)
            run.rows += rows
    log = [{"ended": "2026-01-02T03:04:05", "samples": 18, "images_per_second": 12.5}, {"seconds": 3}]
    folder.storage.publish(LOG, "\n".join(map(json.dumps, log)).encode())
    return run


class Page(HTMLParser):
    """What the tests look for in a report."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.headings: list[int] = []
        self.figures: dict[str, int] = {}
        self.texts: dict[str, list[int]] = {}
        self.faults: dict[str, list[int]] = {}
        self.cards: list[dict[str, object]] = []
        self.bars = 0
        self.words = ""
        self._cell: list[int] | None = None
        self._figure = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.tags[tag] += 1
        self.links += [value for name, value in values.items() if name in ("src", "href", "xlink:href")]
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "article":
            self.cards.append(values | {"polygons": [], "src": "", "alt": "", "text": ""})
        if tag == "img":
            self.cards[-1] |= {"src": values["src"], "alt": values["alt"]}
        if tag == "polygon":
            points = [tuple(map(float, pair.split(","))) for pair in values["points"].split()]
            self.cards[-1]["polygons"].append((values["data-label"], points))  # type: ignore[attr-defined]
        self.bars += int(values.get("data-texts", 0))
        self._figure = values.get("data-figure", "")
        if tag == "tr":
            rows = self.texts if "data-text" in values else self.faults if "data-fault" in values else {}
            self._cell = rows.setdefault(values.get("data-text", values.get("data-fault", "")), [])

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._figure:
            self.figures[self._figure] = int(data.replace(",", ""))
            self._figure = ""
        if self._cell is not None and data.strip().isdigit():
            self._cell.append(int(data))
        if self.cards:
            self.cards[-1]["text"] += data  # type: ignore[operator]

    def handle_endtag(self, tag: str) -> None:
        self._figure = ""
        if tag == "tr":
            self._cell = None


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
    assert {row.status for row in rejects(run.captions, 1000)} == {Status.REJECTED}


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
    assert all(link.startswith("data:") for link in page.links)
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
    folder.storage.publish(RUN, b'{"stage1": [["objects"]]}')
    page = Run(tmp_path).report()
    assert "no chunk of this run is finished" in page.words
    folder.stage1[0].full.publish(ChunkId("a", 0, 1), to_table([]), "")
    folder.integrated.publish(ChunkId("a", 0, 1), to_table([]), "")
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
        stage.full.publish(chunk, stage.pilot.read(chunk), "")
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
        "status.tiny",
        "no picture seen",
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
    folder.stage1[0].full.publish(ChunkId("b", 2, 3), to_table([]), "")
    assert status(run.captions).advice[1].endswith("wait for their integrated texts: 1.")
    folder.integrated.publish(ChunkId("b", 2, 3), to_table([]), "")
    assert status(run.captions).complete
    console = Console(file=io.StringIO(), width=160)
    print_status(state, console)
    assert state.advice[0] in console.file.getvalue()  # type: ignore[attr-defined]


def test_rejects_lists_rows_in_order(run: Run) -> None:
    bad = [row for row in run.rows if row.status != Status.OK]
    listed = rejects(run.captions, limit=1000)
    assert sorted(listed, key=str) == sorted(bad, key=str)
    assert rejects(run.captions, limit=2) == listed[:2]
    console = Console(file=io.StringIO(), width=200)
    print_rejects(listed, console)
    assert "too_long" in console.file.getvalue()  # type: ignore[attr-defined]


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


def _apart(one: Box, other: Box) -> bool:
    return one.x2 <= other.x1 or other.x2 <= one.x1 or one.y2 <= other.y1 or other.y2 <= one.y1
