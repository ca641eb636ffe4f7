"""What a small model with a bridge learns from instruction records of generated scenes, stage by stage.

An image tower is trained as a CLIP; around it stand a fresh bridge and language model. Stage 0 teaches the
language model captions as text alone, stage 1 the bridge on captions, stage 2 bridge and language model on
instructions, stage 3 the same with kinds that are drawn more often. After each stage from 1 on, the model is
asked about scenes that it has not seen: whether a class is there (as often as not), how many of it, and in
which of nine cells the only one of it lies. Three readers do without the picture: the same model with the
picture of another scene, the same without a picture, and the most frequent answer to the very question.

At last the model captions held-out scenes as an engine of the caption job (on Ray), the truth check says how
many of its claims hold, and a report of the run is written.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from alone import learn
from bridge_questions import chance, conversations
from caption_arms import drawn, finals
from numpy.typing import NDArray
from PIL import Image

from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.check.job import audit
from mpgi_ray.data.caption import from_table
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.data.final import Record, decoded, list_shards, read_records
from mpgi_ray.data.instructions import Turn, write_instructions
from mpgi_ray.data.storage import Storage
from mpgi_ray.demo.draw import draw_scenes
from mpgi_ray.evaluate.bootstrap import bootstrap, paired_difference
from mpgi_ray.models.bridge_writer import BridgeWriter
from mpgi_ray.models.decoding import Greedy
from mpgi_ray.models.written import Asked
from mpgi_ray.report.page import write_report
from mpgi_ray.train.config import TrainConfig

HELD_OUT = 100_000  # number of the first scene that is captioned
TEXTS = {"*": 0, "layout": 1}
Asking = list[tuple[Image.Image, Turn]]
Hits = Mapping[str, NDArray[np.float64]]


def stages(options: argparse.Namespace, shards: Path, table: Path) -> Mapping[str, TrainConfig]:
    """The runs, in order; each starts from the one before."""
    models = options.folder.absolute() / f"models-{options.seed}"
    tower = options.tower or str(models / "tower")
    told = {"tokens": options.tokens}
    asked = told | {"instructions": str(table), "conversations": options.conversations}
    own: dict[str, dict[str, Any]] = {
        "tower": {"model": "small", "lr": 2e-3, "texts": {"*": 0, "layout": 2, "objects": 1, "short": 1}},
        "stage 0": {
            "model": options.model,
            "init": tower,
            "task_settings": told | {"pictures": False},
            "texts": TEXTS,
        },
        "stage 1": {"freeze": ["image", "text"], "task_settings": told, "texts": TEXTS},
        "stage 2": {"freeze": options.freeze, "task_settings": asked},
        "stage 3": {
            "freeze": options.freeze,
            "lr": options.lr / 2,
            "task_settings": asked | {"kinds": {"position": 4, "count": 2}},
        },
    }
    made = {}
    for (name, settings), steps in zip(own.items(), options.steps, strict=True):
        if name == "tower" and options.tower:
            continue
        same = {
            "weight_decay": 0.05,
            "bf16": False,
            "shards": str(shards),
            "output": str(models / name.replace(" ", "-")),
            "split": "train",
        }
        same |= {
            "steps": steps,
            "batch": options.batch,
            "lr": options.lr,
            "seed": options.seed,
            "bf16": False,
        }
        before = {} if name == "tower" else {"model": list(made.values())[-1].output} if made else {}
        task = {} if name == "tower" else {"task": "instruction"}
        made[name] = TrainConfig.model_validate(same | task | before | settings)
    return made


def words_alone(turns: Sequence[Turn], asked: Sequence[Turn]) -> list[str]:
    """The most frequent answer to each question among those that were learnt; to a new one, of its kind."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for turn in turns:
        told[turn.question][turn.answer] += 1
        told[turn.kind][turn.answer] += 1
    return [(told.get(t.question) or told[t.kind]).most_common(1)[0][0] for t in asked]


def answers(model: BridgeWriter, asked: Sequence[Asked]) -> list[str]:
    parts = (asked[first : first + 64] for first in range(0, len(asked), 64))
    return [written.text for part in parts for written in model.write(part, Greedy(), 8)]


def hits(model: BridgeWriter, learnt: Sequence[Turn], asked: Asking) -> Hits:
    """Whether each question is answered rightly, by who answers."""
    turns, others = [turn for _, turn in asked], [asked[n - len(asked) // 3][0] for n in range(len(asked))]
    told = {
        "model": answers(model, [Asked(picture, turn.question) for picture, turn in asked]),
        "another picture": answers(model, [Asked(o, t.question) for o, t in zip(others, turns, strict=True)]),
        "no picture": answers(model, [Asked(None, turn.question) for turn in turns]),
        "words alone": words_alone(learnt, turns),
    }
    return {
        name: np.array([_right(a, t) for a, t in zip(own, turns, strict=True)]) for name, own in told.items()
    }


def _right(answer: str, turn: Turn) -> float:
    return float(answer.strip().lower() == turn.answer.lower())


def tell(stage: str, model: BridgeWriter, learnt: Sequence[Turn], asked: Mapping[str, Asking]) -> None:
    for kind, own in asked.items():
        found = hits(model, learnt, own)
        ours, best = found["model"], max(list(found)[1:], key=lambda name: found[name].mean())
        own_range, gain = bootstrap(ours), paired_difference(ours, found[best])
        others = ", ".join(f"{name} {100 * found[name].mean():.1f}" for name in list(found)[1:])
        print(
            f"{stage}, {kind} ({len(own):,} questions): {100 * own_range.value:.1f} "
            f"({100 * own_range.low:.1f} to {100 * own_range.high:.1f}); {others}; "
            f"above {best} by {100 * gain.value:.1f} ({100 * gain.low:.1f} to {100 * gain.high:.1f})",
            flush=True,
        )


def questions(records: Sequence[Record], most: int) -> Mapping[str, Asking]:
    """Questions about scenes by kind, one turn each."""
    pictures = {record.sample_id: decoded(record) for record in records}
    made: dict[str, Asking] = defaultdict(list)
    told = sorted(conversations(records, 1), key=lambda one: chance("asked", one.id))
    for one in told:
        [turn] = one.turns
        if turn.kind != "describe_short" and len(made[turn.kind]) < most:
            made[turn.kind].append((pictures[one.sample_id], turn))
    return made


def described(options: argparse.Namespace, model: str) -> None:
    """Caption held-out scenes by the caption job, check the texts, and write a report."""
    folder = options.folder.absolute()
    shards, output = folder / f"held-out-{options.captions}", folder / f"captions-{options.seed}"
    draw_scenes(str(shards), options.captions, seed=1, first=HELD_OUT)
    engine = f"{{kind: local, model: '{model}', cpus: 0.5}}"
    where = {"input.shards": str(shards), "output": str(output), "max_reject_rate": 1}
    told = [f"generate.engine={engine}", "generate.perspectives=[scene]", "generate.sampling.max_tokens=96"]
    caption(load_recipe("template", where, told))
    rows = [row for table in CaptionFolder(str(output)).tables() for row in from_table(table)]
    written = [row for row in rows if row.perspective == "scene"]
    texts = folder / f"texts-{options.seed}.csv"
    with texts.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["key", "text"])
        out.writerows([row.key, row.raw] for row in written if row.attempt == 1)
    print(f"{len(written)} records of {len({row.key for row in written})} scenes by the model:")
    print("  by status:", dict(Counter(row.status for row in written)))
    print("  reasons:", dict(Counter(row.reason for row in written if row.reason)))
    found = audit(str(texts), str(shards))
    print("  first answers by the truth check:", {str(k): n for k, n in found.texts.items()})
    claims: dict[str, Counter[str]] = defaultdict(Counter)
    for (about, verdict), number in found.claims.items():
        claims[about][str(verdict)] += number
    for about, counts in sorted(claims.items()):
        print(f"  claims of {about}: {dict(counts)}")
    print("  report:", write_report(str(output), str(folder / f"report-{options.seed}.html")))


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--model", default="small-bridge-nova", help="or small-bridge")
    parser.add_argument("--tower", help="folder of a CLIP, in place of one that is trained")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=5,
        default=[300, 150, 150, 700, 200],
        help="of the tower, and stages 0 to 3",
    )
    parser.add_argument("--freeze", nargs="*", default=["image"], help="in stages 2 and 3")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--conversations", type=int, default=2, help="about a picture in a step")
    parser.add_argument("--tokens", type=int, default=80, help="of a conversation")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--scenes", type=int, default=6000, help="generated ones, four of five to train on")
    parser.add_argument("--asked", type=int, default=600, help="questions of a kind about held-out scenes")
    parser.add_argument(
        "--captions", type=int, default=100, help="held-out scenes that are captioned; 0: none"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("build/bridge_value"), help="data and models")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    folder = options.folder.absolute()
    made = finals(lambda: drawn(range(options.scenes)), folder / f"scenes-{options.scenes}")
    records = list(read_records(list_shards(str(made / "shards"))))
    train = [record for record in records if record.annotation["split"] == "train"]
    told = conversations(train, 4)
    table = folder / f"instructions-{options.scenes}"
    print(
        f"{write_instructions(Storage(str(table)), told):,} questions about {len(train):,} scenes", flush=True
    )
    learnt = [turn for one in told for turn in one.turns]
    asked = questions([one for one in records if one.annotation["split"] == "test"], options.asked)
    del records, train
    output = ""
    for stage, config in stages(options, made / "shards", table).items():
        before = time.process_time()
        loss, output = learn(config), config.output
        cpu = time.process_time() - before
        print(f"{stage}: {config.steps} steps, loss {loss}, {cpu:.0f} CPU seconds", flush=True)
        if stage in ("stage 1", "stage 2", "stage 3"):
            tell(stage, BridgeWriter.load(output, gpu=False), learnt, asked)
    if options.captions:
        described(options, output)


if __name__ == "__main__":
    main()
