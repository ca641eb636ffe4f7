"""How well false claims are found in free prose, and how often true ones are called false.

The texts in `benchmarks/truth/` are about annotated pictures (of the folder that MPGI_TEST_DATA names) and
generated scenes; half are true, half hold one false claim. They were written from picture and annotation by
language models, each set by others and in other manners of prose, without a look at `mpgi_ray/truth`; from
set C on their labels were checked by a third. Set A was learned from; each other one was judged once
(`FIRST`, the figures to quote) and learned from only then. A false claim is *decidable* in set G on if the
table in docs/truth.md decides it: a reader who saw table and annotation, and no code, said so. In the sets
before it the labels also count what a source that is not exhaustive cannot prove (a bus where none is
labelled), so their shares of what is found are too low; by that measure, the writers' own, G's first was
0.670, I's 0.669, J's 0.657, K's 0.689, L's 0.669, M's 0.701, N's 0.709, O's 0.684
and P's 0.680. The labels of M and N were corrected later: with them 0.831 and 0.836 had been found at first.

Set Q is another thing: a bank of places, relations, shares and colours in as many builds of a sentence as one
writer could think of, unusual ones above all; its labels are the writer's. It shows what is not read.

For each set: the share of decidable false texts that are found, by kind of claim, of true texts that are
called false, and of claims that cannot be verified, with 95 % intervals (Wilson), of this version. The last
line is one JSON object with those of the last set, and those of the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.ingest import IngestConfig, ingest, load_source, manifest
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.truth.verdict import Verdict, check

HERE = Path(__file__).parent
DATA = Path(os.environ.get("MPGI_TEST_DATA", HERE.parent.parent / "shared/data"))
PRESETS = {"airbus_aircraft", "dubai_seg", "gid_mtl15", "kit_ais_vehicles", "oam_osm_buildings", "simd"}
FIRST = {  # when each was judged for the first time, before anything was changed after it
    "b": {"found": 0.890, "false_alarms": 0.051, "unverifiable": 0.239},
    "c": {"found": 0.696, "false_alarms": 0.064, "unverifiable": 0.316},
    "d": {"found": 0.712, "false_alarms": 0.054, "unverifiable": 0.290},
    "e": {"found": 0.704, "false_alarms": 0.042, "unverifiable": 0.315},
    "f": {"found": 0.709, "false_alarms": 0.016, "unverifiable": 0.307},
    "g": {"found": 0.860, "false_alarms": 0.039, "unverifiable": 0.296},
    "h": {"found": 0.691, "false_alarms": 0.039, "unverifiable": 0.289},
    "i": {"found": 0.844, "false_alarms": 0.019, "unverifiable": 0.255},
    "j": {"found": 0.745, "false_alarms": 0.013, "unverifiable": 0.206},
    "k": {"found": 0.804, "false_alarms": 0.023, "unverifiable": 0.196},
    "l": {"found": 0.732, "false_alarms": 0.016, "unverifiable": 0.193},
    "m": {"found": 0.811, "false_alarms": 0.015, "unverifiable": 0.185},
    "n": {"found": 0.810, "false_alarms": 0.003, "unverifiable": 0.197},
    "o": {"found": 0.801, "false_alarms": 0.019, "unverifiable": 0.212},
    "p": {"found": 0.781, "false_alarms": 0.015, "unverifiable": 0.189},
}
OTHERS = ("a", "q")  # learned from, and of unusual builds


def facts_of(sample: Sample) -> Facts:
    return replace(
        gather(sample.annotation), measured=measure(decode(sample.image).pixels, sample.annotation)
    )


def facts(ids: Iterable[str]) -> dict[str, Facts]:
    """The facts of ``scene/SEED/NUMBER`` and of ``FOLDER/NAME``; those of absent folders are left out."""
    found: dict[str, Facts] = {}
    wanted = set(ids)
    for name in sorted(wanted):
        if name.startswith("scene/"):
            _, seed, number = name.split("/")
            found[name] = facts_of(scene(int(number), int(seed)))
    for folder in sorted({name.partition("/")[0] for name in wanted - found.keys()}):
        if (DATA / folder / "manifest.jsonl").exists():
            found |= {n: f for n, f in _real(folder).items() if n in wanted}
    return found


def _real(folder: str) -> dict[str, Facts]:
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as place:
        preset = load_source(folder if folder in PRESETS else "dota")
        ingest(manifest(str(DATA / folder / "manifest.jsonl")), IngestConfig(output=place, source=preset))
        shards = find_shards(place)
        samples = (s for name in shards.files for s in read_shard(shards.read(name), name))
        return {f"{folder}/{s.name}": facts_of(s) for s in samples if isinstance(s, Sample)}


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"truth/{name}.jsonl").read_text().splitlines()]


def judge(rows: Iterable[dict[str, Any]], known: dict[str, Facts]) -> dict[str, Any]:
    """Counts of a set: found and all by kind, alarms and true texts, claims and those not verifiable."""
    found, decidable = Counter[str](), Counter[str]()
    alarms = true = claims = unverifiable = texts = 0
    for row in rows:
        if row["id"] not in known:
            continue
        judged = check(row["text"], known[row["id"]])
        verdicts = Counter(one.verdict for one in judged)
        texts, claims = texts + 1, claims + len(judged)
        unverifiable += verdicts[Verdict.UNVERIFIABLE]
        contradicted = verdicts[Verdict.CONTRADICTED] > 0
        if row["true"]:
            true, alarms = true + 1, alarms + contradicted
        elif row["decidable"]:
            decidable[row["kind"]] += 1
            found[row["kind"]] += contradicted
    return {
        "texts": texts,
        "found": (found.total(), decidable.total()),
        "false_alarms": (alarms, true),
        "unverifiable": (unverifiable, claims),
        "kinds": {kind: (found[kind], number) for kind, number in decidable.most_common()},
    }


def bounds(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    z, p = 1.96, part / whole
    middle, spread = p + z * z / (2 * whole), z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    low, high = ((middle + sign * spread) / (1 + z * z / whole) for sign in (-1, 1))
    return max(0.0, low), high


def interval(part: int, whole: int) -> str:
    """A share with its 95 % interval."""
    if not whole:
        return "-"
    low, high = bounds(part, whole)
    return f"{part:>4} of {whole:>4}  {part / whole:6.1%}  ({low:.1%} to {high:.1%})"


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    last: dict[str, Any] = {}
    for name in (*OTHERS, *FIRST):
        rows = rows_of(name)
        known = facts(row["id"] for row in rows)
        check(rows[0]["text"], Facts())  # words are read
        began = time.process_time()
        last = judge(rows, known)
        speed = last["texts"] / (time.process_time() - began)
        print(f"set {name.upper()}: {last['texts']} of {len(rows)} texts, {speed:,.0f} a second and core")
        for kind in ("found", "false_alarms", "unverifiable"):
            print(f"  {kind:<13} {interval(*last[kind])}")
        for kind, (found, number) in last["kinds"].items():
            print(f"    {kind:<11} {interval(found, number)}")
    shares = {kind: round(last[kind][0] / last[kind][1], 4) for kind in FIRST[name]}
    print(json.dumps({**shares, "when_first_judged": FIRST}))


if __name__ == "__main__":
    main()
