"""Pictures that show the same by their pixels: of the same bytes, copies, overlaps, and chains of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from mpgi_ray.curate.duplicates.pairing import COPY, OVERLAP, UNLIKE
from mpgi_ray.curate.duplicates.phash import SYMMETRIES
from mpgi_ray.curate.leaks.nodes import Met, Nodes, Numbers, joined

EXACT, CHAIN = "exact", "through"


class Link(NamedTuple):
    """Two pictures, by number, that are copies or overlaps of each other."""

    one: int
    other: int
    kind: str
    evidence: str


def links_of(candidates: pa.Table) -> list[Link]:
    """The confirmed candidates of a search for duplicates."""
    rows = [row for row in candidates.to_pylist() if row["verdict"] != UNLIKE]
    return [Link(row["a"], row["b"], row["verdict"], _evidence(row)) for row in rows]


def links_to_list(matches: pa.Table, start: int) -> list[Link]:
    """The copies of pictures of a hash list.

    Args:
        matches: in the schema `hash_list.MATCHES`.
        start: the number of the list's first picture.
    """
    return [
        Link(row["a"], start + row["row"], COPY, f"{_near(row)}, {row['fine']} of 256 fine bits")
        for row in matches.to_pylist()
    ]


def met_on_pixels(nodes: Nodes, links: Sequence[Link]) -> list[Met]:
    """Who meets whom, by kind; chains only for training pictures that meet nobody by themselves.

    A link holds for all pictures that have the identity of one of the two.
    """
    train, evaluation = nodes.train, nodes.evaluation
    same = joined(nodes.identities, train, evaluation)
    met = [Met(EXACT, *same, lambda place: "the same sample_id")]
    ours, theirs = _by_identity(nodes, train), _by_identity(nodes, evaluation)
    direct = [
        (one, theirs[other][0], link)
        for link in links
        for a, b in ((link.one, link.other), (link.other, link.one))
        if (other := int(nodes.identities[b])) in theirs and other != nodes.identities[a]
        for one in ours.get(int(nodes.identities[a]), ())
    ]
    for kind in (COPY, OVERLAP):
        found = [(one, other, link.evidence) for one, other, link in direct if link.kind == kind]
        met.append(_met(kind, found))
    done = {*same[0].tolist(), *(one for one, *_ in direct)}
    chains = _chains(nodes, links, list(theirs))
    names = _names(nodes)
    found = [
        (one, theirs[chain[-1]][0], " → ".join(names[identity] for identity in chain))
        for identity, numbers in ours.items()
        if identity in chains and (chain := chains[identity])
        for one in numbers
        if one not in done
    ]
    return [*met, _met(CHAIN, found)]


def _chains(nodes: Nodes, links: Sequence[Link], goals: Sequence[int]) -> dict[int, list[int]]:
    """The shortest way by links from each identity to an evaluation picture's, itself first."""
    count = int(nodes.identities.max(initial=-1)) + 1
    pairs = nodes.identities[np.array([link[:2] for link in links], np.int64).reshape(-1, 2)]
    # from where all goals are near
    start = np.array([(count, goal) for goal in goals], np.int64).reshape(-1, 2)
    both = np.concatenate([pairs, start])
    graph = coo_array((np.ones(len(both), np.int8), both.T), shape=(count + 1, count + 1)).tocsr()
    order, before = breadth_first_order(graph, count, directed=False)
    ways: dict[int, list[int]] = {count: []}
    for identity in order[1:].tolist():
        ways[identity] = [identity, *ways[int(before[identity])]]
    return ways


def _met(kind: str, found: Sequence[tuple[int, int, str]]) -> Met:
    numbers = np.array([one[:2] for one in found], np.int64).reshape(-1, 2)
    return Met(kind, numbers[:, 0], numbers[:, 1], lambda place: found[place][2])


def _by_identity(nodes: Nodes, numbers: Numbers) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for number in numbers.tolist():
        found[int(nodes.identities[number])].append(number)
    return dict(found)


def _names(nodes: Nodes) -> dict[int, str]:
    """``SHARD:KEY`` of the first picture of each identity."""
    names: dict[int, str] = {}
    for identity, shard, key in zip(
        nodes.identities.tolist(), nodes.column("shard"), nodes.column("key"), strict=True
    ):
        names.setdefault(identity, f"{shard}:{key}")
    return names


def _evidence(row: dict[str, Any]) -> str:
    if row["verdict"] == COPY:
        return f"{_near(row)}, correlation {row['correlation']:.2f}, of the pattern {row['pattern']:.2f}"
    return f"{_near(row)}, {row['inliers']} features, {row['shared']:.0%} shared, {row['alike']:.2f} alike"


def _near(row: dict[str, Any]) -> str:
    return f"{SYMMETRIES[int(row['symmetry'])]}, {row['distance']} of 64 bits"
