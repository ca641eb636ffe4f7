"""What is measured in pixels: right on generated scenes, in mirrored pictures, and for whatever comes."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from mpgi_ray.data.sample import Annotation, Box, Object
from mpgi_ray.demo import scene
from mpgi_ray.demo.scenes.canvas import Canvas
from mpgi_ray.demo.scenes.spec import spec
from mpgi_ray.rules.lexicon import class_name
from mpgi_ray.rules.measured.colours import TONES, judged, learned, plain
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.rules.measured.vivid import absent
from mpgi_ray.rules.regions import share_of
from mpgi_ray.rules.seen import Measured, Region

Pixels = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
SCENES, SEEDS = 80, (5, 101)
LUMAS = {"dark": (0, 0.4), "light": (0.6, 1), "brown": (0, 0.66), "beige": (0.47, 1), "tan": (0.44, 1)}
GREYS = ("grey", "white", "black", "grey-brown", "grey-green", "grey-blue", "grey-purple")
# hues in which a name, or one beside it, is used
HUES = {
    "red": (330, 390), "orange": (0, 60), "brown": (-15, 70), "beige": (15, 80), "yellow": (30, 80),
    "olive": (40, 110), "green": (55, 185), "blue-green": (140, 215), "blue": (180, 260),
    "purple": (240, 345), "grey-brown": (-30, 75), "grey-green": (45, 190), "grey-blue": (155, 260),
    "grey-purple": (210, 345), "tan": (5, 60), "reddish brown": (-30, 40),
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    number: int
    seed: int
    picture: Image.Image
    painted: Counter[tuple[str, str]]
    measured: Measured


@pytest.fixture(scope="module")
def seen() -> list[Seen]:
    """Generated scenes, every other one seen smaller, with the paints of all objects."""
    found = []
    painted: Counter[tuple[str, str]] = Counter()
    place = Canvas.place

    def recorded(self: Canvas, label: str, colour: str, u: float, v: float, angle: float = 0.0) -> None:
        painted[class_name(label), colour] += 1
        place(self, label, colour, u, v, angle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Canvas, "place", recorded)
        for number, seed in product(range(SCENES), SEEDS):
            painted.clear()
            sample = scene(number, seed, (256, 160)[number % 2])
            picture = Image.open(io.BytesIO(sample.image)).convert("RGB")
            found.append(Seen(number, seed, picture, Counter(painted), measure(picture, sample.annotation)))
    return found


def test_the_colour_of_the_main_objects_is_said_of_most_and_right(seen: list[Seen]) -> None:
    said, right = 0, 0
    for one in seen:
        facts = spec(one.number, one.seed)
        for thing in one.measured.things:
            if thing.name == class_name(facts.label) and thing.shared:
                said += 1
                right += thing.colour == facts.colour
    assert said >= 0.7 * len(seen)
    assert right >= 0.98 * said


def test_the_colours_of_all_objects_are_right(seen: list[Seen]) -> None:
    shared, partial = [], []
    for one in seen:
        for thing in one.measured.things:
            paints = {colour: n for (name, colour), n in one.painted.items() if name == thing.name}
            if thing.shared:  # a few may be painted otherwise: the texts speak of all only where all agree
                shared.append(paints.get(thing.colour, 0) >= thing.agreeing >= 0.8 * thing.measured)
            else:
                partial.append(paints.get(thing.colour, 0) >= thing.agreeing)
    assert len(shared) > len(seen) / 2
    assert len(partial) > 10
    assert np.mean(shared) >= 0.95
    assert np.mean(partial) >= 0.95


def test_regions_have_their_colour_where_they_are_said_to_lie(seen: list[Seen]) -> None:
    kinds: dict[str, list[bool]] = {"place": [], "everywhere": [], "band": [], "frame": []}
    for one in seen:
        for region in one.measured.regions:
            if region.form in ("band", "frame") or region.place:
                kind = region.form if region.form in kinds else "place"
                kind = "everywhere" if region.place == "everywhere" else kind
                kinds[kind].append(lies_there(region, one.picture))
    assert len(kinds["place"]) > 40
    for right in kinds.values():
        assert sum(right) >= 0.95 * len(right), {kind: (sum(r), len(r)) for kind, r in kinds.items()}


def lies_there(region: Region, picture: Image.Image) -> bool:
    """Whether pixels that may have the region's name are frequent in its place and rarer elsewhere."""
    blurred = picture.filter(ImageFilter.BoxBlur(picture.width / 100))
    named = may_be_called(region.colour, np.asarray(blurred, dtype=np.float64) / 255)
    if region.form == "frame":
        return all(border.mean() >= 0.5 for border in (named[0], named[-1], named[:, 0], named[:, -1]))
    if region.direction in ("left to right", "top to bottom"):
        along = named.any(axis=0 if region.direction == "left to right" else 1)
        return bool(along.mean() >= 0.9)
    if region.direction:
        turned = named if region.direction.startswith("upper") else named[::-1]
        height, width = turned.shape
        return all(turned[y * height // 4 :, x * width // 4 :][: height // 4, : width // 4].any() for x, y in
                   ((0, 0), (1, 1), (2, 2), (3, 3)))  # fmt: skip
    inside = named & place(region.place or "", named.shape)
    enough = inside.mean() >= 0.7 * region.share * region.inside
    if region.place == "everywhere":
        return bool(enough)
    within = place(region.place or "", named.shape)
    return bool(enough and named[within].mean() > named[~within].mean())


def may_be_called(tone: str, rgb: Pixels) -> Mask:
    """The pixels with this tone or one beside it, by hue, saturation and luma."""
    bare = tone.removeprefix("darker ").removeprefix("lighter ")
    colour = plain(bare)
    value, least = rgb.max(axis=2), rgb.min(axis=2)
    saturation = (value - least) / np.maximum(value, 1e-9)
    red, green, blue = np.moveaxis(rgb, 2, 0)
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360
    named = np.zeros(value.shape, dtype=bool)
    if colour in GREYS:
        named |= saturation < (0.2 if colour in ("grey", "white") else 0.32)
    if colour in HUES:
        low, high = HUES[colour]
        named_hue = ((hue >= low) & (hue <= high)) | (hue + 360 <= high) | (hue - 360 >= low)
        grey = colour in GREYS
        named = (
            named_hue & (saturation < 0.32) & (saturation > 0.06) if grey else named_hue & (saturation > 0.1)
        )
    if colour == "black":
        named = value < 0.25
    if colour == "white":
        named &= value > 0.75
    low, high = LUMAS.get(tone.split()[0], (0.27, 0.74) if colour not in ("black", "white") else (0, 1))
    if bare != tone:  # against another area of the name
        low, high = 0, 1
    luma = rgb @ (0.3, 0.59, 0.11)
    return named & (luma >= low) & (luma <= high)


def place(name: str, shape: tuple[int, ...]) -> Mask:
    """The pixels of a place."""
    y, x = np.meshgrid(*((np.arange(n) + 0.5) / n for n in shape), indexing="ij")
    inside = np.ones(shape, dtype=bool)
    if name == "centre":
        return (abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25)
    part = 1 / 2 if " " in name else 1 / 3
    for word in name.split():
        inside &= {
            "left": x < part, "right": x > 1 - part, "top": y < part, "upper": y < part,
            "bottom": y > 1 - part, "lower": y > 1 - part,
        }.get(word, inside)  # fmt: skip
    return inside


GREEN, SAND, BLUE = (70, 130, 60), (220, 200, 155), (40, 90, 170)


def drawn(
    *shapes: tuple[tuple[int, int, int], tuple[int, ...]], ground: tuple[int, int, int] = SAND
) -> Image.Image:
    picture = Image.new("RGB", (240, 240), ground)
    for colour, box in shapes:
        ImageDraw.Draw(picture).rectangle(box, fill=colour)
    return picture


def regions_of(picture: Image.Image) -> dict[str, Region]:
    measured = measure(picture, Annotation(width=picture.width, height=picture.height))
    return {plain(region.colour): region for region in measured.regions}


@pytest.mark.parametrize(
    ("box", "where", "mirrored"),
    [
        ((0, 0, 119, 239), "left half", "right half"),
        ((0, 120, 239, 239), "bottom half", "bottom half"),
        ((0, 0, 99, 99), "upper left", "upper right"),
        ((150, 150, 239, 239), "lower right", "lower left"),
        ((0, 60, 70, 160), "left", "right"),
        ((70, 0, 170, 70), "top", "top"),
        ((75, 75, 165, 165), "centre", "centre"),
        ((0, 0, 239, 239), "everywhere", "everywhere"),
    ],
)  # fmt: skip
def test_a_region_lies_where_it_was_drawn_and_mirrored_on_the_other_side(
    box: tuple[int, ...], where: str, mirrored: str
) -> None:
    picture = drawn((GREEN, box))
    assert regions_of(picture)["green"].place == where
    assert regions_of(ImageOps.mirror(picture))["green"].place == mirrored
    area = (box[2] - box[0] + 1) * (box[3] - box[1] + 1) / 240**2
    assert regions_of(picture)["green"].share == pytest.approx(area, abs=0.03)


def test_bands_and_frames_are_told_by_what_they_cross() -> None:
    river = Image.new("RGB", (240, 240), GREEN)
    ImageDraw.Draw(river).line((-20, -20, 260, 260), fill=BLUE, width=30)
    assert regions_of(river)["blue"].direction == "upper left to lower right"
    assert regions_of(ImageOps.mirror(river))["blue"].direction == "lower left to upper right"
    assert regions_of(drawn((BLUE, (0, 100, 239, 125))))["blue"].direction == "left to right"
    assert regions_of(drawn((BLUE, (0, 100, 180, 125))))["blue"].direction is None  # ends in the middle
    assert regions_of(drawn((BLUE, (30, 30, 209, 209)), ground=GREEN))["green"].form == "frame"


def test_a_band_along_a_border_lies_there_and_crosses_nothing() -> None:
    along = regions_of(drawn((BLUE, (0, 0, 239, 25)), ground=GREEN))["blue"]
    assert (along.form, along.place, along.direction) == ("band", "top", None)
    apart = regions_of(drawn((BLUE, (0, 20, 239, 45)), ground=GREEN))["blue"]
    assert (apart.form, apart.place, apart.direction) == ("band", None, "left to right")


def test_what_has_no_place_may_lie_mainly_in_a_half_or_be_mixed_into_everything() -> None:
    squares = [(x, y, x + 19, y + 19) for x in range(0, 240, 40) for y in range(0, 240, 40)]
    some = [box for box in squares if box[1] < 120 or box[0] == 120 or box[:2] == (0, 120)]
    tendency = regions_of(drawn(*((GREEN, box) for box in some)))["green"].tendency
    assert tendency == "top half"
    green = regions_of(drawn(*((GREEN, box) for box in squares)))["green"]
    assert "everywhere" in (green.place, green.tendency)


def test_rows_of_light_and_dark_are_not_told_as_almost_all_of_one_colour() -> None:
    even = Image.new("RGB", (192, 192), (110, 140, 110))
    rows = even.copy()
    for x in range(0, 192, 4):
        rows.paste((70, 100, 70), (x, 0, x + 2, 192))
    for picture, share in ((even, "almost all"), (rows, "most")):
        (region,) = regions_of(picture).values()
        assert share_of(region) == share


@pytest.mark.parametrize(("rgb", "so"), [((28, 39, 40), True), ((45, 54, 53), False), ((7, 30, 49), False)])
def test_of_the_dark_only_what_has_hardly_any_light_is_black(rgb: tuple[int, int, int], so: bool) -> None:
    assert (list(regions_of(Image.new("RGB", (96, 96), rgb))) == ["black"]) == so


def test_areas_are_named_as_by_readers_who_were_not_learned_from() -> None:
    lines = judged()
    shown = list(dict.fromkeys(_channels(line) for line in lines if line["seen"] == "area"))
    accepted, wrong = [], []
    for fold in range(5):
        held_out = {*shown[fold::5]}
        table = learned([line for line in lines if _channels(line) not in held_out])
        for line in (line for line in lines if _channels(line) in held_out):
            red, green, blue = (value * table.shape[0] // 256 for value in _channels(line))
            colour = plain(TONES[table[red, green, blue]])
            names = [plain(name) for name in (line["best"], *line["accepted"].split("|"))]
            accepted.append(colour in names or (colour == "tan" and "brown" in names))
            wrong.append(not accepted[-1] and colour in map(plain, line["wrong"].split("|")))
    assert np.mean(accepted) >= 0.95
    assert np.mean(wrong) <= 0.01


def _channels(line: Mapping[str, str]) -> tuple[int, int, int]:
    return int(line["red"]), int(line["green"]), int(line["blue"])


def test_a_border_between_two_names_does_not_divide_an_even_area() -> None:
    shades = np.linspace(135, 165, 240)  # luma about 0.6, where brown turns to beige
    rows = np.stack([1.2 * shades, shades, 0.65 * shades], axis=1).astype(np.uint8)
    regions = regions_of(Image.fromarray(np.repeat(rows[None], 240, axis=0)))
    assert [round(region.share, 1) for region in regions.values()] == [1.0]


@pytest.mark.parametrize(("other", "shared"), [((250, 250, 250), True), ((220, 205, 120), False)])
def test_a_colour_is_of_all_only_if_none_looks_otherwise(other: tuple[int, int, int], shared: bool) -> None:
    boxes = [(10 + 56 * (i % 4), 40 + 90 * (i // 4), 40 + 56 * (i % 4), 70 + 90 * (i // 4)) for i in range(8)]
    paints = [(250, 250, 250)] * 7 + [other]  # the other one has no name: a pale yellow
    picture = drawn(*zip(paints, boxes, strict=True), ground=(110, 112, 115))
    objects = tuple(Object(label="ship", box=Box(*box)) for box in boxes)
    (thing,) = measure(picture, Annotation(width=240, height=240, objects=objects)).things
    assert (thing.colour, thing.shared, thing.agreeing) == ("white", shared, 7 + shared)


def lot(paints: Sequence[tuple[int, int, int]], sizes: Sequence[int]) -> tuple[Image.Image, Annotation]:
    """Ten cars a row on a grey ground, 600 pixels wide."""
    corners = [(20 + 56 * (i % 10), 20 + 56 * (i // 10)) for i in range(len(paints))]
    boxes = [(x, y, x + size, y + size) for (x, y), size in zip(corners, sizes, strict=True)]
    picture = Image.new("RGB", (600, 600), (110, 112, 115))
    for paint, box in zip(paints, boxes, strict=True):
        ImageDraw.Draw(picture).rectangle(box, fill=paint)
    return picture, Annotation(
        width=600, height=600, objects=tuple(Object(label="car", box=Box(*box)) for box in boxes)
    )


def test_of_more_things_than_are_looked_at_no_colour_is_said_of_all() -> None:
    white, red = (250, 250, 250), (210, 20, 20)
    paints = [white if i % 6 == 0 else red for i in range(100)]
    picture, annotation = lot(paints, [26 if paint == white else 24 for paint in paints])
    things = measure(picture, annotation).things
    assert {thing.colour for thing in things} == {"white", "red"}
    assert not any(thing.shared for thing in things)
    (thing,) = measure(*lot([white] * 100, [24] * 100)).things
    assert not thing.shared


def test_a_picture_without_colours_shows_none_of_things() -> None:
    picture, annotation = lot([(250, 250, 250)] * 8, [24] * 8)
    coloured = ImageOps.colorize(ImageOps.grayscale(picture), "black", "white", mid=(90, 128, 90))
    assert measure(coloured, annotation).things
    assert not measure(ImageOps.grayscale(picture).convert("RGB"), annotation).things


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 2), (1000, 7), (64, 64)])
def test_whatever_comes_is_measured_and_alike_again(size: tuple[int, int]) -> None:
    width, height = size
    picture = Image.new("RGB", size, BLUE)
    objects = (
        Object(label="ship", box=Box(0, 0, width, height)),
        Object(label="ship", box=Box(0, 0, 0.5, 0.5)),
        Object(label="ship", box=Box(width - 1, 0, width, height), polygons=(((0, 0), (0, 0), (0, 0)),)),
        Object(label="ship", box=Box(0, 0, 1, 1), obb=((0, 0), (1, 0), (1, 0), (0, 0))),
    )
    annotation = Annotation(width=width, height=height, objects=objects)
    first = measure(picture, annotation, min_px=0)
    assert first == measure(picture.copy(), annotation, min_px=0)
    assert [plain(region.colour) for region in first.regions] == ["blue"]


@pytest.mark.parametrize(
    ("paint", "others", "tiny", "stand_out"),
    [((240, 240, 240), 0, 0, True), ((240, 240, 240), 40, 0, False), ((240, 240, 240), 0, 9, False),
     ((200, 200, 200), 0, 0, False)],
)  # fmt: skip
def test_spots_stand_out_only_where_they_are_few_and_little_else_looks_as_they_do(
    paint: tuple[int, int, int], others: int, tiny: int, stand_out: bool
) -> None:
    """A grey spot may be a white thing that is smaller than a pixel: nothing is said of it."""
    picture = Image.new("RGB", (96, 96), (110, 80, 50))
    for x, y in ((20, 20), (30, 60), (50, 30)):
        picture.paste(paint, (x, y, x + 3, y + 3))
    for number in range(tiny):  # fainter ones that are too small to be told
        picture.paste((190, 170, 150), (5 + 10 * number, 80, 7 + 10 * number, 81))
    picture.paste((240, 240, 240), (0, 96 - others, 96, 96))  # as broad as surf
    measured = measure(picture, Annotation(width=96, height=96))
    assert [(spots.colour, spots.ground) for spots in measured.spots] == [("white", "brown")] * stand_out


def test_a_vivid_colour_is_absent_only_where_no_pixel_comes_near_it() -> None:
    pixels = np.full((200, 300, 3), 128, dtype=np.uint8)
    pixels[20:30, 40:50] = (200, 190, 40)  # yellow, in the first box
    pixels[100:104, 200:202] = (150, 60, 60)  # a little red, in none
    boxes = {"van": [Box(35, 15, 55, 35)], "car": [Box(100, 100, 120, 120)], "bike": [Box(9, 9, 11, 11)]}
    whole, by_class = absent(Image.fromarray(pixels), boxes, (300, 200))
    assert {"blue", "purple"} <= whole
    assert not {"yellow", "red"} & whole
    assert "yellow" not in by_class["van"]
    assert {"yellow", "red"} <= by_class["car"]
    assert "bike" not in by_class  # too small to be seen
    assert absent(Image.new("RGB", (4000, 4000)), {}, (4000, 4000)) == (frozenset(), {})


def test_what_shows_nothing_counts_for_no_colour_unless_nothing_shows_anything() -> None:
    black = Image.new("RGB", (96, 96))
    assert measure(black, Annotation(width=96, height=96)).colours == (("black", 1.0),)
    black.paste((60, 130, 60), (0, 0, 96, 48))  # a picture with an empty lower half
    ((name, part),) = measure(black, Annotation(width=96, height=96)).colours
    assert name.endswith("green")
    assert part == 0.5
