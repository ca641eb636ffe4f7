"""A small caption job on a Ray of its own, whose metrics are read from the node's endpoint while it runs.

The engine waits in its second chunk until the figures of the first one are there. What the endpoint tells
then, and what it tells at the end, is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ray

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.engine import TemplateEngine

CHUNK, DEADLINE = 4, 240.0
_LINE = re.compile(r"(ray_mpgi_\w+)(?:\{.*\})? (\S+)")


class Held(TemplateEngine):
    """Answers for one chunk, and for the others once a file is there."""

    def __init__(self, sign: Path) -> None:
        self._calls, self._sign = 0, sign

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self._calls += 1
        while self._calls > CHUNK and not self._sign.exists():
            await asyncio.sleep(0.1)
        return await super().reply(prompts)


@dataclass(frozen=True)
class Start:
    sign: Path

    def __call__(self, settings: EngineSettings) -> Engine:
        return Held(self.sign)


def figures(port: str) -> dict[str, float]:
    """The sums of our metrics' series, by name; empty while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    found: dict[str, float] = {}
    for match in filter(None, map(_LINE.fullmatch, lines)):
        found[match[1]] = found.get(match[1], 0.0) + float(match[2])
    return found


def awaited(port: str, wanted: dict[str, float]) -> dict[str, float]:
    """What the endpoint tells once its figures are at least these, or when the time is over."""
    end = time.monotonic() + DEADLINE
    while True:
        told = figures(port)
        if all(told.get(name, 0) >= least for name, least in wanted.items()) or time.monotonic() > end:
            return told
        time.sleep(0.1)


def main() -> None:
    shards, out, port = sys.argv[1:]
    often = {"metrics_report_interval_ms": 300}  # Ray's own are 10 s
    options = {"include_dashboard": False, "log_to_driver": False, "_system_config": often}
    ray.init("local", num_cpus=6, _metrics_export_port=int(port), **options)
    sign = Path(out).with_name("go")
    while_it_runs: dict[str, float] = {}

    def watch() -> None:
        while_it_runs.update(awaited(port, {"ray_mpgi_chunks_total": 2, "ray_mpgi_texts_total": 12}))
        sign.touch()

    thread = threading.Thread(target=watch)
    thread.start()
    recipe = load_recipe("template", {"input.shards": shards, "output": out}, [f"chunk_size={CHUNK}"])
    caption(recipe, connect=Start(sign))
    thread.join()
    rows = sum(table.num_rows for table in CaptionFolder(out).tables())
    at_the_end = awaited(port, {"ray_mpgi_texts_total": rows})
    print(json.dumps({"running": while_it_runs, "ended": at_the_end, "rows": rows}))


if __name__ == "__main__":
    main()
