"""Every number and place that texts state of real images, held against the original annotation files.

The counting below reads the sources' own files (YOLO and DOTA text, the manifests where these are the
original) and `support.claims` parses the English anew; neither shares code with the rules.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image

from mpgi_ray.engines.template import perspectives
from mpgi_ray.rules import Facts, gather, rule_text
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.rules.seen import Measured
from mpgi_ray.rules.sentences import measured_text
from support.annotations import annotate
from support.claims import Beside, Claim, Reader
from support.sentence_kinds import CELLS, NAMES, NOUN, SINGULAR, SIZED
from support.template_texts import annotated_texts

FOLDERS = ("simd", "kit_ais_vehicles", "airbus_aircraft", "dota_examples", "oam_osm_buildings")
DOTA8 = {0: "plane", 1: "ship", 4: "tennis court", 7: "harbor", 10: "small vehicle", 14: "swimming pool"}
HALVES = {"left half": (0, 0), "right half": (0, 1), "top half": (1, 0), "bottom half": (1, 1)}
CLIP = SimpleTokenizer()


@dataclass(frozen=True)
class Thing:
    name: str
    x: float  # middle of the part inside the image, in image widths and heights
    y: float

    def lies(self, place: str) -> bool:
        if place in ("central", "edges"):
            return (0.25 <= self.x <= 0.75 and 0.25 <= self.y <= 0.75) == (place == "central")
        if place in HALVES:
            axis, side = HALVES[place]
            return ((self.x, self.y)[axis] > 0.5) == bool(side)
        column, row = (0 if v < 1 / 3 else 2 if v > 2 / 3 else 1 for v in (self.x, self.y))
        return CELLS[3 * row + column] == place


def _thing(label: str, points: list[tuple[float, float]]) -> Thing | None:
    """Points in image widths and heights; None for labels that name nothing."""
    folded = re.sub(r"[^a-z]", "", label.lower())
    if folded == "other":
        return None
    xs, ys = ([min(max(p[i], 0.0), 1.0) for p in points] for i in (0, 1))
    return Thing(NAMES[folded][0], (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)


def original_things(folder: Path, row: dict) -> list[Thing]:
    width, height, stem = row["width"], row["height"], row["id"]
    found: list[Thing | None] = []
    if (folder / "classes.txt").exists():
        classes = (folder / "classes.txt").read_text().split()
        for line in (folder / "labels" / f"{stem}.txt").read_text().splitlines():
            index, x, y, w, h = line.split()
            cx, cy, dx, dy = float(x), float(y), float(w) / 2, float(h) / 2
            found.append(_thing(classes[int(index)], [(cx - dx, cy - dy), (cx + dx, cy + dy)]))
    elif (file := folder / "labelTxt" / f"{stem}.txt").exists():
        for parts in (line.split() for line in file.read_text().splitlines() if len(line.split()) > 8):
            values = [float(v) for v in parts[:8]]
            points = [(values[i] / width, values[i + 1] / height) for i in range(0, 8, 2)]
            found.append(_thing(parts[8], points))
    elif (file := folder / "labels_yolo_obb" / f"{stem}.txt").exists():
        for parts in (line.split() for line in file.read_text().splitlines() if line.strip()):
            values = [float(v) for v in parts[1:9]]
            found.append(_thing(DOTA8[int(parts[0])], list(zip(values[::2], values[1::2], strict=True))))
    else:
        for item in row.get("boxes", []) + row.get("polygons", []):
            flat = item.get("points") or [item["bbox"][:2], item["bbox"][2:]]
            found.append(_thing(item["label"], [(x / width, y / height) for x, y in flat]))
    return [thing for thing in found if thing]


def is_true(claim: Claim | Beside, things: list[Thing], row: dict) -> bool:
    if isinstance(claim, Beside):
        (first,), (last,) = ([t for t in things if t.name == n] for n in (claim.first, claim.last))
        return first.x < last.x if claim.axis == "x" else first.y < last.y
    held = [t for t in things if t.name == claim.name]
    if claim.way:  # which of more things stand so, nobody can tell
        points = [(t.x * row["width"], t.y * row["height"]) for t in held]
        return len(held) != claim.number or is_so_arranged(claim.way, points, (row["width"], row["height"]))
    if claim.spread and sum(any(t.lies(cell) for t in held) for cell in CELLS) < claim.spread:
        return False
    if claim.places:
        held = [t for t in held if any(t.lies(place) for place in claim.places)]
    return claim.number <= len(held) if claim.at_least else claim.number == len(held)


def is_so_arranged(way: str, points: list[tuple[float, float]], size: tuple[int, int]) -> bool:
    """Loosely, by how far the middles spread; of several rows only their number of things is held."""
    across, down = (max(values) - min(values) for values in zip(*points, strict=True))
    match way:
        case "close together":
            return max(across / size[0], down / size[1]) < 0.4
        case "far apart over most of the image":
            return min(across / size[0], down / size[1]) > 0.5
        case "in a horizontal row":
            return across > down
        case "in a vertical row":
            return down > across
        case "in a diagonal row":
            return min(across, down) > max(across, down) / 4
    return len(points) > 2


@dataclass(frozen=True)
class Picture:
    row: dict
    things: list[Thing]
    measured: Measured

    def facts(self, exhaustive: bool, *, min_px: int = 4) -> Facts:
        """Of annotation and pixels."""
        return replace(gather(annotate(self.row, exhaustive), min_px=min_px), measured=self.measured)


@cache
def pictures(data_dir: Path) -> list[Picture]:
    """All that have boxes or outlines; what pixels show does not depend on whether all is labelled."""
    found = []
    for folder in (data_dir / name for name in FOLDERS):
        for line in (folder / "manifest.jsonl").read_text().splitlines():
            row = json.loads(line)
            with Image.open(folder / row["image"]) as image:
                measured = measure(image.convert("RGB"), annotate(row, exhaustive=True))
            found.append(Picture(row, original_things(folder, row), measured))
    return found


def texts_of(facts: Facts, seed: str) -> list[str]:
    """All that is written of a picture, with what its pixels show and without, and what a relay gets."""
    assert facts.measured
    texts = [*rule_text(facts, seed), *measured_text(facts, seed), perspectives.scene(facts.measured)]
    texts += annotated_texts(facts, seed) + annotated_texts(replace(facts, measured=None), seed)
    return [text for text in texts if text]


@pytest.mark.parametrize("exhaustive", [False, True])
def test_every_number_and_place_is_true(data_dir: Path, exhaustive: bool) -> None:
    checked: Counter[str] = Counter()
    for picture in pictures(data_dir):
        for seed in ("a", "b", "c"):
            texts = texts_of(picture.facts(exhaustive), seed)
            for sentence, claims in (read for text in texts for read in Reader().read(text)):
                for claim in claims:
                    told = f"{picture.row['id']}: {claim} in {sentence!r}"
                    assert is_true(claim, picture.things, picture.row), told
                checked.update(kind for claim in claims for kind in _kinds(claim))
    assert min(checked[kind] for kind in ("at least", "cell", "half", "central", "edges")) > 150, checked
    assert checked["way"] > 20, checked
    assert (checked["exact"] > 2000) == exhaustive, checked


def _kinds(claim: Claim | Beside) -> Iterator[str]:
    if isinstance(claim, Beside):
        return
    yield "at least" if claim.at_least else "exact"
    yield from ("cell" if p in CELLS else "half" if p in HALVES else p for p in claim.places)
    if claim.way:
        yield "way"


def test_every_class_is_told_with_its_number(data_dir: Path) -> None:
    """Without anything too small or difficult, the stated total is the number in the files."""
    told = 0
    for picture in pictures(data_dir):
        if has_difficult(picture.row):
            continue
        facts = picture.facts(exhaustive=True, min_px=0)
        objects, _, _, _, long = annotated_texts(facts, "s")
        for text in (" ".join(rule_text(facts, "s")), objects, long):
            claims = [claim for _, claims in Reader().read(text) for claim in claims]
            for name, number in Counter(t.name for t in picture.things).items():
                assert Claim(name, number, False) in claims, (picture.row["id"], name, text)
                told += 1
    assert told > 180


@pytest.mark.parametrize("exhaustive", [False, True])
def test_short_texts_name_the_main_class_and_only_what_is_there(data_dir: Path, exhaustive: bool) -> None:
    for picture in pictures(data_dir):
        counts = Counter(t.name for t in picture.things)
        *_, short, long = annotated_texts(picture.facts(exhaustive, min_px=0), picture.row["id"])
        assert len(CLIP.encode(short)) + 2 <= 77, short  # with the marks of start and end
        assert _named(short) <= set(counts), (picture.row["id"], short)
        if counts and not has_difficult(picture.row):
            main = {name for name, n in counts.items() if n == max(counts.values())}
            first, _ = next(Reader().read(long))
            assert _named(short) & main, (picture.row["id"], short)
            assert _named(first) & main, (picture.row["id"], first)


def has_difficult(row: dict) -> bool:
    return any(item.get("difficult") for item in row.get("obb", []))


def _named(text: str) -> set[str]:
    text = SIZED.sub(r"\2 \1 \3", text)
    return {SINGULAR[noun] for noun in re.findall(rf"\b{NOUN}\b", text)}
