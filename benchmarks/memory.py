"""What readers, replicas and the object store hold while large pictures are captioned.

The caption job runs with a null engine that wants pictures of 768 × 768, over pictures of 4,000 × 4,000 that
are made on the spot; once for every number of images and every size of a chunk. Shown are the peaks in MiB of

- the memory that belongs to one reading process, and to one replica, alone;
- the objects in Ray's object store, all at a time;

and how many bytes of pixels a chunk may carry. Where memory is bounded by the chunk, peaks grow with its
size and not with the number of images. Peaks are looked for ten times a second. The last line is one JSON
object with all figures.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from data_plane import connect
from PIL import Image
from watch import Watch

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.tar_write import write_members

SHARD_SIZE = 64
BUDGET = 768 * 768  # pixels of a picture that a model is shown


def pictures(side: int) -> Iterator[bytes]:
    """Distinct JPEGs without end: smooth colour with noise."""
    random = np.random.default_rng(0)
    base = Image.fromarray(random.integers(40, 200, (16, 16, 3), dtype=np.uint8)).resize((side, side))
    noise = random.normal(0, 4, (side, side, 1)).astype(np.int16)
    sink = io.BytesIO()
    pixels = np.clip(np.asarray(base, np.int16) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(sink, "JPEG", quality=80)
    number = 0
    while True:
        # a trailing counter makes every file, and so every sample id, another one; decoders stop before it
        yield sink.getvalue() + number.to_bytes(4, "big")
        number += 1


def write_shards(folder: Path, images: int, side: int) -> int:
    """The largest shard's bytes."""
    made = enumerate(islice(pictures(side), images))
    largest = 0
    while samples := [(f"{i:06d}", {"jpg": data}) for i, data in islice(made, SHARD_SIZE)]:
        shard = write_members(samples)
        (folder / f"{samples[0][0]}.tar").write_bytes(shard)
        largest = max(largest, len(shard))
    return largest


def job(shards: Path, output: Path, chunk_size: int) -> dict[str, float]:
    """One run of the caption job; peaks in MiB."""
    looks = {"kind": "http", "model": "null", "url": "http://127.0.0.1:9/v1", "cpus": 0.5}
    recipe = Recipe.model_validate(
        {
            "input": {"shards": str(shards)},
            "output": str(output),
            "chunk_size": chunk_size,
            "facts": {"measured": False},
            "generate": {"engine": {**looks, "max_pixels": BUDGET, "images_in_flight": 8}},
            "integrate": {"engine": {"cpus": 0.5}},
        }
    )
    with Watch(every=0.1) as watch:
        outcome = caption(recipe, connect=connect)
    assert outcome.not_ok == 0
    return {
        "reader": watch.peak("_read"),
        "replica": watch.peak("DescribeReplica"),
        "store": watch.store / 2**20,
        "images_per_second": outcome.images_per_second,
    }


def measure(images: int, side: int, chunk_size: int) -> dict[str, float]:
    """One run, in a process and a Ray of its own."""
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as scratch:
        (shards := Path(scratch) / "shards").mkdir()
        largest = write_shards(shards, images, side)
        call = [sys.executable, __file__, "--job", str(shards), f"{scratch}/captions", str(chunk_size)]
        out = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
    told: dict[str, float] = json.loads(out.splitlines()[-1])
    return {"images": images, "chunk_size": chunk_size, "shard": largest / 2**20, **told}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[100, 400])
    parser.add_argument("--chunk-sizes", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--side", type=int, default=4000, help="of the pictures, in pixels")
    parser.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        shards, output, chunk_size = options.job
        print(json.dumps(job(Path(shards), Path(output), int(chunk_size))))
        return
    rows = []
    print(f"{'images':>7} {'chunk':>6} {'shard':>6} {'reader':>7} {'replica':>8} {'store':>6}  MiB")
    for chunk_size in options.chunk_sizes:
        for images in options.images:
            rows.append(row := measure(images, options.side, chunk_size))
            print(
                f"{images:>7} {chunk_size:>6} {row['shard']:>6.0f} {row['reader']:>7.0f} "
                f"{row['replica']:>8.0f} {row['store']:>6.0f}",
                flush=True,
            )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
