"""The log of a run: ``train.jsonl``, one line a step, and the same for TensorBoard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tensorboardX import SummaryWriter

from mpgi_ray.data.storage import Storage
from mpgi_ray.train.loop import Step

LOG = "train.jsonl"
_EVERY_S = 10.0


class RunLog:
    """Logs steps, after those that an earlier start logged before step ``first``."""

    def __init__(self, output: str, first: int) -> None:
        self._storage = Storage(output)
        self._lines = [json.dumps(line) for line in read_log(output) if line["step"] < first]
        self._board = SummaryWriter(f"{output}/tensorboard", purge_step=first)
        self._flushed = time.monotonic()

    def add(self, step: Step) -> None:
        """Log a step; it is written within seconds.

        Raises:
            OutputError: the folder cannot be written.
        """
        self._lines.append(json.dumps(asdict(step)))
        for name, value in _scalars(step):
            self._board.add_scalar(name, value, step.step)
        if time.monotonic() - self._flushed > _EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Write what is logged so far."""
        self._storage.publish(LOG, ("\n".join(self._lines) + "\n").encode())
        self._flushed = time.monotonic()

    def close(self) -> None:
        self.flush()
        self._board.close()


def read_log(output: str) -> list[dict[str, Any]]:
    """The steps logged so far."""
    storage = Storage(output)
    return [json.loads(line) for line in storage.read(LOG).splitlines()] if storage.exists(LOG) else []


def _scalars(step: Step) -> Iterator[tuple[str, float]]:
    for name, value in asdict(step).items():
        if isinstance(value, dict):
            yield from ((f"{name}/{key}", inner) for key, inner in value.items())
        elif name != "step":
            yield name, value
