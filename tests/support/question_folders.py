"""Folders of questions and of answers to them, as their jobs leave them, without the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mpgi_ray.data.answers import Answer, publish_answers
from mpgi_ray.data.claim import stamps
from mpgi_ray.data.final import list_shards
from mpgi_ray.data.instructions import Conversation, Turn, fingerprint, write_instructions
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.evaluate.asked.figures import kinds
from support.final_scenes import write_final
from support.report_runs import SCRIPT, draw

PICTURES = 9  # five of them in the first shard
CHOICES = ("red", f"blue {SCRIPT}", "white")


def make_questions(root: Path) -> dict[str, list[Conversation]]:
    """``final``, and questions about all of it: ``instructions`` and a ``benchmark``."""
    samples = [draw(number) for number in range(PICTURES)]
    write_final(root / "final", samples)
    shards = {"shards": stamps(list_shards(str(root / "final")))}
    made = {"instructions": [*map(_talk, samples), *map(_presence, samples)]}
    made["benchmark"] = [_choice(number, sample) for number, sample in enumerate(samples)]
    for name, job in (("instructions", "instruct"), ("benchmark", "benchmark")):
        storage = Storage(str(root / name))
        storage.publish_json(f"{job}.json", shards)
        write_instructions(storage, made[name])
    told = {"cut": {"count": {"2": 7}}, "left_out": {"pictures without a text short": 3}}
    Storage(str(root / "instructions")).publish_json("summary.json", told)
    Storage(str(root / "benchmark")).publish_json("left_out.json", {"no other picture": 5})
    return made


def make_answers(
    root: Path, name: str, questions: str, answers: Sequence[Answer], shards: str = "answered"
) -> str:
    """The folder of a run that asked questions and got these answers."""
    storage = Storage(str(root / name))
    storage.publish_json("asked.json", {"questions": fingerprint(str(root / questions)), "shards": shards})
    publish_answers(storage, "00000-0000000.parquet", answers)
    told = {"engine": "tiny <i>", "pictures": True, "kinds": kinds(answers), "descriptions": []}
    storage.publish_json("summary.json", told)
    return storage.url


def answer(one: Conversation, place: int, reply: str, read: str | None, iou: float | None = None) -> Answer:
    """A reply; it is right if its answer was read in it."""
    turn = one.turns[place]
    right = iou > 0.5 if iou is not None else read == turn.answer
    told = (turn.kind, len(turn.choices), reply, None, read, right, iou)
    return Answer(one.sample_id, one.id, place, *told, 10, 2)


def _talk(sample: Sample) -> Conversation:
    """Where the car is, and how many there are; the picture is of 120 by 90 pixels."""
    box = [10 / 120, 10 / 90, 30 / 120, 25 / 90]
    located = {"names": ["car"], "phrase": f"the car {SCRIPT}", "box": box}
    turns = (
        Turn("grounding", "Where is the car?", "[0.083, 0.111, 0.250, 0.278]", truth=located),
        Turn("count", f"How many are there? {SCRIPT}", "One.", truth={"names": ["car"], "count": 1}),
    )
    return Conversation(sample.sample_id, turns, "set", "val" if sample.index == 0 else "train")


def _presence(sample: Sample) -> Conversation:
    """Of three pictures in turn one has a ship, one has none, and one of another class cannot be told."""
    truth, answer = [
        ({"names": ["ship"], "present": True}, "Yes."),
        ({"names": ["plane"], "present": False}, "No."),
        ({"names": ["bus"], "told": False}, "It cannot be told."),
    ][sample.index % 3]
    turn = Turn("presence", f"Is there a {truth['names'][0]}?", answer, truth=truth, model="words-1")
    return Conversation(sample.sample_id, (turn,), "set", "val" if sample.index == 0 else "train")


def _choice(number: int, sample: Sample) -> Conversation:
    turn = Turn("colour", "What colour is the car?", CHOICES[number % 3], CHOICES)
    return Conversation(sample.sample_id, (turn,), "set", "test")
