"""What the start and the end of a caption run cost when much is done already.

For each number of samples, shards and published parts are generated: 1,000 samples a shard, 64 a chunk, six
texts a sample. The parts are written directly, as if a null engine had answered: neither making them nor Ray
is part of what is measured. Then the caption job is started twice, each time in a process of its own:

- the first start finds parts that it has never seen. It opens every one, which is also what the end of a run
  costs for the parts that it made;
- the second start finds them in its ledger, and has nothing to do.

Shown are seconds after the imports, the driver's memory beyond that of its imports, files and bytes; then the
marginal time of a sample between two sizes, and the ratio of two such times, which is 1 where cost grows with
the number of samples alone. ``--s3`` does the same on an S3 server on loopback. The last line is one JSON
object with all figures.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.data.caption import Caption, Stage, digests_of, from_table, to_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.parts import ChunkId, Part
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage

SHARD, CHUNK = 1000, 64
STAGE1, STAGE2 = ("objects", "layout", "scene", "attributes"), ("short", "long")
WORDS = ("ship", "harbour", "two", "rows", "of", "cars", "beside", "the", "road", "near", "a", "roof")
WRITERS = 8  # threads


def recipe(output: str, shards: str) -> Recipe:
    return Recipe.model_validate({"input": {"shards": shards}, "output": output, "chunk_size": CHUNK})


def records(chunk: int, names: tuple[str, ...], stage: Stage) -> pa.Table:
    """The records of a chunk's samples, with texts of about 30 words."""
    drawn = random.Random(f"{chunk} {stage}")
    return to_table(
        [
            Caption(
                caption_id=f"{drawn.getrandbits(128):032x}",
                sample_id=f"{index:064x}",
                shard="",
                index=index,
                key=f"{index:06d}",
                stage=stage.value,
                perspective=name,
                text=" ".join(drawn.choices(WORDS, k=30)),
                engine="null",
                model="null",
                prompt_tokens=100,
                completion_tokens=40,
                seconds=drawn.random(),
            )
            for index in range(chunk * CHUNK, min((chunk + 1) * CHUNK, SHARD))
            for name in names
        ]
    )


def publish(output: str, shards: str, samples: int) -> None:
    """Shards that are only listed, and the parts of all their chunks."""
    total, folder = -(-SHARD // CHUNK), CaptionFolder(output)
    parts = []
    for chunk in range(total):
        first = records(chunk, STAGE1, Stage.PERSPECTIVE)
        sources = digests_of(from_table(first))
        parts.append((first, records(chunk, STAGE2, Stage.INTEGRATED), sources))

    def one(place: tuple[str, int]) -> None:
        shard, chunk = place
        first, second, sources = parts[chunk]
        where = ChunkId(shard, chunk, total)
        folder.stage1[0].full.publish(where, Part(_of(where, first), shard, digests=sources))
        folder.stage2.full.publish(where, Part(_of(where, second), shard, sources))

    names = [f"shard-{number:06d}" for number in range(-(-samples // SHARD))]
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda name: Storage(shards).publish(f"{name}.tar", bytes(10240)), names))
        run = recipe(output, shards)
        open_run(folder, run, find_shards(run.input.shards))  # parts without their run are refused
        places: Iterator[tuple[str, int]] = ((name, chunk) for name in names for chunk in range(total))
        while some := list(islice(places, 1000)):
            list(pool.map(one, some))


def _of(chunk: ChunkId, table: pa.Table) -> pa.Table:
    """The records of another chunk: its shard, and times of its own, which the ledger keeps."""
    drawn = np.random.default_rng(list(chunk.file_name.encode()))
    columns = {"shard": np.full(len(table), chunk.shard), "seconds": drawn.gamma(4, 0.5, len(table))}
    for name, values in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(values))
    return table


def start(output: str, shards: str) -> dict[str, float]:
    """Start the job in this process: its seconds, those of the CPU, and MiB beyond those of the imports."""
    before, started, worked = _peak(), time.monotonic(), time.process_time()
    caption(recipe(output, shards))
    seconds, cpu = time.monotonic() - started, time.process_time() - worked
    return {"seconds": round(seconds, 2), "cpu": round(cpu, 2), "mib": round(_peak() - before, 1)}


def _peak() -> float:
    """Of this process alone: what `getrusage` tells begins with the memory of the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(place: str, samples: int) -> dict[str, Any]:
    output, shards = f"{place}/captions", f"{place}/shards"
    started = time.monotonic()
    publish(output, shards, samples)
    told: dict[str, Any] = {"samples": samples, "writing": round(time.monotonic() - started, 1)}
    for name in ("first", "second"):
        call = [sys.executable, __file__, "--start", output, shards]
        done = subprocess.run(call, check=True, stdout=subprocess.PIPE, env=os.environ)
        told[name] = json.loads(done.stdout.splitlines()[-1])
    folder = Storage(output)
    told["files"] = len(folder.list(""))
    told["bytes_a_sample"] = round(
        sum(int(s.partition(":")[0]) for s in folder.stamps("").values()) / samples
    )
    told["ledger_bytes_a_sample"] = round(folder.size("ledger.parquet") / samples, 1)
    return told


def on_s3() -> str:
    """An S3 server on loopback for this process and those that it starts; the URL of a bucket."""
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    s3fs.S3FileSystem().mkdir("scale")
    return "s3://scale"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="numbers of samples")
    parser.add_argument("--full", action="store_true", help="a million samples, too")
    parser.add_argument("--s3", action="store_true", help="on an S3 server on loopback")
    parser.add_argument("--start", nargs=2, metavar=("OUTPUT", "SHARDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.start:
        print(json.dumps(start(*options.start)))
        return
    rows = []
    for samples in options.sizes + [1_000_000] * options.full:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            place = f"{on_s3()}/{samples}" if options.s3 else str(Path(folder))
            rows.append(measure(place, samples))
        print(json.dumps(rows[-1]), flush=True)
    marginal = {
        f"{name} start, {kind}": [
            (large[name][kind] - small[name][kind]) / (large["samples"] - small["samples"])
            for small, large in pairwise(rows)
        ]
        for name in ("first", "second")
        for kind in ("seconds", "cpu")
    }
    ratios = {name: [round(b / a, 2) for a, b in pairwise(t) if a > 0] for name, t in marginal.items()}
    for name, times in marginal.items():
        told = ", ".join(f"{1e6 * t:,.1f} µs" for t in times)
        print(f"{name}: {told} a further sample; ratios {ratios[name] or 'need three sizes'}")
    print(json.dumps({"sizes": rows, "marginal_seconds": marginal, "ratios": ratios}))


if __name__ == "__main__":
    main()
