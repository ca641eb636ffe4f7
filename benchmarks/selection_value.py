"""Whether selection pays: what models learn from all texts, from some by chance, and from the chosen ones.

The embedded engine writes six texts of each generated scene; a share of them (``--planted``) then gets one
false fact each (`selection_planted`). Every way (`selection_ways`) takes the same road as a user's data:
`mpgi score` makes figures of the texts, `mpgi curate --select` keeps some, and a small CLIP is trained on
what it publishes, from fresh weights, for equal steps, once a seed. All ways keep all pictures, each with one
text at least.

``--ways truth`` compares the truth check. It reads the same annotations that the errors were planted against,
with another reader: what it is worth where the annotation is silent is not shown here. ``--ways learned
--scorer FOLDER`` compares a scorer that learned from other scenes (of `scorer_value.py`), and looks at no
annotation of these.

Asked is as in the test ``scenes`` of `caption_value.py`: fact probes about scenes that are not trained on,
and retrieval by their own captions, on which no way trains. A cell is the mean over seeds, then the least and
the most. Weights are fresh and the data small: mechanism only.

The last line is one JSON object. What is captioned, scored, curated, trained or asked already in ``--folder``
is not done again. A process trains on one core.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from alone import learn
from caption_arms import SIX, drawn, shown
from caption_table import figures_of, summary, table
from caption_tests import Figures, SceneTest
from caption_value import HELD_OUT
from selection_planted import captioned
from selection_ways import LEADER, WAYS, rules

from mpgi_ray.curate import Curation, curate
from mpgi_ray.curate.choice import Choice
from mpgi_ray.curate.scores.job import Scores, score
from mpgi_ray.curate.scores.table import FOLDER
from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table, read_table
from mpgi_ray.evaluate.bootstrap import bootstrap
from mpgi_ray.models.embed import Model
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.train.config import TrainConfig

TEXTS = ("short", *(name for name in SIX if name != "short"))  # without the scenes' own captions
PLANTED = "planted.json"
SCORER_SEED = 1000  # of the CLIP that scores: none of those that are compared
FIRST = {"truth": 0, "learned": 200_000}  # number of the first scene; the scorer learned from those below
_TRUE = {"true": "value", "low": "low", "high": "high"}
KEEP = {"truth": 0.9, "learned": 0.3}  # of the leader
QUICK = {"scenes": 24, "held_out": 24, "seeds": [0], "steps": 2, "batch": 8}


def published(folder: Path, way: str, share: float, options: argparse.Namespace) -> dict[str, Any]:
    """The final shards of a way; how many texts and pictures they hold, and which share of texts is true."""
    output, chosen = folder / f"final-{way}", None
    if way != "all":
        chosen = folder / f"{way}.yaml"
        places = [str(folder / name) for name in ("scores", "oracle")]
        chosen.write_text(json.dumps({"scores": places, "rules": rules(way, share, options.keep)}))
    settings = {"captions": str(folder / "captions"), "output": str(output), "texts": TEXTS}
    made = curate(Curation.model_validate(settings | {"select": chosen and str(chosen)}))
    planted = {tuple(one) for one in json.loads((folder / PLANTED).read_text())}
    records = read_records(list_shards(str(output)), pictures=False)
    kept = {(record.sample_id, name) for record in records for name in record.texts if name in SIX}
    by_picture = Counter(sample for sample, _ in kept)
    false = Counter(sample for sample, _ in kept & planted)
    rows = np.array([[count - false[sample], count] for sample, count in by_picture.items()])
    true = bootstrap(rows, lambda drawn: 100 * drawn[:, 0].sum() / drawn[:, 1].sum())
    told = {name: round(float(getattr(true, of)), 2) for name, of in _TRUE.items()}
    return {"texts": made.texts, "pictures": made.kept, **told}


def config_of(folder: Path, way: str, seed: int, options: argparse.Namespace) -> TrainConfig:
    return TrainConfig(
        shards=str(folder / f"final-{way}"),
        output=str(folder / "models" / f"{way}-{seed}-{options.steps}x{options.batch}"),
        split=None,
        texts=dict.fromkeys(SIX, 1.0),
        context=48,
        steps=options.steps,
        batch=options.batch,
        lr=options.lr,
        single_sentences=0.5,
        bf16=False,
        seed=seed,
    )


def scored(folder: Path, model: str, scorer: str | None) -> None:
    """Scores of all texts, and beside them the column ``planted``, which only this benchmark knows."""
    scorers = [Choice(name="clip", settings={"model": model})]
    other = Choice(name="learned", settings={"model": scorer}) if scorer else Choice(name="truth")
    places = {"captions": str(folder / "captions"), "output": str(folder / "scores")}
    score(Scores.model_validate(places | {"scorers": [other, *scorers]}))
    planted = {tuple(one) for one in json.loads((folder / PLANTED).read_text())}
    shutil.copytree(folder / "scores", folder / "oracle", dirs_exist_ok=True)
    storage = Storage(str(folder / "oracle" / FOLDER))
    for name in storage.list(".parquet"):
        rows = read_table(storage, name)
        for column in [one for one in rows.column_names if rows.schema.field(one).type == pa.float64()]:
            rows = rows.drop_columns([column])
        told = zip(rows["sample_id"].to_pylist(), rows["name"].to_pylist(), strict=True)
        publish_table(
            storage, name, rows.append_column("planted", pa.array([float(t in planted) for t in told]))
        )


def prepared(options: argparse.Namespace) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The folder with the final shards of all ways, and what they hold."""
    told_of = f"{options.scenes}-planted-{options.planted:g}-keep-{options.keep:g}"
    made = f"{options.ways}-{told_of}-{options.steps}x{options.batch}"
    folder, leader = options.folder.absolute() / made, LEADER[options.ways]
    folder.mkdir(parents=True, exist_ok=True)
    first = FIRST[options.ways]
    with ray_session(cpus_held=2):
        if not (folder / PLANTED).exists():
            planted = captioned(folder, range(first, first + options.scenes), options.planted, 0)
            (folder / PLANTED).write_text(json.dumps(sorted(planted)))
        told = {"all": published(folder, "all", 1, options)}
        scorer = config_of(folder, "all", SCORER_SEED, options)
        learn(scorer)
        scored(folder, scorer.output, options.scorer)
        told[leader] = published(folder, leader, 1, options)
        share = told[leader]["texts"] / told["all"]["texts"]
        ways = WAYS[options.ways]
        told |= {way: published(folder, way, share, options) for way in ways if way not in told}
    return folder, {way: told[way] for way in ways}


def asked(config: TrainConfig, test: SceneTest) -> Figures:
    """The figures of a trained model; they lie beside it."""
    place = Storage(config.output)
    if place.exists("figures.json") and (found := place.read_json("figures.json"))["asked"] == test.digest:
        return dict(found["figures"])
    figures = test.score("", Model.load(config.output))
    place.publish_json("figures.json", {"asked": test.digest, "figures": figures})
    return figures


def compared(found: Mapping[str, Mapping[str, Sequence[float]]], leader: str, figure: str) -> str:
    """How the leader stands to ways without it, by the spread of the seeds."""
    told = []
    for way in ("all", "random", "score"):
        better = min(found[leader][figure]) > max(found[way][figure])
        told.append(f"{'better' if better else 'not better'} than {way}")
    return f"{figure}: outside the spread of seeds, {leader} is {', '.join(told)}"


def options_of(given: Sequence[str] | None) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument("--held-out", type=int, default=1600, help="generated ones that are asked about")
    parser.add_argument("--planted", type=float, default=0.3, help="share of texts that get a false fact")
    parser.add_argument("--ways", choices=list(WAYS), default="truth")
    parser.add_argument("--scorer", help="of --ways learned: a folder of `mpgi train --task preference`")
    parser.add_argument("--keep", type=float, help="share kept by the score that leads: 0.9; learned 0.3")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the training")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--folder", type=Path, default=Path("build/selection_value"), help="data and models")
    parser.add_argument(
        "--quick", action="store_true", help="other defaults: shows that all runs, not that it learns"
    )
    if parser.parse_known_args(given)[0].quick:
        parser.set_defaults(**QUICK)
    options = parser.parse_args(given)
    if (options.ways == "learned") != (options.scorer is not None):
        parser.error("--ways learned goes with --scorer FOLDER, and nothing else does")
    options.keep = options.keep or KEEP[options.ways]
    return options


def main(given: Sequence[str] | None = None) -> None:
    options = options_of(given)
    torch.set_num_threads(1)
    folder, told = prepared(options)
    for way, counts in told.items():
        true = f"{counts['true']:.1f} % ({counts['low']:.1f} to {counts['high']:.1f}) of the texts true"
        print(f"{way}: {counts['texts']:,} texts of {counts['pictures']:,} pictures, {true}", flush=True)
    test = SceneTest(list(map(shown, drawn(range(HELD_OUT, HELD_OUT + options.held_out)))), [])
    rows = []
    for way in told:
        for seed in options.seeds:
            config = config_of(folder, way, seed, options)
            learn(config)
            figures = asked(config, test)
            print(way, seed, {name: round(value, 1) for name, value in figures.items()}, flush=True)
            rows.append((way, figures))
    found = summary([*test.baselines(), *rows])
    print(f"\n{table(found, figures_of(summary(rows)))}\n")
    for figure in ("mean recall", "colour", "mean of four"):
        print(compared(found, LEADER[options.ways], figure))
    asked_for = {key: value for key, value in vars(options).items() if key != "folder"}
    print(json.dumps({"options": asked_for, "texts": told, "figures": found}))


if __name__ == "__main__":
    main()
