"""Small data sets in published layouts, written by plain code, with what is in them: the kinds of layouts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 60, 48
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Truth:
    """What the writer put into one picture, by the labels of the shards."""

    scene: str | None = None
    labels: tuple[str, ...] = ()
    objects: tuple[tuple[str, Box], ...] = ()
    cover: tuple[tuple[str, float], ...] = ()
    split: str | None = None
    date: str | None = None
    gsd: float | None = None
    captions: tuple[str, ...] = ()


Truths = dict[str, Truth]  # by the picture's path below the folder of pictures


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def picture(path: Path) -> None:
    """A picture of its own."""
    seed = [ord(character) for character in str(path)]
    pixels = np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def places(number: int) -> list[tuple[int, int, int, int]]:
    """So many boxes in a picture: left, top, width and height."""
    random = Random(number)
    found = []
    for _ in range(number):
        left, top = random.randrange(WIDTH - 6), random.randrange(HEIGHT - 6)
        found.append((left, top, random.randint(2, WIDTH - left), random.randint(2, HEIGHT - top)))
    return found


def corners(place: tuple[int, int, int, int]) -> Box:
    left, top, width, height = place
    return left, top, left + width, top + height


def class_folders(root: str, *classes: str, suffix: str = "jpg", group: str = "") -> Callable[[Path], Truths]:
    """A picture in each class folder."""

    def write(folder: Path) -> Truths:
        names = {f"{group}{name}/{name}_1.{suffix}": name for name in classes}
        for name in names:
            picture(folder / root / name)
        return {name: Truth(scene=scene) for name, scene in names.items()}

    return write


def masked(
    images: str, masks: str, names: dict[str, str], values: dict[str | None, Any], split: str | None = None
) -> Callable[[Path], Truths]:
    """Pictures with a mask of vertical stripes, one a class; None is what no text tells."""

    def write(folder: Path) -> Truths:
        stripes = np.array_split(np.arange(WIDTH), len(values))
        for image, mask in names.items():
            picture(folder / images / image)
            rows = np.zeros((HEIGHT, WIDTH, *np.shape(next(iter(values.values())))), dtype=np.uint8)
            for columns, value in zip(stripes, values.values(), strict=True):
                rows[:, columns] = value
            (folder / masks).mkdir(parents=True, exist_ok=True)
            Image.fromarray(rows).save(folder / masks / mask)
        shares = zip(values, (len(columns) / WIDTH for columns in stripes), strict=True)
        cover = tuple((label, share) for label, share in shares if label)
        return {image: Truth(cover=cover, split=split) for image in names}

    return write


def voc_file(objects: dict[str, Box]) -> str:
    """As Pascal VOC, without what nobody reads."""
    parts = [f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"]
    for label, box in objects.items():
        sides = "".join(f"<{n}>{v}</{n}>" for n, v in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
        flags = "<pose>overlook</pose><truncated>0</truncated><difficult>0</difficult>"
        parts.append(f"<object><name>{label}</name>{flags}<bndbox>{sides}</bndbox></object>")
    return f"<annotation><folder>x</folder>{''.join(parts)}</annotation>"


def boxed_voc(
    images: dict[str, str], notes: str, lists: str | None, classes: dict[str, str]
) -> Callable[[Path], Truths]:
    """VOC: all classes in each picture; ``images`` are their paths, each with its split."""

    def write(folder: Path) -> Truths:
        found = {}
        for image, split in images.items():
            boxes = dict(zip(classes, map(corners, places(len(classes))), strict=True))
            stem = Path(image).stem
            picture(folder / image)
            put(folder / notes.format(stem=stem, top=image.split("/")[1]), voc_file(boxes))
            if lists is not None:
                put(folder / lists / f"{split}.txt", f"{stem}\n")
            objects = tuple((classes[label], box) for label, box in boxes.items())
            found[image] = Truth(objects=objects, split=split or None)
        return found

    return write
