"""What the imperfect writer says of generated scenes, asked in this process: no Ray, no server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from caption_arms import SIX
from imperfect_run import content_faults

from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.facts import facts_of
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import GenerateConfig
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.demo.writer.answer import write
from mpgi_ray.demo.writer.faults import chance
from mpgi_ray.demo.writer.request import parse
from mpgi_ray.engines.http.chat import messages
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.prompts import load

DESCRIBED = tuple(name for name in SIX if name not in ("short", "long"))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the writer.

    Attributes:
        fault: that was planted; empty for none.
        false: how many claims it makes false.
    """

    text: str
    fault: str
    false: int


class Describing:
    """The writer of stage 1.

    Args:
        rate: of answers with a fault of content.
        alike: probability that a further answer has the fault of the first one, with the same false claim,
            or like the first one none; the others err by themselves.
    """

    def __init__(self, rate: float, seed: int = 0, alike: float = 0.0) -> None:
        self.faults, self.seed, self.alike = content_faults(rate, 0), seed, alike
        block = GenerateConfig(perspectives=DESCRIBED)
        self.asks = Perspectives(TemplateEngine(), block, FactsConfig(), [load(name) for name in DESCRIBED])

    def answers(self, sample: Sample, draws: int) -> Iterator[tuple[str, list[Said]]]:
        """By perspective, so many answers to the same prompt."""
        picture = decode(sample.image)
        facts = facts_of(sample.annotation, picture, self.asks.limits)
        url = f"data:image/jpeg;base64,{base64.b64encode(sample.image).decode()}"
        for prompt in self.asks.prompts(sample, picture, facts):
            request = parse({"messages": messages(prompt, url)})
            said = []
            for draw in range(draws):
                same = chance(self.seed, request.content, draw, "alike").random() < self.alike
                of = 0 if same else draw
                fault = self.faults.choose(request, self.seed, of)
                wording = of if fault else draw
                answer = write(request, fault, chance(self.seed, request.content, wording, "wording"), {})
                false = sum(len(changes) for changes in answer.false.values())
                said.append(Said(answer.text, answer.fault, false))
            yield prompt.name, said
