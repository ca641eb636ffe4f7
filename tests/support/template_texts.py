"""What the template engine writes of a picture."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from PIL import Image

from mpgi_ray import prompts
from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation
from mpgi_ray.engines.base import Prompt
from mpgi_ray.engines.template import integrated, perspectives
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.rules import Facts, gather
from mpgi_ray.rules.measured.measure import measure

STAGE_1 = ("objects", "layout", "scene", "attributes")
STAGE_2 = ("short", "long")
INTEGRATE = prompts.load("integrate")


def ask(*asked: Prompt) -> list[str]:
    return [reply.text for reply in asyncio.run(TemplateEngine().reply(asked))]


def six_texts(annotation: Annotation, image: Image.Image, seed: str = "s") -> dict[str, str]:
    """As the two stages ask: the free perspective sees no facts, integration sees no picture."""
    picture, facts = Picture(b"", image), known(annotation, image)
    first = ask(*(Prompt(n, "", seed, picture, None if n == "scene" else facts) for n in STAGE_1))
    sources = dict(zip(STAGE_1, first, strict=True))
    return sources | dict(zip(STAGE_2, merged(facts, sources, seed), strict=True))


def known(annotation: Annotation, image: Image.Image) -> Facts:
    """The facts of annotation and pixels."""
    return replace(gather(annotation), measured=measure(image, annotation))


def annotated_texts(facts: Facts, seed: str) -> list[str]:
    """What is written of facts alone, without a picture."""
    relay = (perspectives.objects, perspectives.layout, perspectives.attributes)
    return [
        *(write(facts, seed) for write in relay),
        integrated.short(facts, [], seed),
        integrated.long(facts, [], seed),
    ]


def merged(facts: Facts, sources: dict[str, str], seed: str = "s") -> list[str]:
    """The short and the long text."""
    (reply,) = ask(Prompt("integrate", "", seed, facts=facts, sources=sources, schema=INTEGRATE.schema))
    texts = json.loads(reply)
    return [texts[name] for name in STAGE_2]
