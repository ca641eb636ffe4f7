"""What a scorer learns from preferences that the truth check makes, on generated scenes: small models.

Sentences of scenes are swapped (`reward.swaps`): two pictures, two sentences, each true of one of them. A
scorer starts from a CLIP that was trained on the same scenes and learns some kinds of errors; it is asked
about scenes that it has not seen, by kind, those that it has not learned apart. Two controls are asked the
same: the scorer with another scene's picture, and with a grey one, so that it can go by the text alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from alone import learn
from caption_arms import SIX, Writer, drawn, finals
from PIL import Image

from mpgi_ray.data.image import decode
from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.models.scorers import TextScorer, load_scorer
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.train.config import TrainConfig

HELD_OUT = 100_000  # number of the first scene that is asked about
LEARNT = ("presence", "count", "colour", "position", "cover")


def preferences(samples: Iterable[Sample]) -> list[Preference]:
    writer = Writer()
    told = [
        Told(sample.sample_id, facts_of_sample(sample, measured=True), asyncio.run(writer.six(sample)))
        for sample in samples
    ]
    return list(swapped(told))


def right(
    scorer: TextScorer, asked: Sequence[Preference], pictures: Mapping[str, Image.Image]
) -> dict[str, list[tuple[str, float]]]:
    """By kind, whether the true text of each pair has the higher score; a tie counts one half."""
    texts = [[text for _, text in one.texts] for one in asked]
    scores = scorer.score((pictures[one.sample_id] for one in asked), texts)
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for one, (true, false) in zip(asked, scores, strict=True):
        found[one.kind].append((one.sample_id, float(np.sign(true - false) + 1) / 2))
    return found


def told(name: str, answers: Sequence[tuple[str, float]]) -> str:
    by_picture: dict[str, list[float]] = defaultdict(list)
    for sample_id, answer in answers:
        by_picture[sample_id].append(answer)
    rows = np.array([[sum(own), len(own)] for own in by_picture.values()])
    found = bootstrap(rows, lambda drawn: 100 * drawn[:, 0].sum() / drawn[:, 1].sum())
    return f"{name}: {found.value:.1f} ({found.low:.1f} to {found.high:.1f}) of {len(answers):,} pairs"


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument("--held-out", type=int, default=600, help="generated ones that are asked about")
    parser.add_argument("--first", type=int, default=600, help="steps of the CLIP to start from")
    parser.add_argument("--base", help="a CLIP to start from in place of that")
    parser.add_argument("--steps", type=int, default=600, help="of the scorer")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lists", type=int, default=6, help="of a picture in a step")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("build/scorer_value"), help="data and models")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    folder = options.folder.absolute()
    shards = finals(lambda: drawn(range(options.scenes)), folder / f"scenes-{options.scenes}") / "shards"
    pairs = folder / f"pairs-{options.scenes}"
    made = preferences(drawn(range(options.scenes)))
    number = write_preferences(Storage(str(pairs)), (one for one in made if one.kind in LEARNT))
    print(f"{number:,} pairs of {options.scenes:,} scenes to learn from", flush=True)
    same: dict[str, Any] = {
        "shards": str(shards),
        "batch": options.batch,
        "bf16": False,
        "seed": options.seed,
    }
    base = options.base or str(folder / "models" / f"clip-{options.seed}")
    if options.base is None:
        texts = {"*": 0, **dict.fromkeys(SIX, 1)}
        first = {"model": "small", "texts": texts, "steps": options.first, "output": base}
        learn(TrainConfig.model_validate(same | first))
    output = str(folder / "models" / f"scorer-{options.seed}")
    settings = {"preferences": str(pairs), "lists": options.lists}
    own = {"model": base, "task": "preference", "task_settings": settings, "steps": options.steps}
    print("loss", learn(TrainConfig.model_validate(same | own | {"lr": options.lr, "output": output})))
    scorer = load_scorer(output)
    held = list(drawn(range(HELD_OUT, HELD_OUT + options.held_out)))
    asked = preferences(held)
    pictures = {sample.sample_id: decode(sample.image).pixels for sample in held}
    ids = list(pictures)
    others = np.random.default_rng(0).permutation(ids)  # scenes that are numbered in a row are often alike
    shuffled = {one: pictures[other] for one, other in zip(ids, others, strict=True)}
    grey = dict.fromkeys(ids, Image.new("RGB", (128, 128), (128, 128, 128)))
    found = right(scorer, asked, pictures)
    print(told("learned kinds", [one for kind in LEARNT for one in found[kind]]))
    for kind in sorted(found):
        print(told(kind if kind in LEARNT else f"{kind}, not learned", found[kind]))
    for name, shown in (("another scene's picture", shuffled), ("a grey picture", grey)):
        answers = [one for own in right(scorer, asked, shown).values() for one in own]
        print(told(f"all, with {name}", answers))
    print(json.dumps({"pairs": number, "asked": len(asked), "steps": options.steps}))


if __name__ == "__main__":
    main()
