"""The endpoint of rewards under parallel clients, beside the same requests one after another.

    python benchmarks/serve_load.py [--run SCORER] [--clients 64] [--seconds 30]

Without a run it serves a small scorer with random weights, whose scores mean nothing. Clients and endpoint
share this machine. Requests are pictures of 256 × 256 pixels with four completions. The last line is one
JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import re
import socket
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

import aiohttp
import numpy as np
import ray
from PIL import Image

from mpgi_ray.reward.key import KEY
from mpgi_ray.reward.serve import ServeConfig, serving

BODIES = 32  # different ones
_LINE = re.compile(r"(ray_mpgi_reward_\w+)(?:\{(.*)\})? (\S+)")


@dataclass
class Load:
    """What some clients saw.

    Attributes:
        seconds: of each request that was answered.
        statuses: how often each status of HTTP came; an exception counts by its name.
        wall: seconds of all.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wall: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", help="a run of `mpgi train --task preference`")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--gpus-per-replica", type=float, default=0)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    metrics = _free_port()
    with tempfile.TemporaryDirectory() as scratch:
        often = {"metrics_report_interval_ms": 300}  # Ray's own are 10 s
        cpus = max(os.cpu_count() or 1, options.replicas + 2)
        quiet = {"include_dashboard": False, "log_to_driver": False}
        ray.init("local", num_cpus=cpus, _metrics_export_port=metrics, _system_config=often, **quiet)
        config = ServeConfig(
            run=options.run or _scorer(Path(scratch)),
            port=_free_port(),
            replicas=options.replicas,
            gpus_per_replica=options.gpus_per_replica,
            batch=options.batch,
        )
        with serving(config) as url:
            figures = list(measure(url, metrics, options.clients, options.seconds))
    alone, many = (figure["requests_per_s"] for figure in figures)
    print(f"{options.clients} clients get {many / alone:.1f} times as many answers a second as one")
    print(json.dumps({"ratio": many / alone, "loads": figures}))


def measure(url: str, metrics: int, clients: int, seconds: float) -> Iterator[dict[str, Any]]:
    """What one client sees and then what many see; a line is printed for each."""
    asyncio.run(load(url, clients, 2))  # threads, caches and connections are there now
    before = settled(metrics)
    for number in (1, clients):
        seen = asyncio.run(load(url, number, seconds))
        after = settled(metrics)
        batches = after["batch_count"] - before["batch_count"]
        scored = after["requests_total"] - before["requests_total"]
        before = after
        p50, p95 = np.percentile(seen.seconds, [50, 95])
        figure = {
            **{
                "clients": number,
                "requests_per_s": len(seen.seconds) / seen.wall,
                "p50_s": p50,
                "p95_s": p95,
            },
            **{"mean_batch": scored / batches, "statuses": dict(seen.statuses)},
        }
        print(
            f"{number:3} clients: {figure['requests_per_s']:.1f} answers a second, half within {p50:.3f} s, "
            f"95 % within {p95:.3f} s, {figure['mean_batch']:.1f} in a batch, {figure['statuses']}",
            flush=True,
        )
        yield figure


async def load(url: str, clients: int, seconds: float) -> Load:
    """Clients that each send one request after another for some seconds."""
    bodies, seen = [body(number) for number in range(BODIES)], Load()
    headers = {"Authorization": f"Bearer {os.environ.get(KEY, '')}"}
    began = perf_counter()

    async def client(number: int, session: aiohttp.ClientSession) -> None:
        while perf_counter() - began < seconds:
            number, sent = number + 1, perf_counter()
            try:
                async with session.post(url, data=bodies[number % BODIES]) as reply:
                    await reply.read()
                    seen.statuses[str(reply.status)] += 1
            except aiohttp.ClientError as error:
                seen.statuses[type(error).__name__] += 1
            seen.seconds.append(perf_counter() - sent)

    patient = aiohttp.ClientTimeout(total=None)  # a busy machine is slow, which is what is measured
    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=patient) as session:
        await asyncio.gather(*(client(number, session) for number in range(clients)))
    seen.wall = perf_counter() - began
    return seen


def body(number: int) -> bytes:
    """A request."""
    random = np.random.default_rng(number)
    blocks = np.kron(random.integers(40, 200, (8, 8, 3)), np.ones((32, 32, 1))) + random.normal(
        0, 12, (256, 256, 3)
    )
    sink = io.BytesIO()
    Image.fromarray(blocks.clip(0, 255).astype(np.uint8)).save(sink, "JPEG", quality=85)
    completions = [
        f"{count} red ships lie in a harbour beside yellow sand." for count in range(number, number + 4)
    ]
    picture = "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode()
    asked = {"problem_description": "What is here?", "image_data": picture, "completions": completions}
    return json.dumps(asked).encode()


def settled(port: int) -> dict[str, float]:
    """The sums of the endpoint's figures, once they rise no more."""
    last: dict[str, float] = {}
    end = monotonic() + 60
    while monotonic() < end:
        found: dict[str, float] = Counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            for match in filter(None, map(_LINE.fullmatch, reply.read().decode().splitlines())):
                found[match[1].removeprefix("ray_mpgi_reward_")] += float(match[3])
        if found and found == last:
            return found
        last = found
        sleep(3)
    raise RuntimeError("the metrics of the endpoint do not come to rest")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _scorer(folder: Path) -> str:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))  # they know how to make such a scorer
    from support.random_scorer import write_scorer

    return write_scorer(folder, "Red ships lie in a harbour beside yellow sand.")


if __name__ == "__main__":
    main()
