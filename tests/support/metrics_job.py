"""Small jobs on a Ray of its own, whose metrics are read from the node's endpoint while they run.

The engine of the caption job waits in its second chunk until the figures of the first one are there. What the
endpoint tells then, after the caption job, and all names that it told at any time are printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ray

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.choice import Choice
from mpgi_ray.curate.scores import Scores, score
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.trainer import train

CHUNK, DEADLINE = 4, 240.0
_LINE = re.compile(r"(ray_mpgi_\w+)(?:\{.*\})? (\S+)")


class Held(TemplateEngine):
    """Answers for one chunk, and for the others once a file is there; as if its requests were of a server."""

    kind = "held"

    def __init__(self, sign: Path) -> None:
        self._calls, self._sign = 0, sign

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self._calls += 1
        while self._calls > CHUNK and not self._sign.exists():
            await asyncio.sleep(0.1)
        replies = await super().reply(prompts)
        tokens = {"prompt_tokens": 7, "cached_tokens": 2, "completion_tokens": 3}
        return [replace(reply, seconds=0.5, **tokens) for reply in replies]


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


class Watcher:
    """Reads the endpoint again and again, in a thread.

    Attributes:
        latest: what it told last.
        seen: all names that it told; a gauge that is not set again is gone after a while.
    """

    def __init__(self, port: str) -> None:
        self.latest: dict[str, float] = {}
        self.seen: set[str] = set()
        self._port = port
        threading.Thread(target=self._watch, daemon=True).start()

    def awaits(self, wanted: Mapping[str, float]) -> dict[str, float]:
        """What the endpoint tells once its figures are at least these, or when the time is over."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            told = self.latest
            if all(told.get(name, 0) >= least for name, least in wanted.items()):
                return told
            time.sleep(0.1)
        return self.latest

    def _watch(self) -> None:
        while True:
            self.latest = figures(self._port)
            self.seen |= self.latest.keys()
            time.sleep(0.1)


def main() -> None:
    home, port = Path(sys.argv[1]), sys.argv[2]
    captions, final, sign = str(home / "captions"), str(home / "final"), home / "go"
    often = {"metrics_report_interval_ms": 300}  # Ray's own are 10 s
    options = {"include_dashboard": False, "log_to_driver": False, "_system_config": often}
    ray.init("local", num_cpus=6, _metrics_export_port=int(port), **options)
    watcher = Watcher(port)
    while_it_runs: dict[str, float] = {}

    def release() -> None:
        """Let the engine go on once the figures of its first chunk, in both stages, are there."""
        while_it_runs.update(watcher.awaits({"ray_mpgi_chunks_total": 2, "ray_mpgi_texts_total": 12}))
        sign.touch()

    thread = threading.Thread(target=release)
    thread.start()
    given = {"input.shards": str(home / "shards"), "output": captions}
    caption(load_recipe("template", given, [f"chunk_size={CHUNK}"]), connect=Start(sign))
    thread.join()
    rows = sum(table.num_rows for table in CaptionFolder(captions).tables())
    # each process tells its own in its own time
    each = {"samples": 22, "shards_read": 2, "engine_starts": 2}
    ended = watcher.awaits({f"ray_mpgi_{name}_total": n for name, n in {"texts": rows, **each}.items()})
    score(Scores(captions=captions, output=str(home / "scores"), scorers=(Choice(name="text"),)))
    curate(Curation(captions=captions, output=final))
    train(TrainConfig(shards=final, output=str(home / "run"), steps=3, batch=8))
    last = {"ray_mpgi_train_steps_total": 3, "ray_mpgi_scored_shards_total": 2}
    ended |= {name: watcher.awaits(last).get(name, 0) for name in last}
    print(json.dumps({"running": while_it_runs, "ended": ended, "rows": rows, "seen": sorted(watcher.seen)}))


if __name__ == "__main__":
    main()
