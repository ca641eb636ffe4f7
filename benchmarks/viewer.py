"""How long the viewer of a large run takes: to be written, to open, to filter and to search, in Chromium.

Generated samples with small pictures, three boxes and six texts each, 100,000 texts in all by default, in
shards of two sources, are written as a caption run without any model; with ``--against`` half of a second
run's texts differ. The folder of the viewer is written in a process of its own, whose time and peak memory
are taken. Then Chromium opens the page from the disk, as a person does:

- ``open``: from asking for the page to its first cards, beside the same for an empty page in the same minute;
- each filter: from the change of its control to the cards that match, in the page, the next frame included;
- ``search``: the same for a word, once all texts are loaded; ``load``: the first search, which loads them.

Each is taken several times in a browser that was not used before; the median and the slowest are printed. The
limits are 3 s to open and 0.5 s to filter. The last line is one JSON object with all figures. Needs the extra
``dev``, and a Chromium.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from mpgi_ray.data.caption import Caption, to_table
from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.sample import Annotation, Box, LabelClass, Object, Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.report.viewer import write_viewer

OPEN, FILTER = 3.0, 0.5  # seconds: the limits
SHARD = 1000  # samples
TEXTS = ("objects", "layout", "scene", "attributes", "short", "long")
CLASSES = ("car", "ship", "building", "tree", "plane", "bridge", "truck", "pool", "road", "field")
SCENES = tuple(f"scene {number}" for number in range(30))
WORDS = ("grey", "green", "wide", "narrow", "beside", "upper", "left", "scattered", "bright", "dark", "rows")
CHANGE = """async ([id, value]) => {
  const control = document.getElementById(id), body = document.body, before = body.dataset.drawn;
  const began = performance.now();
  control.value = value;
  const drawn = new Promise((done) => new MutationObserver((_, watch) => {
    if (body.dataset.drawn !== before) { watch.disconnect(); done(); }
  }).observe(body, { attributes: true }));
  control.dispatchEvent(new Event(control.type === "search" ? "input" : "change"));
  await drawn;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [(performance.now() - began) / 1000, document.getElementById("found").textContent];
}"""


def sample(number: int, chance: random.Random) -> Sample:
    """A picture of 32 × 32 pixels that no other sample has, with three boxes."""
    pixels = np.random.default_rng(number).integers(0, 255, (4, 4, 3), np.uint8)
    sink = io.BytesIO()
    Image.fromarray(pixels).resize((32, 32)).save(sink, "PNG")
    corners = [(chance.randrange(20), chance.randrange(20)) for _ in range(3)]
    note = Annotation(
        width=32,
        height=32,
        vocabulary={name: LabelClass(exhaustive=True) for name in CLASSES},
        scene=(chance.choice(SCENES),),
        objects=tuple(Object(label=chance.choice(CLASSES), box=Box(x, y, x + 8, y + 6)) for x, y in corners),
        source=f"source {number // SHARD % 2}",
        split=chance.choice(("train", "train", "test")),
    )
    return Sample(f"picture-{number:06d}", number % SHARD, sink.getvalue(), "png", note, f"{number}.png")


def texts_of(shard: str, one: Sample, chance: random.Random) -> Iterator[Caption]:
    """Six texts of about 250 characters, one in twenty rejected."""
    for name in TEXTS:
        words = " ".join(chance.choices(WORDS, k=28))
        text = (
            f"There is a {chance.choice(CLASSES)} and a {chance.choice(CLASSES)}, {words}, seen from above."
        )
        row = Caption(
            caption_id=f"{one.sample_id[:26]}-{name[:5]}",
            sample_id=one.sample_id,
            shard=shard,
            index=one.index,
            key=one.key,
            stage="integrated" if name in ("short", "long") else "perspective",
            perspective=name,
            text=text,
            raw=text,
            engine="template",
            model=f"model {chance.randrange(2)}",
            prompt_hash="0123456789abcdef",
            prompt_tokens=400,
            completion_tokens=60,
            seconds=chance.random(),
            scores=json.dumps({"coverage": round(chance.random(), 3)}),
        )
        bad = chance.random() < 0.05
        yield replace(row, status="rejected", reason="too_long", detail="212 words", text="") if bad else row


def make(root: Path, samples: int) -> None:
    """The shards, and two runs of them."""
    runs = [CaptionFolder(str(root / name)) for name in ("captions", "other")]
    record = {
        "recipe": {"input": {"shards": str(root / "shards"), "fields": {}}},
        "identity": {},
        "stage1": [list(TEXTS[:4])],
        "texts": list(TEXTS[4:]),
        "prompts": {"objects": {"hash": "0123456789abcdef", "text": "Name what is there."}},
        "versions": {},
        "shards": {},
    }
    for run in runs:
        run.storage.publish_json(RUN, record | {"identity": {"run": run.storage.url}})
    (root / "shards").mkdir()
    chance = random.Random(0)
    for number in range(-(-samples // SHARD)):
        shard = f"source{number % 2}-{number:06d}"
        inside = [sample(n, chance) for n in range(number * SHARD, min(samples, (number + 1) * SHARD))]
        (root / "shards" / f"{shard}.tar").write_bytes(write_members(map(sample_members, inside)))
        rows = [row for one in inside for row in texts_of(shard, one, chance)]
        others = [replace(row, text=row.text.upper()) if chance.random() < 0.5 else row for row in rows]
        for run, part in zip(runs, (rows, others), strict=True):
            for stage, name in ((run.stage1[0], "perspective"), (run.stage2, "integrated")):
                table = to_table([row for row in part if row.stage == name])
                stage.full.publish(ChunkId(shard, 0, 1), Part(table, ""))


def written(root: Path, samples: int, *more: str) -> dict[str, float]:
    """Seconds and peak memory of the writing, in a process of its own."""
    command = [sys.executable, __file__, "--write", str(root), "--samples", str(samples), *more]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(told.splitlines()[-1])


def write(root: Path, samples: int, against: bool) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    other = str(root / "other") if against else None
    write_viewer(str(root / "captions"), str(root / "view"), samples=samples, against=other)
    seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": round(seconds, 1), "peak_mib": peak // 1024, "before_mib": before // 1024}))


def opened(page: Page, address: str, ready: str) -> float:
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(ready, state="attached")
    return time.perf_counter() - began


def changes(page: Page) -> dict[str, float]:
    """Seconds of one round of filters, each from a page without any; the search comes last."""
    found: dict[str, float] = {}
    for name in ("source", "split", "shard", "scene", "object", "perspective", "model", "status", "reason"):
        found[name], _ = page.evaluate(
            CHANGE, [name, page.locator(f"#{name} option").nth(1).get_attribute("value")]
        )
        page.evaluate(CHANGE, [name, ""])
    found["verdict"], _ = page.evaluate(CHANGE, ["verdict", "contradicted"])
    for name, value in (("object", "ship"), ("perspective", "long")):
        found[f"and {name}"], _ = page.evaluate(CHANGE, [name, value])
    for name in ("verdict", "object", "perspective"):
        page.evaluate(CHANGE, [name, ""])
    page.evaluate(CHANGE, ["score", "coverage"])
    found["score"], _ = page.evaluate(CHANGE, ["low", "0.9"])
    found["order"], _ = page.evaluate(CHANGE, ["sort", "falling:coverage"])
    page.evaluate(CHANGE, ["low", ""])
    page.evaluate(CHANGE, ["sort", ""])
    found["load"], _ = page.evaluate(CHANGE, ["search", "bridge scattered"])
    found["search"], said = page.evaluate(CHANGE, ["search", '"a ship" bright'])
    assert "samples" in said, said
    return found


def browse(folder: Path, rounds: int) -> list[dict[str, float]]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    empty = folder / "empty.html"
    empty.write_text("<!doctype html><title>Empty</title><p id='there'>")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    found = []
    for _ in range(rounds):
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=options)
            page = browser.new_page(viewport={"width": 1300, "height": 900})
            nothing = opened(page, empty.as_uri(), "#there")
            first = opened(page, (folder / "samples.html").as_uri(), "body[data-drawn] .card")
            found.append({"empty page": nothing, "open": first, **changes(page)})
            browser.close()
    return found


def summary(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    table = {}
    for name in rounds[0]:
        taken = [one[name] for one in rounds]
        limit = OPEN if name == "open" else None if name in ("empty page", "load") else FILTER
        table[name] = {
            "median": round(statistics.median(taken), 3),
            "slowest": round(max(taken), 3),
            "limit": limit,
        }
        held = "" if limit is None else f", limit {limit} s: {'held' if max(taken) < limit else 'MISSED'}"
        print(f"{name}: {table[name]['median']:.3f} s, slowest {table[name]['slowest']:.3f} s{held}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=16_700, help="of six texts each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", action="store_true", help="with a second run: twice the texts")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(Path(options.write), options.samples, options.against)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        make(root, options.samples)
        told = written(root, options.samples, *(["--against"] if options.against else []))
        print(
            f"written in {told['seconds']} s, at most {told['peak_mib']} MiB; load {os.getloadavg()[0]:.1f}"
        )
        files = [path for path in (root / "view").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        table = summary(browse(root / "view", options.rounds))
    texts = options.samples * len(TEXTS) * (2 if options.against else 1)
    print(
        json.dumps(
            {"texts": texts, "files": len(files), "mib": size >> 20, "written": told, "seconds": table}
        )
    )


if __name__ == "__main__":
    main()
