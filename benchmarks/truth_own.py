"""The embedded engine's texts held against the facts they were made from: none may be contradicted.

The six texts of generated scenes, and of the annotated pictures below the folder that MPGI_TEST_DATA names,
each by its preset. For each source: texts with a contradicted claim, texts of ``objects``, ``layout``,
``short`` and ``long`` with fewer than two supported claims, and how many of the annotated classes the
``objects`` text names. The first contradictions are printed. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from caption_arms import Writer
from truth import DATA, PRESETS, facts_of

from mpgi_ray.asking.held import hold
from mpgi_ray.data.sample import Sample
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.errors import InputError
from mpgi_ray.ingest import load_source, manifest
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load

_TELLING = ("objects", "layout", "short", "long")
_FOLDERS = (*sorted(PRESETS), "dota_examples", "ucm", "eurosat", "rsicd", "neon_trees", "osm_tiles_portugal")
_SHOWN = 10


def real(folder: str) -> Iterator[Sample]:
    source = load_source("dota" if folder == "dota_examples" else folder)
    for index, entry in enumerate(manifest(str(DATA / folder / "manifest.jsonl"))):
        if isinstance(entry, Item):
            yield from (one for one in load(entry, source, index) if isinstance(one, Sample))


def judged(name: str, samples: Iterable[Sample], shown: list[str]) -> Counter[str]:
    """What came of the texts of a source."""
    writer, found = Writer(), Counter[str]()
    complete = []
    for sample in samples:
        facts = facts_of(sample)
        for perspective, text in asyncio.run(writer.six(sample)).items():
            held = hold(text, facts)
            found["texts"] += 1
            found["contradicted"] += bool(held.contradicted)
            found["claims"] += len(held.judged)
            if held.fault and len(shown) < _SHOWN:
                shown.append(
                    f"{name}/{sample.name or sample.key} {perspective}: {held.fault.detail} | {text}"
                )
            if perspective in _TELLING and (facts.counted or facts.cover or facts.tags):
                found["telling"] += 1
                found["few"] += held.supported < 2
            if perspective == "objects" and "completeness" in held.scores:
                complete.append(held.scores["completeness"])
        found["samples"] += 1
    found["complete"] = round(1000 * sum(complete) / len(complete)) if complete else 0
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--pictures", type=int, default=200, help="at most, of a real folder")
    options = parser.parse_args()
    shown: list[str] = []
    sources = {"scenes": (scene(number, 11) for number in range(options.scenes))}
    sources |= {
        name: islice(real(name), options.pictures)
        for name in _FOLDERS
        if (DATA / name / "manifest.jsonl").exists()
    }
    total = Counter[str]()
    print(f"{'source':20} samples  texts  contradicted  claims a text  fewer than 2 supported  completeness")
    for name, samples in sources.items():
        try:
            found = judged(name, samples, shown)
        except InputError as error:
            print(f"{name}: {error}")
            continue
        per_text = found["claims"] / max(1, found["texts"])
        few = f"{found['few']} of {found['telling']}"
        print(
            f"{name:20} {found['samples']:>7} {found['texts']:>6} {found['contradicted']:>13}"
            f" {per_text:>14.1f} {few:>23} {found['complete'] / 10:>12.1f}%",
            flush=True,
        )
        total += found
    print(*shown, sep="\n")
    print(json.dumps({name: total[name] for name in ("samples", "texts", "contradicted", "telling", "few")}))


if __name__ == "__main__":
    main()
