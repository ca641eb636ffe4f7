"""The endpoint: the scorer of a run behind HTTP, on Ray Serve."""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import ray
from pydantic import AfterValidator, Field
from ray import serve
from ray.serve._private.constants import SERVE_CONTROLLER_NAME, SERVE_NAMESPACE
from ray.serve.config import BackpressureConfig, HTTPOptions
from ray.serve.exceptions import RayServeException
from ray.serve.schema import LoggingConfig

from mpgi_ray.config import Config
from mpgi_ray.errors import ResourceError
from mpgi_ray.models.place import absolute_place
from mpgi_ray.reward.endpoint import PATH, RETRY_AFTER, Endpoint
from mpgi_ray.reward.key import key_hash, require_guarded
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import Stop
from mpgi_ray.runtime.waiting import Waiting

_APP = "rewards"
# no line for each request; what goes wrong is written
_QUIET = LoggingConfig(log_level="WARNING", enable_access_log=False)


class ServeConfig(Config):
    """What is served, and where.

    Attributes:
        run: the folder of a run of `mpgi train --task preference`.
        host, port: where the head of the cluster listens.
        replicas: processes that score, each with the model.
        gpus_per_replica: one, or a share of one; without it a replica computes on one core.
        batch: requests that are scored together at most.
        wait_ms: milliseconds that a request waits for others.
        queue: requests that a replica holds at most; others are sent away with 429.
    """

    run: Annotated[str, AfterValidator(absolute_place)]
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    replicas: int = Field(default=1, ge=1, le=10_000)
    gpus_per_replica: float = Field(default=0, ge=0, le=1)
    batch: int = Field(default=16, ge=1, le=1024)
    wait_ms: float = Field(default=5, ge=0, le=10_000)
    queue: int = Field(default=256, ge=1, le=65_536)


def serve_until_stopped(config: ServeConfig, say: Callable[[str], None]) -> None:
    """Serve until the process is asked to stop.

    Args:
        say: told where it listens.

    Raises:
        RecipeError, ResourceError: see `serving`.
    """
    asked = threading.Event()
    with serving(config) as address, Stop(asked=asked.set).listening():
        say(address)
        asked.wait()


@contextmanager
def serving(config: ServeConfig) -> Iterator[str]:
    """The address of the endpoint, for as long as it is served.

    Raises:
        RecipeError: it would be open to other machines without a key, or the key is none.
        ResourceError: the cluster has no room or serves something, the address is taken, or a replica does
            not start.
    """
    hashed = key_hash(os.environ)
    require_guarded(config.host, hashed)
    _require_free(config.host, config.port)
    pool = Pool(f"replica of {config.run}", config.replicas, 1, config.gpus_per_replica)
    gpus = config.replicas * config.gpus_per_replica
    alone = not ray.is_initialized() and os.environ.get("RAY_ADDRESS", "local") in ("", "local")
    with ray_session(config.replicas, gpus, [pool], reading=0):
        _require_none_served()
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        try:
            with Waiting(f"each {pool.what} to load the model"):
                _start(config, hashed)
            host = f"[{config.host}]" if ":" in config.host else config.host
            yield f"http://{host}:{config.port}{PATH}"
        finally:
            with suppress(RayServeException, TimeoutError):  # it did not start, or takes more than a minute
                serve.delete(_APP)  # replicas finish what they hold
            if not alone:  # where it ends before Ray does, Ray calls the end of its controller a failure
                serve.shutdown()


def _start(config: ServeConfig, hashed: bytes | None) -> None:
    deployment = serve.deployment(
        name="scorer",
        num_replicas=config.replicas,
        ray_actor_options={"num_cpus": 1, "num_gpus": config.gpus_per_replica},
        # more than a replica holds, so that it is the replica that sends requests away, before it reads them;
        # Serve itself does while no replica is there
        max_ongoing_requests=2 * config.queue,
        max_queued_requests=config.queue,
        backpressure_config=BackpressureConfig(status_code=429, retry_after_s=RETRY_AFTER),
        max_constructor_retry_count=1,
        health_check_period_s=2,  # so soon is a replica that died replaced
        health_check_timeout_s=60,  # one on a busy machine is not dead
        logging_config=_QUIET,
    )
    replica = deployment(Endpoint).bind(
        config.run,
        gpu=config.gpus_per_replica > 0,
        hashed=hashed,
        batch=config.batch,
        wait=config.wait_ms / 1000,
        queue=config.queue,
    )
    options = HTTPOptions(host=config.host, port=config.port)
    try:
        serve.start(proxy_location="HeadOnly", http_options=options, logging_config=_QUIET)
        serve.run(replica, name=_APP)
    except (RuntimeError, TimeoutError) as error:
        raise ResourceError(_reason(error)) from error


def _require_none_served() -> None:
    """What is served already has an address and an end of its own.

    Raises:
        ResourceError: Ray Serve runs on this cluster.
    """
    try:  # not `serve.status`, which in a second session of a process asks the controller of the first
        ray.get_actor(SERVE_CONTROLLER_NAME, SERVE_NAMESPACE)
    except ValueError:
        return
    raise ResourceError(
        "Ray Serve already runs on this cluster, with an address of its own: end what it serves "
        "(`serve shutdown`), or name another cluster"
    )


def _reason(error: Exception) -> str:
    """What a replica raised, which stands in its state, or else what Serve says."""
    state = serve.status().applications.get(_APP)
    told = [deployment.message for deployment in state.deployments.values()] if state else []
    lines = [line.strip() for text in (str(error), *told) for line in text.splitlines()]
    raised = [line for line in lines if re.match(r"[\w.]+Error: ", line)]
    reason = (raised or [line for line in lines if line])[-1][:500]
    return f"the endpoint did not start: {reason.removeprefix('mpgi_ray.errors.')}"


def _require_free(host: str, port: int) -> None:
    """Serve would share a port with another server of the same user, and each would get some requests.

    Raises:
        ResourceError: somebody listens there, on this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:  # an address of the head, which may be another machine
            raise ResourceError(f"cannot listen at {host}:{port} ({error}): name another --port") from error
