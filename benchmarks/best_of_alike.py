"""What the best of four answers buys where the answers of a writer err alike.

The consensus of answers helps as far as they err by themselves. Here a share of the imperfect writer's
further answers repeats the first one's false claim (or is as true as the first one). Shown are false claims
for a description: of the first answer, and of the best of four by the score of a scorer (of `best_of.py`), by
their consensus and by both, on the same answers of scenes that the scorer has not seen. The last line is
JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
import torch
from described import Describing

from mpgi_ray.data.image import decode
from mpgi_ray.demo import scene
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.models.scorers import load_scorer, worths
from mpgi_ray.rules import Facts
from mpgi_ray.truth.consensus import consensus
from mpgi_ray.truth.known import Known

DRAWS = 4


def taken(scorer: str, rate: float, alike: float, scenes: int, seed: int) -> dict[str, list[float]]:
    """By what answers are taken: the false claims of one, with its interval over scenes."""
    describing, names = Describing(rate, seed, alike), Known(Facts()).names
    pictures, false, texts, of = [], [], [], []
    for number in range(scenes):
        sample = scene(number, seed, 128)
        for _, said in describing.answers(sample, DRAWS):
            pictures.append(decode(sample.image).pixels)
            texts.append([one.text for one in said])
            false.append([one.false for one in said])
            of.append(number)
    scores = np.array(worths(load_scorer(scorer), pictures, texts))
    agreed = np.array([consensus(own, names) for own in texts])
    by = {"first": np.zeros_like(scores), "score": scores, "consensus": agreed, "both": scores * agreed}
    counts, found = np.array(false), {}
    for name, worth in by.items():
        own = np.take_along_axis(counts, worth.argmax(1)[:, None], 1)[:, 0]
        rows = np.array([own[np.array(of) == number].mean() for number in range(scenes)])
        told = bootstrap(rows, lambda drawn: drawn.mean())
        found[name] = [round(float(one), 3) for one in (told.value, told.low, told.high)]
    return found


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--scorer", required=True, help="a folder of `mpgi train --task preference`")
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--rate", type=float, default=0.3, help="of answers with a fault of content")
    parser.add_argument("--alike", type=float, nargs="+", default=[0, 0.25, 0.5, 0.75, 1])
    parser.add_argument("--seed", type=int, default=2, help="of the scenes")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    figures = {}
    for alike in options.alike:
        told = taken(options.scorer, options.rate, alike, options.scenes, options.seed)
        figures[alike] = told
        for name, (value, low, high) in told.items():
            print(f"alike {alike:4.2f}  {name:<10} {value:.3f} ({low:.3f}-{high:.3f})", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
