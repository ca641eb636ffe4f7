"""What a scorer learns from preferences that the truth check makes, on generated scenes: small models.

Sentences of scenes are swapped (`reward.swaps`): two pictures, two sentences, each true of one of them. A
scorer starts from a CLIP that was trained on the same scenes and learns some kinds of errors; it is asked
about scenes that it has not seen, by kind: about the same texts, about sentences of kinds that it has not
learned, and about real pictures with boxes (`scorer_asked`). Two controls are asked the same: the scorer with
another picture of the set, and with a grey one, so that it can go by the text alone.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from alone import learn
from caption_arms import SIX, Writer, drawn, finals
from scorer_asked import BOXED, Set, ask, of_real, of_scenes, pixels
from truth import DATA

from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.models.scorers import load_scorer
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.train.config import TrainConfig

HELD_OUT = 100_000  # number of the first scene that is asked about
LEARNT = ("presence", "count", "colour", "position", "cover")
OTHERS = ("relation", "arrangement", "absence", "dominance")


def preferences(samples: Iterable[Sample]) -> list[Preference]:
    writer = Writer()
    told = [
        Told(sample.sample_id, facts_of_sample(sample, measured=True), asyncio.run(writer.six(sample)))
        for sample in samples
    ]
    return list(swapped(told))


def trained(options: argparse.Namespace) -> str:
    """The folder of a scorer that learned the pairs of scenes."""
    folder = options.folder.absolute()
    shards = finals(lambda: drawn(range(options.scenes)), folder / f"scenes-{options.scenes}") / "shards"
    pairs = folder / f"pairs-{options.scenes}"
    made = preferences(drawn(range(options.scenes)))
    swaps = zip(made[::2], made[1::2], strict=True)
    learnt = [one for swap in swaps if {one.kind for one in swap} <= {*LEARNT} for one in swap]
    number = write_preferences(Storage(str(pairs)), learnt)
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
    return output


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument(
        "--held-out", type=int, default=600, help="generated ones whose texts are asked about"
    )
    parser.add_argument("--others", type=int, default=2000, help="generated ones for kinds not learned")
    parser.add_argument("--first", type=int, default=600, help="steps of the CLIP to start from")
    parser.add_argument("--base", help="a CLIP to start from in place of that")
    parser.add_argument("--steps", type=int, default=600, help="of the scorer")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lists", type=int, default=6, help="of a picture in a step")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("build/scorer_value"), help="data and models")
    parser.add_argument("--scorer", help="folder of a trained scorer, which is asked in place of a new one")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    scorer = load_scorer(options.scorer or trained(options))
    if options.held_out:
        held = list(drawn(range(HELD_OUT, HELD_OUT + options.held_out)))
        whole = {sample.sample_id: sample.sample_id for sample in held}
        asked = Set(preferences(held), pixels(held), whole)
        ask("texts of held-out scenes, kinds that were learned", scorer, asked.only(LEARNT))
    if options.others:
        others = of_scenes(drawn(range(HELD_OUT, HELD_OUT + options.others)))
        ask("held-out scenes, kinds that were not learned", scorer, others.only(OTHERS))
    for name in BOXED:
        if (DATA / name).exists():
            ask(f"windows of {name}", scorer, of_real(name))


if __name__ == "__main__":
    main()
