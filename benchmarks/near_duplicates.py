"""How long the exact search for near hashes takes, against faiss, and what it finds by chance alone.

Hashes are random with 32 of 64 bits set, as those of pictures have; every picture is compared with the others
in eight symmetries. First the search is held against a brute force on ``--checked`` pictures, pair by pair.
Then ``--pictures`` are searched in two threads, in parts, as tasks would, and faiss's exact flat index
searches the same hashes for a part of the queries in the same minute; its time for all is that in proportion.
What is found is chance: its expectation is the number of pairs times the hypergeometric probability that two
sets of 32 bits differ in so few. What a million pictures would take is extrapolated with the square of the
number, not measured. Hashes of real pictures meet more often: see benchmarks/duplicates_found.py. The last
line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
from numpy.typing import NDArray

from mpgi_ray.curate.duplicates.search import near

EIGHT, BITS, SET = 8, 64, 32
THREADS, QUERIES = 2, 16_000
Hashes = NDArray[np.uint64]


def drawn(count: int, seed: int) -> Hashes:
    """Hashes of which half of the bits are set."""
    bits = np.zeros((count, BITS), np.uint8)
    bits[:, :SET] = 1
    packed = np.packbits(np.random.default_rng(seed).permuted(bits, axis=1), axis=1)
    return packed.view(np.uint64).ravel()


def found(left: Hashes, turned: Hashes, radius: int, start: int = 0) -> NDArray[np.int64]:
    """Pairs of a picture and a later one's symmetry: rows of (i, symmetry of j, distance).

    Args:
        start: the number of the first picture of ``left``.
    """
    rows = [np.stack(piece, axis=1) for piece in near(left, turned, radius)]
    pairs = np.concatenate([np.empty((0, 3), np.int64), *rows])
    pairs[:, 0] += start
    return pairs[pairs[:, 0] < pairs[:, 1] // EIGHT]


def brute_force(left: Hashes, turned: Hashes, radius: int) -> NDArray[np.int64]:
    rows = [np.empty((0, 3), np.int64)]
    for i, one in enumerate(left):
        later = EIGHT * (i + 1)
        distances = np.bitwise_count(turned[later:] ^ one)
        hits = np.flatnonzero(distances <= radius)
        rows.append(np.stack([np.full(len(hits), i), hits + later, distances[hits]], axis=1))
    return np.concatenate(rows)


def require_equal(count: int, radius: int) -> int:
    """The number of pairs that both ways find among fewer pictures."""
    left, turned = drawn(count, 1), drawn(EIGHT * count, 2)
    turned[EIGHT : EIGHT * 101 : EIGHT] = left[:100]  # some that are equal
    ours, theirs = found(left, turned, radius), brute_force(left, turned, radius)
    ours = ours[np.lexsort((ours[:, 1], ours[:, 0]))]
    if not np.array_equal(ours, theirs):
        raise SystemExit(f"the search found {len(ours)} pairs, a brute force {len(theirs)}")
    return len(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=200_000)
    parser.add_argument("--checked", type=int, default=20_000)
    parser.add_argument("--radius", type=int, default=10)
    given = parser.parse_args()
    checked = require_equal(given.checked, given.radius)
    print(f"{given.checked:,} pictures: {checked:,} pairs, as a brute force finds them")

    left, turned = drawn(given.pictures, 3), drawn(EIGHT * given.pictures, 4)
    edges = np.linspace(0, given.pictures, THREADS + 1).astype(int)
    start, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(
            pool.map(lambda a, b: found(left[a:b], turned, given.radius, int(a)), edges[:-1], edges[1:])
        )
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    pairs = sum(len(part) for part in parts)
    print(f"{given.pictures:,} pictures: {seconds:.1f} s, {cpu:.1f} s of CPU")

    faiss.omp_set_num_threads(THREADS)
    index = faiss.IndexBinaryFlat(BITS)
    index.add(left.view(np.uint8).reshape(-1, BITS // 8))
    queries = turned.view(np.uint8).reshape(-1, BITS // 8)[:QUERIES]
    start, flat_cpu = time.perf_counter(), time.process_time()
    for at in range(0, len(queries), 1000):
        index.range_search(queries[at : at + 1000], given.radius + 1)  # faiss's radius is exclusive
    share = len(turned) / len(queries)
    flat_seconds, flat_cpu = (time.perf_counter() - start) * share, (time.process_time() - flat_cpu) * share
    print(f"faiss's flat index, by {len(queries):,} queries: {flat_seconds:.0f} s, {flat_cpu:.0f} s of CPU")

    differ = range(given.radius // 2 + 1)  # both sets have 32 bits, so they differ in an even number
    chance = sum(math.comb(SET, n) * math.comb(BITS - SET, n) for n in differ) / math.comb(BITS, SET)
    compared = EIGHT * given.pictures * (given.pictures - 1) / 2
    million = EIGHT * 1e6 * (1e6 - 1) / 2
    print(f"pairs by chance: {pairs:,}, expected {compared * chance:,.0f}")
    print(
        f"a million pictures, extrapolated: {seconds * million / compared:,.0f} s, "
        f"{million * pairs / compared:,.0f} pairs by chance, expected {million * chance:,.0f}"
    )
    figures = {
        "pictures": given.pictures,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "faiss_seconds": round(flat_seconds, 1),
        "faiss_cpu_seconds": round(flat_cpu, 1),
        "times_faiss_wall": round(flat_seconds / seconds, 1),
        "times_faiss_cpu": round(flat_cpu / cpu, 1),
        "pairs": pairs,
        "expected_pairs": round(compared * chance),
        "false_pairs_a_million_pictures": round(million * pairs / compared),
        "expected_false_pairs_a_million_pictures": round(million * chance),
        "extrapolated_seconds_a_million_pictures": round(seconds * million / compared),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
