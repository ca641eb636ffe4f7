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
    import ray.data  # its import reads the log level that the session sets


@dataclass(frozen=True, slots=True)
class Stream:
    """Makes the rest of a run's batches, anew whenever workers start; small, since every task gets a copy.

    Attributes:
        output: the run's folder.
        windows: of the whole run.
        readers: tasks at a time; None takes all CPUs that are left.
    """

    output: str
    reading: Reading
    windows: Sequence[Window]
    readers: int | None

    def __call__(self) -> ray.data.Dataset:
        import ray.data

        ordered()  # here as well as in the driver: each decides a part
        first = (newest(self.output) or 0) + 1
        rows = [{"number": n} for n, window in enumerate(self.windows) if window.first + window.steps > first]
        tasks = ray.data.from_items(rows, override_num_blocks=len(rows))
        compute = ray.data.TaskPoolStrategy(size=self.readers)
        return tasks.flat_map(self._read, fn_args=(first,), num_cpus=1, compute=compute)

    def _read(self, row: dict[str, Any], first: int) -> Iterator[Arrays]:
        yield from self.reading.window(self.windows[row["number"]], first)


def ordered() -> None:
    """Have Ray Data hand over blocks unchanged and in order, so workers get their shares step by step."""
    from mpgi_ray.runtime.blocks import one_row_blocks

    context = one_row_blocks()
    context.execution_options.preserve_order = True
    context.raise_original_map_exception = True  # names a bad picture instead of "UDF failed"
