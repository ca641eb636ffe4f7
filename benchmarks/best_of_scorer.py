"""A scorer for `best_of.py`: it learns from what the imperfect writer says of other scenes.

Of each scene the writer gives several answers to every prompt, some with an error. The truth check, which
sees what these scenes hold, makes preferences of their sentences: swaps of two scenes (`reward.swaps`), and
what is false in one answer against what is true in another one about the same scene. A CLIP learns the
answers without an error first, and the scorer starts from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from alone import learn
from caption_arms import Members, drawn, final, publish
from described import DESCRIBED, Describing, Said

from mpgi_ray.data.preferences import Preference, write_preferences
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.reward.swaps import Told, swapped
from mpgi_ray.rules import Facts
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.rules.of_sample import facts_of_sample
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.truth.verdict import Checker, Verdict

DRAWS = 4
_FALSE, _TRUE = Verdict.CONTRADICTED, Verdict.SUPPORTED


def trained(folder: Path, scenes: int, rate: float, first: int, steps: int) -> str:
    """The folder of the scorer; what is there already is not made again.

    Args:
        scenes: how many, of seed 0.
        rate: of answers with an error.
        first: steps of the CLIP, of 32 pictures.
        steps: of the scorer, likewise.
    """
    folder = folder.absolute()
    pairs, shards = folder / f"pairs-{scenes}-{rate:g}", folder / f"scenes-{scenes}-{rate:g}"
    if not (pairs / "preferences.parquet").exists():
        describing, told, lists, members = Describing(rate), [], [], []
        for sample in drawn(range(scenes)):
            answers = dict(describing.answers(sample, DRAWS))
            facts = facts_of_sample(sample, measured=True)
            own = {f"{name}-{n}": one.text for name, of in answers.items() for n, one in enumerate(of)}
            told.append(Told(sample.sample_id, facts, own))
            lists += of_answers(sample, facts, answers)
            members.append(_member(sample, answers))
        publish(iter(members), shards)
        swaps = list(swapped(told))
        write_preferences(Storage(str(pairs)), [*swaps, *lists])
        print(
            f"{len(swaps):,} swapped pairs and {len(lists):,} of answers about {scenes:,} scenes", flush=True
        )
    same: dict[str, Any] = {"shards": str(shards), "batch": 32, "bf16": False, "seed": 0}
    base, scorer = (str(folder / "models" / name) for name in ("clip", "scorer"))
    texts = {"*": 0, **dict.fromkeys(DESCRIBED, 1)}
    start = {"model": "small", "texts": texts, "steps": first, "output": base, "single_sentences": 0.5}
    learn(TrainConfig.model_validate(same | start))
    settings = {"preferences": str(pairs), "lists": 8}
    own = {"model": base, "task": "preference", "task_settings": settings, "steps": steps, "lr": 1e-3}
    print("loss", learn(TrainConfig.model_validate(same | own | {"output": scorer})), flush=True)
    return scorer


def of_answers(sample: Sample, facts: Facts, answers: dict[str, list[Said]]) -> Iterator[Preference]:
    """For each false sentence one that is true, of another answer to the same prompt."""
    checker = Checker(facts)
    for name, said in answers.items():
        true: list[list[str]] = []
        false: list[tuple[int, str, str]] = []
        for number, answer in enumerate(said):
            true.append([])
            for sentence in split_sentences(answer.text):
                judged = checker.check(sentence)
                wrong = [one.claim.about.value for one in judged if one.verdict is _FALSE]
                if wrong:
                    false.append((number, sentence, wrong[0]))
                elif judged and all(one.verdict is _TRUE for one in judged):
                    true[-1].append(sentence)
        for number, sentence, wrong in false:
            others = [one for at, own in enumerate(true) if at != number for one in own]
            if others:
                chosen = Random(f"{sample.sample_id}/{name}/{sentence}").choice(others)
                yield Preference(sample.sample_id, wrong, (("", chosen), ("", sentence)))


def _member(sample: Sample, answers: dict[str, list[Said]]) -> Members:
    good = {name: next((one.text for one in said if not one.fault), "") for name, said in answers.items()}
    return final(sample, {name: text for name, text in good.items() if text})
