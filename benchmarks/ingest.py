"""How fast `mpgi ingest` turns pictures into shards.

Both sides run in one go on the same class folders of 256×256 JPEGs, about 15 kB each:

- `mpgi ingest folders` as a command: every picture is read, its header looked at, hashed and written with
  its annotation; what a run over a few pictures takes (imports, index) is subtracted;
- a plain loop on one core that reads the same files, hashes them and writes them with webdataset's
  ShardWriter.

The ratio is that of their images a second. The last line is one JSON object with all figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import webdataset
from pictures import noise_jpegs

CLASSES = 45
FEW = 100


def write_pictures(folder: Path, images: int) -> None:
    """Distinct pictures in class folders; a counter behind the picture makes each file another one."""
    pool = noise_jpegs()
    for number in range(images):
        place = folder / f"class{number % CLASSES:02d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.jpg").write_bytes(pool[number % len(pool)] + number.to_bytes(4, "big"))


def ingest(folder: Path, out: Path) -> float:
    """Seconds of the command."""
    command = [sys.executable, "-m", "mpgi_ray", "ingest", "folders", str(folder), "--out", str(out)]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def plain(folder: Path, out: Path) -> float:
    """Seconds of the loop, without its start."""
    out.mkdir()
    files = sorted(folder.rglob("*.jpg"))
    began = time.perf_counter()
    with webdataset.ShardWriter(str(out / "%06d.tar"), maxcount=1000, verbose=0) as sink:
        for file in files:
            data = file.read_bytes()
            key = f"{file.stem}-{hashlib.sha256(data).hexdigest()[:12]}"
            sink.write({"__key__": key, "jpg": data, "cls": file.parent.name})
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    rows = []
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as place:
        root = Path(place)
        write_pictures(root / "all", given.images)
        write_pictures(root / "few", FEW)
        plain(root / "all", root / "warm")  # files are in the page cache for both
        print(f"{'':>3} {'mpgi ingest':>16} {'plain loop':>16} {'ratio':>7}   images a second")
        for repeat in range(given.repeats):
            start = ingest(root / "few", root / f"few-{repeat}")
            ours = (given.images - FEW) / (ingest(root / "all", root / f"all-{repeat}") - start)
            theirs = given.images / plain(root / "all", root / f"plain-{repeat}")
            rows.append({"ours": ours, "plain": theirs, "ratio": ours / theirs, "start_seconds": start})
            print(f"{repeat + 1:>3} {ours:>16,.0f} {theirs:>16,.0f} {ours / theirs:>7.2f}", flush=True)
    middle = sorted(rows, key=lambda row: row["ratio"])[len(rows) // 2]
    print(json.dumps({"ratio": middle["ratio"], "images_per_second": middle["ours"], "rows": rows}))


if __name__ == "__main__":
    main()
