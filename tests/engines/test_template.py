"""The embedded engine: six texts for every image, each true to its sources and unlike the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mpgi_ray import prompts
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation, Box, Cover, LabelClass, Object
from mpgi_ray.engines.base import Prompt
from mpgi_ray.engines.template.engine import SHORT_WORDS, claims
from mpgi_ray.engines.template.pixels import COLOURS, measure
from mpgi_ray.errors import RecipeError
from mpgi_ray.rules import Facts, gather
from support.template_texts import INTEGRATE, STAGE_1, STAGE_2, ask, merged, six_texts

MAX_SHARE = 0.6


def four_grams(text: str) -> set[tuple[str, ...]]:
    words = re.sub(r"[^\w\s]", "", text.lower()).split()
    return set(zip(*(words[i:] for i in range(4)), strict=False))


def largest_share(texts: dict[str, str]) -> float:
    """The largest part of a text's 4-grams that another text has too."""
    grams = [four_grams(text) for text in texts.values()]
    return max(len(a & b) / max(1, min(len(a), len(b))) for a, b in combinations(grams, 2))


def check(texts: dict[str, str]) -> None:
    assert list(texts) == [*STAGE_1, *STAGE_2]
    for name, text in texts.items():
        low, high = (INTEGRATE if name in STAGE_2 else prompts.load(name)).texts[name]
        assert low <= len(text.split()) <= high, (name, text)
        assert not re.search(r"None|  |\.\.|[{}]|\ba [aeiou]", text), text
    assert len(texts["short"].split()) <= SHORT_WORDS
    assert largest_share(texts) <= MAX_SHARE, texts


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


@given(annotations(), st.lists(st.integers(0, 255), min_size=12, max_size=12), st.text("ab", max_size=3))
@settings(max_examples=150, deadline=None)
def test_six_texts_for_every_annotation(annotation: Annotation, pixels: list[int], seed: str) -> None:
    image = Image.fromarray(np.array(pixels, dtype=np.uint8).reshape(2, 2, 3))
    texts = six_texts(gather(annotation), image, seed)
    check(texts)
    assert texts == six_texts(gather(annotation), image, seed)


def _real_samples(data_dir: Path) -> Iterator[tuple[str, Annotation, Image.Image]]:
    for name in ("ucm", "eurosat", "rsicd", "simd", "airbus_aircraft", "gid_mtl15"):
        for line in (data_dir / name / "manifest.jsonl").read_text().splitlines():
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
    for key, annotation, image in _real_samples(data_dir):
        check(six_texts(gather(annotation), image, key))


def test_free_perspectives_do_not_depend_on_facts() -> None:
    picture = Picture(b"", plain(40, 120, 40))
    facts = gather(Annotation(width=9, height=9, scene=("airport",)))
    for name in ("scene", "attributes"):
        assert ask(Prompt(name, "", "s", picture, facts)) == ask(Prompt(name, "", "s", picture))
        assert "airport" not in ask(Prompt(name, "", "s", picture, facts))[0]


def test_long_holds_every_claim_of_the_sources_and_no_other_colour() -> None:
    texts = six_texts(Facts(), halves((30, 110, 30), (150, 150, 150)))
    for one in re.split(r"(?<=\.) ", " ".join(texts[name] for name in STAGE_1)):
        claim = claims.understand(one)
        assert claim is not None, one
        assert claims.retell(claim) in texts["long"]
    colours = {n: set(re.findall(r"[a-z-]+", text.lower())) & set(COLOURS) for n, text in texts.items()}
    assert colours["long"] == {"green", "grey"} == set.union(*(colours[name] for name in STAGE_1))


def test_sentences_of_other_engines_stay_once() -> None:
    sources = {"scene": "A canal bends round a mill. It is calm.", "objects": "A canal bends round a mill."}
    facts = gather(Annotation(width=9, height=9, scene=("river",)))
    short, long = merged(facts, sources)
    assert long.count("A canal bends round a mill.") == 1
    assert "It is calm." in long
    assert "a river" in long
    assert "A canal bends round a mill." in short
    wordy = {"scene": " ".join(["word"] * 60) + "."}
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


def _all_claims() -> list[claims.Claim]:
    images = [plain(20, 20, 20), plain(250, 250, 250), halves((30, 110, 30), (150, 150, 150))]
    noise = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    images += [Image.fromarray(noise), halves((160, 110, 60), (20, 60, 160))]
    look = [measure(image) for image in images]
    makers = (claims.scene_claims, claims.attribute_claims, claims.layout_claims, claims.open_claims)
    return [claim for one in look for make in makers for claim in make(one)]


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
def test_what_is_said_is_understood(seed: str) -> None:
    for claim in _all_claims():
        assert claims.understand(claims.say(claim, seed)) == claim


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 10), "black"),
        ((128, 128, 128), "grey"),
        ((250, 250, 250), "white"),
        ((40, 120, 40), "green"),
        ((30, 60, 150), "blue"),
        ((200, 20, 20), "red"),
        ((120, 80, 45), "brown"),
        ((215, 195, 150), "beige"),
        ((120, 125, 115), "grey"),
        ((105, 125, 100), "grey-green"),
    ],
)
def test_colours_have_the_names_people_give_them(rgb: tuple[int, int, int], name: str) -> None:
    assert measure(plain(*rgb)).colours == ((name, 1.0),)


def test_layout_follows_the_picture() -> None:
    left = ask(Prompt("layout", "", "s", Picture(b"", halves((30, 110, 30), (190, 190, 190))), Facts()))[0]
    right = ask(Prompt("layout", "", "s", Picture(b"", halves((190, 190, 190), (30, 110, 30))), Facts()))[0]
    assert "left half of the picture is mostly green, the right half mostly grey" in left
    assert "right half of the picture is clearly brighter than the left half" in left
    assert "left half of the picture is mostly grey, the right half mostly green" in right
    assert "left half of the picture is clearly brighter than the right half" in right
