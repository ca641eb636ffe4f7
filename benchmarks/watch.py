"""What a job's processes use while it runs: CPU time of all of them, memory by what they do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

import psutil
import ray
from ray._private.internal_api import node_stats


class Watch:
    """Looks at this process and all below it, and at Ray's object store, until it is left.

    Processes end before the job does, so each is looked at from time to time: what it does between the last
    look and its end is missed.

    Attributes:
        cpu: seconds by process, user and system.
        memory: the peak in bytes of what belongs to one process alone, by the name that Ray gives it for what
            it does; the object store's pages are not in it.
        store: the peak of the bytes in Ray's object store.
    """

    def __init__(self, every: float) -> None:
        self.cpu: dict[tuple[int, float], float] = {}
        self.memory: dict[str, int] = {}
        self.store = 0
        self._every, self._over = every, threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def peak(self, *names: str) -> float:
        """MiB of the largest process in whose name one of these stands."""
        found = [size for name, size in self.memory.items() if any(part in name for part in names)]
        return max(found, default=0) / 2**20

    def _look_on(self) -> None:
        while not self._over.wait(self._every):
            self._look()

    def _look(self) -> None:
        here = psutil.Process()
        for process in [here, *here.children(recursive=True)]:
            try:
                name, own = " ".join(process.cmdline()), _own_memory(process.pid)
                self.cpu[process.pid, process.create_time()] = sum(process.cpu_times()[:2])
            except (psutil.Error, OSError):  # it has ended
                continue
            self.memory[name] = max(self.memory.get(name, 0), own)
        if ray.is_initialized():
            (node,) = ray.nodes()
            told = node_stats(node["NodeManagerAddress"], node["NodeManagerPort"], include_memory_info=False)
            self.store = max(self.store, told.store_stats.object_store_bytes_used)


def _own_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.partition("RssAnon:")[2].split()[0])
