"""How a real language model fares as the writer of ``short`` and ``long``, by the recipe ``template+llm``.

Half of the pictures are generated scenes, half are of the real folders below ``--input``, as many of each.
The embedded engine describes them from annotations and pixels, the model merges. Shown are the samples of
which a text was accepted, the texts by what became of them, how many of the annotated classes the accepted
ones name, and the tokens of prompts and answers. What no program can say, whether an accepted text is true,
is for a person: ``texts.jsonl`` in ``--folder`` has every text with the facts of its picture, which lies
beside it; with a line ``{"sample": …, "name": …, "verdict": "true" or "false" or "clumsy"}`` for each that
was read, ``--judged FILE`` counts them. The last line is one JSON object.

    python benchmarks/real_model.py --model Qwen/Qwen2.5-0.5B-Instruct --folder judged
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from caption_arms import drawn, taken_in

from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import FactsConfig, load_recipe
from mpgi_ray.data.caption import Caption, Stage, Status, from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.rules import measured_text, rule_text
from mpgi_ray.runtime.cluster import ray_session

FOLDERS = (
    "ucm",
    "simd",
    "airbus_aircraft",
    "dubai_seg",
    "oam_osm_buildings",
    "kit_ais_vehicles",
    "gid_mtl15",
)
SEED = 50_000  # the first scene: no other benchmark draws it


def pictures(root: Path, number: int, draw: int) -> Iterator[Sample]:
    """Scenes and real pictures in turn, one of each folder after another; draws share none."""
    folders = [
        islice(taken_in(root, [name]), draw % 2, None, 2) for name in FOLDERS if (root / name).exists()
    ]
    real = (sample for together in zip_longest(*folders) for sample in together if sample)
    real = islice(real, draw // 2 * (number // 2), None)
    first = SEED + 1000 * draw
    for pair in islice(zip(drawn(range(first, first + number)), real, strict=False), number // 2):
        yield from pair


def described(sample: Sample) -> dict[str, Any]:
    """What a person needs to judge a text."""
    facts = facts_of(sample.annotation, decode(sample.image), FactsConfig())
    told = [*rule_text(facts, sample.sample_id), *measured_text(facts, sample.sample_id)]
    return {"picture": f"{sample.key}.{sample.suffix}", "facts": told}


def rows(output: Path) -> list[Caption]:
    """The records of stage 2."""
    found = [row for table in CaptionFolder(str(output)).tables() for row in from_table(table)]
    return [row for row in found if row.stage == Stage.INTEGRATED]


def figures(found: list[Caption]) -> dict[str, Any]:
    final = [row for row in found if row.status != Status.RETRIED]
    good = [row for row in final if row.status == Status.OK]
    complete = [json.loads(row.scores)["completeness"] for row in good if "completeness" in row.scores]
    samples = {row.sample_id for row in final}
    return {
        "samples": len(samples),
        "samples_with_a_text": len({row.sample_id for row in good}) / len(samples),
        "texts": Counter(f"{row.perspective}: {row.reason or 'ok'}" for row in final),
        "asked_again": Counter(row.reason for row in found if row.status == Status.RETRIED),
        "completeness": sum(complete) / max(len(complete), 1),
        "prompt_tokens": sum(row.prompt_tokens for row in found) / len(samples),
        "completion_tokens": sum(row.completion_tokens for row in found) / len(samples),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="name or folder of an instruct model")
    parser.add_argument("--gpus", type=int, default=0)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--draw", type=int, choices=range(16), default=0, help="which pictures")
    parser.add_argument("--input", type=Path, default=Path(os.environ.get("MPGI_TEST_DATA", "data")))
    parser.add_argument("--folder", type=Path, default=Path("real-model"))
    parser.add_argument("--set", action="append", default=[], dest="settings", help="of the recipe")
    parser.add_argument("--judged", type=Path)
    options = parser.parse_args()
    shards, output = options.folder / "shards", options.folder / "captions"
    shards.mkdir(parents=True, exist_ok=True)
    samples = {sample.sample_id: sample for sample in pictures(options.input, options.samples, options.draw)}
    (shards / "000000.tar").write_bytes(write_members(map(sample_members, samples.values())))
    where = {"input.shards": str(shards), "output": str(output), "integrate.engine.model": options.model}
    settings = [f"integrate.engine.gpus={options.gpus}", "max_reject_rate=1", *options.settings]
    if not options.gpus:
        settings[:0] = ["chunk_size=8", "integrate.engine.images_in_flight=8"]
    with ray_session(cpus_held=4, gpus_held=options.gpus):
        caption(load_recipe("template+llm", where, settings))
    found = rows(output)
    with (options.folder / "texts.jsonl").open("w") as file:
        for row in found:
            sample = samples[row.sample_id]
            told = {
                "name": row.perspective,
                "status": row.status,
                "why": row.why,
                "text": row.text or row.raw,
            }
            file.write(json.dumps({"sample": row.key, **told, **described(sample)}) + "\n")
    for sample in samples.values():
        (options.folder / f"{sample.key}.{sample.suffix}").write_bytes(sample.image)
    shown = figures(found)
    if options.judged:
        judged = [json.loads(line) for line in options.judged.read_text().splitlines()]
        shown["judged"] = Counter(line["verdict"] for line in judged)
    for name, figure in shown.items():
        print(f"{name:<20} {dict(figure) if isinstance(figure, Counter) else figure}")
    print(json.dumps(shown))


if __name__ == "__main__":
    main()
