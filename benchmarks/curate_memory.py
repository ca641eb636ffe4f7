"""What a curation with rules holds in memory, and what a text costs, when there are a million of them.

Generated are shards of tiny pictures, the records of a caption run over them (six texts of 30 words each; a
tenth are equal to others) and a folder of scores. Then `mpgi curate` runs over them in a process and a Ray
of its own: first with the rules below, of every kind, then without any. Shown are

- the peaks in MiB of the driver, of all workers of tasks together, and of driver and workers at one time:
  what belongs to each process alone (USS), looked at twice a second; Ray's own processes are shown apart;
- milliseconds a text, by the clock and of the CPU (of driver and workers), Ray's start among them;
- what was decided.

The last line is one JSON object with all figures.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil
import pyarrow as pa
import yaml
from PIL import Image

from mpgi_ray.curate import Curation, curate
from mpgi_ray.data.caption import Caption, Stage, to_table
from mpgi_ray.data.caption_folder import RUN, CaptionFolder
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.data.text import text_hash

SHARD = 1000
STAGE1, STAGE2 = ("objects", "layout", "scene", "attributes"), ("short", "long")
SCENES = tuple(f"scene {letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
WORDS = ("ship", "harbour", "two", "rows", "of", "cars", "beside", "the", "road", "near", "a", "roof")
RULES = [
    {"name": "false_claim", "drop": "contradicted > 0"},
    {"name": "long", "drop": "clip_tokens > 77"},
    {"name": "weak", "top": 0.8, "by": "clip", "within": ["name"]},
    {"name": "repeated", "distinct": "set", "by": "clip"},
    {"name": "best", "texts": 4, "by": "clip"},
    {"name": "balance", "pictures": 5000, "per": ["source", "scene"], "by": "clip"},
]
_MIB = 2**20


def jpeg() -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(sink, "JPEG")
    return sink.getvalue()


def make(place: Path, samples: int) -> None:
    """Shards, captions and scores in a folder."""
    captions, scores = CaptionFolder(str(place / "captions")), Storage(str(place / "scores"))
    shards, picture = Storage(str(place / "shards")), jpeg()
    names = [f"part-{number:06d}" for number in range(-(-samples // SHARD))]
    captions.storage.publish_json(RUN, run_record(str(place / "shards"), names))
    scores.publish_json("score.json", {})
    for number, name in enumerate(names):
        drawn, members = random.Random(number), []
        rows: list[Caption] = []
        for index in range(min(SHARD, samples - number * SHARD)):
            # a trailing counter makes every file another one; decoders stop before it
            image = picture + (number * SHARD + index).to_bytes(4, "big")
            note = {"width": 8, "height": 8, "scene": [drawn.choice(SCENES)], "source": "made"}
            record = {"mpgi": 1, "name": f"{index:06d}", "annotation": note}
            members.append((f"{index:06d}", {"jpg": image, "json": json.dumps(record).encode()}))
            rows += texts_of(name, index, hashlib.sha256(image).hexdigest(), drawn)
        shard = write_members(members)
        shards.publish(f"{name}.tar", shard)
        digest, chunk = hashlib.sha256(shard).hexdigest(), ChunkId(name, 0, 1)
        for stage, kind in ((captions.stage1[0], Stage.PERSPECTIVE), (captions.stage2, Stage.INTEGRATED)):
            of_stage = [row for row in rows if row.stage == kind.value]
            stage.full.publish(chunk, Part(to_table(of_stage), digest))
        publish_table(scores.child("scores"), f"{name}.parquet", scored(rows, number))
    scores.publish_json("summary.json", {})
    (place / "rules.yaml").write_text(yaml.safe_dump({"scores": [str(place / "scores")], "rules": RULES}))


def run_record(shards: str, names: list[str]) -> dict[str, Any]:
    return {
        "recipe": {"input": {"shards": shards, "fields": {}}},
        "identity": {},
        "stage1": [STAGE1],
        "texts": STAGE2,
        "prompts": {},
        "versions": {},
        "shards": {name: {"stamp": ""} for name in names},
    }


def texts_of(shard: str, index: int, sample_id: str, drawn: random.Random) -> list[Caption]:
    return [
        Caption(
            caption_id=f"{drawn.getrandbits(128):032x}",
            sample_id=sample_id,
            shard=shard,
            index=index,
            key=f"{index:06d}",
            stage=(Stage.PERSPECTIVE if name in STAGE1 else Stage.INTEGRATED).value,
            perspective=name,
            text=f"said {drawn.randrange(1000)}"
            if drawn.random() < 0.1
            else " ".join(drawn.choices(WORDS, k=30)),
            engine="null",
            model="null",
        )
        for name in (*STAGE1, *STAGE2)
    ]


def scored(rows: list[Caption], seed: int) -> pa.Table:
    drawn = np.random.default_rng(seed)
    return pa.table(
        {
            "shard": [row.shard for row in rows],
            "index": pa.array([row.index for row in rows], pa.int64()),
            "key": [row.key for row in rows],
            "sample_id": [row.sample_id for row in rows],
            "name": [row.perspective for row in rows],
            "number": pa.array([0] * len(rows), pa.int32()),
            "text_hash": pa.array([text_hash(row.text) for row in rows], pa.uint64()),
            "clip": drawn.normal(0.25, 0.05, len(rows)),
            "contradicted": (drawn.random(len(rows)) < 0.05).astype(float),
            "clip_tokens": drawn.integers(10, 80, len(rows)).astype(float),
        }
    )


class Watch:
    """The peaks of what belongs to this process, to the workers of Ray's tasks, and to Ray's own processes.

    Attributes:
        peaks: bytes, by kind; ``together`` is the driver and its workers at one time.
        cpu: seconds of the driver and its workers, by process.
    """

    def __init__(self, every: float = 0.5) -> None:
        self.peaks = dict.fromkeys(("driver", "workers", "together", "ray"), 0)
        self.cpu: dict[int, float] = {}
        self._every, self._over = every, threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(self._every):
            now = dict.fromkeys(("driver", "workers", "ray"), 0)
            here = psutil.Process()
            for process in [here, *here.children(recursive=True)]:
                try:
                    name = " ".join(process.cmdline())
                    kind = "driver" if process == here else "workers" if name.startswith("ray::") else "ray"
                    now[kind] += process.memory_full_info().uss
                    if kind != "ray":
                        self.cpu[process.pid] = sum(process.cpu_times()[:2])
                except (psutil.Error, OSError):  # it has ended
                    continue
            now["together"] = now["driver"] + now["workers"]
            self.peaks = {name: max(peak, now[name]) for name, peak in self.peaks.items()}


def job(place: str, out: str, select: str | None) -> dict[str, Any]:
    """One curation in this process."""
    config = Curation(captions=f"{place}/captions", output=f"{place}/{out}", select=select)
    before, began = psutil.Process().memory_full_info().uss, time.monotonic()
    with Watch() as watch:
        summary = curate(config)
    told = {name: round(peak / _MIB) for name, peak in watch.peaks.items()}
    told |= {"imports": round(before / _MIB), "seconds": round(time.monotonic() - began, 1)}
    told |= {"cpu": round(sum(watch.cpu.values()), 1), "kept": summary.kept, "texts": summary.texts}
    if summary.selection is not None:
        told["rules"] = [str(rule) for rule in summary.selection.rules]
    return told


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--samples", type=int, default=170_000, help="with six texts each")
    parser.add_argument("--job", nargs=3, metavar=("PLACE", "OUT", "SELECT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        place, out, select = options.job
        print(json.dumps(job(place, out, select or None)))
        return
    texts, rows = options.samples * len((*STAGE1, *STAGE2)), {}
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-", ignore_cleanup_errors=True) as place:
        began = time.monotonic()
        make(Path(place), options.samples)
        seconds = time.monotonic() - began
        print(f"{texts:,} texts of {options.samples:,} samples made in {seconds:.0f} s", flush=True)
        for out, select in (("selected", f"{place}/rules.yaml"), ("plain", "")):
            call = [sys.executable, __file__, "--job", place, out, select]
            done = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True)
            rows[out] = told = json.loads(done.stdout.splitlines()[-1])
            for line in told.get("rules", ()):
                print(f"    {line}")
            wall, cpu = (1e3 * told[kind] / texts for kind in ("seconds", "cpu"))
            print(
                f"{out}: driver {told['driver']} MiB ({told['imports']} after its imports), workers "
                f"{told['workers']}, together {told['together']}, Ray's own {told['ray']}; {wall:.3f} ms a "
                f"text, {cpu:.3f} ms of CPU; {told['texts']:,} texts of {told['kept']:,} samples published",
                flush=True,
            )
    print(json.dumps({"texts": texts, **rows}))


if __name__ == "__main__":
    main()
