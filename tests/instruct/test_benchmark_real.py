"""Single-choice questions about real pictures, held against the boxes of their manifests."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from mpgi_ray.data.sample import Annotation
from mpgi_ray.instruct.benchmark.candidates import candidates
from mpgi_ray.instruct.benchmark.groups import Asked, groups
from mpgi_ray.rules import gather
from support.annotations import annotate
from support.choices_held import holds

FOLDERS = ("simd", "kit_ais_vehicles", "airbus_aircraft", "dota_examples", "oam_osm_buildings")


def annotations(folder: Path) -> list[Annotation]:
    """Of the pictures of a source that labels all of its classes in each."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    notes = [annotate(row, exhaustive=True) for row in rows]
    everything = {label: kind for note in notes for label, kind in note.vocabulary.items()}
    return [note.model_copy(update={"vocabulary": everything, "source": folder.name}) for note in notes]


def test_each_answer_about_real_pictures_is_true_and_each_other_choice_false(data_dir: Path) -> None:
    notes = [note for name in FOLDERS for note in annotations(data_dir / name)]
    asked = [
        Asked(str(number), note.source or "", None, tuple(candidates(gather(note), note.source or "")))
        for number, note in enumerate(notes)
    ]
    made = [one for group in groups(asked) for one in group]
    kinds = Counter(one.turns[0].kind for one in made)
    assert {"presence", "count", "comparison", "position"} <= kinds.keys()
    wrong = []
    for one in made:
        (turn,), note = one.turns, notes[int(one.sample_id)]
        true = [choice for choice in turn.choices if holds(choice, turn, note)]
        if true != [turn.answer]:
            wrong.append((one.source, one.sample_id, turn, true))
    assert not wrong
