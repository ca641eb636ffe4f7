"""Flips and turns of a picture, and that no text is drawn with one that makes it untrue.

The reader of directions below has its own words and its own geometry; it shares no code with `survives`.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray.data.sample import Annotation, Box
from mpgi_ray.demo import scenes
from mpgi_ray.errors import RecipeError
from mpgi_ray.rules import gather, told_objects
from mpgi_ray.rules.lexicon import several
from mpgi_ray.train import text_choice
from mpgi_ray.train.augment import (
    Crop,
    Transform,
    apply,
    draw,
    move_box,
    move_points,
    survives,
    survives_crop,
)
from support.annotations import annotate
from support.template_texts import six_texts

EVERY = frozenset(Transform)
TURNS = (Transform.IDENTITY, Transform.TURN_90, Transform.TURN_180, Transform.TURN_270)
transforms = st.sampled_from(Transform)


# pictures


@given(transforms, transforms)
def test_two_transforms_in_a_row_are_one_of_the_eight(first: Transform, second: Transform) -> None:
    picture = np.arange(6).reshape(2, 3)
    after = apply(apply(picture, first), second)
    same = [t for t in Transform if np.array_equal(apply(picture, t), after)]
    assert len(same) == 1
    inverse = [t for t in Transform if np.array_equal(apply(apply(picture, first), t), picture)]
    assert len(inverse) == 1


def test_a_turn_is_clockwise_and_a_mirror_changes_left_and_right() -> None:
    picture = np.array([[1, 2], [3, 4]])
    assert apply(picture, Transform.TURN_90).tolist() == [[3, 1], [4, 2]]
    assert apply(picture, Transform.MIRROR).tolist() == [[2, 1], [4, 3]]
    assert apply(picture, Transform.FLIP).tolist() == [[3, 4], [1, 2]]
    assert apply(picture, Transform.TRANSPOSE).tolist() == [[1, 3], [2, 4]]


@given(transforms)
def test_the_channels_may_come_first_or_last(transform: Transform) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    first = apply(np.moveaxis(picture, 2, 0), transform, axes=(1, 2))
    assert np.array_equal(np.moveaxis(first, 0, 2), apply(picture, transform))
    assert first.flags.c_contiguous


@given(st.data(), transforms)
def test_boxes_and_points_move_with_the_picture(data: st.DataObject, transform: Transform) -> None:
    width, height = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    x1, y1 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x2, y2 = data.draw(st.integers(x1 + 1, width)), data.draw(st.integers(y1 + 1, height))

    def painted(width: int, height: int, x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
        picture = np.zeros((height, width), dtype=np.uint8)
        picture[int(y1) : int(y2), int(x1) : int(x2)] = 1
        return picture

    moved = apply(painted(width, height, x1, y1, x2, y2), transform)
    box = move_box(Box(x1, y1, x2, y2), transform, width, height)
    assert np.array_equal(painted(moved.shape[1], moved.shape[0], *box), moved)
    ((x, y),) = move_points([(x1 + 0.5, y1 + 0.5)], transform, width, height)
    pixel = apply(painted(width, height, x1, y1, x1 + 1, y1 + 1), transform)
    assert pixel[int(y), int(x)] == 1


@given(st.integers(0, 99), st.text(max_size=5), st.sets(transforms, min_size=1))
def test_a_transform_is_drawn_from_the_choices_whatever_their_order(
    seed: int, sample_id: str, choices: set[Transform]
) -> None:
    drawn = draw(seed, 3, sample_id, choices)
    assert drawn in choices
    assert drawn == draw(seed, 3, sample_id, sorted(choices, reverse=True))


def test_all_transforms_are_drawn_about_equally_often() -> None:
    drawn = [draw(7, epoch, f"s{sample}", EVERY) for epoch in range(20) for sample in range(200)]
    assert all(400 < drawn.count(transform) < 600 for transform in Transform)


# words

LEFT = np.repeat([[1, 0, 0]], 3, axis=0)
LINE = np.repeat([[0], [1], [0]], 3, axis=1)
UNLIKE = np.arange(4).reshape(2, 2)  # only the identity leaves it
PINWHEEL = np.array([[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]])
CLAIMS = [  # a text, and a drawing of what it says: the text survives what leaves the drawing as it is
    ("A road runs through the right half.", LEFT),
    ("Two buses are 12 m long, with their long sides running from left to right.", LINE),
    ("Two buses have their long sides running from top to bottom.", LINE.T),
    ("The two buses are red and oriented from top to bottom.", LINE.T),
    ("cars in the leftmost part, on the left-hand side", LEFT),
    ("An east–west road.", LEFT),
    ("Its western edge is wooded; left_of it is a field.", LEFT),
    ("Cars stand at right angles.", LEFT),
    ("A ship is at the top.", LEFT.T),
    ("The bottom-most building is the tallest.", LEFT.T),
    ("The upper part is green.", LEFT.T),
    ("Trees stand below the road, further up a house.", LEFT.T),
    ("The northern shore is sandy.", LEFT.T),
    ("Pointing down, facing upwards.", LEFT.T),
    ("The top of the roof is red.", LEFT.T),
    ("The road in front of the house.", LEFT.T),
    ("Houses stand at the foot of the picture.", LEFT.T),
    ("Boats lie at the foot of the photo.", LEFT.T),
    ("At the base of this image, a road.", LEFT.T),
    ("Trees at the photograph's foot.", LEFT.T),
    ("One ship over the other.", LEFT.T),
    ("In the UPPER RIGHT is a pond.", UNLIKE),
    ("From the top to the bottom left runs a river.", UNLIKE),
    ("upper-left", UNLIKE),
    ("In the bottomright corner.", UNLIKE),
    ("The north-eastern part.", UNLIKE),
    ("A runway oriented NE-SW.", UNLIKE),
    ("The river turns sharply to the left.", UNLIKE),
    ("Houses on the left bank.", UNLIKE),
    ("A car at [120, 35, 140, 60].", UNLIKE),
    ("The second straight row has five cars.", UNLIKE),
    ("A road at 45° ends there.", UNLIKE),
    ("画面左侧有一座桥。", UNLIKE),
    ("A pond in the nw corner.", UNLIKE),
    ("An n-s road.", UNLIKE),
    ("A ship in quadrant 2.", UNLIKE),
    ("In cell 3 and sector B are cars.", UNLIKE),
    ("A car at 20,30.", UNLIKE),
    ("A car at 120,345.", UNLIKE),
    ("Near 20, 30 a car.", UNLIKE),
    ("The box [0.1 0.2 0.3 0.4].", UNLIKE),
    ("A horizontal road crosses a vertical one.", LINE),
    ("Rows of houses.", LINE),
    ("A bridge spans the full width.", LINE),
    ("The basin is wider than it is tall.", LINE),
    ("The basin is twice as wide as it is high.", LINE),
    ("A basin, broader than it is high.", LINE),
    ("Two tracks run lengthways.", LINE),
    ("A road runs diagonally.", np.eye(3)),
    ("Cars go round it clockwise.", PINWHEEL),
    ("White letters are painted on the L-shaped roof.", PINWHEEL),
    ("A j-hook of piers.", PINWHEEL),
    ("The designation marking is 9R.", PINWHEEL),
    ("A runway designated 17.", PINWHEEL),
    ("Runway 09 ends there.", PINWHEEL),
    ("A helipad marked with a J.", PINWHEEL),
]
FREE = [
    "A bright picture: cars side by side around the centre, trees near its edges and corners.",
    "Seen from above, the image shows a built-up area; crops take up half of it.",
    "Looking straight down, one sees a harbor.",
    "Top-down view of 3 ships, oriented in parallel, facing the quay.",
    "A large number of houses between two roads across the image, some under construction.",
    "The image was taken in winter, 0.5 m per pixel; a car is right by a truck.",
    "20 ships, 3 cars, 3,000 m of quay and 1,000,000 trees.",
    "A bridge over a river; a runway with threshold markings, 45 m wide; two railways.",
    "The pond's shape is like a patch of grass, twice as large as the one in each quadrant.",
]


@pytest.mark.parametrize(("text", "drawing"), CLAIMS, ids=[text for text, _ in CLAIMS])
def test_a_text_survives_what_leaves_a_drawing_of_its_claim_as_it_is(text: str, drawing: np.ndarray) -> None:
    assert survives(text) == {t for t in Transform if np.array_equal(apply(drawing, t), drawing)}


@pytest.mark.parametrize("text", FREE)
def test_a_text_without_directions_survives_everything(text: str) -> None:
    assert survives(text) == EVERY


def test_no_text_with_a_runway_designation_is_mirrored(data_dir: Path) -> None:
    """Of the captions of people; and most captions go on surviving everything."""
    with gzip.open(data_dir / "captions_full" / "nwpu_captions_test.jsonl.gz", "rt") as file:
        texts = [text for line in file for text in json.loads(line)["captions"]]
    designated = [text for text in texts if re.search(r"designation marking is [0-9]", text)]
    assert len(designated) >= 20
    assert {survives(text) for text in designated} == {frozenset(TURNS)}
    assert sum(survives(text) == EVERY for text in texts) > 0.9 * len(texts)


@given(st.lists(st.sampled_from([text for text, _ in CLAIMS] + FREE), min_size=1, max_size=5))
def test_a_text_survives_what_all_its_sentences_survive(sentences: list[str]) -> None:
    assert survives(" ".join(sentences)) == EVERY.intersection(*map(survives, sentences))


@pytest.mark.parametrize(
    ("text", "survived"),
    [
        ("An aerial view of a dense residential area.", True),
        ("Green and brown farmland with bare soil", True),
        ("An aerial view of two residential areas.", False),
        ("A residential area with a bridge.", False),
        ("Forest on the left.", False),
        ("Most of the land is green.", False),
        ("No water is seen.", False),
        ("The whole area is forest.", False),
        ("Forest in the centre.", False),
        ("Grassland, 0.5 m", False),
        ("", False),
    ],
)
def test_a_text_survives_a_crop_only_if_nothing_it_says_can_be_cut_off(text: str, survived: bool) -> None:
    assert survives_crop(text) == survived


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.1, 1), st.text(max_size=5))
def test_a_crop_keeps_its_share_and_the_proportions(w: int, h: int, scale: float, sample_id: str) -> None:
    x1, y1, x2, y2 = Crop(scale).window(w, h, 0, 0, sample_id)
    assert 0 <= x1 < x2 <= w
    assert 0 <= y1 < y2 <= h
    assert (x2 - x1) * (y2 - y1) >= scale * w * h * (1 - 1e-9)
    assert abs((x2 - x1) * h - (y2 - y1) * w) <= max(w, h)


def test_crops_reach_every_part_of_the_range_and_of_the_picture() -> None:
    windows = [Crop(0.5).window(100, 100, 0, epoch, "s") for epoch in range(500)]
    areas = [(x2 - x1) * (y2 - y1) / 1e4 for x1, y1, x2, y2 in windows]
    assert min(areas) < 0.53
    assert max(areas) > 0.97
    assert min(x1 for x1, *_ in windows) == 0
    assert max(x2 for _, _, x2, _ in windows) == 100


def test_a_crop_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(RecipeError, match="expected a share"):
        Crop(0)


# truth: what drawn texts say of directions, against the moved annotation and the moved picture

SIDES = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1), "centre": (0, 0)}
PLACES = SIDES | {
    f"{row} {column}": (dx, dy)
    for (row, dy), (column, dx) in product((("upper", -1), ("lower", 1)), (("left", -1), ("right", 1)))
}
PLACE = "|".join(sorted(PLACES, key=len, reverse=True))
NUMBER = "one|two|three|four|five|six|seven|eight|nine"
LIST = rf"the (?:{PLACE})(?:(?:, | and |, and )(?:the )?(?:{PLACE}))*"


@dataclass(frozen=True)
class World:
    """What is true of a picture: things and covers with their places."""

    things: dict[str, list[tuple[float, float]]]  # middles, from -1 at the left or top to 1
    covers: dict[str, np.ndarray]  # (3, 3)

    def holds(self, name: str, place: str) -> bool:
        dx, dy = PLACES[place]
        return any(_third(x, dx) and _third(y, dy) for x, y in self.things[name])

    def covers_mainly(self, name: str, place: str) -> bool:
        cells, (dx, dy) = self.covers[name], PLACES[place]
        if (dx and dy) or place == "centre":
            return cells.argmax() == 3 * (dy + 1) + dx + 1
        sums = cells.sum(axis=0 if dx else 1)
        return sums[1 + dx + dy] > sums[1 - dx - dy]

    def covers_cell(self, name: str, place: str) -> bool:
        dx, dy = PLACES[place]
        return self.covers[name][1 + dy, 1 + dx] > 0.5


def _third(value: float, wanted: int) -> bool:
    """Whether a coordinate lies in the wanted third; on a line between two it is in both."""
    low, high = ((-1, -1 / 3), (-1 / 3, 1 / 3), (1 / 3, 1))[wanted + 1]
    return low - 1e-6 <= value <= high + 1e-6


@dataclass(frozen=True)
class Case:
    """A sample: its annotation and its texts."""

    id: str
    annotation: Annotation
    texts: dict[str, str]

    def moved(self, transform: Transform) -> World:
        size = self.annotation.width, self.annotation.height
        _, _, width, height = move_box(Box(0, 0, *size), transform, *size)
        things: dict[str, list[tuple[float, float]]] = {}
        for name, o in told_objects(self.annotation):
            x, y = move_box(o.box, transform, *size).middle
            things.setdefault(name, []).append((2 * x / width - 1, 2 * y / height - 1))
        covers = {name: apply(cells, transform) for name, cells in self.covers.items()}
        return World(things, covers)

    @functools.cached_property
    def covers(self) -> dict[str, np.ndarray]:
        """The shares of the nine cells that each surface covers, as the picture lies."""
        return {c.name: np.array(c.cells).reshape(3, 3) for c in gather(self.annotation).cover}


def contradictions(text: str, world: World) -> Iterator[tuple[str, bool]]:
    """Every direction that a text claims, and whether the picture contradicts it."""
    for sentence in re.split(r"(?<=[.;]) ", text):
        for kind, said, is_true in _read(sentence, world):
            yield f"{kind}: {said}", not is_true


def _read(sentence: str, world: World) -> Iterator[tuple[str, str, bool]]:
    low = sentence.lower()
    names = {form: name for name in (*world.things, *world.covers) for form in (several(name), name)}
    noun = "|".join(sorted(map(re.escape, names), key=len, reverse=True)) or "(?!)"

    def pairs(nouns: str, places: str) -> Iterator[tuple[str, str]]:
        return product((names[n] for n in re.findall(rf"\b({noun})\b", nouns)), re.findall(PLACE, places))

    for m in re.finditer(
        rf"\b({noun})\b(?:(?!\b(?:{noun})\b)[^,;:])*?"
        " (?:in the (left|right|top|bottom) half|on the (left|right) side|towards the (top|bottom))",
        low,
    ):
        side = m[2] or m[3] or m[4]
        sign, axis = (1 if side in ("right", "bottom") else -1), side in ("top", "bottom")
        if (name := names[m[1]]) in world.things:
            there = [sign * middle[axis] > 0 for middle in world.things[name]]
            mostly = re.search(r"\bmostly in the \w+ half$", m[0])
            yield "half", m[0], 2 * sum(there) > len(there) if mostly else all(there)
    for m in re.finditer(rf"\b({noun}) (?:in|on|at) the ({PLACE})\b(?! half| side)", low):
        if names[m[1]] in world.things:
            yield "things", m[0], world.holds(names[m[1]], m[2])
    if m := re.search(
        rf"the ({noun}) (?:is (?:to the (left) of|(above))|has) the ({noun})"
        r"(?: on its (right)| (below) it|\.)",
        low,
    ):
        (x1, y1), (x2, y2) = world.things[names[m[1]]][0], world.things[names[m[4]]][0]
        yield "relation", m[0], x1 < x2 if m[2] or m[5] else y1 < y2
    elif (m := re.search(rf"most of the ({noun}) are ((?:in|on|at) the .+)", low)) and names[
        m[1]
    ] in world.things:
        for name, place in pairs(m[1], m[2]):
            yield "things", f"{name}, {place}", world.holds(name, place)
    elif (m := re.search(rf"({noun}) (?:lies?|is found) mainly (?:in|on|at) the ({PLACE})", low)) or (
        m := re.search(rf"most of the ({noun}) (?:is|are) (?:in|on|at) the ({PLACE})", low)
    ):
        yield "cover", m[0], world.covers_mainly(names[m[1]], m[2])
    elif m := re.search(
        rf"({noun}) fills? most of ({LIST})|({LIST}) (?:is|are) mostly (?:an? )?({noun})", low
    ):
        for name, place in pairs(m[1] or m[4], m[2] or m[3]):
            yield "cover", f"{name}, {place}", world.covers_cell(name, place)
    elif m := re.search(r"in the (upper|lower) part", low):
        name = names[re.search(rf"\b(?:{NUMBER}) \w+ ({noun})\b", low)[1]]
        sign = 1 if m[1] == "lower" else -1
        yield "part", m[0], all(sign * y > 0 for _, y in world.things[name])
    elif m := re.match(
        rf".*?\b({noun}) (?:lies?|is|are|stands?|can be found)(?: [^:]*:)?"
        rf" ((?:in|on|at) the (?:{PLACE})\b(?! half| side).*)",
        low,
    ):
        for name, place in pairs(m[1], m[2]):
            yield "things", f"{name}, {place}", world.holds(name, place)


def case(sample_id: str, annotation: Annotation, image: Image.Image, **more: str) -> Case:
    small = image.convert("RGB").resize((96, 96), Image.Resampling.BOX)
    texts = six_texts(annotation, small, sample_id) | more
    return Case(sample_id, annotation, texts)


@pytest.fixture(scope="module")
def drawn_cases() -> list[Case]:
    return [
        case(s.sample_id, s.annotation, Image.open(io.BytesIO(s.image)), caption=s.annotation.captions[0])
        for s in scenes(60, seed=5, size=128)
    ]


@pytest.fixture(scope="module")
def real_cases(data_dir: Path) -> list[Case]:
    """Sources with boxes, told as exhaustive and as not; and pictures without, whose look alone is told."""
    cases = []
    for folder, step in (
        ("simd", 1),
        ("kit_ais_vehicles", 1),
        ("airbus_aircraft", 1),
        ("dota_examples", 1),
        ("ucm", 40),
    ):
        for line in (data_dir / folder / "manifest.jsonl").read_text().splitlines()[::step]:
            row = json.loads(line)
            image = Image.open(data_dir / folder / row["image"])
            for exhaustive in (True, False):
                cases.append(case(f"{row['id']}/{exhaustive}", annotate(row, exhaustive), image))
    return cases


def read_draws(cases: list[Case]) -> tuple[int, int, list[str]]:
    """How many pairs of a transformed sample and a text are drawn, the directions read, those untrue."""
    pairs = claims = 0
    untrue = []
    for c in cases:
        world = functools.cache(c.moved)
        read = functools.cache(lambda t, text, world=world: tuple(contradictions(text, world(t))))
        for epoch in range(200):
            choice = text_choice.draw_view(c.texts, dict.fromkeys(c.texts, 1.0), EVERY, 1, epoch, c.id, epoch)
            pairs += choice.transform != Transform.IDENTITY
            (text,) = choice.texts
            for said, wrong in read(choice.transform, text):
                claims += 1
                untrue += [f"{c.id}, {choice.transform}: {said} in {text!r}"] if wrong else []
    return pairs, claims, untrue


@pytest.mark.parametrize("source", ["drawn_cases", "real_cases"])
def test_no_text_is_drawn_with_a_transform_that_makes_its_directions_untrue(
    source: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = request.getfixturevalue(source)
    pairs, claims, untrue = read_draws(cases)
    assert untrue == []
    assert pairs > 5000
    assert claims > 1000
    monkeypatch.setattr(text_choice, "survives", lambda text: EVERY)
    assert len(read_draws(cases)[2]) > 100
