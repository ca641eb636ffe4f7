"""Whether what the rules say of a map is so: each sentence held against the original files, by other code.

Two real folders below MPGI_TEST_DATA are read by `mpgi ingest osm`: tiles of a coast with tagged features,
and chips of a town with outlines of buildings. Every sentence that a relay prompt hands over as a trusted
fact, in the wording of the sample and in `WORDINGS` others, is taken apart by patterns of our own, and judged
by geometry of our own on the original files (`maps_scene`): nothing of `mpgi_ray.rules` is used but the
sentences. One that no pattern knows is unjudged, which is a failure as well. Bounds, feature ids and the
licence of each sample are held against the files, too. So that a judge who finds everything true would be
seen, each sentence on what is there is also judged of the next picture, where many are false.

Prints the sentences of each picture, and one JSON object at the end; exits with 1 unless all is judged and
true.

    python benchmarks/maps_true.py
"""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

import shapely
from maps_scene import DATA, Scene, Thing, scenes

from mpgi_ray.data.sample import Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import read_shard
from mpgi_ray.ingest import IngestConfig, ingest, load_source, osm
from mpgi_ray.rules import gather, rule_text

WORDINGS = 40
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
PLACES = {  # column and row of nine cells
    "in the upper left": (0, 0), "at the top": (1, 0), "in the upper right": (2, 0),
    "on the left": (0, 1), "in the centre": (1, 1), "on the right": (2, 1),
    "in the lower left": (0, 2), "at the bottom": (1, 2), "in the lower right": (2, 2),
}  # fmt: skip
SEEN = 10 / 256  # so long a line, and (10 pixels)² of an area, is enough to be there
ABOUT = 0.15  # "about 12 m"
LARGE = 1 / 25  # of the picture
OF_ALL = ("pixel", "sensor")  # what holds of other pictures, too
Where = Callable[[Thing], bool]


def anywhere(thing: Thing) -> bool:
    return True


def in_centre(thing: Thing) -> bool:
    return all(0.25 <= side <= 0.75 for side in thing.middle)


def at_edge(thing: Thing) -> bool:
    return not in_centre(thing)


def in_cell(place: str) -> Where:
    return lambda thing: tuple(min(2, int(3 * side)) for side in thing.middle) == PLACES[place]


def there(scene: Scene, amount: str, where: Where = anywhere) -> bool:
    """Whether so many things are there, or so much of a line or an area that one sees it."""
    if found := re.fullmatch(r"part of an? ([a-z ]+)", amount):
        return any(0.05 < thing.share < 0.95 for thing in scene.named(found[1]))
    if found := re.fullmatch(r"many ([a-z ]+) \(at least (?P<number>\d+)\)|at least (\w+) ([a-z ]+)", amount):
        noun, number = found[1] or found[4], found[2] or found[3]
        things = [thing for thing in scene.named(noun) if thing.share >= 0.5 and where(thing)]
        return len(things) >= _number(number)
    things = [thing for thing in scene.named(re.sub(r"^an? ", "", amount)) if where(thing)]
    return any(thing.shown.length >= SEEN or thing.shown.area >= SEEN**2 for thing in things)


def every(scene: Scene, items: str, where: Where = anywhere) -> bool:
    return all(there(scene, item, where) for item in re.split(r", | and ", items))


def centre_and_edge(scene: Scene, centre: str, edge: str) -> bool:
    return every(scene, centre, in_centre) and every(scene, edge, at_edge)


def edge_alone(scene: Scene, items: str) -> bool:
    return every(scene, items, at_edge)


def centre_alone(scene: Scene, items: str) -> bool:
    return every(scene, items, in_centre)


def places(scene: Scene, noun: str, told: str) -> bool:
    wanted = list(PLACES) if told == "in every part of the image" else re.split(r", | and ", told)
    return all(there(scene, f"at least one {noun.lower()}", in_cell(place)) for place in wanted)


def through(scene: Scene, noun: str) -> bool:
    """Whether a line, or its pieces, comes to the middle and is half as long as the picture."""
    middle = shapely.Point(0.5, 0.5)
    line = shapely.union_all([t.shown for t in scene.named(noun) if t.shown.distance(middle) <= 0.15])
    return bool(line.distance(middle) <= 0.05 and line.length >= 0.5)


def form(scene: Scene, number: str, noun: str, told: str) -> bool:
    things = scene.named(noun)
    if "large in the image" in told:
        things = [thing for thing in things if thing.shown.area >= LARGE]
    if size := re.search(r"about ([\d.]+) m long and ([\d.]+) m wide", told):
        wanted = [float(value) for value in size.groups()]
        things = [t for t in things if t.share > 0.99 and _as_long(_sides(scene, t), wanted)]
    return len(things) >= _number(number)


def pixel(scene: Scene, metres: str) -> bool:
    return abs(float(metres) / scene.pixel_m - 1) < 0.01


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.index(word) + 1


def _sides(scene: Scene, thing: Thing) -> list[float]:
    """Length and width of the narrowest rectangle around it, in metres."""
    corners = list(thing.whole.minimum_rotated_rectangle.exterior.coords)[:3]
    return sorted((math.dist(*pair) * 256 * scene.pixel_m for pair in pairwise(corners)), reverse=True)


def _as_long(sides: list[float], wanted: list[float]) -> bool:
    return all(abs(one - other) <= ABOUT * other for one, other in zip(sides, wanted, strict=True))


PATTERNS: tuple[tuple[str, str, Callable[..., bool]], ...] = (
    ("tags", r"(?:Within this area there (?:is|are)|The area on view has|Mapped in this area:) (.+)", every),
    ("through", r"An? ([a-z ]+) runs through the centre of the image", through),
    ("number", r"There (?:is|are) (.+) in the image", every),
    ("number", r"In this image there (?:is|are) (.+)", every),
    ("number", r"From above, the image shows (.+)", every),
    ("part", r"The image contains (part of .+)", every),
    ("part", r"(?:The image includes|The picture contains) (part of .+)", every),
    ("centre, edge", r"The centre of the image holds (.+), and its edges hold (.+)", centre_and_edge),
    ("centre, edge", r"The image has (.+) in its centre and (.+) near its edges", centre_and_edge),
    ("centre, edge", r"In its centre the image has (.+); near its edges it has (.+)", centre_and_edge),
    ("centre", r"The centre of the image holds (.+)", centre_alone),
    ("centre", r"The image has (.+) in its centre", centre_alone),
    ("edge", r"The edges of the image hold (.+)", edge_alone),
    ("edge", r"The image has (.+) near its edges", edge_alone),
    ("place", r"(?:An? )?([A-Za-z ]+?) (?:is|are|lies|can be seen|can be found) ((?:in|on|at) .+)", places),
    ("form", r"At least (\w+) ([a-z ]+?) (?:is|are) ((?:large|about) .+)", form),
    ("pixel", r"(?:One pixel measures|The ground sampling distance is) ([\d.]+) m(?: on the ground)?", pixel),
    ("sensor", r"The image was taken from the air", lambda scene: scene.aerial),
)


def judged(scene: Scene, sentence: str) -> tuple[str, bool | None]:
    """The kind of a sentence, and whether it is so; None if no pattern knows it."""
    for kind, pattern, judge in PATTERNS:
        if found := re.fullmatch(rf"{pattern}\.", sentence):
            try:
                return kind, judge(scene, *found.groups())
            except (KeyError, ValueError):  # a word that we do not know
                continue
    return "unknown", None


def samples(name: str, out: str) -> Iterator[Sample]:
    """The samples that `mpgi ingest osm` makes of a folder."""
    if name == "oam_osm_buildings":
        listing = osm(str(DATA / name / "labels.geojson"), str(DATA / name / "images"), label="building")
        ingest(listing, IngestConfig(output=out, source=load_source(name)))
    else:
        listing = osm(str(DATA / name / "osm_features_per_tile.jsonl"), str(DATA / name / "tiles"))
        ingest(listing, IngestConfig(output=out))
    shards = find_shards(out)
    for shard in shards.files:
        yield from (entry for entry in read_shard(shards.read(shard), shard) if isinstance(entry, Sample))


def from_the_files(scene: Scene, sample: Sample) -> bool:
    """Whether bounds, ids and licence are those of the files."""
    note, view = sample.annotation, sample.annotation.map
    (west, north), (east, south) = scene.lon_lat(0, 0), scene.lon_lat(1, 1)
    same = note.bounds is not None and all(map(math.isclose, note.bounds, (west, south, east, north)))
    known = {thing.id for thing in scene.things}
    return bool(same and view and {*view.features} <= known and "ODbL" in (view.licence or ""))


def main() -> None:
    told = Counter({"false": 0, "unjudged": 0})
    kinds: Counter[str] = Counter()
    for name in ("osm_tiles_portugal", "oam_osm_buildings"):
        known = scenes(name)
        following = dict(zip(known, [*known][1:] + [*known][:1], strict=True))
        with tempfile.TemporaryDirectory() as folder:
            for sample in samples(name, f"{folder}/shards"):
                scene, other = known[sample.name], known[following[sample.name]]
                told["pictures"] += 1
                told["from_the_files"] += from_the_files(scene, sample)
                for wording in range(WORDINGS + 1):
                    seed = f"{sample.sample_id}{f'-{wording}' if wording else ''}"
                    texts = " ".join(rule_text(gather(sample.annotation), seed))
                    for sentence in re.split(r"(?<=\.) (?=[A-Z])", texts):
                        kind, so = judged(scene, sentence)
                        told["reworded" if wording else "sentences"] += 1
                        told["unjudged" if so is None else "true" if so else "false"] += 1
                        if wording and so:
                            continue
                        kinds[kind] += 1
                        print(
                            sample.name, kind, {True: "true", False: "FALSE", None: "UNJUDGED"}[so], sentence
                        )
                        if kind not in OF_ALL:
                            told["of_the_next_picture"] += 1
                            told["false_of_the_next_picture"] += judged(other, sentence)[1] is False
    good = not (told["false"] or told["unjudged"]) and told["from_the_files"] == told["pictures"]
    print(json.dumps({**told, "kinds": dict(kinds)}))
    sys.exit(not good)


if __name__ == "__main__":
    main()
