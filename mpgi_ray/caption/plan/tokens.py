"""About how many tokens a run reads and writes: no tokenizer is loaded, four characters count as a token.

The system text, and in stage 2 the instruction, are the same for all images. They are counted for each
image all the same, so a model that keeps this prefix in its cache reads less than is said here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean
from typing import Any

from mpgi_ray.caption.plan.asked import Asked, typical_tokens
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.engines.families import family_of

_CHARACTERS_PER_TOKEN = 4  # of English text


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens about one image, or about all images of a run.

    Attributes:
        prompt: of all requests, as an endpoint counts them.
        computed: the same without what an earlier prompt about the same image began with, which a server with
            prefix caching does not read again.
        completion: of answers of a typical length.
        most: completions that all end at ``max_tokens``; None if a stage sets none.
    """

    prompt: int
    computed: int
    completion: int
    most: int | None

    def __add__(self, other: Tokens) -> Tokens:
        most = None if self.most is None or other.most is None else self.most + other.most
        return Tokens(
            self.prompt + other.prompt,
            self.computed + other.computed,
            self.completion + other.completion,
            most,
        )

    def __mul__(self, images: int) -> Tokens:
        most = None if self.most is None else self.most * images
        return Tokens(self.prompt * images, self.computed * images, self.completion * images, most)


@dataclass(frozen=True, slots=True)
class ModelTokens:
    """The tokens of one model in one stage, for an image, if every first answer is good.

    Attributes:
        stage: 1 or 2.
        requests: for an image.
        prefix: tokens that every request begins with, the same for all images.
        picture: tokens of the picture in each request that shows it, 0 if none does; None if the model's
            family is not known: the pictures are not in the figures then.
    """

    stage: int
    model: str
    requests: int
    prefix: int
    picture: int | None
    tokens: Tokens


def estimate(recipe: Recipe, asked: Sequence[Sequence[Asked]]) -> tuple[ModelTokens, ...]:
    """Means over some samples, for each model; the embedded engine, which reads no tokens, is left out.

    Args:
        asked: by sample, what each model is asked about it; at least one sample.
    """
    return tuple(_model(recipe, samples) for samples in zip(*asked, strict=True) if samples[0].model)


def picture_tokens(asked: Asked) -> int | None:
    """Tokens of the picture in each prompt that shows it; None if the model's family is not known."""
    picture = next((prompt.picture for prompt in asked.prompts if prompt.picture), None)
    return 0 if picture is None else family_of(asked.model).image_tokens(*picture.pixels.size)


def text_tokens(asked: Asked) -> int:
    """Of system and text of all prompts; placeholders count as the texts that they replace."""
    sent = sum(len(prompt.system) + len(prompt.text) for prompt in asked.prompts)
    return _tokens(sent, asked)


def new_text_tokens(asked: Asked) -> int:
    """The same without what an earlier one of the prompts, or the system text, began with."""
    texts = sorted(prompt.text for prompt in asked.prompts)
    shared = sum(_shared(*pair) for pair in pairwise(texts))
    return _tokens(len(asked.prompts[0].system) + sum(map(len, texts)) - shared, asked)


def prefix_tokens(asked: Asked) -> int:
    """Of what every prompt to a model begins with, whatever the image: before a picture, if it shows one."""
    return min(
        characters_in_tokens(len(prompt.system + ("" if prompt.picture else template.opening)))
        for prompt, template in zip(asked.prompts, asked.templates, strict=True)
    )


def _shared(a: str, b: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def characters_in_tokens(count: int) -> int:
    """About how many tokens an English text of so many characters has."""
    return -(-count // _CHARACTERS_PER_TOKEN)


def _tokens(characters: int, asked: Asked) -> int:
    written = characters - sum(len(text) for text, _ in asked.assumed)
    return characters_in_tokens(written) + sum(tokens for _, tokens in asked.assumed)


def _model(recipe: Recipe, samples: Sequence[Asked]) -> ModelTokens:
    first = samples[0]
    block = recipe.integrate if first.place is None else recipe.generate[first.place]
    draws = block.best_of
    requests = draws * len(first.prompts)
    sizes = [picture_tokens(asked) for asked in samples]
    pictures = [size or 0 for size in sizes]
    shown = draws * sum(prompt.picture is not None for prompt in first.prompts)
    prompt = round(draws * mean(map(text_tokens, samples)) + shown * mean(pictures))
    computed = round(mean(map(new_text_tokens, samples)) + mean(pictures))
    completion = draws * sum(map(typical_tokens, first.templates))
    most = _most(block.sampling, requests)
    if most is not None:
        completion = min(completion, most)
    picture = None if None in sizes else round(mean(pictures))
    stage = 2 if first.place is None else 1
    tokens = Tokens(prompt, computed, completion, most)
    return ModelTokens(stage, first.model, requests, prefix_tokens(first), picture, tokens)


def _most(sampling: Mapping[str, Any], requests: int) -> int | None:
    limit = sampling.get("max_tokens")
    return None if limit is None else int(limit) * requests
