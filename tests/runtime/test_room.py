"""Whether the actors of a job fit on the nodes of a cluster."""

from __future__ import annotations

import re

import pytest

from mpgi_ray.caption.graph import pools, room
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.errors import ResourceError
from mpgi_ray.runtime.room import Pool, require_room

HEAD = {"CPU": 4.0}
ONE_GPU = {"CPU": 8.0, "GPU": 1.0, "memory": 1e9}
FOUR_GPUS = {"CPU": 32.0, "GPU": 4.0}


@pytest.mark.parametrize(
    ("nodes", "pool", "said"),
    [
        (
            [HEAD, *[ONE_GPU] * 4],
            Pool("replica of seer", 1, 1, 2),
            "each replica of seer needs 2 GPUs and 1 CPU on one node; the largest node has 1 GPU and 8 CPUs",
        ),
        ([HEAD] * 4, Pool("replica of t", 2, 8), "needs 8 CPUs on one node; the largest node has 4 CPUs: "),
        (
            [FOUR_GPUS, ONE_GPU, ONE_GPU],
            Pool("replica of seer", 3, 1, 2),
            "the nodes have room for 2 of 3, and the largest node has 4 GPUs and 32 CPUs: ",
        ),
        # three shares of 0.6 take three GPUs, though two are as much
        ([HEAD, ONE_GPU, ONE_GPU], Pool("replica of s", 3, 1, 0.6), "room for 2 of 3"),
        # the GPUs are there, and the CPUs beside them are not
        ([{"CPU": 2.0, "GPU": 8.0}, {"CPU": 64.0}], Pool("replica of s", 4, 1, 1), "room for 2 of 4"),
    ],
)
def test_what_no_node_can_hold_is_refused_with_the_largest_node(
    nodes: list[dict[str, float]], pool: Pool, said: str
) -> None:
    with pytest.raises(ResourceError, match=re.escape(said)):
        require_room(nodes, cpus_held=1, gpus_held=1 if pool.gpus else 0, pools=[pool])


def test_what_fits_is_not_refused() -> None:
    require_room([HEAD, FOUR_GPUS], 8, 4, [Pool("a", 2, 4, 2), Pool("b", 40, 0.1, 0.1)])
    require_room([ONE_GPU], 7, 1, [Pool("a", 10, 0.1, 0.1)])


def test_a_pool_must_fit_with_its_fewest_replicas_alone() -> None:
    paths = {"input.shards": "s", "output": "o"}
    grows = ["generate.engine.replicas={min: 1, max: 8}", "generate.engine.gpus=2"]
    recipe = load_recipe("hqrs", paths, [*grows, "generate.engine.model=seer"])
    require_room([FOUR_GPUS], *room(recipe), pools(recipe))
    with pytest.raises(ResourceError, match="each replica of seer needs 2 GPUs and 1 CPU on one node"):
        require_room([HEAD, *[ONE_GPU] * 8], *room(recipe), pools(recipe))
