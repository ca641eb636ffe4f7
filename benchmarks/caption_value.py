"""What different captions of the same pictures teach a model.

An arm is a kind of text: a class sentence, the rules' sentences, one perspective alone, all six texts, the
short or the long one, or the captions that come with the pictures (those of people, where people wrote them).
Every arm trains the same small model from fresh weights on the same pictures for the same steps, once a seed.

- ``scenes``: generated scenes; fact probes on held-out ones: true texts against texts with one fact changed,
  in sentences that no arm uses, and the number out of ten, beside the most that a model can reach without
  pictures by knowing each class's usual number ("blind bound"). The same models are asked about the boxed
  sets below ``--input``. Their annotations are not exhaustive, so no text about them is surely false;
  they are read as if they were, so some "false" texts may be true: a hint, not a measurement.
- ``ucm``: trained on pictures of UC Merced, tested on people's captions of others (protocol A) and on the 21
  classes, beside chance and two oracles: one knows every picture's class, one knows which texts it has but
  cannot tell pictures with equal texts apart. Each arm has a tokenizer of its own texts, and a model sees so
  many pieces of a text and no more: "cut" is the share of the asked captions of which it sees the start only.

A cell is the mean over seeds, then the least and the most. Weights are fresh and the data small: the figures
show how things work (mechanism only), not what a pretrained model would gain. The last line is one JSON
object; a row for each figure of each run goes to ``--rows``. What is trained already by the same recipe on
the same samples is not trained again: run it in pieces, then once more for the whole table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from alone import learn
from caption_arms import ARMS, CAPTIONS, closed_world, draw, finals, records_of, take_in

from mpgi_ray.data.final import Record, list_shards, read_records
from mpgi_ray.evaluate.baselines import chance, class_oracle
from mpgi_ray.evaluate.captions.words import words
from mpgi_ray.evaluate.probes.probe import (
    accuracy,
    blind_count_bound,
    count_accuracy,
    make_counts,
    make_probes,
)
from mpgi_ray.evaluate.retrieval import Protocol, Retrieval, retrieval
from mpgi_ray.evaluate.zero_shot import Templates, class_features, zero_shot
from mpgi_ray.models.embed import Model
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.runtime.cluster import ray_session
from mpgi_ray.train.config import TrainConfig

BOXED = ("airbus_aircraft", "dota_examples", "kit_ais_vehicles", "oam_osm_buildings", "simd")
CONTEXT = 48

Row = dict[str, Any]  # arm, figure and value in per cent; of a model also its seed, of probes low and high


class ProbeTest:
    """Fact probes on held-out scenes and, if given, on real pictures."""

    def __init__(self, held_out: Sequence[Record], real: Sequence[Record]) -> None:
        allowed = len(make_probes(real)) + len(make_counts(real))
        print(f"{len(real)} real pictures, whose annotations allow {allowed} probes; read as exhaustive:")
        closed = [closed_world(record) for record in real]
        self.sets = {
            name: (records, make_probes(records), make_counts(records))
            for name, records in (("", held_out), ("real ", closed))
        }
        for name, (records, probes, counts) in self.sets.items():
            print(f"  {name or 'scenes '}{len(records)} pictures, {len(probes)} + {len(counts)} probes")

    def baselines(self) -> Iterator[Row]:
        for name, (_, probes, counts) in self.sets.items():
            yield from _rows("chance", {f"{name}{probe.kind}": 50.0 for probe in probes})
            if counts:
                yield from _rows("blind bound", {f"{name}of ten": blind_count_bound(counts)})

    def score(self, arm: str, model: Model) -> Iterator[Row]:
        for name, (records, probes, counts) in self.sets.items():
            if not probes:
                continue
            images = model.images(records)
            figures = {str(kind): figure for kind, figure in accuracy(images, model.texts, probes).items()}
            if counts:
                figures["of ten"] = count_accuracy(images, model.texts, counts)
            for title, figure in figures.items():
                found = figure.per_cent
                ends = {"value": float(found.value), "low": float(found.low), "high": float(found.high)}
                yield {"arm": arm, "figure": f"{name}{title}", **ends}


class CaptionTest:
    """People's captions and scene classes of held-out pictures."""

    def __init__(self, held_out: Sequence[Record], learned: Sequence[Record]) -> None:
        self.records, self.learned = held_out, learned
        said = [[text for name in CAPTIONS if (text := r.texts.get(name))] for r in held_out]
        self.texts = [Protocol.A.prepare(text) for texts in said for text in texts]
        self.owners = [image for image, texts in enumerate(said) for _ in texts]
        self.scenes = [record.annotation["scene"][0] for record in held_out]
        self.classes = sorted(set(self.scenes))

    def baselines(self) -> Iterator[Row]:
        place = {text: column for column, text in enumerate(dict.fromkeys(self.texts))}
        texts = np.eye(len(place))[[place[text] for text in self.texts]]
        images = np.zeros((len(self.records), len(place)))
        np.maximum.at(images, self.owners, texts)
        by_name = {
            "chance": chance(len(self.records), self.owners),
            "class oracle": class_oracle(self.scenes, self.owners),
            "text oracle": retrieval(images, texts, self.owners),
        }
        for arm, found in by_name.items():
            yield from _rows(arm, _recalls(found))
        yield from _rows("chance", {"zero-shot": 100 / len(self.classes)})

    def score(self, arm: str, model: Model) -> Iterator[Row]:
        images = model.images(self.records)
        nearest = zero_shot(
            images,
            class_features(model.raw_texts, self.classes, Templates.RS5M),
            [self.classes.index(name) for name in self.scenes],
        )
        learned = {w for r in self.learned for name in ARMS[arm] for w in words(r.texts.get(name, ""))}
        asked = {word for text in self.texts for word in words(text)}
        figures = _recalls(retrieval(images, model.texts(self.texts), self.owners))
        figures |= {"zero-shot": nearest.top1, "words known": 100 * len(asked & learned) / len(asked)}
        figures["cut"] = cut(model.tokenize, self.texts)
        yield from _rows(arm, figures)


def cut(tokenizer: TextTokenizer, texts: Sequence[str]) -> float:
    """The share of texts in per cent that have more pieces than fit between the start and the end."""
    room = tokenizer.context_length - 2
    return 100 * sum(len(tokenizer.encode(text)) > room for text in texts) / len(texts)


def _rows(arm: str, figures: dict[str, float]) -> Iterator[Row]:
    yield from ({"arm": arm, "figure": name, "value": value} for name, value in figures.items())


def _recalls(found: Retrieval) -> dict[str, float]:
    row = found.row()
    return {"mean recall": row["mean_recall"], "i2t R@1": row["i2t_r1"], "t2i R@1": row["t2i_r1"]}


def summary(rows: Sequence[Row]) -> dict[str, dict[str, list[float]]]:
    """The values of each figure over seeds, by arm."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        found.setdefault(row["arm"], {}).setdefault(row["figure"], []).append(row["value"])
    return found


def table(found: dict[str, dict[str, list[float]]]) -> str:
    names = list(dict.fromkeys(name for figures in found.values() for name in figures))
    lines = [f"{'':14}" + "".join(f"{name:>18}" for name in names)]
    for arm, figures in found.items():
        cells = [figures.get(name) for name in names]
        told = [
            f"{np.mean(c):.1f} ({min(c):.1f}-{max(c):.1f})" if c and len(c) > 1 else _one(c) for c in cells
        ]
        lines.append(f"{arm:14}" + "".join(f"{cell:>18}" for cell in told))
    return "\n".join(lines)


def _one(values: list[float] | None) -> str:
    return f"{values[0]:.1f}" if values else "-"


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--tests", nargs="+", choices=("scenes", "ucm"), default=["scenes", "ucm"])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones; about 1 in 5 is held out")
    parser.add_argument("--input", type=Path, help="folder with the real data sets, each with its manifest")
    parser.add_argument("--folder", type=Path, default=Path("build/caption_value"), help="data and models")
    parser.add_argument("--rows", type=Path, default=Path("build/caption_value.jsonl"))
    options = parser.parse_args()
    if options.input is None:
        options.tests = [test for test in options.tests if test != "ucm"]
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    results = {}
    with ray_session(cpus_held=2), options.rows.open("w") as file:
        for name in options.tests:
            rows = []
            for row in measure(name, options):
                rows.append(row)
                file.write(json.dumps({"test": name, **row}) + "\n")
                file.flush()
            results[name] = summary(rows)
    for name, found in results.items():
        print(f"\n{name}, {options.steps} steps, fresh weights: mechanism only\n{table(found)}")
    asked = {key: value for key, value in vars(options).items() if key not in ("input", "folder", "rows")}
    print(json.dumps({**asked, **results}))


def measure(name: str, options: argparse.Namespace) -> Iterator[Row]:
    """The baselines of a test, then every arm and seed, trained if it is not yet."""
    folder = options.folder.absolute() / (f"scenes-{options.scenes}" if name == "scenes" else name)
    test: ProbeTest | CaptionTest
    if name == "scenes":
        draw(folder / "shards", options.scenes)
        shards, real = finals(folder), []
        if options.input:
            boxed = options.folder.absolute() / "boxed"
            take_in(boxed / "shards", options.input, BOXED)
            real = list(read_records(list_shards(finals(boxed))))
        test = ProbeTest(records_of(shards, held_out=True), real)
    else:
        take_in(folder / "shards", options.input, ["ucm"])
        shards = finals(folder)
        test = CaptionTest(records_of(shards, held_out=True), records_of(shards, held_out=False))
    held = {text for record in read_records(list_shards(shards), pictures=False) for text in record.texts}
    yield from test.baselines()
    for arm in options.arms:
        for seed in options.seeds:
            started = time.perf_counter()
            output = folder / "models" / f"{arm}-{seed}-{options.steps}x{options.batch}"
            loss = learn(
                TrainConfig(
                    shards=str(shards),
                    output=str(output),
                    split="train",
                    texts={"*": 0.0, **{text: 1.0 for text in ARMS[arm] if text in held}},
                    context=CONTEXT,
                    steps=options.steps,
                    batch=options.batch,
                    seed=seed,
                )
            )
            trained = time.perf_counter()
            rows = [{"seed": seed, **row} for row in test.score(arm, Model.load(str(output)))]
            told = ", ".join(f"{row['figure']} {row['value']:.1f}" for row in rows)
            took = f"{trained - started:.0f} + {time.perf_counter() - trained:.0f} s"
            end = "trained before" if loss is None else f"loss {loss:.2f}"
            print(f"{name} {arm} {seed}: {took}, {end}; {told}", flush=True)
            yield from rows


if __name__ == "__main__":
    main()
