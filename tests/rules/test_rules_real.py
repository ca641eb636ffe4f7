"""Every number and place the rules state of real images, held against the original annotation files.

The counting below reads the sources' own files (YOLO and DOTA text, the manifests where these are the
original) and parses the English anew; it shares no code with the rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mpgi_ray.rules.retelling import headline, retell

from mpgi_ray.rules import gather, rule_text
from support.annotations import annotate

FOLDERS = ("simd", "kit_ais_vehicles", "airbus_aircraft", "dota_examples", "oam_osm_buildings")
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
DOTA8 = {0: "plane", 1: "ship", 4: "tennis court", 7: "harbor", 10: "small vehicle", 14: "swimming pool"}
NAMES = {  # label as the files spell it, without separators -> singular, plural
    "airplane": ("airplane", "airplanes"),
    "truncatedairplane": ("partly visible airplane", "partly visible airplanes"),
    "bus": ("bus", "buses"),
    "longvehicle": ("long vehicle", "long vehicles"),
    "trainer": ("trainer aircraft", "trainer aircraft"),
    "fighter": ("fighter aircraft", "fighter aircraft"),
    "propeller": ("propeller aircraft", "propeller aircraft"),
    "largevehicle": ("large vehicle", "large vehicles"),
    "smallvehicle": ("small vehicle", "small vehicles"),
    "swimmingpool": ("swimming pool", "swimming pools"),
    "tenniscourt": ("tennis court", "tennis courts"),
    "minibus": ("minibus", "minibuses"),
}
for word in ("airliner", "boat", "building", "car", "harbor", "helicopter", "plane", "ship", "truck", "van"):
    NAMES[word] = (word, word + "s")
PLACES = [
    "upper left",
    "top",
    "upper right",
    "left",
    "centre",
    "right",
    "lower left",
    "bottom",
    "lower right",
]
SINGULAR = {form: forms[0] for forms in NAMES.values() for form in forms}
_NOUN = "|".join(sorted(map(re.escape, SINGULAR), key=len, reverse=True))
_NUMBER = "|".join([*WORDS, "a single", r"\d+"])
AMOUNT = re.compile(
    rf"(?P<least>at least |no fewer than )?\b(?P<n>{_NUMBER}) (?P<more>or more )?(?P<noun>{_NOUN})\b"
    rf"|\bmany (?P<noun2>{_NOUN}) \((?P<least2>at least )?(?P<n2>\d+)\)"
)
TOTALS = (  # what comes before the number of every class over the whole image
    "there (?:is|are)",
    "in this image there (?:is|are)",
    "seen from above, the image shows",
    "over the whole view one finds",
    "taken together, the view has",
)
_ONE, _ALL = rf"an? (?:{_NOUN})", rf"the (?:{_NOUN})"
UNCOUNTED = re.compile(  # sentences that claim neither a number nor a place in the image
    rf"{_ONE} (?:is close to|is right by|lies next to) {_ONE}\."
    rf"|{_ONE} has {_ONE} nearby\."
    rf"|{_ALL} (?:is|are) (?:much larger than|far smaller than|to the left of|above) {_ALL}\."
    rf"|{_ALL} has {_ALL} (?:on its right|below it)\."
)
PLACE = re.compile(r"\b(upper left|upper right|lower left|lower right|top|bottom|left|right|centre)\b")


@dataclass(frozen=True)
class Thing:
    name: str
    x: float  # middle of the part inside the image, in image widths and heights
    y: float

    @property
    def central(self) -> bool:
        return 0.25 <= self.x <= 0.75 and 0.25 <= self.y <= 0.75

    @property
    def place(self) -> str:
        column, row = (0 if v < 1 / 3 else 2 if v > 2 / 3 else 1 for v in (self.x, self.y))
        return PLACES[3 * row + column]


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


@dataclass(frozen=True)
class Claim:
    name: str | None  # None: of all classes together
    number: int
    at_least: bool
    where: str | None  # central, edge, one of PLACES, or None for the whole image


def _amounts(text: str, where: str | None) -> Iterator[Claim]:
    for m in AMOUNT.finditer(text):
        number = m["n"] or m["n2"]
        value = 1 if number == "a single" else WORDS.index(number) if number in WORDS else int(number)
        at_least = bool(m["least"] or m["more"] or m["least2"])
        yield Claim(SINGULAR[m["noun"] or m["noun2"]], value, at_least, where)


def _all_amounts(text: str, where: str | None) -> list[Claim]:
    """The claims of a text that names nothing without its number."""
    if unread := re.findall(rf"\b(?:{_NOUN})\b", AMOUNT.sub("", text)):
        raise ValueError(f"no number is read for {', '.join(unread)} in {text!r}")
    return list(_amounts(text, where))


def parse(sentence: str) -> list[Claim]:
    """The claims of one sentence on numbers and places; empty for a sentence of `UNCOUNTED`.

    Raises:
        ValueError: a sentence of a kind that is not known here, so nobody can tell whether it is true.
    """
    claims = _claims(sentence[0].lower() + sentence[1:])
    if not claims and not UNCOUNTED.fullmatch(sentence[0].lower() + sentence[1:]):
        raise ValueError(f"no claim is read in {sentence!r}: teach this test its kind")
    return claims


def _claims(low: str) -> list[Claim]:
    if side := re.fullmatch(r"what is counted here lies (in the central part|towards the edges)\.", low):
        return [Claim(None, 0, False, "edge" if "central" in side[1] else "central")]
    if "edges" in low:
        parts = re.split(r"; |, while |, and its (?=edges)| in its centre and ", low)
        centre_first = " in its centre and " in low
        claims = []
        for i, part in enumerate(parts):
            central = (centre_first and i == 0) or "centre" in part or "central" in part
            claims += _all_amounts(part, "central" if central else "edge")
        return claims
    if re.search(r"the centre of the image holds|in its centre", low):
        return _all_amounts(low, "central")
    if held := re.fullmatch(r"(the .+?) (?:holds|shows|each hold) (.+)\.", low):
        places, content = PLACE.findall(held[1]), held[2]
        bare = [n for n in re.split(r", | and ", content) if not AMOUNT.search(n)]
        some = [Claim(SINGULAR[re.sub(r"^an? ", "", n)], 1, True, p) for n in bare for p in places]
        return some + [claim for place in places for claim in _amounts(content, place)]
    if re.match(rf"({_NUMBER}) ({_NOUN}) lies? ", low):
        first = next(_amounts(low, None))
        numbers = [
            (WORDS.index(n) if n in WORDS else int(n), PLACE.findall(piece))
            for piece in re.split(r", | and ", low)
            for n in re.findall(rf"\b({_NUMBER})\b", piece)
        ]
        return [Claim(first.name, n, False, place) for n, (place,) in numbers]
    placed = rf"(?:an? )?({_NOUN}) (?:is|are|lies|can be seen|can be found) ((?:in|on|at) .+)\."
    if some_match := re.fullmatch(placed, low):
        everywhere = some_match[2] == "in every part of the image"
        places = PLACES if everywhere else PLACE.findall(some_match[2])
        return [Claim(SINGULAR[some_match[1]], 1, True, place) for place in places]
    if re.match(rf"(?:{'|'.join(TOTALS)}) ", low):
        return _all_amounts(low, None)
    return []


def is_true(claim: Claim, things: list[Thing]) -> bool:
    held = [t for t in things if claim.name in (t.name, None)]
    if claim.where in ("central", "edge"):
        held = [t for t in held if t.central == (claim.where == "central")]
    elif claim.where:
        held = [t for t in held if t.place == claim.where]
    return claim.number <= len(held) if claim.at_least else claim.number == len(held)


def _rows(data_dir: Path) -> Iterator[tuple[Path, dict]]:
    for name in FOLDERS:
        for line in (data_dir / name / "manifest.jsonl").read_text().splitlines():
            yield data_dir / name, json.loads(line)


def _sentences(texts: list[str]) -> list[str]:
    return [sentence for text in texts for sentence in re.split(r"(?<=\.) (?=[A-Z])", text)]


@pytest.mark.parametrize("exhaustive", [False, True])
def test_every_number_and_place_is_true(data_dir: Path, exhaustive: bool) -> None:
    checked = {"exact": 0, "at least": 0, "central": 0, "edge": 0, "place": 0}
    for folder, row in _rows(data_dir):
        things = original_things(folder, row)
        facts = gather(annotate(row, exhaustive))
        for seed in ("a", "b", "c", "d"):
            texts = [*rule_text(facts, seed), *retell(facts, seed)]
            for sentence in _sentences(texts):
                for claim in parse(sentence):
                    assert is_true(claim, things), f"{row['id']}: {claim} in {sentence!r}"
                    checked["at least" if claim.at_least else "exact"] += 1
                    if claim.where:
                        checked["place" if claim.where in PLACES else claim.where] += 1
            for name in {t.name for t in things if f"no {t.name}" in " ".join(texts)}:
                pytest.fail(f"{row['id']}: {name} is said to be absent")
    assert checked["at least"] > 300
    assert min(checked["central"], checked["edge"], checked["place"]) > 100, checked
    assert (checked["exact"] > 300) == exhaustive


@pytest.mark.parametrize(
    "sentence",
    ["A bus has four wheels.", "Two cars drive by.", "There are three cars and ships in the image."],
)
def test_a_sentence_that_cannot_be_checked_is_no_true_one(sentence: str) -> None:
    with pytest.raises(ValueError, match="is read"):
        parse(sentence)


def test_every_class_is_told_with_its_number(data_dir: Path) -> None:
    """Without anything too small or difficult, the stated total is the number in the files."""
    told = 0
    for folder, row in _rows(data_dir):
        things = original_things(folder, row)
        facts = gather(annotate(row, exhaustive=True), min_px=0)
        if any(item.get("difficult") for item in row.get("obb", [])):
            continue
        claims = [c for s in _sentences(rule_text(facts, "s")) for c in parse(s) if c.where is None]
        for name in {t.name for t in things}:
            assert Claim(name, sum(t.name == name for t in things), False, None) in claims, (row["id"], name)
            told += 1
    assert told > 60


def test_short_texts_name_only_what_is_there(data_dir: Path) -> None:
    for folder, row in _rows(data_dir):
        things = original_things(folder, row)
        text = headline(gather(annotate(row, exhaustive=True)), row["id"]) or ""
        for name in re.findall(rf"\b({_NOUN})\b", text):
            assert SINGULAR[name] in {t.name for t in things}, (row["id"], text)
        for claim in _amounts(text, None):
            assert is_true(claim, things), (row["id"], text)
