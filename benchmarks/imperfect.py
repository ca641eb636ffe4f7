"""What holding texts against the facts buys, where the writer makes mistakes at a known rate.

Generated scenes are captioned by the imperfect writer (`mpgi_ray.demo.writer`) in both stages, once with
``facts.held`` and once without. A share of its replies has a fault of content, all kinds alike; none has a
fault of form. Its log tells of every text which false claims it holds, its own or taken over from a
description, so that nothing of the check is used to judge the check. Of each run are shown

- the final texts, and how many of them hold a false claim;
- the replies without any, and how many of these were rejected or asked for again all the same;
- the share of the annotated facts (a class and its number) that the long texts tell;
- the false claims that got through, by kind, and the first replies that were refused although true.

With ``--best-of`` each prompt is asked several times and the best answer taken by consensus.

``--believes`` is how often an integration follows a description that the facts contradict: a writer that
always heeded the facts would take over none of the false claims that they decide. The last line is one JSON
object with all figures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imperfect_run import POSSIBLE, Image, Line, answers, content_faults, draw_all, run

from mpgi_ray.data.caption import Caption, Stage, Status
from mpgi_ray.runtime.cluster import ray_session


@dataclass
class Result:
    """The figures of a run; see the module."""

    answers: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    through: Counter[str] = field(default_factory=Counter)
    true_replies: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    examples: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    wrongly: list[Line] = field(default_factory=list)

    def judge(self, rows: list[Caption], line: Line) -> None:
        """Count a reply: its records, and what the log says of it."""
        reason = next((row for row in rows if row.reason and row.status != Status.OUTSCORED), None)
        self.answers += 1
        self.planted[line["fault"]] += 1
        self.caught[line["fault"]] += reason is not None
        if any(line["false"].values()):
            return
        self.true_replies += 1
        if reason:
            self.refused += 1
            self.reasons[reason.reason] += 1
            self.wrongly.append({"name": line["perspective"], "why": reason.why, "text": line["text"]})

    def keep(self, row: Caption, line: Line, annotated: dict[str, int]) -> None:
        """Count a final text."""
        name = row.perspective
        self.texts[name] += 1
        self.false[name] += bool(line["false"][name])
        for change in line["false"][name]:
            self.through[change["kind"]] += 1
            own = line["change"] and line["change"]["identity"] == change["identity"]
            self.examples[change["kind"]].append({"in": name, "inherited": not own, **change})
        if name == "long":
            told = line["numbers"][name]
            self.kept += sum(number in told.get(label, ()) for label, number in annotated.items())

    def figures(self, facts: int) -> dict[str, Any]:
        """Counts and shares."""
        return {
            "answers": self.answers,
            "texts": self.texts.total(),
            "texts_by_name": dict(self.texts),
            "false_texts": self.false.total(),
            "false_share": self.false.total() / max(self.texts.total(), 1),
            "false_by_name": dict(self.false),
            "true_replies": self.true_replies,
            "refused": self.refused,
            "refused_share": self.refused / max(self.true_replies, 1),
            "refused_by_reason": dict(self.reasons),
            "facts_kept": self.kept / facts,
            "planted": {k or "none": n for k, n in sorted(self.planted.items())},
            "caught": {k or "none": n for k, n in sorted(self.caught.items())},
            "through": dict(self.through.most_common()),
        }


def evaluate(output: Path, log: Path, images: dict[str, Image]) -> Result:
    """The figures of a run."""
    result = Result()
    for sample, rows, line in answers(output, log, images):
        result.judge(rows, line)
        for row in rows:
            if row.stage == Stage.INTEGRATED and row.status == Status.OK:
                result.keep(row, line, images[sample][1])
    return result


def show(held: bool, figures: dict[str, Any], result: Result) -> None:
    print(f"\nfacts.held={str(held).lower()}: {figures['answers']:,} answers")
    print(f"  final texts with a false claim: {figures['false_texts']} of {figures['texts']:,} "
          f"({figures['false_share']:.2%}), {figures['false_by_name']}")  # fmt: skip
    print(f"  true replies refused: {figures['refused']} of {figures['true_replies']:,} "
          f"({figures['refused_share']:.2%}), {figures['refused_by_reason']}")  # fmt: skip
    print(f"  annotated facts kept by long texts: {figures['facts_kept']:.2%}")
    print(f"  {'fault':<10} {'planted':>8} {'refused':>8} {'through':>8}")
    for kind in POSSIBLE:
        print(f"  {kind:<10} {result.planted[kind]:>8} {result.caught[kind]:>8} {result.through[kind]:>8}")
    for kind, examples in result.examples.items():
        for one in examples[:3]:
            whence = "inherited" if one["inherited"] else "own"
            print(f"  through, {kind} ({one['in']}, {whence}): {one['before']!r} -> {one['after']!r}: "
                  f"{one['sentence']}")  # fmt: skip
    for one in result.wrongly[:10]:
        print(f"  refused although true, {one['name'] or 'integrated'}: {one['why']}\n    {one['text']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.1, help="of replies with a fault of content")
    parser.add_argument("--believes", type=float, default=0.5, help="of integrations, see above")
    parser.add_argument("--best-of", type=int, default=1, help="answers to each prompt of both stages")
    parser.add_argument("--size", type=int, default=128, help="of the pictures, in pixels")
    options = parser.parse_args()
    faults = content_faults(options.rate, options.believes)
    figures: dict[str, Any] = {"images": options.images, "seed": options.seed, "rate": options.rate}
    figures |= {"believes": options.believes, "best_of": options.best_of}
    stages = ("generate", "integrate") if options.best_of > 1 else ()
    settings = [f"{stage}.best_of={options.best_of}" for stage in stages]
    settings += [f"{stage}.sampling.temperature=0.85" for stage in stages]
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name:
        scratch = Path(name)
        shards = scratch / "shards"
        images = draw_all(shards, options.images, options.seed, options.size)
        facts = sum(len(annotated) for _, annotated in images.values())
        with ray_session(cpus_held=2):
            for held in (True, False):
                begun = time.monotonic()
                output = scratch / f"held-{held}"
                log = run(shards, output, faults, options.seed, held=held, settings=settings)
                result = evaluate(output, log, images)
                told = result.figures(facts) | {"seconds": round(time.monotonic() - begun)}
                show(held, told, result)
                figures["held" if held else "not_held"] = told
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
