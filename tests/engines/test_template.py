"""The embedded engine: six texts for every image, each true to its sources and unlike the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image, ImageOps

from mpgi_ray import prompts
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation, Box, Cover, LabelClass, Object
from mpgi_ray.engines.base import Prompt
from mpgi_ray.engines.template.tokens import TOKENS, estimated_tokens
from mpgi_ray.errors import RecipeError
from mpgi_ray.rules import gather
from mpgi_ray.rules.english import split_sentences
from support.template_texts import (
    INTEGRATE,
    STAGE_1,
    STAGE_2,
    annotated_texts,
    ask,
    known,
    merged,
    six_texts,
)


def check(texts: dict[str, str]) -> None:
    assert list(texts) == [*STAGE_1, *STAGE_2]
    for name, text in texts.items():
        low, high = (INTEGRATE if name in STAGE_2 else prompts.load(name)).texts[name]
        low = min(low, 10)  # of a picture of one colour there is no more to say
        assert low <= len(text.split()) <= high, (name, text)
        assert not re.search(r"None|  |\.\.|[{}]|\ba [aeiou]", text), text
    assert estimated_tokens(texts["short"]) <= TOKENS
    assert len(set(texts.values())) == len(texts), texts


def plain(*rgb: int) -> Image.Image:
    return Image.new("RGB", (96, 96), rgb)


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> Image.Image:
    image = plain(*left)
    image.paste(right, (48, 0, 96, 96))
    return image


LABELS = ("car", "storage-tank", "ship", "tree")


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    points = st.tuples(st.integers(0, 180), st.integers(0, 180), st.integers(2, 70))
    drawn = draw(st.lists(st.tuples(st.sampled_from(LABELS), points), max_size=16))
    cells = draw(st.lists(st.sampled_from((0.0, 0.2, 0.9)), min_size=9, max_size=9))
    cover = {}
    if sum(cells) and draw(st.booleans()):
        cover["water"] = Cover(fraction=sum(cells) / 9, cells=tuple(cells), patches=draw(st.integers(1, 4)))
    vocabulary = {label: LabelClass(exhaustive=draw(st.booleans())) for label in (*LABELS, "water")}
    return Annotation(
        width=256,
        height=256,
        vocabulary=vocabulary,
        objects=tuple(Object(label=n, box=Box(x, y, x + s, y + s)) for n, (x, y, s) in drawn),
        labels=tuple(draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=3))),
        scene=draw(st.sampled_from(((), ("airport",), ("DenseResidential",), ("novel_thing",)))),
        cover=cover,
        gsd=draw(st.sampled_from((None, 0.5))),
    )


@given(
    annotations(),
    st.lists(st.integers(0, 255), min_size=12, max_size=12, unique=True),
    st.text("ab", max_size=3),
)
@settings(max_examples=150)
def test_six_texts_for_every_annotation(annotation: Annotation, pixels: list[int], seed: str) -> None:
    image = Image.fromarray(np.array(pixels, dtype=np.uint8).reshape(2, 2, 3))
    image = image.resize((256, 256))
    texts = six_texts(annotation, image, seed)
    check(texts)
    assert texts == six_texts(annotation, image, seed)


def _real_samples(data_dir: Path) -> Iterator[tuple[str, Annotation, Image.Image]]:
    every = {"ucm": 5, "eurosat": 3}  # pictures with a class alone: a part of them shows all kinds of texts
    for name in ("ucm", "eurosat", "rsicd", "simd", "airbus_aircraft", "gid_mtl15"):
        for line in (data_dir / name / "manifest.jsonl").read_text().splitlines()[:: every.get(name, 1)]:
            row = json.loads(line)
            annotation = Annotation(
                width=row["width"],
                height=row["height"],
                scene=(row["scene"],) if "scene" in row else (),
                labels=tuple(row.get("labels", ())),
                objects=tuple(Object(label=b["label"], box=Box(*b["bbox"])) for b in row.get("boxes", ())),
            )
            yield row["id"], annotation, Image.open(data_dir / name / row["image"]).convert("RGB")


def test_six_texts_for_every_real_image(data_dir: Path) -> None:
    clip = SimpleTokenizer()
    for key, annotation, image in _real_samples(data_dir):
        texts = six_texts(annotation, image, key)
        check(texts)
        assert len(clip.encode(texts["short"])) <= TOKENS, texts["short"]


@pytest.mark.parametrize("scene", [(), ("airport",), ("XJ-77 " * 40,), ("\u9053\u8def\u6c34\u6c60" * 30,)])
@pytest.mark.parametrize("label", ["car", "QZX9 " * 20, "\u8239" * 60, 'so "called" thing'])
def test_short_fits_and_names_the_main_class(scene: tuple[str, ...], label: str) -> None:
    """A long label is cut, and comes before the scene and the places."""
    annotation = Annotation(
        width=96,
        height=96,
        scene=scene,
        labels=tuple(f"C{number}-X" for number in range(12)),
        objects=tuple(Object(label=label, box=Box(x, 8, x + 20, 28)) for x in (4, 40, 70)),
    )
    texts = six_texts(annotation, halves((40, 120, 40), (150, 150, 150)), "s")
    assert len(SimpleTokenizer().encode(texts["short"])) <= TOKENS
    said = label.strip().replace('"', "'")
    assert said[:9] in texts["short"]
    assert said in texts["long"]


def test_the_free_perspective_does_not_depend_on_facts() -> None:
    picture = Picture(b"", halves((40, 120, 40), (150, 150, 150)))
    facts = gather(Annotation(width=9, height=9, scene=("airport",)))
    assert ask(Prompt("scene", "", "s", picture, facts)) == ask(Prompt("scene", "", "s", picture))
    assert "airport" not in ask(Prompt("scene", "", "s", picture, facts))[0]


RED_CARS = tuple(
    Object(label="car", box=Box(8, y, 20, y + 24), obb=((8, y), (20, y), (20, y + 24), (8, y + 24)))
    for y in (4, 56, 108, 160)
)


def parking(*others: Object, exhaustive: bool = True) -> tuple[Annotation, Image.Image]:
    """Four red cars in a column on the left of a grey lot, 192 px wide, and what else there is."""
    image = Image.new("RGB", (192, 192), (128, 128, 128))
    for obj in RED_CARS:
        image.paste((190, 40, 40), tuple(map(int, obj.box)))
    for obj in others:
        image.paste((60, 80, 190), tuple(map(int, obj.box)))
    vocabulary = {name: LabelClass(exhaustive=exhaustive) for name in ("car", "shed")}
    note = Annotation(
        width=192,
        height=192,
        scene=("parking lot",),
        vocabulary=vocabulary,
        objects=(*RED_CARS, *others),
        gsd=0.2,
    )
    return note, image


def test_number_colour_class_and_place_are_told_together() -> None:
    texts = six_texts(*parking())
    for name in ("objects", "layout", "short", "long"):
        assert re.search("four red cars", texts[name], re.IGNORECASE), texts[name]
    for name in ("layout", "short", "long"):
        assert re.search(
            r"four red cars .*in a (vertical )?row .*(left half|on the left)", texts[name], re.IGNORECASE
        )
    assert "about 4.8 m long and 2.4 m wide" in texts["attributes"]
    assert "a parking lot" in texts["short"]


def test_the_main_class_is_told_first_even_where_the_scene_is_named_like_another() -> None:
    shed = Object(label="shed", box=Box(130, 130, 170, 170))
    annotation, image = parking(shed)
    facts = known(annotation.model_copy(update={"scene": ("solar farm",)}), image)
    short, long = merged(facts, {})
    for text in (short, split_sentences(long)[0]):
        assert text.index("red cars") < text.index("shed")


def test_what_is_not_exhaustive_is_never_counted_exactly() -> None:
    annotation, image = parking(exhaustive=False)
    for name, text in six_texts(annotation, image).items():
        if name != "scene":
            assert "four" not in re.sub("(?i)at least four|four or more", "", text.lower()), text


def test_a_picture_with_nothing_but_a_class_is_told_by_what_covers_it() -> None:
    image = halves((30, 110, 30), (150, 150, 150))
    texts = six_texts(Annotation(width=96, height=96, scene=("airport",)), image)
    for name in ("layout", "short", "long"):
        assert re.search(r"green.*left|left.*green", texts[name]), texts[name]
        assert "left" in texts[name]
    mirrored = six_texts(Annotation(width=96, height=96, scene=("airport",)), ImageOps.mirror(image))
    assert all(mirrored[name] != texts[name] for name in ("layout", "short", "long"))


def test_without_measuring_no_text_but_that_of_the_picture_names_a_colour() -> None:
    facts = gather(parking()[0])
    written = [*annotated_texts(facts, "s"), *merged(facts, {})]
    assert not re.search("red|grey", " ".join(written))


def test_sentences_of_other_engines_stay_once() -> None:
    sources = {"scene": "A canal bends round a mill. It is calm.", "objects": "A canal bends round a mill."}
    facts = gather(Annotation(width=9, height=9, scene=("river",)))
    short, long = merged(facts, sources)
    assert long.count("A canal bends round a mill.") == 1
    assert "It is calm." in long
    assert "a river" in long
    assert "A canal bends round a mill." in short
    wordy = {"scene": " ".join(["word"] * 90) + "."}
    assert "word" not in merged(facts, wordy)[0]


def test_a_perspective_of_the_users_own_gets_what_its_prompt_carries() -> None:
    facts = gather(Annotation(width=9, height=9, scene=("river",)))
    picture = Picture(b"", plain(40, 120, 40))
    assert "a river" in ask(Prompt("roads", "", "s", picture, facts))[0]
    assert "green" in ask(Prompt("roads", "", "s", picture))[0]


@pytest.mark.parametrize("name", ["scene", "objects", "roads", "integrate"])
def test_a_prompt_that_carries_nothing_is_an_error(name: str) -> None:
    with pytest.raises(RecipeError, match=name):
        ask(Prompt(name, "", "s", schema=INTEGRATE.schema if name == "integrate" else None))
