"""What a reply copied from its prompt instead of describing an image: headings, instructions, an example.

Each fault is a ``prompt_echo`` whose detail quotes what was copied, for the model that is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from mpgi_ray.asking.reading import Reading
from mpgi_ray.engines.base import Fault, Reply
from mpgi_ray.prompts import headings
from mpgi_ray.truth.wording import novel, wording

_CODE = "prompt_echo"
_WORD = re.compile(r"[A-Za-z]+")
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w -]*>")
_KEY = re.compile(r'"[^"]*"\s*:')  # of a text in JSON
_ECHO_WORDS = 12  # this many consecutive words of the prompt's own instruction are not a coincidence
_QUOTED = 60  # characters of what was copied


def heading_fault(text: str) -> Fault | None:
    """A heading of a prompt: of its facts or texts, the name of a text in brackets, ``Perspective: …``.

    Args:
        text: prose, or JSON as it came.
    """
    found = _headings().search(text)
    if found is None:
        return None
    quoted = found[0].strip(' "\n')[:_QUOTED]
    detail = f"the text copies a heading of the prompt ({quoted!r}): write sentences about the image alone"
    return Fault(_CODE, detail)


def instruction_fault(text: str, instruction: str) -> Fault | None:
    """Twelve words in the order of the prompt's instruction."""
    known = _grams(instruction)
    words = _WORD.findall(text.lower())
    for start in range(len(words) - _ECHO_WORDS + 1):
        gram = tuple(words[start : start + _ECHO_WORDS])
        if gram in known:
            return Fault(_CODE, f"the text repeats the instruction ({' '.join(gram)!r}): describe the image")
    return None


def without_example(
    read: Callable[[Reply], Reading], example: str, prompt: str
) -> Callable[[Reply], Reading]:
    """A reader that refuses the words of a prompt's example.

    Refused are its placeholders and its claiming words, but for those that stand elsewhere in the prompt:
    they may come from the facts.

    Args:
        read: reads what copies nothing.
        example: empty for none.
        prompt: as it was rendered, with the example.
    """
    if not example:
        return read
    rest = wording([prompt.replace(example, " ")])
    own = wording([_KEY.sub(" ", _PLACEHOLDER.sub(" ", example))]) - rest
    places = set(_PLACEHOLDER.findall(example))

    def read_without(reply: Reply) -> Reading:
        text = _KEY.sub(" ", reply.text)
        words = [place for place in _PLACEHOLDER.findall(text) if place in places]
        words += [word for word in novel(text, rest) if wording([word]) & own]
        if reply.fault or not words:
            return read(reply)
        told = ", ".join(dict.fromkeys(words))[:_QUOTED]
        return Reading(
            fault=Fault(_CODE, f"the text copies the example ({told}): describe this image instead")
        )

    return read_without


@cache
def _headings() -> re.Pattern[str]:
    told = "|".join(map(re.escape, headings()))
    # the others begin a line or a text of JSON: elsewhere they may be a label that is quoted
    return re.compile(rf"({told})|(?:^|\"|\\n)\s*(\[[a-z][\w .-]*\]|Perspective:\s*\w+)", re.I | re.MULTILINE)


@lru_cache(maxsize=64)
def _grams(instruction: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(instruction.lower())
    return frozenset(tuple(words[i : i + _ECHO_WORDS]) for i in range(len(words) - _ECHO_WORDS + 1))
