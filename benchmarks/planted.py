"""Whether a single false claim that is planted in a true text is found.

The rules' sentences and the six texts of the embedded engine, about generated scenes and about the pictures
with boxes, masks, labels or tags of the folder that MPGI_TEST_DATA names, get one error each
(`planted_errors`). An oracle (`planted_oracle`) holds the changed text against the original annotation; it
shares no code with the check. Where it finds no false claim, or cannot tell, the text is not counted. Boxed
pictures are taken a second time as those of a source that labels exhaustively (``+``).

For each kind and source: how many of the planted texts hold a contradicted claim by `mpgi_ray.truth`, how
many were not counted, and how many texts without an error are called false, by the check and by the oracle:
both must be 0. The first misses are printed. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from random import Random
from typing import Any

from caption_arms import Writer, beside
from planted_errors import KINDS
from planted_known import Known
from planted_oracle import false_claims
from planted_sources import BOXED, FORMATS, MASKED, called_complete, real, scenes
from truth import DATA, facts_of

from mpgi_ray.data.sample import Sample
from mpgi_ray.rules import Facts
from mpgi_ray.truth.verdict import Verdict, check

_OTHERS = ("ucm", "neon_trees", "osm_tiles_portugal")
_TRIES = 3  # errors of a kind in a text


@dataclass
class Result:
    """What came of the texts: counts by kind and source, and the misses in full."""

    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)  # not counted, by kind and by source
    texts: int = 0
    alarms: list[str] = field(default_factory=list)
    oracle_alarms: list[str] = field(default_factory=list)
    misses: list[tuple[str, str, str]] = field(default_factory=list)

    def share(self, kind: str | None = None) -> float:
        """Of the planted errors that are found, of a kind or of all."""
        found, planted = (
            sum(n for (k, _), n in c.items() if kind in (None, k)) for c in (self.found, self.planted)
        )
        return found / max(1, planted)

    def not_counted(self) -> int:
        return sum(self.open[kind] for kind in KINDS)

    def figures(self) -> dict[str, Any]:
        return {
            "found": round(self.share(), 4),
            "planted": self.planted.total(),
            "not_counted": self.not_counted(),
            "called_false": len(self.alarms),
            "kinds": {kind: round(self.share(kind), 4) for kind in KINDS},
        }


def sources(limit: int, number: int) -> dict[str, Iterator[tuple[Sample, Known]]]:
    """Every source that is there: its pictures with what is annotated of them."""
    found: dict[str, Iterator[tuple[Sample, Known]]] = {"scenes": islice(scenes(count(), 11), number)}
    for name in (*BOXED, *MASKED, *FORMATS, *_OTHERS):
        if (DATA / ("seg_format_samples" if name in FORMATS else name)).exists():
            found[name] = real(DATA, name, limit)
        if name in BOXED or name == "neon_trees":
            found[f"{name}+"] = (called_complete(*one) for one in real(DATA, name, limit))
    return found


def judge(name: str, pictures: Iterable[tuple[Sample, Known]], result: Result, seed: int = 0) -> None:
    """Plant errors in all texts of a source, and count which are found."""
    writer = Writer()
    for sample, known in pictures:
        facts = facts_of(sample)
        texts = asyncio.run(writer.six(sample)) | beside(sample.annotation, sample.sample_id)
        for kind in ("rules", "objects", "layout", "scene", "attributes", "short", "long"):
            if text := texts.get(kind):
                rng = Random(f"{seed}/{name}/{sample.name}/{kind}")
                _judge_text(f"{name}/{sample.name} {kind}", text, known, facts, rng, result, name)


def _judge_text(
    where: str, text: str, known: Known, facts: Facts, rng: Random, result: Result, source: str
) -> None:
    result.texts += 1
    result.alarms += [f"{where}: {text}"] if _contradicted(text, facts) else []
    result.oracle_alarms += [f"{where}: {why}: {text}" for why in false_claims(text, known)[:1]]
    for kind, change in KINDS.items():
        changes = list(change(text, known, rng))
        for start, end, words in rng.sample(changes, min(_TRIES, len(changes))):
            after = f"{text[:start]}{words}{text[end:]}"
            why = false_claims(after, known)
            if not why:
                result.open[kind] += 1
                result.open[source] += 1
                continue
            result.planted[kind, source] += 1
            if _contradicted(after, facts):
                result.found[kind, source] += 1
            else:
                changed = f"{text[start:end]!r} -> {words!r}"
                result.misses.append(
                    (kind, where, f"{changed}: {why[0]}\n    before: {text}\n    after:  {after}")
                )


def _contradicted(text: str, facts: Facts) -> bool:
    return any(one.verdict is Verdict.CONTRADICTED for one in check(text, facts))


def _line(name: str, found: int, planted: int, open_: int) -> str:
    share = f"{found / planted:>8.1%}" if planted else f"{'-':>8}"
    return f"{name:<24} {found:>6} of {planted:>6} {share}" + (f"   not counted: {open_:>6}" if open_ else "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=40, help="at most, of a real source")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--misses", type=int, default=3, help="to print of a kind")
    options = parser.parse_args()
    result = Result()
    names = []
    for name, pictures in sources(options.pictures, options.scenes).items():
        judge(name, pictures, result, options.seed)
        names.append(name)
    for index, keys in enumerate((KINDS, names)):
        for key in keys:
            counted = (
                sum(n for k, n in c.items() if k[index] == key) for c in (result.found, result.planted)
            )
            found, planted = counted
            print(_line(key, found, planted, result.open[key]))
        print()
    print(_line("all", result.found.total(), result.planted.total(), result.not_counted()))
    alarms = f"called false: {len(result.alarms)}, by the oracle: {len(result.oracle_alarms)}"
    print(f"{result.texts} texts without an error, {alarms}")
    print(*(result.alarms[:5] + result.oracle_alarms[:5]), sep="\n")
    shown = Counter[str]()
    for kind, where, told in result.misses:
        if shown[kind] < options.misses:
            print(f"missed, {kind}, {where}: {told}")
        shown[kind] += 1
    print(json.dumps(result.figures()))


if __name__ == "__main__":
    main()
