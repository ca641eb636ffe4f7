"""Texts of models held against the facts, in both stages: what contradicts them is asked for again."""

from __future__ import annotations

import asyncio
import json

import pytest

from mpgi_ray.asking.held import hold
from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import GenerateConfig, IntegrateConfig
from mpgi_ray.data.box import Box
from mpgi_ray.data.caption import Caption
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Annotation, LabelClass, Object, Sample
from mpgi_ray.engines.base import Reply
from mpgi_ray.prompts import load
from mpgi_ray.rules import gather
from mpgi_ray.truth.sourced import agreement, unsourced
from support.scripted import Scripted, descriptions, png

CARS = tuple(Object(label="car", box=Box(x, 100, x + 30, 115)) for x in (5, 45, 85))
NOTE = Annotation(
    width=240,
    height=240,
    objects=(*CARS, Object(label="ship", box=Box(150, 150, 220, 220))),
    vocabulary={
        "car": LabelClass(exhaustive=True),
        "truck": LabelClass(exhaustive=True),
        "ship": LabelClass(),
    },
)
FACTS = gather(NOTE)
TRUE = (
    "Three cars stand in a row on the left side of the image, and at least one ship lies in the lower right."
)
FALSE = "Three cars and two trucks stand on the left side of the image, where a road runs along."


def described(engine: Scripted, **limits: bool) -> list[Caption]:
    sample = Sample("k", 0, png(), "png", NOTE, "k")
    names = ("layout", "scene")
    config, templates = GenerateConfig(perspectives=names), [load(name) for name in names]
    stage = Perspectives(engine, config, FactsConfig(**limits), templates)
    return asyncio.run(stage.describe("s", sample, FACTS, decode(sample.image)))


def test_a_contradiction_is_asked_for_again_with_the_claim_and_a_relay_with_the_fact() -> None:
    engine = Scripted(lambda prompt, before: Reply(TRUE if before else FALSE))
    rows = described(engine)
    assert [(r.perspective, r.status, r.attempt) for r in rows] == [
        ("layout", "retried", 1),
        ("layout", "ok", 2),
        ("scene", "retried", 1),
        ("scene", "ok", 2),
    ]
    assert rows[0].why == 'contradicted: "two trucks" is false: there is no truck'
    # a free perspective saw no facts, and sees none now
    assert rows[2].why == 'contradicted: "two trucks" is false; leave it out'
    assert [rows[place].detail in engine.asked[2 + place // 2].text for place in (0, 2)] == [True, True]
    scores = json.loads(rows[1].scores)
    assert (scores["contradicted"], scores["completeness"]) == (0.0, 1.0)
    assert scores["claims"] >= 4


def test_a_claim_that_stays_false_is_rejected_and_passes_where_it_is_not_held() -> None:
    rows = described(Scripted(lambda prompt, before: Reply(FALSE)))
    assert [(r.status, r.reason) for r in rows if r.perspective == "layout"] == [
        ("retried", "contradicted"),
        ("retried", "contradicted"),
        ("rejected", "contradicted"),
    ]
    assert {r.status for r in described(Scripted(lambda prompt, before: Reply(FALSE)), held=False)} == {"ok"}


def test_texts_of_a_merge_are_judged_and_kept_each_for_itself() -> None:
    sources = {
        "layout": TRUE,
        "scene": "Grey cranes stand by the water, and the ground is brown and bare.",
    }
    source = descriptions(sources)
    long = f"{TRUE} The ground is brown and bare, and cranes stand by the water."
    replies = [
        {"short": "Three cars on the left side and two trucks.", "long": long},
        {"short": "Three cars on the left side, a ship in the lower right.", "long": FALSE},
    ]
    engine = Scripted(lambda prompt, before: Reply(json.dumps(replies[before])))
    stage = Integration(engine, IntegrateConfig(), FactsConfig(), load("integrate"))
    rows = asyncio.run(stage.merge(source, FACTS))
    assert [(r.perspective, r.status, r.attempt) for r in rows] == [
        ("integrate", "retried", 1),
        ("short", "ok", 2),
        ("long", "ok", 1),
    ]
    told = (
        'in "short" ("Three cars on the left side and two trucks."): "two trucks" is false: there is no truck'
    )
    assert rows[0].detail == told
    assert f"{told}. Say what the facts say" in engine.asked[1].text


def test_a_number_that_one_description_alone_tells_is_not_merged() -> None:
    sources = {"layout": TRUE, "scene": "The ground is brown and bare. Two grey cranes stand by the water."}
    short = "Three cars on the left side and a ship in the lower right."
    long = f"{TRUE} The ground is brown and bare there."

    def merged(engine: Scripted, witnesses: int) -> Caption:
        config = IntegrateConfig(witnesses=witnesses)
        stage = Integration(engine, config, FactsConfig(), load("integrate"))
        rows = stage.merge(descriptions(sources), FACTS)
        return next(row for row in asyncio.run(rows) if row.perspective == "long")

    def engine(text: str) -> Scripted:
        return Scripted(lambda prompt, before: Reply(json.dumps({"short": short, "long": text})))

    row = merged(told := engine(long), 2)
    assert (row.status, json.loads(row.scores)["left_out"]) == ("ok", 1)
    assert "cranes" not in told.asked[0].text
    invented = f"{long} Two grey cranes stand by the water."
    row = merged(engine(invented), 2)
    assert (row.status, row.reason) == ("rejected", "novel")
    row = merged(told := engine(invented), 1)
    assert (row.status, json.loads(row.scores)["left_out"]) == ("ok", 0)
    assert "cranes" in told.asked[0].text


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Three cars and two cranes.", []),
        ("Three cars and three cranes.", ["three cranes"]),
        ("Two ships.", ["Two ships"]),  # at least one
        ("A number of ships.", ["A number of ships"]),
        ("At least one ship.", []),
        ("Five boats.", []),  # two in the centre and three at the top
        ("Five boats in the centre.", ["Five boats"]),
        ("Many buildings.", ["Many buildings"]),
        ("Grass covers most of the picture.", ["most"]),
        ("Water covers about half of the picture.", []),
    ],
)
def test_numbers_and_shares_of_a_merge_need_a_source_for_that_thing(text: str, new: list[str]) -> None:
    sources = [
        "Three cars and two cranes stand there.",
        "Two boats lie in the centre and three boats at the top.",
        "Grass covers a small part of the image. Water covers about half of the image.",
    ]
    assert unsourced(text, hold(text, FACTS).judged, sources, FACTS) == new


@pytest.mark.parametrize(
    ("true", "false", "new"),
    [
        ("The view has one car in its centre.", "The view has one car there.", ["one car"]),
        ("A yard with two cars near its edges.", "A yard with two cars in its centre.", ["two cars"]),
        ("Three cars, one in the centre.", "A view of two cars, one in the centre.", ["two cars"]),
        ("One of them is a car. Three cars.", "A yard with a ship and one car.", ["one car"]),
        (
            "The view has one car in its centre; near its edges it has two cars.",
            "The view has one car; near its edges it has two.",
            ["one car"],
        ),
        ("Three cars stand there, covering a tenth of the view.", "Three cars, covering half of it.", []),
        (
            "Grass and trees, covering a tenth of the image.",
            "Water and trees, covering a tenth of the image.",
            ["a tenth"],
        ),
    ],
)
def test_what_is_true_of_a_part_only_is_told_as_such(true: str, false: str, new: list[str]) -> None:
    sources = [
        "Three cars stand there. The view has one car in its centre and two cars near its edges.",
        "Grass covers a tenth of the image. Cars cover a tenth of the view.",
    ]
    assert unsourced(true, hold(true, FACTS).judged, sources, FACTS) == []
    assert unsourced(false, hold(false, FACTS).judged, sources, FACTS) == new


def test_agreement_is_the_share_of_descriptions_that_claim_the_same() -> None:
    text = "Three cars stand there, and two cranes."
    witnesses = ("Three cars.", "Three cars and a crane.", "A fine day.", "Two cranes and some cars.")
    # cars 3 of 4, three of them 2; a crane 2, two of them 1
    assert agreement(hold(text, FACTS).judged, witnesses, FACTS) == (3 + 2 + 2 + 1) / 16
    assert agreement(hold(text, FACTS).judged, (), FACTS) is None
