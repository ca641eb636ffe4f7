"""Whether this machine has what Ray and models need: GPUs that torch can use, shared memory, open files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from mpgi_ray.doctor.finding import Finding, State
from mpgi_ray.errors import ResourceError
from mpgi_ray.runtime.head import require_reachable

_GIB = 1 << 30
_FILES = 8192  # open files of a process, below which Ray's head fails on many workers
_SHARED = 0.3  # of the memory, which Ray's object store takes; what does not fit lies on disk and is slow
_SECONDS = 60
_QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")


def machine() -> Iterator[Finding]:
    """GPUs, memory, open files, and the cluster that ``RAY_ADDRESS`` names."""
    yield from gpus()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Finding("CPUs", State.OK, f"{os.cpu_count()}, {memory / _GIB:.0f} GiB of memory")
    if Path("/dev/shm").is_dir():
        yield shared_memory(shutil.disk_usage("/dev/shm").total, memory)
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    yield cluster(os.environ.get("RAY_ADDRESS"))


def gpus() -> Iterator[Finding]:
    """What the driver lists, and whether torch can use it."""
    command = shutil.which("nvidia-smi")
    if command is None:
        yield Finding(
            "GPUs", State.ABSENT, "no nvidia-smi on this machine: engines and training run on its CPUs"
        )
        return
    asked = subprocess.run([command, *_QUERY], capture_output=True, text=True, timeout=_SECONDS, check=False)
    found = asked.stdout.strip().splitlines()
    if asked.returncode or not found:
        told = " ".join((asked.stderr or asked.stdout).split()) or "nvidia-smi lists none"
        yield Finding("GPUs", State.WRONG, told, "install or restart the NVIDIA driver")
        return
    yield Finding("GPUs", State.OK, "; ".join(found))
    if find_spec("torch"):
        from mpgi_ray.models.device import cuda_trouble

        trouble = cuda_trouble()
        fix = "install a torch build for this driver's CUDA" if trouble else ""
        yield Finding("torch on GPU", State.WRONG if trouble else State.OK, trouble or "works", fix)


def shared_memory(size: int, memory: int) -> Finding:
    """Of ``/dev/shm``, in bytes."""
    told = f"/dev/shm has {size / _GIB:.1f} GiB"
    if size >= _SHARED * memory:
        return Finding("shared memory", State.OK, told)
    fix = f"give a container --shm-size={_SHARED * memory / _GIB:.0f}g: else Ray's object store lies on disk"
    return Finding("shared memory", State.WRONG, told, fix)


def open_files(most: int) -> Finding:
    """Of a process."""
    told = f"at most {most:,} a process"
    fits = most in (resource.RLIM_INFINITY, -1) or most >= _FILES
    return Finding("open files", State.OK if fits else State.WRONG, told, "" if fits else "ulimit -n 65536")


def cluster(address: str | None) -> Finding:
    """Whether the cluster that jobs would run on answers."""
    if not address or address == "local":
        return Finding("Ray", State.OK, "RAY_ADDRESS is not set: a job starts Ray for itself on this machine")
    try:
        require_reachable(address)
    except ResourceError as error:
        told, _, fix = str(error).partition(": ")
        return Finding("Ray", State.WRONG, told, fix)
    return Finding("Ray", State.OK, f"RAY_ADDRESS {address} answers")
