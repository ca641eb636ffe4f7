"""Pictures that say by EXIF how to turn them give the same facts as the upright one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from mpgi_ray.data.sample import Annotation
from mpgi_ray.ingest import IngestConfig, SourceConfig, ingest, manifest
from mpgi_ray.ingest.windows import Tiling
from mpgi_ray.rules.gathering import gather
from support.ingested import rejected, samples

WIDTH, HEIGHT = 90, 60
BOX = (10, 5, 40, 25)  # in the upright picture
OUTLINE = [(60, 30), (85, 30), (85, 55)]
# what Pillow does to the pixels of a file with this orientation; the inverse is applied to make the file
INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def stored(image: Image.Image, orientation: int) -> Image.Image:
    """The pixels that a file of this orientation holds, by Pillow's own turning."""
    exif = Image.Exif()
    exif[0x0112] = INVERSE[orientation]
    sink = io.BytesIO()
    image.save(sink, "PNG", exif=exif)
    return ImageOps.exif_transpose(Image.open(sink))


def marks(drawn: list[tuple[float, float]], orientation: int) -> list[tuple[float, float]]:
    """Points of the upright picture in the file's pixels: those of a mark that was painted there."""
    found = []
    for x, y in drawn:
        mark = Image.new("L", (WIDTH * 4, HEIGHT * 4))
        mark.putpixel((min(round(x * 4), WIDTH * 4 - 1), min(round(y * 4), HEIGHT * 4 - 1)), 255)
        down, across = np.argwhere(np.asarray(stored(mark, orientation)) > 0)[0]
        found.append((float(round((across + 0.5) / 4)), float(round((down + 0.5) / 4))))
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_all_orientations_give_the_same_facts(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[5:25, 10:40] = (200, 30, 30)
    pixels[30:55, 60:85] = (30, 30, 200)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:20] = 1
    lines = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"{orientation}.{kind.lower()}"
        file = stored(Image.fromarray(pixels), orientation)
        file.save(tmp_path / name, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
        stored(Image.fromarray(mask), orientation).save(tmp_path / f"{orientation}_mask.png")
        (x1, y1), (x2, y2) = marks([BOX[:2], BOX[2:]], orientation)
        box = [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]
        line: dict[str, Any] = {"image": name, "boxes": [{"label": "ship", "bbox": box}]}
        line |= {"polygons": [{"label": "tank", "points": marks(OUTLINE, orientation)}]}
        line |= {"mask": f"{orientation}_mask.png", "width": file.width, "height": file.height}
        lines.append(line)
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    source = SourceConfig.model_validate({"mask": {"land": 0, "water": 1}})
    ingest(manifest(str(tmp_path / "m.jsonl")), IngestConfig(output=str(tmp_path / "out"), source=source))
    assert rejected(tmp_path / "out") == []
    assert "7 pictures were turned upright" in caplog.text
    found = samples(tmp_path / "out")
    upright = found[f"1.{kind.lower()}"]
    assert upright.image == (tmp_path / f"1.{kind.lower()}").read_bytes()  # nothing to turn: not touched
    facts = [gather(_without_origin(sample.annotation)) for sample in found.values()]
    assert len(found) == 8
    assert all(one == facts[0] for one in facts)
    for name, sample in found.items():
        shown = np.asarray(Image.open(io.BytesIO(sample.image)).convert("RGB")).astype(int)
        assert np.abs(shown - pixels).mean() < 3, name
        assert Image.open(io.BytesIO(sample.image)).getexif().get(0x0112, 1) == 1
        things = sample.annotation.objects
        assert [tuple(thing.box) for thing in things] == [BOX, (60, 30, 85, 55)]
        assert sample.annotation.cover["water"].regions == ((0, 0, WIDTH, 20),)


def _without_origin(annotation: Annotation) -> Annotation:
    return annotation.model_copy(update={"origin": None})


def test_boxes_that_are_drawn_in_the_turned_picture_stay(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (HEIGHT, WIDTH)).save(tmp_path / "a.jpg", exif=exif)
    box = {"boxes": [{"label": "ship", "bbox": list(BOX)}]}
    line = {"image": "a.jpg", "width": WIDTH, "height": HEIGHT, **box}
    (tmp_path / "m.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"width": 7}))
    config = IngestConfig(output=str(tmp_path / "out"), tiling=Tiling(tile=50))
    ingest(manifest(str(tmp_path / "m.jsonl")), config)
    found = samples(tmp_path / "out")
    assert tuple(found["a.jpg#0_0_45_30"].annotation.objects[0].box) == (*BOX[:3], 25)
    assert len(found) == 4
    ((_, reason, detail),) = rejected(tmp_path / "out")
    assert (reason, "7×60" in detail) == ("size_mismatch", True)
