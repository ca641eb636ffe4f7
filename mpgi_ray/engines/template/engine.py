"""The embedded engine: texts from annotations and from what can be measured in pixels. No neural network.

It answers every perspective with sentences that the annotation or the pixels prove, runs anywhere and is
deterministic: the same prompt gets the same reply.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from time import perf_counter

from mpgi_ray.data.image import Picture
from mpgi_ray.data.sample import Annotation
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.template import integrated, perspectives
from mpgi_ray.errors import RecipeError
from mpgi_ray.rules import rule_text
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.measured.measure import measure
from mpgi_ray.rules.seen import Measured
from mpgi_ray.version import VERSION


class TemplateEngine:
    """Writes from facts, pixels and source texts.

    A prompt with a schema is an integration. A perspective whose prompt carries no facts, or facts that say
    nothing to it, is answered from the picture. One that it does not know by name tells all that its prompt
    carries.
    """

    kind = "template"
    model = "template"
    revision = VERSION
    trusted = True

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order.

        Raises:
            RecipeError: a prompt carries nothing to write from.
        """
        looks: dict[int, Measured] = {}  # all prompts are about one image: measure it once
        replies = []
        for prompt in prompts:
            start = perf_counter()
            text = _write(prompt, looks)
            replies.append(Reply(text, seconds=perf_counter() - start))
        return replies

    def close(self) -> None:
        """The engine holds nothing to release."""


def _write(prompt: Prompt, looks: dict[int, Measured]) -> str:
    facts, seed = prompt.facts or Facts(), prompt.seed
    if prompt.schema is not None:
        others = _others(prompt.sources, facts, seed)
        texts = {
            name: (integrated.short if name == "short" else integrated.long)(facts, others, seed)
            for name in prompt.schema["properties"]
        }
        if not all(texts.values()):
            raise RecipeError(
                f"nothing to integrate for {prompt.name!r}: its prompt carries no source text and no facts"
            )
        return json.dumps(texts, ensure_ascii=False)
    text = _perspective(prompt.name, facts, seed) if prompt.facts else ""
    if text:
        return text
    # what is said of the picture alone, for a free perspective and where the facts have nothing to say
    measured = _measured(prompt, looks)
    return _perspective(prompt.name, Facts(measured=measured), seed) or perspectives.plain(measured)


def _perspective(name: str, facts: Facts, seed: str) -> str:
    match name:
        case "objects":
            return perspectives.objects(facts, seed)
        case "layout":
            return perspectives.layout(facts, seed)
        case "attributes":
            return perspectives.attributes(facts, seed)
        case "scene":
            return perspectives.scene(facts.measured) if facts.measured else ""
    return perspectives.any_other(facts, seed)


def _measured(prompt: Prompt, looks: dict[int, Measured]) -> Measured:
    picture: Picture | None = prompt.picture
    if picture is None:
        raise RecipeError(
            f"the template engine cannot answer {prompt.name!r}: its prompt carries no picture, and neither "
            "source texts nor facts that say anything; give the perspective a picture or another engine"
        )
    if prompt.false_colour:
        return Measured()
    if id(picture) not in looks:
        width, height = picture.pixels.size
        looks[id(picture)] = measure(picture.pixels, Annotation(width=width, height=height))
    return looks[id(picture)]


def _others(sources: Mapping[str, str], facts: Facts, seed: str) -> list[str]:
    """The sentences of the sources that were not written from the same facts here; each once."""
    own = [*rule_text(facts, seed), *(_perspective(name, facts, seed) for name in sources)]
    written = {one for text in own for one in split_sentences(text)}
    told = (one for text in sources.values() for one in split_sentences(text))
    return list(dict.fromkeys(one for one in told if one not in written))
