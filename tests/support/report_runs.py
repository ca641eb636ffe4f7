"""Caption folders that are built by hand, and what a report of one holds."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image, ImageDraw

from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.data.caption_folder import LOG, CaptionFolder
from mpgi_ray.data.parts import ChunkId, split_chunks
from mpgi_ray.data.sample import Annotation, Box, Object, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.report import write_report
from support.caption_rows import begin, merged, publish, scene

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
    begin(
        folder,
        [["objects", "scene"]] * models,
        recipe={"input": {"shards": str(root / "shards"), "fields": {}}},
        prompts={"objects": {"hash": "0123456789abcdef", "text": f"Name what you see. {SCRIPT}"}},
        shards={"a": {"stamp": ""}, "b": {"stamp": ""}},
    )
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
        if tag == "img" and self.cards:  # panels have pictures that are no cards
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
