"""Final shards of small coloured shapes, which a small model learns in seconds."""

from __future__ import annotations

import io
import random
from pathlib import Path

import webdataset
from PIL import Image, ImageDraw

COLOURS = {"red": (200, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 210), "yellow": (220, 210, 60)}
GROUNDS = {"water": (20, 60, 110), "sand": (205, 185, 140), "grass": (70, 110, 60), "asphalt": (70, 70, 75)}
SHAPES = ("building", "tank")
PLACES = {"left": 10, "right": 38}


def write_shapes(folder: Path, count: int, *, seed: int = 0, shards: int = 4, split: str = "train") -> Path:
    """Final shards of one shape each on a ground, with two perspectives."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    writers = [webdataset.TarWriter(str(folder / f"shard-{i:06d}.tar")) for i in range(shards)]
    for index in range(count):
        colour, ground = rng.choice(list(COLOURS)), rng.choice(list(GROUNDS))
        shape, place = rng.choice(SHAPES), rng.choice(list(PLACES))
        image = Image.new("RGB", (64, 64), tuple(c + rng.randint(-9, 9) for c in GROUNDS[ground]))
        x, y = PLACES[place] + rng.randint(-6, 6), rng.randint(10, 38)
        draw = ImageDraw.Draw(image)
        (draw.rectangle if shape == "building" else draw.ellipse)((x, y, x + 16, y + 16), COLOURS[colour])
        png = io.BytesIO()
        image.save(png, "PNG")
        texts = {
            "objects": f"There is one {colour} {shape} on {ground}.",
            "layout": f"A {colour} {shape} stands on the {place} of the {ground}.",
        }
        note = {
            "width": 64,
            "height": 64,
            "scene": [ground],
            "split": split,
            "captions": list(texts.values()),
        }
        writers[index % shards].write(
            {
                "__key__": f"{index:05d}",
                "png": png.getvalue(),
                "json": {"sample_id": f"{seed}-{index}", "texts": texts, "annotation": note},
                "txt": texts["objects"],
            }
        )
    for writer in writers:
        writer.close()
    return folder
