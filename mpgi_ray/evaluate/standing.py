"""What a model's training tells of a test set, and whether its accuracy on classes is a zero-shot one.

The word is used only where it can be checked: the model says what it saw, no picture of the test set was
among that, and no picture of the same data set. The last is the custom of the field, which does not report a
training source as zero-shot, whichever split is asked for. First weights that open_clip knows by a tag
were trained on pictures of the web at large, and custom calls what follows zero-shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mpgi_ray.data.final import short_id
from mpgi_ray.evaluate.leaked import Between, Leaked
from mpgi_ray.evaluate.test_set import TestSet
from mpgi_ray.models.model_folder import AND, Seen, seen_by
from mpgi_ray.models.place import name_and_file
from mpgi_ray.models.published import is_tag


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known; ``str()`` of it is one line.

    Attributes:
        told: whether the model saw the samples, their classes and their sources.
        refused: why its accuracy on classes is not called zero-shot; empty if it is.
    """

    told: str
    refused: str

    def __str__(self) -> str:
        return f"{self.told}; {f'not zero-shot: {self.refused}' if self.refused else 'zero-shot'}"


def standing(
    model: str, test: TestSet, leaked: Leaked | None = None, related: Sequence[Sequence[str]] = ()
) -> Standing:
    """What a model saw of a test set, as its own run says.

    Args:
        model: a checkpoint's folder, or ``NAME@FILE``.
        leaked: what a search for leaks found.
        related: groups of names of sources that are made of the same pictures.

    Raises:
        InputError: what the model saw cannot be read.
    """
    seen = None if name_and_file(model) else seen_by(model)
    if seen is None:
        why = "the model does not say what it was trained on"
        return Standing(f"leak unknown: {why}", why)
    trained, asked = set(seen.samples), {short_id(record.sample_id) for record in test.records}
    known = sum(short_id(record.sample_id) in trained for record in test.records)
    between = None if leaked is None else leaked.between(trained, asked)
    scenes = {scene for scene in test.scenes if scene}
    told = [f"LEAK: {known} of {len(test.records)} pictures were in training" if known else "no picture seen"]
    told += _told(between)
    told.append(f"{len(scenes & set(seen.classes))} of {len(scenes)} classes seen")
    told += [f"what {seen.before} had seen is unknown"] if seen.before else []
    refused = [f"{known} of {len(test.records)} pictures were in training"] if known else []
    refused += [*_refused(between), *_same_source(seen, test, related)]
    if unknown := [name for name in seen.before.split(AND) if name and not is_tag(name)]:
        refused.append(f"{AND.join(unknown)} does not say what it was trained on")
    return Standing("; ".join(told), ", and ".join(refused))


def _told(between: Between | None) -> list[str]:
    if between is None:
        return []
    told = []
    if between.pictures:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in between.kinds.items())
        told.append(f"LEAK: {between.pictures:,} training pictures show what these show ({kinds})")
    if between.compared:
        told.append(f"`mpgi leaks` did not compare {between.compared}")
    return told or ["no leak found"]


def _refused(between: Between | None) -> list[str]:
    if between is None:
        return []
    leaking = f"{between.pictures:,} of its training pictures show what these pictures show"
    unclear = (
        f"{between.unclear:,} of its training pictures meet several evaluation pictures, of which one is "
        "named that is not here: run `mpgi leaks` against this test set alone"
    )
    return [reason for count, reason in ((between.pictures, leaking), (between.unclear, unclear)) if count]


def _same_source(seen: Seen, test: TestSet, related: Sequence[Sequence[str]]) -> list[str]:
    """What speaks against the word as far as data sets go: they are known by name, whatever its case."""
    group = {name.casefold(): names[0].casefold() for names in related for name in names}
    ours = {group.get(name.casefold(), name.casefold()): name for name in seen.sources if name}
    asked = sorted({record.source for record in test.records})
    reasons = [
        f"pictures of {name} were in training{'' if one.casefold() == name.casefold() else f', as {one}'}"
        for name in asked
        if (one := ours.get(group.get(name.casefold(), name.casefold())))
    ]
    if "" in seen.sources:
        reasons.append("not all training pictures tell which data set they are of")
    elif "" in asked and seen.sources:
        reasons.append("not all of these pictures tell which data set they are of")
    return reasons
