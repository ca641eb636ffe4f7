"""How fast shards go through the caption job when the engines cost nothing.

Both sides run in one go on the same shards of 256×256 JPEGs:

- the caption job with a null engine: every picture is fetched, hashed, decoded once, asked about six times,
  and its six records are published; start-up (until the first chunk is finished) is subtracted;
- a plain loop of the webdataset library that decodes the same pictures on one core, alone, and then as many
  such loops at once as there are cores.

The ratio of their images a second says whether the data plane could ever be what a GPU waits for. The loops
at once say what it could be at most, if nothing but decoding were done: cores that share caches and units are
slower together than one by itself. Nothing is measured in the pixels (`facts.measured`), which is the rules'
work and not the data plane's; ``--measured`` shows what it costs.

Beside other programs images a second say little. So the CPU time of a further image is shown, too, from one
number of images to the next: of all processes of the job, Ray's own among them. The ratio by CPU time is
what these cores would give if nothing else ran. The last line is one JSON object with all figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import webdataset
from pictures import noise_jpegs
from watch import Watch

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings

SHARD_SIZE = 1000
MERGED = json.dumps({"short": "a short text", "long": "a long text"})


class NullEngine:
    """Answers at once; the stage has decoded the picture already."""

    kind = model = "null"
    revision = "0"
    trusted = True

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        return [Reply("a text" if prompt.schema is None else MERGED) for prompt in prompts]

    def close(self) -> None:
        pass


def connect(config: EngineSettings) -> Engine:
    return NullEngine()


def write_shards(folder: Path, images: int) -> None:
    """Shards of distinct pictures: smooth colour with noise, about 15 kB each."""
    pool = noise_jpegs()
    for start in range(0, images, SHARD_SIZE):
        # a trailing counter makes every file, and so every sample id, another one; decoders stop before it
        samples = [
            (f"{i:07d}", {"jpg": pool[i % len(pool)] + i.to_bytes(4, "big")})
            for i in range(start, min(start + SHARD_SIZE, images))
        ]
        (folder / f"{start // SHARD_SIZE:05d}.tar").write_bytes(write_members(samples))


def plain_loop(shards: Path, images: int, core: int = 0) -> dict[str, float]:
    """A webdataset loop that decodes, on one core: images a second, and CPU time."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})
    urls = [str(path) for path in sorted(shards.glob("*.tar"))]
    dataset = webdataset.WebDataset(urls, shardshuffle=False).decode("pil").to_tuple("jpg")
    started, worked, count = time.perf_counter(), time.process_time(), 0
    for (picture,) in dataset:
        picture.load()
        count += 1
        if count == images:
            break
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    return {"images_per_second": count / seconds, "cpu_ms": 1e3 * cpu / count}


def job(shards: Path, output: Path, replicas: int, measured: bool) -> dict[str, float]:
    """One run of the caption job: its rate without start-up, its start-up, memory and CPU seconds."""
    recipe = Recipe.model_validate(
        {
            "input": {"shards": str(shards)},
            "output": str(output),
            "chunk_size": SHARD_SIZE,
            "facts": {"measured": measured},
            "generate": {"engine": {"replicas": replicas, "cpus": 0.5}},
            "integrate": {"engine": {"replicas": 1, "cpus": 0.5}},
        }
    )
    with Watch(every=0.5) as watch:
        outcome = caption(recipe, connect=connect)
    return {
        "images_per_second": outcome.images_per_second,
        "startup_seconds": outcome.startup_seconds,
        "driver_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cpu_seconds": sum(watch.cpu.values()),
    }


def side(name: str, shards: Path, *more: str) -> dict[str, float]:
    """Run one side in a process of its own, so that memory and affinity are its own."""
    command = [sys.executable, __file__, "--side", name, "--input", str(shards), *more]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(out.splitlines()[-1])
    return figures


def at_once(shards: Path, images: int) -> float:
    """Images a second of plain loops on all cores at once."""
    cores = range(len(os.sched_getaffinity(0)))
    with ThreadPoolExecutor(len(cores)) as pool:
        loops = [
            pool.submit(side, "plain", shards, "--images", str(images), "--core", str(core)) for core in cores
        ]
        return sum(loop.result()["images_per_second"] for loop in loops)


def compare(images: int, options: argparse.Namespace) -> dict[str, float]:
    """Both sides on the same shards; the plain loop before and after the job."""
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as scratch:
        shards = options.input or Path(scratch) / "shards"
        if options.input is None:
            shards.mkdir()
            write_shards(shards, images)
        loop = ["--images", str(min(images, 5_000))]
        before = side("plain", shards, *loop)
        more = ["--output", str(Path(scratch) / "captions"), "--replicas", str(options.replicas)]
        ours = side("job", shards, *more, *["--measured"] * options.measured)
        after = side("plain", shards, *loop)
        together = at_once(shards, min(images, 5_000))
    plain = {f"plain_{name}": statistics.mean([before[name], after[name]]) for name in before}
    alone = plain["plain_images_per_second"]
    return {**ours, **plain, "ratio": ours["images_per_second"] / alone, "at_most": together / alone}


def by_cpu(small: dict[str, float], large: dict[str, float], images: int) -> dict[str, float]:
    """The CPU time of each of the further images, and the ratio that this is good for."""
    ours = 1e3 * (large["cpu_seconds"] - small["cpu_seconds"]) / images
    plain = statistics.mean([small["plain_cpu_ms"], large["plain_cpu_ms"]])
    cores = len(os.sched_getaffinity(0))
    return {"cpu_ms": ours, "plain_cpu_ms": plain, "cores": cores, "ratio_by_cpu": cores * plain / ours}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--replicas", type=int, default=2, help="of stage 1")
    parser.add_argument("--measured", action="store_true", help="measure in the pixels, as jobs do")
    parser.add_argument("--input", type=Path, help="a folder of shards of your own instead")
    parser.add_argument("--side", choices=["job", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side == "plain":
        print(json.dumps(plain_loop(options.input, options.images[0], options.core)))
        return
    if options.side == "job":
        print(json.dumps(job(options.input, options.output, options.replicas, options.measured)))
        return
    told: dict[int, dict[str, float]] = {}
    titles = f"{'images':>8} {'job/s':>8} {'plain/s':>8} {'ratio':>6} {'at most':>8}"
    print(f"{titles} {'start-up s':>10} {'driver MB':>10} {'CPU s':>7}")
    for images in options.images if options.input is None else [10_000]:
        told[images] = row = compare(images, options)
        print(
            f"{images:>8} {row['images_per_second']:>8.0f} {row['plain_images_per_second']:>8.0f} "
            f"{row['ratio']:>6.2f} {row['at_most']:>8.2f} {row['startup_seconds']:>10.1f} "
            f"{row['driver_mb']:>10.0f} {row['cpu_seconds']:>7.1f}",
            flush=True,
        )
    further = {}
    for small, large in pairwise(told):
        further[f"{small} to {large}"] = cpu = by_cpu(told[small], told[large], large - small)
        print(
            f"{small} to {large}: {cpu['cpu_ms']:.3f} ms of CPU a further image, the plain loop "
            f"{cpu['plain_cpu_ms']:.3f}; ratio by CPU time on {cpu['cores']} cores {cpu['ratio_by_cpu']:.2f}"
        )
    print(json.dumps({"ratio": min(row["ratio"] for row in told.values()), "further": further, **told}))


if __name__ == "__main__":
    main()
