"""A scorer that leaves a line for each text that it scored, and kills whom it is told to, each once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from mpgi_ray.config import Config
from mpgi_ray.curate.scores.scorer import Score, Shown, Value


class Scorer(Config):
    """The number of letters of a text.

    Attributes:
        log: the file of the lines.
        kill: by the key of a shard's first sample, ``worker`` or ``driver``: the replica dies before it
            scores that shard, and the driver before it.
        lease: of the run, which tells who the driver is.
    """

    columns: ClassVar[tuple[str, ...]] = ("letters",)

    log: str
    kill: Mapping[str, str] = {}
    lease: str = ""

    def made_by(self) -> tuple[str, str]:
        return "", "1"

    def open(self, gpu: bool) -> Score:
        return partial(_score, settings=self)


def _score(samples: Sequence[Shown], settings: Scorer) -> Iterator[tuple[Value, ...]]:
    _strike(samples[0].sample.key, settings)
    lines = [f"{one.sample.key} {text.name} {text.number}\n" for one in samples for text in one.texts]
    with open(settings.log, "a") as log:
        log.write("".join(lines))
    for one in samples:
        for text in one.texts:
            yield (float(len(text.text)),)


def _strike(key: str, settings: Scorer) -> None:
    struck = Path(f"{settings.log}.{key}")
    if key not in settings.kill or struck.exists():
        return
    struck.touch()
    if settings.kill[key] == "driver":
        os.kill(json.loads(Path(settings.lease).read_bytes())["pid"], signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
