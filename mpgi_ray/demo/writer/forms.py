"""Faults of form: answers that cannot be used as they are, whatever they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from mpgi_ray.demo.writer.words import sentences

_REFUSALS = (
    "I'm sorry, but I can't help with identifying what is in this image.",
    "I cannot assist with that request.",
    "As an AI language model, I am unable to describe this picture.",
    "Sorry, I can't provide a description, because no image was received.",
)
_THOUGHTS = (
    "Okay, the user wants a description. Let me go through what I was given. I must add nothing.",
    "Let me look at this step by step. First I should check the numbers, then write plain prose.",
    "Hmm, so I need to answer with the text alone. I will keep it short and stick to what is given.",
)
_CHINESE = (
    "这是一幅从空中拍摄的遥感图像，画面中可以看到多种地物。",
    "图像整体色调较为均匀，地物分布清晰。",
    "从上方俯视，该区域以平坦的地面为主。",
    "画面的不同部分之间有明显的边界。",
)


def spoil_prose(kind: str, text: str, rng: Random) -> tuple[str, str]:
    """Prose in ``language`` or with ``repetition``, and the variant of the fault."""
    if kind == "language":
        chinese = "".join(rng.sample(_CHINESE, 2))
        if rng.random() < 0.5:
            return chinese, "whole"
        return f"{sentences(text)[0]} {chinese}", "part"
    if rng.random() < 0.5:
        told = sentences(text)
        loop = rng.choice(told)
        return " ".join([*told, *[loop] * rng.randint(6, 15)]), "sentence"
    words = text.split()
    start = rng.randrange(max(1, len(words) - 4))
    return " ".join([*words[: start + 4], *words[start : start + 4] * rng.randint(8, 25)]), "phrase"


def spoil_answer(kind: str, text: str, rng: Random) -> tuple[str, str, str]:
    """A whole answer that is a ``refusal``, shows ``thinking`` or suffers ``truncation``.

    Returns:
        The text, the finish reason and the variant of the fault.
    """
    if kind == "refusal":
        return rng.choice(_REFUSALS), "stop", "plain"
    if kind == "thinking":
        thought = rng.choice(_THOUGHTS)
        if rng.random() < 0.5:
            return f"<think>\n{thought}\n</think>\n\n{text}", "stop", "closed"
        return f"<think>\n{thought} So the answer could be: {text}", "length", "unclosed"
    end = rng.randint(3 * len(text) // 10, 8 * len(text) // 10)
    while end > 1 and not text[end - 1].isalnum():
        end -= 1
    return text[:end], "length", "cut"


def spoil_json(answer: dict[str, str], keys: Sequence[str], rng: Random) -> tuple[str, str]:
    """Something other than the JSON asked for, and the variant of the fault."""
    variant = rng.choice(("broken", "missing", "type"))
    key = rng.choice(list(keys))
    if variant == "broken":
        text = json.dumps(answer)
        return rng.choice((text[:-1], text.replace('": "', '": ', 1), text.replace('{"', "{", 1))), variant
    if variant == "missing":
        return json.dumps({k: v for k, v in answer.items() if k != key}), variant
    wrong = rng.choice((sentences(answer[key]), len(answer[key]), None))
    return json.dumps({**answer, key: wrong}), variant
