"""What different captions of the same pictures teach a model.

An arm is a kind of text: a class sentence, the rules' sentences, one perspective alone, all six texts, the
short or the long one, or the captions that come with the pictures (those of people, where people wrote them;
the upper bound, as the tests ask for such captions). Every arm trains the same small model from fresh weights
on the same pictures, once a seed, in these forms:

- ``ARM``: one text of a picture in every step, for ``--steps``;
- ``ARM ×3``: three texts a step, as many steps (``six``, and ``captions`` where pictures have several);
- ``ARM =3``: one text a step, for the CPU time of ``six ×3``: so many steps more. What a step of that costs
  is measured once in this folder for each arm, in CPU time, against a step of the arm.

The tests:

- ``scenes``: fact probes on generated scenes that are not trained on: true texts against texts with one fact
  changed, in sentences that no arm uses, the mean of the four kinds, and the number out of ten, beside the
  most that a model can reach without pictures by knowing each class's usual number ("blind"). Retrieval by
  the scenes' own captions, where a caption is right for every scene that has it. The same models are asked
  about the boxed sets below ``--input``. Their annotations are not exhaustive, so no text about them is
  surely false; they are read as if they were, so some "false" texts may be true: a hint, not a measurement.
- ``ucm``: trained on pictures of UC Merced, tested on people's captions of others (protocol A) and on the 21
  classes, beside chance and two oracles: one knows every picture's class, one knows which texts it has but
  cannot tell pictures with equal texts apart. Each arm has a tokenizer of its own texts, and a model sees so
  many pieces of a text and no more: "cut" is the share of the asked captions of which it sees the start only.

A cell is the mean over seeds, then the least and the most. Weights are fresh and the data small: the figures
show how things work (mechanism only), not what a pretrained model would gain. The last line is one JSON
object; a row for each model goes to ``rows.jsonl`` in ``--folder``. What is trained or asked already is not
trained or asked again, so several processes may share a folder at the same time, each with some of the
``--seeds``, ``--arms`` or ``--tests``; run it once more for the whole table. A process uses one core.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from caption_arms import ARMS, drawn, finals, records, shown, taken_in
from caption_table import Found, figures_of, summary, table, verdict
from caption_tests import CaptionTest, SceneTest
from caption_trial import Trial

from mpgi_ray.data.storage import Storage

BOXED = ("airbus_aircraft", "dota_examples", "kit_ais_vehicles", "oam_osm_buildings", "simd")
HELD_OUT = 1_000_000  # the first scene that is asked about; those to train on begin with 0
ROWS = "rows.jsonl"
QUICK = {
    "tests": ["scenes"],
    "arms": ["short", "six", "captions"],
    "seeds": [0],
    "texts": [2],
    "steps": 2,
    "batch": 8,
    "scenes": 24,
    "held_out": 48,
}


def trial(name: str, options: argparse.Namespace) -> Trial:
    """The pictures of a test, with their texts, and the test."""
    folder = options.folder.absolute()
    if name == "scenes":
        made = finals(lambda: drawn(range(options.scenes)), folder / f"scenes-{options.scenes}")
        asked = list(map(shown, drawn(range(HELD_OUT, HELD_OUT + options.held_out))))
        real = list(map(shown, taken_in(options.input, BOXED))) if options.input else []
        return Trial(made, None, SceneTest(asked, real), options)
    made = finals(lambda: taken_in(options.input, [name]), folder / name)
    held_out, learned = (records(made / "shards", held_out=part) for part in (True, False))
    return Trial(made, "train", CaptionTest(held_out, learned), options)


def report(
    name: str, found: Found, steps: Mapping[str, int], judged: Sequence[str], options: argparse.Namespace
) -> list[str]:
    """Prints the tables of a test; returns how ``six`` compares with the best single text."""
    figures = figures_of(found)
    real = [figure for figure in figures if figure.startswith("real ")]
    longer = [f"{form}: {count}" for form, count in steps.items() if "=" in form]
    told = f"{options.steps} steps of {options.batch}; for equal CPU time {', '.join(longer)}"
    print(f"\n{name}; {told}; fresh weights: mechanism only\n")
    print(table(found, [figure for figure in figures if figure not in real]))
    if real:
        print(f"\n{table(found, real)}")
    singles = [arm for arm in options.arms if arm not in ("six", "captions")]
    pairs = [("six", singles)]
    for texts in options.texts:
        equal = [f"{arm} ={texts}" for arm in singles]
        pairs += [(f"six ×{texts}", equal), (f"six ={texts}", equal)]
    compared = [verdict(found, ours, others, figure) for ours, others in pairs for figure in judged]
    lines = [line for line in compared if line]
    print("", *lines, sep="\n")
    return lines


def options_of(given: Sequence[str] | None) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--tests", nargs="+", choices=("scenes", "ucm"), default=["scenes", "ucm"])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--texts", type=int, nargs="+", default=[3], help="of a picture in a step")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument(
        "--single-sentences", type=float, default=0.0, help="share of texts of which one is read"
    )
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument("--held-out", type=int, default=1600, help="generated ones that are asked about")
    parser.add_argument("--input", type=Path, help="folder with the real data sets, each with its manifest")
    parser.add_argument("--folder", type=Path, default=Path("build/caption_value"), help="data and models")
    parser.add_argument(
        "--quick", action="store_true", help="other defaults: shows that all runs, not that it learns"
    )
    if parser.parse_known_args(given)[0].quick:
        parser.set_defaults(**QUICK)
    options = parser.parse_args(given)
    if options.input is None:
        options.tests = [test for test in options.tests if test != "ucm"]
    return options


def main(given: Sequence[str] | None = None) -> None:
    options = options_of(given)
    torch.set_num_threads(1)  # so that two processes are twice as fast, and CPU time is that of the work
    results: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for name in options.tests:
        runs = trial(name, options)
        own = list(runs.run())
        found = summary([*runs.test.baselines(), *((row["name"], row["figures"]) for row in own)])
        steps = {row["name"]: row["steps"] for row in own}
        judged = report(name, found, steps, runs.test.judged, options)
        results[name] = {"steps": steps, "figures": found, "judged": judged}
        rows += [{"test": name, **row} for row in own]
    Storage(str(options.folder.absolute())).publish(
        ROWS, "".join(json.dumps(r) + "\n" for r in rows).encode()
    )
    trained = sum(row["trained"] for row in rows)
    asked = {key: value for key, value in vars(options).items() if key not in ("input", "folder")}
    print(json.dumps({"options": asked, "trained": trained, "tests": results}))


if __name__ == "__main__":
    main()
