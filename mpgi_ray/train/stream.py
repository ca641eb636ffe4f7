"""The batches of a run through Ray Data: one row is a worker's share of a step, one task a window of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mpgi_ray.train.data import Reading
from mpgi_ray.train.order import Window
from mpgi_ray.train.run_folder import newest
from mpgi_ray.train.tasks.base import Arrays

if TYPE_CHECKING:
    import ray.data  # it reads its log level when it is imported, which the session sets


@dataclass(frozen=True, slots=True)
class Stream:
    """Makes the rest of a run's batches, anew whenever workers start; light, for it travels to every task.

    Attributes:
        output: the run's folder.
        windows: of the whole run.
        readers: tasks at a time; None: as many as there are CPUs left.
    """

    output: str
    reading: Reading
    windows: Sequence[Window]
    readers: int | None

    def __call__(self) -> ray.data.Dataset:
        import ray.data

        ordered()  # here as well as in the driver: each has a part of the say
        first = (newest(self.output) or 0) + 1
        rows = [{"number": n} for n, window in enumerate(self.windows) if window.first + window.steps > first]
        tasks = ray.data.from_items(rows, override_num_blocks=len(rows))
        compute = ray.data.TaskPoolStrategy(size=self.readers)
        return tasks.flat_map(self._read, fn_args=(first,), num_cpus=1, compute=compute)

    def _read(self, row: dict[str, Any], first: int) -> Iterator[Arrays]:
        yield from self.reading.window(self.windows[row["number"]], first)


def ordered() -> None:
    """Have Ray Data hand over blocks as they are and in order: step by step, each worker its own shares."""
    from mpgi_ray.runtime.blocks import one_row_blocks

    context = one_row_blocks()
    context.execution_options.preserve_order = True
    context.raise_original_map_exception = True  # a bad picture by its name, not as "UDF failed"
