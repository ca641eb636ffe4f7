"""What learning from regions and patches brings, on generated scenes: small models, mechanism only.

A small CLIP is trained on scenes with their texts. From it, each arm goes on for equal steps: with the
contrastive loss alone, with regions of objects besides (the second stage of FarSLIP), with parts of pictures
besides (its first stage, whose claim is that patches against patches teach more than patches against the
class token), and with both. Each is asked about scenes that it has not seen: objects by themselves, retrieval
by the scenes' own captions, and which class each pixel of an object has, by patches (mIoU over the pixels of
objects, with the plain last block and a changed one).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import over_seeds
import torch
from alone import learn
from caption_arms import drawn, finals, shown
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mpgi_ray.data.final import Record, decoded
from mpgi_ray.evaluate.regions import Regions, figures
from mpgi_ray.evaluate.retrieval import Protocol, score
from mpgi_ray.evaluate.segment import UNKNOWN, confusion, mean_iou, segmented
from mpgi_ray.models.embed import Model
from mpgi_ray.models.patch_tokens import Last
from mpgi_ray.rules.boxed import region_name
from mpgi_ray.train.config import TrainConfig

HELD_OUT = 100_000  # number of the first scene that is asked about
SMALLEST = 4.0  # px of a region in pictures of 128
DISTILL = {"regions": 0.0, "distill": 0.1}
ARMS: Mapping[str, Mapping[str, Any] | None] = {
    "contrastive alone": None,
    "regions": {},
    "parts, patches to patches": DISTILL,
    "parts, patches to class token": DISTILL | {"align": "cls"},
    "regions and parts": {"distill": 0.1},
}


def config(options: argparse.Namespace, shards: Path, seed: int, arm: str | None) -> TrainConfig:
    """Of the model that all arms of a seed go on from, or of one of them."""
    models = options.folder.absolute() / "models"
    base = models / f"base-{seed}"
    own = {"model": "small-vit", "steps": options.first, "lr": options.lr, "output": str(base)}
    if arm is not None:
        settings = ARMS[arm]
        name = arm.replace(",", "").replace(" ", "-")
        own = {
            "model": str(base),
            "steps": options.steps,
            "lr": options.lr / 2,
            "output": str(models / f"{name}-{seed}"),
        }
        if settings is not None:
            own |= {
                "task": "regions",
                "task_settings": {"number": options.number, "least": SMALLEST, **settings},
            }
    same = {"shards": str(shards), "batch": options.batch, "bf16": False, "seed": seed}
    return TrainConfig.model_validate(own | same)


def masks(records: Sequence[Record], classes: Sequence[str]) -> list[NDArray[np.int16]]:
    """The class of each pixel that lies in an object, by their oriented boxes; others are `UNKNOWN`."""
    found = []
    for record in records:
        note = record.annotation
        mask = Image.new("I", (note["width"], note["height"]), UNKNOWN)
        for thing in note.get("objects", ()):
            name = region_name(thing["label"]).lower()
            if name in classes and thing.get("obb"):
                outline = [tuple(point) for point in thing["obb"]]
                ImageDraw.Draw(mask).polygon(outline, fill=classes.index(name))
        found.append(np.asarray(mask).astype(np.int16))
    return found


def asked(model: Model, records: Sequence[Record], objects: Regions) -> dict[str, float]:
    """The figures of a model."""
    names = model.texts(objects.names)
    crops = model.pictures(objects.crops(records[row] for row in objects.rows))
    top1, per_class = figures(objects.by_picture((crops @ names.T).argmax(axis=1).tolist()))
    captions = [Protocol.REPEATED.prepare(record.annotation["captions"][0]) for record in records]
    told = model.texts(captions), list(range(len(records))), captions
    recalls = score(Protocol.REPEATED, model.images(records), *told).row()
    row = {"objects": float(top1), "mean per class": float(per_class)}
    row |= {"i2t R@1": recalls["i2t_r1"], "t2i R@1": recalls["t2i_r1"]}
    true = masks(records, objects.classes)
    for last in (Last.PLAIN, Last.SEGEARTH):
        pixels = np.zeros((len(objects.classes),) * 2, np.int64)
        for patches, mask in zip(model.patches(map(decoded, records), last), true, strict=True):
            said = segmented(patches, names, mask.shape[::-1])
            pixels += confusion(said, mask, len(objects.classes))
        row[f"mIoU {last}"] = mean_iou(pixels)
    return row


def main(given: Sequence[str] | None = None) -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--first", type=int, default=800, help="steps of the model that all go on from")
    parser.add_argument("--steps", type=int, default=200, help="of each arm")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--number", type=int, default=2, help="regions and parts of a picture")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--scenes", type=int, default=2000, help="generated ones to train on")
    parser.add_argument("--held-out", type=int, default=1200, help="generated ones that are asked about")
    parser.add_argument("--folder", type=Path, default=Path("build/region_value"), help="data and models")
    options = parser.parse_args(given)
    torch.set_num_threads(1)  # so that two processes are twice as fast
    folder = options.folder.absolute()
    made = finals(lambda: drawn(range(options.scenes)), folder / f"scenes-{options.scenes}")
    records = list(map(shown, drawn(range(HELD_OUT, HELD_OUT + options.held_out))))
    objects = Regions.of(records)
    number = sum(map(len, objects.boxes))
    print(f"{len(records)} scenes, {number} objects of {len(objects.classes)} classes", flush=True)
    found: dict[str, list[dict[str, float]]] = {}
    for seed in options.seeds:
        for arm in (None, *ARMS):
            plan = config(options, made / "shards", seed, arm)
            loss = learn(plan)
            row = asked(Model.load(plan.output), records, objects)
            found.setdefault(arm or "before", []).append(row)
            told = ", ".join(f"{name} {value:.1f}" for name, value in row.items())
            print(f"{arm or 'before'}, seed {seed}: loss {loss}; {told}", flush=True)
    over_seeds.tell(found)
    print(json.dumps({"seeds": options.seeds, "steps": options.steps, "figures": found}))


if __name__ == "__main__":
    main()
