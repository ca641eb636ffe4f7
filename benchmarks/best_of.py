"""What the best of several answers buys, where the writer makes mistakes at a known rate.

Generated scenes are captioned by the imperfect writer (`mpgi_ray.demo.writer`), of whose replies a share has
a fault of content, all kinds alike. Nothing is held against the facts. Once one answer is taken as it comes,
once the best of several: of descriptions by their consensus and a scorer that learned from what the writer
says of other scenes (`best_of_scorer`), of merges by their consensus. The writer's log tells which false
claims each text holds. Shown are, for the descriptions of stage 1 and the texts made of them,

- false claims for a text that was accepted, and the share of texts with one, with intervals over pictures;
- what the score alone and the consensus alone would have taken of the same answers;
- what it took: requests, and their tokens;
- the faults of the taken descriptions by kind, beside those of all answers.

The last line is one JSON object with all figures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from best_of_scorer import trained
from imperfect_run import Image, answers, content_faults, draw_all, run

from mpgi_ray.asking.answer_rows import CONSENSUS, REWARD
from mpgi_ray.data.caption import Stage, Status
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.runtime.cluster import ray_session

SEED = 2  # of scenes and writer: the scorer learned from scenes of seed 0


@dataclass
class Found:
    """Counts of a run.

    Attributes:
        texts: accepted texts by stage and picture.
        claims, wrong: false claims in these, and texts that hold one, likewise.
        answered, taken: answers of stage 1 and accepted ones of them, by the fault that was planted.
    """

    texts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    claims: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    answered: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    cost: Counter[str] = field(default_factory=Counter)
    asked: dict[tuple[str, str], list[Drawn]] = field(default_factory=lambda: defaultdict(list))

    def figures(self) -> dict[str, Any]:
        told: dict[str, Any] = {"cost": dict(self.cost)}
        for stage, texts in self.texts.items():
            told[stage] = {
                "texts": texts.total(),
                "false claims a text": _mean(texts, self.claims[stage]),
                "% with one": [round(100 * one, 2) for one in _mean(texts, self.wrong[stage])],
            }
        for by in (REWARD, CONSENSUS) if self.asked else ():
            told[f"by {by} alone"] = self._alone(by)
        return told | {"answered": dict(self.answered), "taken": dict(self.taken)}

    def _alone(self, by: str) -> list[float]:
        """False claims a description, had the answers been taken by one figure alone."""
        texts: Counter[str] = Counter()
        claims: Counter[str] = Counter()
        for (sample, _), drawn in self.asked.items():
            best = max(drawn, key=lambda one: (one.scores.get(by, 0), -one.draw))
            texts[sample] += 1
            claims[sample] += best.false
        return _mean(texts, claims)


@dataclass(frozen=True)
class Drawn:
    """A good answer of several to a prompt."""

    draw: int
    scores: dict[str, float]
    false: int


def _mean(texts: Counter[str], counted: Counter[str]) -> list[float]:
    """Counted things for each text, and the interval."""
    rows = np.array([[counted[sample], count] for sample, count in texts.items()])
    found = bootstrap(rows, lambda drawn: drawn[:, 0].sum() / drawn[:, 1].sum())
    return [round(float(one), 4) for one in (found.value, found.low, found.high)]


def evaluate(output: Path, log: Path, images: dict[str, Image]) -> Found:
    found = Found()
    for sample, rows, line in answers(output, log, images):
        first, fault = rows[0], line["fault"] or "none"
        found.cost["requests"] += 1
        for name in ("prompt_tokens", "completion_tokens"):
            found.cost[name] += sum(getattr(row, name) for row in rows)
        if first.stage == Stage.PERSPECTIVE:
            found.answered[fault] += 1
            found.taken[fault] += first.status == Status.OK
            scores = json.loads(first.scores or "{}")
            if CONSENSUS in scores:
                false = len(line["false"][first.perspective])
                found.asked[sample, first.perspective].append(Drawn(first.draw, scores, false))
        for row in rows:
            if row.status == Status.OK:
                false = line["false"][row.perspective]
                found.texts[row.stage][sample] += 1
                found.claims[row.stage][sample] += len(false)
                found.wrong[row.stage][sample] += bool(false)
    return found


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument(
        "--scorer", help="a folder of `mpgi train --task preference`, in place of training one"
    )
    parser.add_argument("--scenes", type=int, default=4000, help="that the scorer learns from")
    parser.add_argument("--first", type=int, default=800, help="steps of the CLIP that it starts from")
    parser.add_argument("--steps", type=int, default=1600, help="of the scorer")
    parser.add_argument("--folder", type=Path, default=Path("build/best_of"), help="data and models")
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--of", type=int, nargs="+", default=[1, 4], help="answers that are asked for")
    parser.add_argument("--merges", type=int, help="of stage 2, in place of as many")
    parser.add_argument("--rate", type=float, default=0.3, help="of replies with a fault of content")
    parser.add_argument("--size", type=int, default=128, help="of the pictures, in pixels")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    learned = options.folder, options.scenes, options.rate, options.first, options.steps
    scorer = options.scorer or trained(*learned)
    faults, figures = content_faults(options.rate, 0.5), {}
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name:
        scratch = Path(name)
        images = draw_all(scratch / "shards", options.images, SEED, options.size)
        with ray_session(cpus_held=2):
            for of in options.of:
                choose = [f"generate.best_of={of}", f"generate.scorer={Path(scorer).absolute()}"]
                choose += [f"integrate.best_of={options.merges or of}"]
                settings = [f"{stage}.sampling.temperature=0.85" for stage in ("generate", "integrate")]
                settings += choose if of > 1 else []
                output = scratch / f"best-of-{of}"
                log = run(scratch / "shards", output, faults, SEED, held=False, settings=settings)
                told = figures[of] = evaluate(output, log, images).figures()
                print(f"\nbest of {of}: {told['cost']}")
                for stage in (Stage.PERSPECTIVE.value, Stage.INTEGRATED.value):
                    print(f"  {stage}: {told[stage]}")
                for by in (name for name in told if name.startswith("by ")):
                    print(f"  {by}: false claims a description {told[by]}")
                for fault, count in sorted(told["answered"].items()):
                    print(f"  {fault:<10} {count:>6} answers, {told['taken'][fault]:>6} taken")
    asked_for = {key: value for key, value in vars(options).items() if key not in ("scorer", "folder")}
    print(json.dumps({"options": asked_for, "figures": figures}))


if __name__ == "__main__":
    main()
