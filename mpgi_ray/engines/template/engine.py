"""The embedded engine: texts from annotations and from what can be measured in pixels. No neural network.

It answers every perspective with sentences that the annotation or the pixels prove, runs anywhere and is
deterministic: the same prompt gets the same reply.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from time import perf_counter

import mpgi_ray
from mpgi_ray.data.image import Picture
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.template import claims
from mpgi_ray.engines.template.claims import Claim
from mpgi_ray.engines.template.pixels import Look, measure
from mpgi_ray.errors import RecipeError
from mpgi_ray.rules import retelling, sentences
from mpgi_ray.rules.english import sentence, split_sentences
from mpgi_ray.rules.facts import Facts

SHORT_WORDS = 45  # CLIP reads 77 tokens; English has about 1.4 tokens a word


class TemplateEngine:
    """Writes from facts, pixels and source texts.

    A prompt with a schema is an integration. A perspective that it does not know by name is answered by what
    its prompt carries: facts are told, and else the picture is described.
    """

    kind = "template"
    model = "template"
    revision = mpgi_ray.__version__
    trusted = True

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order.

        Raises:
            RecipeError: a prompt carries nothing to write from.
        """
        looks: dict[int, Look] = {}  # all prompts are about one image: measure it once
        replies = []
        for prompt in prompts:
            start = perf_counter()
            text = _write(prompt, looks)
            replies.append(Reply(text, seconds=perf_counter() - start))
        return replies

    def close(self) -> None:
        """The engine holds nothing to release."""


def _write(prompt: Prompt, looks: dict[int, Look]) -> str:
    facts, seed = prompt.facts or Facts(), prompt.seed
    if prompt.schema is not None:
        understood = _read(prompt.sources, facts, seed)
        texts = {
            name: (_short if name == "short" else _long)(*understood, facts, seed)
            for name in prompt.schema["properties"]
        }
        if not all(texts.values()):
            raise RecipeError(
                f"nothing to integrate for {prompt.name!r}: its prompt carries no source text and no facts"
            )
        return json.dumps(texts, ensure_ascii=False)
    look = partial(_look, prompt, looks)
    if prompt.name == "objects":
        return " ".join(sentences.tell(sentences.WHAT, facts, seed)) or _say(claims.open_claims(look()), seed)
    if prompt.name == "layout":
        return " ".join(sentences.tell(sentences.WHERE, facts, seed)) or _say(
            claims.layout_claims(look()), seed
        )
    if prompt.name == "scene":
        return _say(claims.scene_claims(look()), seed)
    if prompt.name == "attributes":
        return _say(claims.attribute_claims(look()), seed)
    if prompt.facts is not None:
        return " ".join(sentences.rule_text(facts, seed))
    return _say([*claims.scene_claims(look()), *claims.attribute_claims(look())], seed)


def _look(prompt: Prompt, looks: dict[int, Look]) -> Look:
    picture: Picture | None = prompt.picture
    if picture is None:
        raise RecipeError(
            f"the template engine cannot answer {prompt.name!r}: its prompt carries no picture, and neither "
            "source texts nor facts that say anything; give the perspective a picture or another engine"
        )
    if id(picture) not in looks:
        looks[id(picture)] = measure(picture.pixels)
    return looks[id(picture)]


def _say(told: Iterable[Claim], seed: str) -> str:
    return " ".join(claims.say(claim, seed) for claim in told)


def _short(understood: list[Claim], others: list[str], facts: Facts, seed: str) -> str:
    """One clause of the most telling facts, the look in brief, then what fits of other engines' sentences."""
    clauses = [clause for clause in (retelling.headline(facts, seed),) if clause]
    brief = ", ".join(claims.in_brief(understood))
    if brief:
        clauses = [f"{clauses[0]}; {brief}"] if clauses else [f"a view of the ground from above, {brief}"]
    text = " ".join(sentence(clause) for clause in clauses)
    for other in sorted(others, key=lambda other: len(other.split())) if not text else others:
        if text and len(f"{text} {other}".split()) > SHORT_WORDS:
            break
        text = f"{text} {other}".strip()
    return text


def _long(understood: list[Claim], others: list[str], facts: Facts, seed: str) -> str:
    """The facts and the look retold, then other engines' sentences as they are."""
    told = [*retelling.retell(facts, seed), *map(claims.retell, understood), *others]
    return " ".join(dict.fromkeys(told))


def _read(sources: Mapping[str, str], facts: Facts, seed: str) -> tuple[list[Claim], list[str]]:
    """Source sentences as claims, and the rest that no rule wrote; each once."""
    ruled = {s for text in sentences.rule_text(facts, seed) for s in split_sentences(text)}
    understood: dict[Claim, None] = {}
    others: dict[str, None] = {}
    for text in sources.values():
        for one in split_sentences(text):
            claim = claims.understand(one)
            if claim is not None:
                understood[claim] = None
            elif one not in ruled:
                others[one] = None
    return list(understood), list(others)
