"""The Ray cluster a job runs on: the one that ``RAY_ADDRESS`` names, or one started on this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import ray

from mpgi_ray.errors import ResourceError
from mpgi_ray.runtime.head import require_reachable, watched
from mpgi_ray.runtime.room import Pool, require_room
from mpgi_ray.runtime.waiting import Waiting


@contextmanager
def ray_session(
    cpus_held: float, gpus_held: float = 0, pools: Sequence[Pool] = (), *, reading: float = 1
) -> Iterator[None]:
    """A cluster with room for the job; one that was started here is stopped at the end.

    Args:
        cpus_held, gpus_held: what the job's actor pools hold at the same time.
        pools: each of them, as its actors must lie on single nodes.
        reading: see `require_room`.

    Raises:
        ResourceError: the cluster is smaller than that (see `require_room`), or does not answer.
    """
    own = not ray.is_initialized()
    if own:
        with Waiting("Ray to start"):
            _start(cpus_held)
    try:
        alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        require_room(alive, cpus_held, gpus_held, pools, reading=reading)
        with watched(ray.get_runtime_context().gcs_address):
            yield
    finally:
        if own:
            ray.shutdown()


def _start(cpus_held: float) -> None:
    # plans, metrics, hints, and tracebacks of what a job tries again or tells itself, would hide our own
    # lines; set the variables to see them
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "CRITICAL")
    logging.getLogger("ray").setLevel(logging.ERROR)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    # only a cluster that was named (`ray job submit` does): one that happens to run here may be another's
    address = os.environ.get("RAY_ADDRESS") or "local"
    if address != "local":
        require_reachable(address)
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "3")  # tries, of 40 s each
        _init(f"Ray at {address} does not answer as a cluster's head", **options)
        return
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # logical CPUs may exceed the cores: pools that share two cores are slow, not stuck
    cpus = max(os.cpu_count() or 1, int(cpus_held) + 2)
    local = partial(_init, "Ray did not start", address="local", num_cpus=cpus, include_dashboard=False)
    try:
        local(**options)
    except ResourceError:  # it has half a minute, which a busy machine may take
        local(**options)


def _init(failed: str, **options: Any) -> None:
    try:
        ray.init(**options)
    except Exception as error:  # of many kinds, `Exception` itself among them
        ray.shutdown()
        reason = " ".join(str(error).split())[:300]
        raise ResourceError(
            f"{failed}: {reason}; check that the machine has memory and time for it, and RAY_ADDRESS"
        ) from error
