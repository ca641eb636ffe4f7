"""What learning from pictures alone brings, on generated scenes: small models, mechanism only.

A tower learns from scenes without their texts (`--task cmid`), whole or with one of the three losses left
out; then a CLIP starts from it and learns from 1,000 other scenes with their texts, beside one that starts
afresh, for equal steps. Both towers, that of before and that of after, are asked for the class of scenes
that they have not seen, by the nearest of the 1,000; the CLIP also for the scenes' own captions. Where the
folder that MPGI_TEST_DATA names is there, real pictures are asked about too: the class of each of `ucm` (21
classes) and `eurosat` (10), by the nearest of the other half of the set.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import over_seeds
import torch
from alone import learn
from caption_arms import SIX, drawn, finals, shown
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.data.final import Record
from mpgi_ray.evaluate.retrieval import Protocol, score
from mpgi_ray.evaluate.tower.neighbours import votes_of_neighbours
from mpgi_ray.models import checkpoint
from mpgi_ray.models.embed import Model
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.initial import initial
from mpgi_ray.train.scan import scan

HELD_OUT, CAPTIONED = 100_000, 50_000  # numbers of the first scenes of these
DATA = Path(os.environ.get("MPGI_TEST_DATA", Path(__file__).parents[2] / "shared/data"))
REAL = ("ucm", "eurosat")
ARMS: Mapping[str, Mapping[str, Any] | None] = {
    "fresh": None,
    "all three losses": {},
    "without filling in": {"reconstruct": 0},
    "without whole pictures": {"contrast": 0},
    "without cells": {"local": 0},
}
HEADS = {"cells": 6, "queue": 1024, "hidden_width": 256, "dim": 64, "prototypes": 256}


def tower(options: argparse.Namespace, shards: Path, seed: int, arm: str) -> TrainConfig:
    """The run that learns from pictures alone; without steps for the arm that starts afresh."""
    values: dict[str, Any] = {"task": "cmid", "task_settings": {**HEADS, **(ARMS[arm] or {})}}
    values |= {"steps": options.steps, "batch": options.batch, "lr": options.lr, "weight_decay": 0.05}
    return config(options, shards, seed, f"tower-{arm}", values)


def clip(options: argparse.Namespace, shards: Path, seed: int, arm: str, init: str | None) -> TrainConfig:
    values: dict[str, Any] = {"texts": {"*": 0, **dict.fromkeys(SIX, 1)}, "init": init}
    values |= {"steps": options.clip_steps, "batch": options.batch, "lr": 1e-3}
    return config(options, shards, seed, f"clip-{arm}", values)


def config(
    options: argparse.Namespace, shards: Path, seed: int, name: str, values: Mapping[str, Any]
) -> TrainConfig:
    output = options.folder.absolute() / "models" / f"{name.replace(' ', '-')}-{options.model}-{seed}"
    same = {"shards": str(shards), "output": str(output), "model": options.model, "bf16": False, "seed": seed}
    return TrainConfig.model_validate(same | values)


def afresh(plan: TrainConfig) -> None:
    """Leave the model that a run would start from."""
    source, _ = scan([f"{plan.shards}/{name.name}" for name in Path(plan.shards).glob("*.tar")], None, None)
    torch.manual_seed(plan.seed)
    checkpoint.save(plan.output, *initial(plan, source))


def nearest(model: Model, bank: Sequence[Record], asked: Sequence[Record]) -> float:
    """Per cent of scenes whose class the twenty nearest of the bank vote for."""
    right, known = ([one.annotation["scene"][0] for one in records] for records in (asked, bank))
    return float(100 * told(model.images(asked), right, model.images(bank), known).mean())


def nearest_real(model: Model, name: str) -> float:
    """Per cent of pictures of a set whose class the twenty nearest of the other half vote for."""
    files = sorted((DATA / name / "images").glob("*/*.jpg"))
    classes = [file.parent.name for file in files]
    features = model.pictures(Image.open(file).convert("RGB") for file in files)
    halves = [range(0, len(files), 2), range(1, len(files), 2)]
    found = [
        told(features[own], [classes[at] for at in own], features[other], [classes[at] for at in other])
        for own, other in (halves, halves[::-1])
    ]
    return float(100 * np.concatenate(found).mean())


def told(
    asked: NDArray[np.float32], right: Sequence[str], bank: NDArray[np.float32], known: Sequence[str]
) -> NDArray[np.bool_]:
    """Of each row of features, whether its neighbours in the bank vote for its class."""
    names = sorted({*right, *known})
    votes = votes_of_neighbours(asked, bank, [names.index(one) for one in known], len(names))
    return votes.argmax(axis=1) == [names.index(one) for one in right]


def recalls(model: Model, asked: Sequence[Record]) -> tuple[float, float]:
    """R@1 of pictures and of the scenes' own captions."""
    captions = [Protocol.REPEATED.prepare(record.annotation["captions"][0]) for record in asked]
    told = model.texts(captions), list(range(len(asked))), captions
    row = score(Protocol.REPEATED, model.images(asked), *told).row()
    return row["i2t_r1"], row["t2i_r1"]


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--model", default="small")
    parser.add_argument("--steps", type=int, default=400, help="of the tower, on pictures alone")
    parser.add_argument("--clip-steps", type=int, default=200, help="of the CLIP that starts from it")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=5e-4, help="of the tower")
    parser.add_argument("--scenes", type=int, default=3000, help="generated ones without texts")
    parser.add_argument("--captioned", type=int, default=1000, help="generated ones with texts")
    parser.add_argument("--held-out", type=int, default=1200, help="generated ones that are asked about")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument(
        "--folder", type=Path, default=Path("build/pretraining_value"), help="data and models"
    )
    options = parser.parse_args(given)
    real = [name for name in REAL if (DATA / name).is_dir()]
    torch.set_num_threads(1)  # so that two processes are twice as fast
    folder = options.folder.absolute()
    alone = finals(lambda: drawn(range(options.scenes)), folder / f"alone-{options.scenes}") / "shards"
    numbers = range(CAPTIONED, CAPTIONED + options.captioned)
    captioned = finals(lambda: drawn(numbers), folder / f"captioned-{options.captioned}") / "shards"
    bank = list(map(shown, drawn(numbers)))
    asked = list(map(shown, drawn(range(HELD_OUT, HELD_OUT + options.held_out))))
    found: dict[str, list[dict[str, float]]] = {}
    for seed in options.seeds:
        for arm in options.arms:
            first = tower(options, alone, seed, arm)
            afresh(first) if ARMS[arm] is None else learn(first)
            model = Model.load(first.output)
            row = {"nearest, tower": nearest(model, bank, asked)}
            row |= {f"{name}, tower": nearest_real(model, name) for name in real}
            last = clip(options, captioned, seed, arm, first.output)
            learn(last)
            model = Model.load(last.output)
            row |= {"nearest, CLIP": nearest(model, bank, asked)}
            row |= {f"{name}, CLIP": nearest_real(model, name) for name in real}
            row |= dict(zip(("i2t R@1", "t2i R@1"), recalls(model, asked), strict=True))
            found.setdefault(arm, []).append(row)
            said = ", ".join(f"{name} {value:.1f}" for name, value in row.items())
            print(f"{arm}, seed {seed}: {said}", flush=True)
    over_seeds.tell(found)
    print(json.dumps({"seeds": options.seeds, "steps": options.steps, "figures": found}))


if __name__ == "__main__":
    main()
