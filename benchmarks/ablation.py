"""What each part of the method is worth, where the writer makes mistakes at a known rate.

Generated scenes are captioned twice by the imperfect writer (`mpgi_ray.demo.writer`) with the same seed,
once without the truth check (``facts.held=false``) and once with it. A share of its replies has a fault of
content, none has a fault of form. The arms are parts of what the two runs wrote:

- ``free``: the perspectives that see the picture alone; in the shipped prompts this is ``scene``;
- ``relay``: those that are given the facts: ``objects``, ``layout``, ``attributes``;
- ``relay+free``: all four;
- ``integrated``: the four, and ``short`` and ``long``, which an integration made of them;
- ``short+long``: these two alone;
- ``checked``, ``checked short+long``: the same of the run with the truth check.

Of the texts of an arm are shown:

- how many a sample has: a text that is rejected at the last attempt is missing;
- the false claims in 100 texts, by the writer's own log, never by our check. One that an integration took
  over from a description counts in each text that holds it;
- the share of facts kept: a fact is a class that is annotated in a scene, with its number. It is kept if one
  text of the arm or more tells that exact number of all things of the class, by the writer's log; whether
  another sentence denies it is not asked.

Each arm trains the same small CLIP from fresh weights on the same scenes, one text of a picture a step, once
a seed, and is asked as in the test ``scenes`` of `caption_value.py`: fact probes on scenes that are not
trained on, and retrieval by their own captions, on which no arm trains. A cell is the mean over seeds, then
the least and the most. Weights are fresh and the data small: mechanism only.

The writer is no model. Its free text names tones of the picture and can hold one of the twelve kinds of fault
alone, a thing that is not there; its relay texts say the facts in other words. So the arms show what becomes
of facts and faults on the way, not how well a multimodal model sees.

``--rate 0`` gives arms without a false claim. The last line is one JSON object. What is captioned, trained
or asked already in ``--folder`` is not done again; once its scenes are captioned, several processes may share
it, each with some of the ``--seeds``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from caption_arms import SIDE, SIX, code, drawn, final, publish, shown
from caption_table import figures_of, summary, table
from caption_tests import Figures, SceneTest
from caption_trial import Trial
from caption_value import HELD_OUT
from imperfect_run import Image, answers, content_faults, draw_all, run

from mpgi_ray.data.caption import Status
from mpgi_ray.data.storage import Storage
from mpgi_ray.runtime.cluster import ray_session

CHECKED = "checked-"  # before the names of the texts of the run with the truth check
INTEGRATED = ("short", "long")
ARMS = {
    "free": ("scene",),
    "relay": ("objects", "layout", "attributes"),
    "relay+free": ("objects", "layout", "attributes", "scene"),
    "integrated": SIX,
    "short+long": INTEGRATED,
    "checked": tuple(CHECKED + name for name in SIX),
    "checked short+long": tuple(CHECKED + name for name in INTEGRATED),
}
# what decides the texts
CODE = ("rules", "prompts", "recipes", "caption", "asking", "truth", "demo")
TOLD = "texts.json"  # beside the shards: the figures of each arm's texts
QUICK = {"scenes": 16, "held_out": 24, "seeds": [0], "steps": 2, "batch": 8}


class Told(NamedTuple):
    """A text, how many false claims it holds, and the numbers that it tells of each class."""

    text: str
    false: int
    numbers: Mapping[str, Sequence[int]]


Texts = dict[str, dict[str, Told]]  # by sample id and name


def written(options: argparse.Namespace) -> tuple[dict[str, Image], Texts]:
    """What is known of each scene, and the texts of both runs."""
    faults = content_faults(options.rate, options.believes)
    with tempfile.TemporaryDirectory(prefix="mpgi-bench-") as name:
        shards = Path(name) / "shards"
        images = draw_all(shards, options.scenes, 0, SIDE)
        texts: Texts = {sample: {} for sample in images}
        with ray_session(cpus_held=2):
            for held in (False, True):
                output = Path(name) / f"held-{held}"
                log = run(shards, output, faults, options.writer_seed, held=held)
                for sample, rows, line in answers(output, log, images):
                    for row in rows:
                        if row.status == Status.OK:
                            of = row.perspective
                            told = Told(row.text, len(line["false"][of]), line["numbers"][of])
                            texts[sample][CHECKED * held + of] = told
    return images, texts


def figures_of_texts(names: Sequence[str], images: Mapping[str, Image], texts: Texts) -> Figures:
    """Those of an arm with the texts of these names."""
    there = {sample: [own[name] for name in names if name in own] for sample, own in texts.items()}
    count = sum(map(len, there.values()))
    facts = [(sample, *fact) for sample, (_, annotated) in images.items() for fact in annotated.items()]
    kept = sum(any(n in told.numbers.get(label, ()) for told in there[sample]) for sample, label, n in facts)
    return {
        "texts a sample": count / len(images),
        "false claims in 100 texts": 100 * sum(told.false for own in there.values() for told in own) / count,
        "facts kept (%)": 100 * kept / len(facts),
    }


def prepared(options: argparse.Namespace) -> tuple[Path, dict[str, Figures]]:
    """Final shards with the texts of both runs, and the figures of each arm's texts."""
    made = f"{options.scenes}-rate-{options.rate:g}-believes-{options.believes:g}-seed-{options.writer_seed}"
    folder = options.folder.absolute() / made / f"texts-{code(*CODE)}"
    storage = Storage(str(folder))
    if not storage.exists(TOLD):
        images, texts = written(options)
        samples = drawn(range(options.scenes))
        finals = (final(one, {n: t.text for n, t in texts[one.sample_id].items()}) for one in samples)
        publish(finals, folder / "shards")
        told = {arm: figures_of_texts(names, images, texts) for arm, names in ARMS.items()}
        storage.publish_json(TOLD, told)
    return folder, storage.read_json(TOLD)


def options_of(given: Sequence[str] | None) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument("--held-out", type=int, default=1600, help="generated ones that are asked about")
    parser.add_argument("--rate", type=float, default=0.1, help="of replies with a fault of content")
    parser.add_argument("--believes", type=float, default=0.5, help="of integrations, see imperfect.py")
    parser.add_argument("--writer-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the training")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument(
        "--single-sentences", type=float, default=0.0, help="share of texts of which one is read"
    )
    parser.add_argument("--folder", type=Path, default=Path("build/ablation"), help="data and models")
    parser.add_argument(
        "--quick", action="store_true", help="other defaults: shows that all runs, not that it learns"
    )
    if parser.parse_known_args(given)[0].quick:
        parser.set_defaults(**QUICK)
    parser.set_defaults(texts=[])  # one a step
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    options = options_of(given)
    torch.set_num_threads(1)
    print(
        f"{options.scenes} scenes; a fault of content in {options.rate:.0%} of the replies, "
        f"{options.believes:.0%} of integrations believe a description that the facts contradict; "
        f"{options.steps} steps of {options.batch}, seeds {options.seeds}",
        flush=True,
    )
    folder, told = prepared(options)
    asked = list(map(shown, drawn(range(HELD_OUT, HELD_OUT + options.held_out))))
    runs = Trial(folder, None, SceneTest(asked, []), options, ARMS)
    models = [(row["name"], row["figures"]) for row in runs.run()]
    texts = [(arm, told[arm]) for arm in options.arms]
    found = summary([*runs.test.baselines(), *texts, *models])
    print(f"\n{table(found, [*told['free'], *figures_of(summary(models))])}\n")
    asked_for: dict[str, Any] = {key: value for key, value in vars(options).items() if key != "folder"}
    print(json.dumps({"options": asked_for, "texts": told, "figures": found}))


if __name__ == "__main__":
    main()
