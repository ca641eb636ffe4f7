"""No engine process outlives the process that started it.

vLLM's engine core does not watch its parent: when that is killed, the core and its workers stay and hold the
accelerator's memory, so that no replica can start in its place. vLLM calls `die_with_parent` in each of its
processes, as a general plugin of this package.
"""

from __future__ import annotations

import multiprocessing
import os
import threading

_OWNER = "MPGI_ENGINE_OWNER"


def adopt() -> None:
    """Mark the vLLM processes that this process will start, theirs included: they die with their parent."""
    os.environ[_OWNER] = str(os.getpid())
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"  # a forked core loads no plugins


def die_with_parent() -> None:
    """Watch the parent, in a process below one that called `adopt`; elsewhere do nothing."""
    owner, parent = os.environ.get(_OWNER), multiprocessing.parent_process()
    if owner is None or owner == str(os.getpid()) or parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)  # at once: no process is left to receive a result

    threading.Thread(target=watch, name="die-with-parent", daemon=True).start()
