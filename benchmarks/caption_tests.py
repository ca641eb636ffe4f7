"""What the benchmark of captions asks its models: facts, and captions of pictures that they have not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol as Interface

import numpy as np
from caption_arms import ARMS, CAPTIONS, closed_world

from mpgi_ray.data.final import Record
from mpgi_ray.evaluate.baselines import chance, class_oracle
from mpgi_ray.evaluate.captions.words import words
from mpgi_ray.evaluate.probes.probe import (
    accuracy,
    blind_count_bound,
    count_accuracy,
    make_counts,
    make_probes,
)
from mpgi_ray.evaluate.probes.wording import Kind
from mpgi_ray.evaluate.retrieval import Protocol, Retrieval, retrieval, score
from mpgi_ray.evaluate.zero_shot import Templates, class_features, zero_shot
from mpgi_ray.models.embed import Model
from mpgi_ray.models.tokenizer import TextTokenizer

Figures = dict[str, float]  # in per cent, by name
FACTS = "mean of four"  # kinds of probe
TEN = "of ten"  # the number, out of ten


class Test(Interface):
    """What models are asked.

    Attributes:
        judged: figures by which the arms are compared.
        digest: changes with what is asked.
    """

    judged: tuple[str, ...]
    digest: str

    def baselines(self) -> Iterator[tuple[str, Figures]]:
        """Figures without a model, by name."""

    def score(self, arm: str, model: Model) -> Figures:
        """Those of a model of this arm."""


class SceneTest:
    """Fact probes on generated scenes and, if given, on real pictures; the scenes' own captions.

    Retrieval shares equal captions: one is right for every scene that has it.
    """

    judged: tuple[str, ...] = (FACTS, "i2t R@1", "t2i R@1")

    def __init__(self, scenes: Sequence[Record], real: Sequence[Record]) -> None:
        closed = [closed_world(record) for record in real]
        self.sets = {
            name: (records, make_probes(records), make_counts(records))
            for name, records in (("", scenes), ("real ", closed))
            if records
        }
        for name, (records, probes, counts) in self.sets.items():
            kinds = ", ".join(f"{sum(p.kind is kind for p in probes)} of {kind}" for kind in Kind)
            print(f"{len(records)} {name or 'generated '}pictures: {kinds}, {len(counts)} of ten numbers")
        self.captions = [Protocol.REPEATED.prepare(record.annotation["captions"][0]) for record in scenes]
        self.kinds = [record.annotation["scene"][0] for record in scenes]
        self.owners = list(range(len(scenes)))
        self.digest = _digest(
            [([r.sample_id for r in records], *asked) for records, *asked in self.sets.values()],
            self.captions,
        )

    def baselines(self) -> Iterator[tuple[str, Figures]]:
        asked = self.owners, self.captions, Protocol.REPEATED
        even = {f"{name}{p.kind}": 50.0 for name, (_, probes, _) in self.sets.items() for p in probes}
        yield "chance", even | {FACTS: 50.0} | _recalls(chance(len(self.owners), *asked))
        yield "blind", {f"{name}{TEN}": blind_count_bound(c) for name, (_, _, c) in self.sets.items() if c}
        yield "class oracle", _recalls(class_oracle(self.kinds, *asked))

    def score(self, arm: str, model: Model) -> Figures:
        figures: Figures = {}
        for name, (records, probes, counts) in self.sets.items():
            images = model.images(records)
            found = accuracy(images, model.texts, probes)
            figures |= {f"{name}{kind}": float(figure.per_cent.value) for kind, figure in found.items()}
            if counts:
                figures[f"{name}{TEN}"] = float(count_accuracy(images, model.texts, counts).per_cent.value)
            if not name:
                figures[FACTS] = float(np.mean([figures[kind] for kind in found]))
                told = model.texts(self.captions), self.owners, self.captions
                figures |= _recalls(score(Protocol.REPEATED, images, *told))
        return figures


class CaptionTest:
    """People's captions and scene classes of held-out pictures."""

    judged: tuple[str, ...] = ("mean recall",)

    def __init__(self, held_out: Sequence[Record], learned: Sequence[Record]) -> None:
        self.records, self.learned = held_out, learned
        said = [[text for name in CAPTIONS if (text := r.texts.get(name))] for r in held_out]
        self.texts = [Protocol.A.prepare(text) for texts in said for text in texts]
        self.owners = [image for image, texts in enumerate(said) for _ in texts]
        self.scenes = [record.annotation["scene"][0] for record in held_out]
        self.classes = sorted(set(self.scenes))
        self.digest = _digest([(r.sample_id, sorted(r.texts.items())) for r in (*held_out, *learned)])
        print(f"{len(held_out)} pictures of {len(self.classes)} classes, {len(self.texts)} captions")

    def baselines(self) -> Iterator[tuple[str, Figures]]:
        place = {text: column for column, text in enumerate(dict.fromkeys(self.texts))}
        texts = np.eye(len(place))[[place[text] for text in self.texts]]
        images = np.zeros((len(self.records), len(place)))
        np.maximum.at(images, self.owners, texts)
        by_chance = _recalls(chance(len(self.records), self.owners))
        yield "chance", by_chance | {"classes": 100 / len(self.classes)}
        yield "class oracle", _recalls(class_oracle(self.scenes, self.owners))
        yield "text oracle", _recalls(retrieval(images, texts, self.owners))

    def score(self, arm: str, model: Model) -> Figures:
        images = model.images(self.records)
        nearest = zero_shot(
            images,
            class_features(model.raw_texts, self.classes, Templates.RS5M),
            [self.classes.index(name) for name in self.scenes],
        )
        learned = {w for r in self.learned for name in ARMS[arm] for w in words(r.texts.get(name, ""))}
        asked = {word for text in self.texts for word in words(text)}
        figures = _recalls(retrieval(images, model.texts(self.texts), self.owners))
        figures |= {"classes": nearest.top1, "words known": 100 * len(asked & learned) / len(asked)}
        return figures | {"cut": cut(model.tokenize, self.texts)}


def cut(tokenizer: TextTokenizer, texts: Sequence[str]) -> float:
    """The share of texts in per cent that have more pieces than fit between the start and the end."""
    room = tokenizer.context_length - 2
    return 100 * sum(len(tokenizer.encode(text)) > room for text in texts) / len(texts)


def _recalls(found: Retrieval) -> Figures:
    row = found.row()
    return {"mean recall": row["mean_recall"], "i2t R@1": row["i2t_r1"], "t2i R@1": row["t2i_r1"]}


def _digest(*asked: object) -> str:
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
