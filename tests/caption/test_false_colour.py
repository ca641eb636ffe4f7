"""Pictures in false colours, such as near infrared: no text tells their colours."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from PIL import Image, ImageDraw

from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.recipe import FactsConfig, load_recipe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.ingest.source import SourceConfig, load_source
from mpgi_ray.rules import rule_text
from support.template_texts import merged

COLOURS = re.compile(
    r"\b(red|reddish|green|brown|beige|grey|white|black|blue|orange|purple|pink|tan|yellow)\b", re.I
)
CARS = tuple({"label": "car", "box": (x, 20, x + 16, 28)} for x in (10, 50, 90))


def texts(fields: dict[str, Any]) -> dict[str, str]:
    """The texts of the embedded engine about a picture of green cars on red ground."""
    image = Image.new("RGB", (128, 128), (190, 30, 40))
    for car in CARS:
        ImageDraw.Draw(image).rectangle(car["box"], fill=(20, 160, 60))
    note = Annotation(width=128, height=128, **fields)
    sample, picture = Sample("a", 0, b"", "png", note, "a.png"), Picture(b"", image)
    facts = facts_of(note, picture, FactsConfig())
    recipe = load_recipe("template", {"input": {"shards": "in"}, "output": "out"}, [])
    asked = read_templates(recipe).stage1[0]
    stage = Perspectives(TemplateEngine(), recipe.generate[0], FactsConfig(), asked)
    replies = asyncio.run(TemplateEngine().reply(stage.prompts(sample, picture, facts)))
    told = dict(zip(stage.names, (reply.text for reply in replies), strict=True))
    short, long = merged(facts, told)
    return told | {"short": short, "long": long, "rules": " ".join(rule_text(facts, "s"))}


@pytest.mark.parametrize("fields", [{"objects": CARS}, {"scene": ("airport",)}, {}])
def test_colours_are_told_of_none_but_true_colours(fields: dict[str, Any]) -> None:
    told = texts(fields | {"false_colour": True})
    assert all(told.values())
    assert not {name: text for name, text in told.items() if COLOURS.search(text)}
    assert "in false colours" in told["rules"]
    assert COLOURS.search(" ".join(texts(fields).values()))


def test_a_source_says_so_of_its_pictures() -> None:
    assert load_source("isprs_vaihingen").apply({})["false_colour"]
    assert "false_colour" not in SourceConfig().apply({})
