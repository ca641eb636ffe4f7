"""How a worker process of a test ends."""

from __future__ import annotations

import os

import torch.distributed as dist


def leave() -> None:
    """End this process at once, when all workers have come so far.

    torch 2.13 may wait for ever where it takes a process group apart: the thread that does so holds Python's
    lock and waits for gloo's thread, which wants the lock to let go of a tensor.
    """
    dist.barrier()
    os._exit(0)
