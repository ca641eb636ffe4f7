"""The runs of the benchmark of captions: every form of every arm, trained and asked once."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alone import RECIPE, cpu_seconds, learn
from caption_arms import ARMS
from caption_tests import Figures, Test

from mpgi_ray.data.final import list_shards, read_records
from mpgi_ray.data.storage import Storage
from mpgi_ray.models.embed import Model
from mpgi_ray.train.config import TrainConfig

CONTEXT = 48
FIGURES = "figures.json"  # beside the weights: what the model was asked, and its figures
MEASURED = 48  # steps, of which three windows are read


@dataclass(frozen=True, slots=True)
class Form:
    """A way to train an arm."""

    arm: str
    texts: int
    steps: int
    name: str


class Trial:
    """Arms on one set of pictures, and what their models are asked."""

    def __init__(
        self,
        folder: Path,
        split: str | None,
        test: Test,
        options: argparse.Namespace,
        arms: Mapping[str, Sequence[str]] = ARMS,
    ) -> None:
        self.folder, self.split, self.test, self.options, self.arms = folder, split, test, options, arms
        shards = list_shards(folder / "shards")
        self.held = {name for record in read_records(shards, pictures=False) for name in record.texts}

    def forms(self) -> list[Form]:
        """Every form of every arm: one text a step, several, and one for the CPU time of several."""
        arms, steps = self.options.arms, self.options.steps
        forms = [Form(arm, 1, steps, arm) for arm in arms]
        for texts in self.options.texts:
            several = [arm for arm in arms if arm in ("six", "captions") and len(self.texts(arm)) >= texts]
            forms += [Form(arm, texts, steps, f"{arm} ×{texts}") for arm in several]
            forms += [Form(arm, 1, round(steps * self.cost(arm, texts)), f"{arm} ={texts}") for arm in arms]
        return forms

    def texts(self, arm: str) -> list[str]:
        return [name for name in self.arms[arm] if name in self.held]

    def config(self, form: Form, seed: int) -> TrainConfig:
        texts = {"*": 0.0, **dict.fromkeys(self.texts(form.arm), 1.0)}
        name = f"{form.arm}-{seed}-{form.steps}x{self.options.batch}x{form.texts}"
        return TrainConfig(
            shards=str(self.folder / "shards"),
            output=str(self.folder / "models" / name),
            split=self.split,
            texts=texts,
            texts_per_step=form.texts,
            context=CONTEXT,
            steps=form.steps,
            batch=self.options.batch,
            lr=self.options.lr,
            single_sentences=self.options.single_sentences,
            bf16=False,
            seed=seed,
        )

    def cost(self, arm: str, texts: int) -> float:
        """CPU time of a step of ``six`` with so many texts against one of the arm with one.

        It is measured by who asks first.
        """
        place = self.folder / f"cost-{texts}-of-batch-{self.options.batch}-{arm}.txt"
        if not place.exists():
            steps = max(2, min(MEASURED, self.options.steps))
            one, several = (self.config(Form(a, n, steps, ""), 0) for a, n in ((arm, 1), ("six", texts)))
            before, cost, after = cpu_seconds(one), cpu_seconds(several), cpu_seconds(one)
            part = place.with_suffix(f".{os.getpid()}.part")
            part.write_text(f"{2 * cost / (before + after):.2f}")
            try:
                os.link(part, place)  # the first one stays: all processes train for the same steps
            except FileExistsError:
                pass
            finally:
                part.unlink()
        cost = float(place.read_text())
        print(f"a step of {texts} texts of six costs the CPU time of {cost:.2f} steps of {arm}", flush=True)
        return cost

    def run(self) -> Iterator[dict[str, Any]]:
        """A row for every form and seed, trained and asked if it is not yet."""
        for form in self.forms():
            for seed in self.options.seeds:
                started, cpu = time.perf_counter(), time.process_time()
                config = self.config(form, seed)
                loss = learn(config)
                figures = self.asked(form.arm, config)
                end = "trained before" if loss is None else f"loss {loss:.2f}"
                told = ", ".join(f"{name} {value:.1f}" for name, value in figures.items())
                took = f"{time.perf_counter() - started:.0f} s, CPU {time.process_time() - cpu:.0f} s"
                print(f"{form.name}, {form.steps} steps, seed {seed}: {took}, {end}; {told}", flush=True)
                yield {
                    "name": form.name,
                    "arm": form.arm,
                    "texts": form.texts,
                    "steps": form.steps,
                    "seed": seed,
                    "trained": loss is not None,
                    "figures": figures,
                }

    def asked(self, arm: str, config: TrainConfig) -> Figures:
        """The figures of a trained model; they lie beside it."""
        place = Storage(config.output)
        asked = f"{place.read(RECIPE).decode()} {self.test.digest}"
        if place.exists(FIGURES):
            found = place.read_json(FIGURES)
            if found["asked"] == asked:
                return dict(found["figures"])
        figures = self.test.score(arm, Model.load(config.output))
        place.publish_json(FIGURES, {"asked": asked, "figures": figures})
        return figures
