"""What a benchmark of generated scenes gives away to somebody who sees no picture.

    python benchmarks/benchmark_alone.py [--scenes 5000] [--most 2000]

Questions are made as `mpgi instruct benchmark` makes them, and a model of words that learns from one half of
them is asked the other half; beside it the same facts asked with choices that are drawn from all that are
ever true, as one would do without thinking of it. Chance and accuracy in per cent, the latter with its 95 %
interval.
"""

from __future__ import annotations

import argparse
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

from mpgi_ray.data.instructions import Turn
from mpgi_ray.demo import scene
from mpgi_ray.instruct.benchmark.blind import Baseline, baselines
from mpgi_ray.instruct.benchmark.candidates import candidates
from mpgi_ray.instruct.benchmark.groups import CHOICES, Asked, groups
from mpgi_ray.instruct.benchmark.job import chosen
from mpgi_ray.instruct.benchmark.wording import ask
from mpgi_ray.rules.of_sample import facts_of_sample

_SOURCE = "mpgi-demo"


def asked_of(number: int) -> Asked:
    """What may be asked of a scene."""
    sample = scene(number)
    told = tuple(candidates(facts_of_sample(sample, measured=True), _SOURCE))
    return Asked(sample.sample_id, _SOURCE, sample.annotation.split, told)


def drawn(pictures: Iterable[Asked], most: int) -> list[Turn]:
    """The same facts with choices that are drawn from all that are ever true of a question."""
    told = [(picture, one) for picture in pictures for one in picture.candidates]
    possible: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for _, one in told:
        possible[one.form, one.names, one.single, one.among].add(one.choice)
    draw, made = random.Random(0), []
    draw.shuffle(told)
    for picture, one in told:
        others = sorted(
            choice for choice in possible[one.form, one.names, one.single, one.among] if one.denies(choice)
        )
        if others:
            choices = [one.choice, *draw.sample(others, min(CHOICES - 1, len(others)))]
            draw.shuffle(choices)
            question = ask(one.form, one.names, one.single, picture.sample_id)
            made.append(Turn(one.kind, question, one.choice, tuple(choices)))
    by_kind: dict[str, list[Turn]] = defaultdict(list)
    for turn in made:
        by_kind[turn.kind].append(turn)
    return [turn for own in by_kind.values() for turn in own[:most]]


def _told(one: Baseline) -> str:
    return f"{100 * one.blind:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _print(ours: Sequence[Baseline], theirs: Sequence[Baseline]) -> None:
    other = {one.kind: one for one in theirs}
    print(f"{'kind':16}{'questions':>10}{'chance':>8}  {'reader':22}{'drawn choices: chance':>22}  reader")
    for one in ours:
        beside = other[one.kind]
        print(
            f"{one.kind:16}{one.questions:>10,}{100 * one.chance:>8.1f}  {_told(one):22}"
            f"{100 * beside.chance:>22.1f}  {_told(beside)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=5000)
    parser.add_argument("--most", type=int, default=2000, help="questions of a kind, about")
    given = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        pictures = list(pool.map(asked_of, range(given.scenes), chunksize=50))
    made = chosen(groups(pictures), given.most)
    _print(baselines([one.turns[0] for one in made]), baselines(drawn(pictures, given.most)))
    ids = {one.sample_id for one in made}
    print(f"{len(made):,} questions about {len(ids):,} of {given.scenes:,} scenes")


if __name__ == "__main__":
    main()
