"""Whether a multimodal scorer looks at the picture: a tiny Qwen2-VL of random weights on coloured shapes.

Two pictures are asked about two texts, each true of one of them, so that a text alone tells nothing. Asked is
about pictures that it has not seen; two controls are asked the same: another picture drawn by chance, and
none. It is the wiring that is tried, not a model: 0.6 million weights, pictures of four tokens.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from alone import learn
from PIL import Image
from scorer_asked import told

from mpgi_ray.data.final import Record, decoded, list_shards, read_records
from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.storage import Storage
from mpgi_ray.models.scorers import TextScorer, load_scorer
from mpgi_ray.train.config import TrainConfig
from support.shapes import write_shapes
from support.tiny_models import make_mllm

_TURNS = 4  # pairs of each picture


def swaps(records: Sequence[Record], seed: int) -> list[Preference]:
    """Pairs of texts of pictures two and two, each of which is asked about both."""
    chance, left, found = random.Random(seed), list(records), []
    for _ in range(_TURNS):
        chance.shuffle(left)
        for one, other in zip(left[::2], left[1::2], strict=True):
            texts = one.texts["objects"], other.texts["objects"]
            if texts[0] != texts[1]:
                found.append(Preference(one.sample_id, "swap", (("", texts[0]), ("", texts[1]))))
                found.append(Preference(other.sample_id, "swap", (("", texts[1]), ("", texts[0]))))
    return found


def right(
    scorer: TextScorer, asked: Sequence[Preference], shown: Callable[[str], Image.Image | None]
) -> list[tuple[str, float]]:
    """Whether the true text of each pair has the higher score; a tie counts one half."""
    scores = scorer.score(
        (shown(one.sample_id) for one in asked), [[text for _, text in one.texts] for one in asked]
    )
    return [
        (one.sample_id, float(np.sign(true - false) + 1) / 2)
        for one, (true, false) in zip(asked, scores, strict=True)
    ]


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=1500, help="to train on")
    parser.add_argument("--held-out", type=int, default=200, help="that are asked about")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--lists", type=int, default=2, help="of a picture in a step")
    parser.add_argument("--version", choices=["2", "2.5"], default="2", help="of Qwen-VL")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/multimodal_scorer"), help="data and models"
    )
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    folder = options.folder.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    records = {
        name: list(read_records(list_shards(str(write_shapes(folder / name, number, seed=seed)))))
        for seed, (name, number) in enumerate({"train": options.pictures, "test": options.held_out}.items())
    }
    write_preferences(Storage(str(folder / "pairs")), swaps(records["train"], 0))
    (folder / "base").mkdir()
    make_mllm(folder / "base", options.version)
    settings = {"preferences": str(folder / "pairs"), "lists": options.lists, "pixels": 56, "tokens": 32}
    values = {"shards": str(folder / "train"), "output": str(folder / "run"), "model": str(folder / "base")}
    values |= {
        "task": "preference",
        "task_settings": settings,
        "steps": options.steps,
        "batch": 32,
        "lr": 1e-3,
    }
    print(f"loss of the last step: {learn(TrainConfig.model_validate(values)):.3f}", flush=True)
    scorer, asked = load_scorer(str(folder / "run"), gpu=False), swaps(records["test"], 1)
    pictures = {record.sample_id: decoded(record) for record in records["test"]}
    others = dict(zip(pictures, np.random.default_rng(0).permutation(list(pictures)), strict=True))
    print(told("its picture", right(scorer, asked, pictures.__getitem__)))
    print(told("another picture", right(scorer, asked, lambda name: pictures[str(others[name])])))
    print(told("no picture", right(scorer, asked, lambda name: None)))


if __name__ == "__main__":
    main()
