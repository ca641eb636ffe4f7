"""The contact sheet of shards: what is annotated is drawn and counted; labels without words are named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mpgi_ray.cli import main
from mpgi_ray.ingest import IngestConfig, SourceConfig, ingest, manifest
from support.ingested import ingest_lines, picture


def shards(folder: Path) -> Path:
    lines = []
    for number in range(30):
        (folder / f"{number}.png").write_bytes(picture(colour=number))
        boxes = [{"label": "ship", "bbox": [1, 2, 11, 12]}, {"label": "Qxz", "bbox": [20, 20, 23, 23]}]
        outline = {"label": "<b>tank</b>", "points": [[30, 5], [38, 5], [38, 20]]}
        lines.append({"image": f"{number}.png", "scene": "port", "boxes": boxes, "polygons": [outline]})
    lines.append({"image": "gone.png"})
    (folder / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ingest(manifest(str(folder / "m.jsonl")), IngestConfig(output=str(folder / "out"), shard_size=10))
    return folder / "out"


def test_a_sheet_shows_what_is_annotated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, page = shards(tmp_path), tmp_path / "sheet.html"
    assert main(["inspect", str(folder), "--html", str(page), "--cards", "7"]) == 0
    assert capsys.readouterr().out.strip() == f"{page}: 7 of 30 samples"
    html = page.read_text()
    assert html.count("data:image/jpeg;base64") == 7
    assert html.count("<polygon") == 7 * 3
    assert html.count('points="30,5 38,5 38,20 "') + html.count('points="30.0,5.0 38.0,5.0 38.0,20.0 "') == 7
    assert "<b>tank</b>" not in html
    assert re.search(r"not known as the name of a thing.*Qxz", html)
    assert re.search(r'<th scope="row">ship</th><td class="n">30</td><td class="n">30</td>', html)
    assert re.search(r'8 to 16 px</th><td class="n">', html)
    assert "missing_image" in html
    again = tmp_path / "again.html"
    assert main(["inspect", str(folder), "--html", str(again), "--cards", "7"]) == 0
    assert again.read_text() == html


def test_a_sheet_of_one_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, page = shards(tmp_path), tmp_path / "sheet.html"
    shard = next(folder.glob("*.tar"))
    assert main(["inspect", str(shard), "--html", str(page)]) == 0
    assert "10 of 10 samples" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "nowhere"), "--html", str(page)]) == 1


def test_a_sheet_of_masks_shows_regions_of_classes_without_objects(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[4:18, 10:40], mask[24:30, 3:13] = 1, 2
    Image.fromarray(mask).save(tmp_path / "mask.png")
    line = {"image": "a.png", "mask": "mask.png", "boxes": [{"label": "car", "bbox": [1, 1, 5, 5]}]}
    source = SourceConfig.model_validate({"mask": {"land": 0, "water": 1, "car": 2}})
    ingest_lines(tmp_path, line, source=source)
    page = tmp_path / "sheet.html"
    assert main(["inspect", str(tmp_path / "out"), "--html", str(page)]) == 0
    html = page.read_text()
    drawn = re.findall(r'<polygon( class="\w+")? data-label="(\w+)" stroke="[^"]+" points="([^"]+)"', html)
    box = "{0},{1} {2},{1} {2},{3} {0},{3} ".format
    assert sorted(drawn) == [
        ("", "car", box(1.0, 1.0, 5.0, 5.0)),
        (' class="region"', "land", box(0.0, 0.0, 40.0, 30.0)),
        (' class="region"', "water", box(10.0, 4.0, 40.0, 18.0)),
    ]
    assert re.findall(r"</i>([^<]+)</li>", html) == ["1 × car", "land", "water"]
