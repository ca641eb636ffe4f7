"""The log of a run: ``train.jsonl``, one line a step, and the same for TensorBoard.

In a local folder both grow with every step. An object store has no files that grow: for it they are written
on this machine and published whole, with each checkpoint and at the end.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from tensorboardX import SummaryWriter

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError, StorageError
from mpgi_ray.models.model_folder import LOG, read_log
from mpgi_ray.train.loop import Step

BOARD = "tensorboard"


class RunLog:
    """Logs steps, after those that an earlier start logged before step ``first``.

    Raises:
        OutputError: the folder cannot be written; all methods raise it too.
    """

    def __init__(self, output: str, first: int) -> None:
        self._storage = Storage(output)
        self._scratch = tempfile.TemporaryDirectory()
        self._folder = Path(self._storage.path("") if self._storage.is_local else self._scratch.name)
        earlier = "".join(_line(step) for step in read_log(output) if step["step"] < first)
        Storage(str(self._folder)).publish(LOG, earlier.encode())
        self._lines = (self._folder / LOG).open("a", buffering=1)  # each line at once, for a live view
        self._board = SummaryWriter(str(self._folder / BOARD), purge_step=first)

    def add(self, step: Step) -> None:
        """Log a step."""
        try:
            self._lines.write(_line(asdict(step)))
        except OSError as error:
            raise OutputError(
                f"cannot write {self._lines.name}: {error.strerror}; check the disk and its rights"
            ) from error
        for name, value in _scalars(step):
            self._board.add_scalar(name, value, step.step)

    def publish(self) -> None:
        """Put what is logged so far where it outlives this machine."""
        self._board.flush()
        os.fsync(self._lines.fileno())
        if not self._storage.is_local:
            for name in Storage(str(self._folder)).list(""):
                self._storage.publish(name, (self._folder / name).read_bytes())

    def close(self) -> None:
        """Publish everything."""
        self._board.close()
        self.publish()
        self._lines.close()
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or not issubclass(kind, StorageError):  # it would be waited for once more
            self.close()


def _line(step: dict[str, Any]) -> str:
    return json.dumps(step) + "\n"


def _scalars(step: Step) -> Iterator[tuple[str, float]]:
    for name, value in asdict(step).items():
        if isinstance(value, dict):
            yield from ((f"{name}/{key}", inner) for key, inner in value.items())
        elif name != "step" and value is not None:
            yield name, value
