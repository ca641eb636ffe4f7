"""Facts and sentences: counts, places, exactness, wording."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import asdict
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data.sample import Annotation, Box, Cover, LabelClass, Object
from mpgi_ray.rules import gather, rule_text
from mpgi_ray.rules.english import enumerate_, number, plural, singular, with_article
from mpgi_ray.rules.lexicon import class_name, humanise, scene_phrase, surface_name
from mpgi_ray.rules.sentences import cells, centre_and_edge, relations, totals
from mpgi_ray.rules.sentences import labels as rules_of_labels
from mpgi_ray.rules.surfaces import cover_places
from mpgi_ray.rules.tags import visible_tags
from support.template_texts import annotated_texts

SIZE = 240  # px; thirds and quarters are whole numbers
LABELS = ("car", "small-vehicle", "ship", "water")
MIRRORED = (2, 1, 0, 5, 4, 3, 8, 7, 6)


def objects_of(label: str, *middles: tuple[float, float], side: float = 20, **more: object) -> list[Object]:
    half = side / 2
    return [Object(label=label, box=Box(x - half, y - half, x + half, y + half), **more) for x, y in middles]


def note(
    objects: list[Object], vocabulary: dict[str, LabelClass] | None = None, **more: object
) -> Annotation:
    return Annotation(width=SIZE, height=SIZE, objects=tuple(objects), vocabulary=vocabulary or {}, **more)


def all_texts(annotation: Annotation, seed: str) -> str:
    facts = gather(annotation)
    return " ".join(filter(None, [*rule_text(facts, seed), *annotated_texts(facts, seed)]))


@st.composite
def objects(draw: st.DrawFn) -> Object:
    x, y = draw(st.integers(2, SIZE - 3)), draw(st.integers(2, SIZE - 3))
    width, height = draw(st.integers(1, SIZE - x)), draw(st.integers(1, SIZE - y))
    return Object(
        label=draw(st.sampled_from(LABELS)),
        box=Box(x, y, x + width, y + height),
        visible=draw(st.sampled_from((1.0, 1.0, 0.5, 0.1))),
        crowd=draw(st.integers(0, 9)) == 0,
        difficult=draw(st.integers(0, 9)) == 0,
    )


many_objects = st.lists(objects(), max_size=30)
seeds = st.text("abc", max_size=4)
exhaustive = {label: LabelClass(exhaustive=True, countable=label != "water") for label in LABELS}


@given(many_objects)
def test_every_object_is_in_one_side_and_one_cell_or_left_out(drawn: list[Object]) -> None:
    facts = gather(note(drawn))
    assert sum(c.total + c.left_out + c.groups for c in facts.classes) == len(drawn)
    for c in facts.classes:
        assert c.centre + c.edge == c.total == sum(c.cells)
        assert all(clear <= held for clear, held in zip(c.clear, c.cells, strict=True))


@given(many_objects)
def test_a_mirrored_annotation_has_mirrored_cells(drawn: list[Object]) -> None:
    mirrored = [
        o.model_copy(update={"box": Box(SIZE - o.box.x2, o.box.y1, SIZE - o.box.x1, o.box.y2)}) for o in drawn
    ]
    for here, there in zip(gather(note(drawn)).classes, gather(note(mirrored)).classes, strict=True):
        assert (here.name, here.centre, here.edge) == (there.name, there.centre, there.edge)
        assert tuple(here.cells[i] for i in MIRRORED) == there.cells
        assert tuple(here.clear[i] for i in MIRRORED) == there.clear


def test_a_mirrored_annotation_has_mirrored_sentences() -> None:
    vocabulary = {"car": LabelClass(exhaustive=True)}
    left, right = (gather(note(objects_of("car", (x, 30)), vocabulary)) for x in (30, SIZE - 30))
    assert cells(left, "s") == "One car lies in the upper left."
    assert cells(right, "s") == "One car lies in the upper right."


@given(many_objects, seeds)
def test_a_class_that_is_not_exhaustive_gets_no_exact_number_and_no_absence(
    drawn: list[Object], seed: str
) -> None:
    text = all_texts(note(drawn, {label: LabelClass() for label in LABELS}), seed)
    figures = r"(?:a single|\d+|" + "|".join(number(n) for n in range(13)) + ")"
    for found in re.finditer(rf"\b{figures} (?:car|small vehicle|ship)s?\b|\({figures}\)", text):
        assert text[: found.start()].lower().endswith(("at least ", "no fewer than ")), text
    assert not re.search("There are no|shows no|exactly", text)


@given(many_objects, seeds)
def test_texts_are_clean_and_repeatable(drawn: list[Object], seed: str) -> None:
    annotation = note(drawn, exhaustive)
    text = all_texts(annotation, seed)
    assert text == all_texts(annotation, seed)
    assert not re.search(r"None|  |\ba [aeiou]|\bwaters\b|\.\.|[{}]", text)
    facts = gather(annotation)
    assert pickle.loads(pickle.dumps(facts)) == facts
    assert json.loads(json.dumps(asdict(facts)))["scenes"] == []


def test_the_centre_is_the_closed_middle_half() -> None:
    facts = gather(note(objects_of("car", (60, 60), (180, 180), (59, 60), (120, 181))))
    assert (facts.classes[0].centre, facts.classes[0].edge) == (2, 2)


@pytest.mark.parametrize(
    "spoiler",
    [
        objects_of("car", (200, 200), side=2),
        objects_of("car", (200, 200), visible=0.2),
        objects_of("car", (200, 200), difficult=True),
        objects_of("car", (200, 200), crowd=True),
    ],
)
def test_a_number_is_exact_only_if_nothing_was_left_out(spoiler: list[Object]) -> None:
    cars = objects_of("car", (40, 40), (120, 120))
    vocabulary = {"car": LabelClass(exhaustive=True)}
    assert "two cars" in (totals(gather(note(cars, vocabulary)), "s") or "")
    told = totals(gather(note(cars + spoiler, vocabulary)), "s") or ""
    assert "at least two cars" in told
    assert ("a group of cars" in told) == spoiler[0].crowd


@pytest.mark.parametrize(
    "between",
    [
        objects_of("car", (100, 30), side=2),
        objects_of("car", (100, 30), visible=0.1),
        objects_of("car", (100, 30), difficult=True),
        objects_of("car", (100, 90), crowd=True),
    ],
)
def test_an_arrangement_is_told_only_of_all(between: list[Object]) -> None:
    row, elsewhere = objects_of("car", *[(40.0 * i, 30.0) for i in range(1, 6)]), objects_of("ship", (9, 200))
    assert "in a horizontal row" in all_texts(note(row + elsewhere), "s")
    assert "row" not in all_texts(note(row + between), "s")


def test_absent_are_exhaustive_countable_classes_only_and_no_text_says_so() -> None:
    vocabulary = {
        "storage-tank": LabelClass(exhaustive=True),
        "ship": LabelClass(exhaustive=True),
        "small-vehicle": LabelClass(exhaustive=True),
        "bridge": LabelClass(),
        "water": LabelClass(exhaustive=True, countable=False),
    }
    facts = gather(note(objects_of("small-vehicle", (40, 40)), vocabulary))
    assert facts.absent == ("storage tank",)  # a source with ships may label boats apart from them
    assert "storage tank" not in " ".join([*rule_text(facts, "s"), *annotated_texts(facts, "s")])
    tiny = objects_of("storage-tank", (9, 9), side=2)
    assert not gather(note(tiny, {"storage-tank": LabelClass(exhaustive=True)})).absent


def test_large_numbers_have_a_coarse_word_beside() -> None:
    cars = objects_of("car", *[(20 + 15 * i, 30.0) for i in range(13)])
    assert "many cars (at least 13)" in (totals(gather(note(cars)), "s") or "")
    assert "many cars (13)" in (totals(gather(note(cars, {"car": LabelClass(exhaustive=True)})), "s") or "")


def test_an_uncountable_class_is_never_counted() -> None:
    text = all_texts(note(objects_of("water", (40, 40), (200, 200)), exhaustive), "s")
    assert "water" in text
    assert not re.search(r"(two|at least|or more|a single) water", text)


def test_an_object_without_a_clear_place_gets_no_cell() -> None:
    near_centre = gather(
        note(objects_of("car", (70, 70)))
    )  # in the centre region, but not in the middle cell
    sprawling = gather(note(objects_of("car", (70, 70), side=130)))
    assert cells(near_centre, "s") is None
    assert cells(sprawling, "s") is None
    assert "centre" in (centre_and_edge(near_centre, "s") or "")


def test_relations_need_clear_margins_and_exact_numbers() -> None:
    both = objects_of("ship", (60, 120), side=80) + objects_of("car", (200, 120), side=20)
    told = relations(gather(note(both, exhaustive)), "s") or ""
    assert "The ship is much larger than the car." in told
    assert "The ship is to the left of the car." in told
    assert relations(gather(note(both)), "s") is None
    close = objects_of("ship", (60, 120), side=40) + objects_of("car", (95, 120), side=20)
    assert re.fullmatch(r"The car .* the ship\.", relations(gather(note(close)), "s") or "")


def test_cover_is_told_in_coarse_words_and_placed() -> None:
    left = Cover(fraction=0.25, cells=(0.75, 0, 0, 0.75, 0, 0, 0.75, 0, 0), patches=1)
    some = {"Water": left, "Unlabeled": left}
    all_of_it = {"Water": LabelClass(exhaustive=True, countable=False), "Unlabeled": LabelClass()}
    text = " ".join(rule_text(gather(note([], all_of_it, cover=some)), "s"))
    assert "Water covers about a quarter of" in text
    assert "Water lies mainly on the left." in text
    assert "nlabel" not in text
    part = " ".join(rule_text(gather(note([], cover=some)), "s"))
    assert "Water covers at least a quarter of" in part
    assert "Water lies on the left." in part
    spread = Cover(fraction=0.3, cells=(0.3,) * 9, patches=40)
    assert cover_places(gather(note([], cover={"Building": spread})), "s") is None


def test_metadata_and_tags() -> None:
    tags = {"building": "yes", "related_law": "14/2003", "waterway": "river;stream", "website": "x.org"}
    facts = gather(note([], tags=tags, gsd=0.5, date="2019-06-30", place="Lisbon", sensor="Pleiades"))
    text = " ".join(rule_text(facts, "s"))
    assert "at least one building, a river and a stream" in text
    assert "The image was taken in June 2019 over Lisbon by Pleiades." in text
    assert "0.5 m" in text
    assert "2003" not in text
    assert visible_tags({"building": "no", "boundary": "administrative"}) == ()
    ways = {"highway": "path;primary", "building": "yes"}
    assert visible_tags(ways, 0.5) == ("a path", "a main road", "at least one building")
    assert visible_tags(ways, 5) == ("a main road",)  # the others are smaller than two pixels


def test_an_image_without_annotation_still_has_a_true_sentence() -> None:
    assert rule_text(gather(note([])), "s") == ["Nothing is annotated in this image."]


def test_an_unknown_scene_is_only_quoted() -> None:
    assert rule_text(gather(note([], scene=("HoverPort",))), "s") == ['The scene is labelled "hover port".']


LABEL_NAMES = {
    "storage-tank": "storage tank",
    "small_vehicle": "small vehicle",
    "AnnualCrop": "annual crop",
    "baseballdiamond": "baseball diamond",
    "Land (unpaved area)": "unpaved land",
    "Truncated_airplane": "partly visible airplane",
    "cars": "car",
    "bus": "bus",
    "SHIP": "ship",
    "Unlabeled": "",
}


def test_labels_become_words_and_names_of_the_vocabulary_win() -> None:
    assert {label: class_name(label) for label in LABEL_NAMES} == LABEL_NAMES
    assert class_name("Unlabeled", "hovercraft") == "hovercraft"
    assert humanise("denseResidential_Area") == "dense residential area"
    assert (surface_name("river"), class_name("river")) == ("river water", "river")


def test_a_label_keeps_the_number_of_its_source() -> None:
    told = {
        ("grass", "cars"): "grass and cars",
        ("airplane", "grass", "trees", "buildings"): "grass, trees, buildings and at least one airplane",
        ("buildings",): "buildings",
    }
    for labels, words in told.items():
        assert words in (rules_of_labels(gather(note([], labels=labels)), "s") or "")
    lot = gather(note([], labels=("car", "building"), scene=("parkinglot",)))
    assert "cars and at least one building" in (rules_of_labels(lot, "s") or "")


def test_plurals_and_lists() -> None:
    plurals = {"bus": "buses", "person": "people", "aircraft": "aircraft", "tennis court": "tennis courts"}
    assert {one: plural(one) for one in plurals} == plurals
    singulars = {"trees": "tree", "bus": "bus", "tennis": "tennis", "glass": "glass", "ships": "ship"}
    assert {word: singular(word) for word in singulars} == singulars
    assert [number(n) for n in (1, 12, 13)] == ["one", "twelve", "13"]
    assert enumerate_(["a", "b", "c"]) == "a, b and c"


def test_the_articles_of_the_lexicon_are_right() -> None:
    lexicon = yaml.safe_load(resources.files("mpgi_ray.rules").joinpath("lexicon.yaml").read_text("utf-8"))
    tags = [phrase for values in lexicon["tags"].values() for phrase in values.values()]
    for phrase in [*lexicon["scenes"].values(), *tags]:
        article, _, rest = phrase.partition(" ")
        assert article not in ("a", "an") or with_article(rest) == phrase
    assert scene_phrase("Dense_Residential") == scene_phrase("denseresidential") == "a dense residential area"
    assert scene_phrase("forest") == "forest"
