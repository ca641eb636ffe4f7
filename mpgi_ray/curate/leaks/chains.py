"""Pictures that show the same by their pixels: of the same bytes, copies, overlaps, and chains of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from mpgi_ray.curate.duplicates.pairing import COPY, OVERLAP, UNLIKE
from mpgi_ray.curate.duplicates.phash import SYMMETRIES
from mpgi_ray.curate.leaks.nodes import Met, Nodes, Numbers

EXACT, CHAIN = "exact", "through"
_SHOWN = 6  # links of a chain: frames of a film may be thousands of links from the first one


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
    theirs = _firsts(nodes, nodes.evaluation)
    ours = _firsts(nodes, nodes.train)
    met = [_of_identities(nodes, EXACT, {(one, one): "the same sample_id" for one in ours if one in theirs})]
    linked = [
        (one, other, link)
        for link in links
        for a, b in ((link.one, link.other), (link.other, link.one))
        if (other := int(nodes.identities[b])) in theirs
        and (one := int(nodes.identities[a])) in ours
        and one != other
    ]
    for kind in (COPY, OVERLAP):
        told = {(one, other): link.evidence for one, other, link in linked if link.kind == kind}
        met.append(_of_identities(nodes, kind, told))
    done = {one for one in ours if one in theirs} | {one for one, *_ in linked}
    chains = _chains(nodes, links, list(theirs))
    names = _names(nodes)
    left = [one for one in ours if one in chains and one not in done]
    told = {(one, chains[one].goal): _in_words(one, chains, names) for one in left}
    return [*met, _of_identities(nodes, CHAIN, told)]


class Way(NamedTuple):
    """The shortest way by links from an identity to an evaluation picture's: its next one, its end."""

    next: int
    goal: int
    length: int


def _chains(nodes: Nodes, links: Sequence[Link], goals: Sequence[int]) -> dict[int, Way]:
    """The way of each identity that has one."""
    count = int(nodes.identities.max(initial=-1)) + 1
    pairs = nodes.identities[np.array([link[:2] for link in links], np.int64).reshape(-1, 2)]
    # from where all goals are near
    start = np.array([(count, goal) for goal in goals], np.int64).reshape(-1, 2)
    both = np.concatenate([pairs, start])
    graph = coo_array((np.ones(len(both), np.int8), both.T), shape=(count + 1, count + 1)).tocsr()
    order, before = breadth_first_order(graph, count, directed=False)
    ways: dict[int, Way] = {}
    for identity, following in zip(order[1:].tolist(), before[order[1:]].tolist(), strict=True):
        is_goal = following == count
        way = Way(identity, identity, 0) if is_goal else ways[following]
        ways[identity] = way if is_goal else Way(following, way.goal, way.length + 1)
    return ways


def _in_words(identity: int, ways: Mapping[int, Way], names: Mapping[int, str]) -> str:
    """A way by the names of its pictures; of a long one the first ones and the last."""
    way, told = ways[identity], [names[identity]]
    for _ in range(min(way.length, _SHOWN)):
        identity = ways[identity].next
        told.append(names[identity])
    if way.length > _SHOWN:
        told += [f"{way.length - _SHOWN} more", names[way.goal]]
    return " → ".join(told)


def _of_identities(nodes: Nodes, kind: str, told: Mapping[tuple[int, int], str]) -> Met:
    """Pairs of identities and their evidence, for all training pictures that have one of these."""
    ours, theirs = _firsts(nodes, nodes.train), _firsts(nodes, nodes.evaluation)
    found = [(ours[one], theirs[other]) for one, other in told]
    one, other = np.array(found, np.int64).reshape(-1, 2).T

    def evidence(train: int, evaluation: int) -> str:
        return told[int(nodes.identities[train]), int(nodes.identities[evaluation])]

    first = Met.of(kind, nodes, [(one, other)], evidence)
    place = np.full(len(nodes) + 1, -1)
    place[nodes.identities[first.train]] = np.arange(len(first.train))
    train = nodes.train[place[nodes.identities[nodes.train]] >= 0]
    rows = place[nodes.identities[train]]
    return Met(kind, train, first.evaluation[rows], first.counts[rows], evidence)


def _firsts(nodes: Nodes, numbers: Numbers) -> dict[int, int]:
    """The first of some pictures with each identity."""
    identities, places = np.unique(nodes.identities[numbers], return_index=True)
    return dict(zip(identities.tolist(), numbers[places].tolist(), strict=True))


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
    if row["distance"] is None:
        return f"cosine {row['cosine']:.2f}"
    return f"{SYMMETRIES[int(row['symmetry'])]}, {row['distance']} of 64 bits"
