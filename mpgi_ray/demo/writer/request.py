"""What is asked, read from the body of a chat request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mpgi_ray.demo.writer.words import sentences

HINT = "Your earlier answer could not be used:"
_FACTS = re.compile(r"^Trusted facts about th(?:is|e) image.*:\n((?:- .*(?:\n|$))+)", re.MULTILINE)
_MEASURED = re.compile(r"^Measured in th.*pixels.*:\n((?:- .*(?:\n|$))+)", re.MULTILINE)
_FIRST = re.compile(r"^(?:\[facts\] |No annotation of the image is at hand; )", re.MULTILINE)
_NAMED = re.compile(r"^\[([^\]\n]+)\] ", re.MULTILINE)  # a source of an integration
_PERSPECTIVE = re.compile(r"^Perspective: ([^.\n]+)\.", re.MULTILINE)
_QUOTED_KEY = re.compile(r"""["`'](\w+)["`']""")
_WORD_LIMIT = re.compile(r"[Aa]t most (\d+) words")
_SHORT = 60  # a caption of at most so many words is a short one


class BadRequest(ValueError):
    """The body is not a chat request that the writer can answer."""


@dataclass(frozen=True)
class Request:
    """A chat request.

    Attributes:
        model: as the client named it.
        perspective: as the prompt names it; empty for an integration.
        facts: the sentences of the trusted facts.
        measured: the sentences on what was measured in the pixels.
        texts: the descriptions to integrate, by perspective; None for a perspective.
        keys: of the JSON object asked for; none for prose.
        brief: whether all that is wanted is short: prose of few words, or JSON of short texts alone.
        picture: the data URL of the image, empty without one.
        attempt: from 1; one more for every earlier answer that could not be used.
        content: identity of all that decides the answer.
        first: the identity that the request had at its first attempt.
        prompt_tokens: words, and 64 for a picture.
    """

    model: str
    perspective: str
    facts: tuple[str, ...]
    measured: tuple[str, ...]
    texts: Mapping[str, str] | None
    keys: tuple[str, ...]
    brief: bool
    picture: str
    attempt: int
    content: bytes
    first: bytes
    prompt_tokens: int

    @property
    def about(self) -> tuple[str, ...]:
        """What the image is known by in every prompt that says something of it."""
        return (*self.facts, *self.measured)

    @property
    def stage(self) -> str:
        """``perspective`` or ``integrated``."""
        return "perspective" if self.texts is None else "integrated"


def parse(body: Any) -> Request:
    """Read the decoded JSON body of a request.

    Raises:
        BadRequest: it is not a chat request, or announces descriptions and holds none.
    """
    system, text, picture = _messages(body)
    asked = text.split(HINT)[0].rstrip()
    facts, measured = _listed(_FACTS, asked), _listed(_MEASURED, asked)
    texts = None if picture or facts or measured else _sources(asked)
    if texts is not None:
        facts, measured = (tuple(sentences(texts.pop(name, ""))) for name in ("facts", "measured"))
        if not texts:
            raise BadRequest("expected descriptions, each after its perspective in brackets")
    name = _PERSPECTIVE.search(asked)
    keys = () if texts is None else _keys(body, asked)
    limits = [int(limit) for limit in _WORD_LIMIT.findall(asked)]
    identity = ("\0".join((system, picture, ",".join(keys), words)) for words in (text.rstrip(), asked))
    content, first = (hashlib.blake2b(i.encode(), digest_size=16).digest() for i in identity)
    return Request(
        model=str(body.get("model", "")),
        perspective=name[1] if name and texts is None else "",
        facts=facts,
        measured=measured,
        texts=texts,
        keys=keys,
        brief=all("short" in key for key in keys) if keys else bool(limits) and limits[-1] <= _SHORT,
        picture=picture,
        attempt=1 + text.count(HINT),
        content=content,
        first=first,
        prompt_tokens=len(system.split()) + len(text.split()) + (64 if picture else 0),
    )


def _listed(block: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The sentences of a block of lines."""
    told = block.search(text)
    return tuple(s for line in told[1].splitlines() for s in sentences(line[2:])) if told else ()


def _messages(body: Any) -> tuple[str, str, str]:
    """The system text, the user's text and the picture's URL."""
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise BadRequest("expected an object with a list of messages")
    texts: dict[str, list[str]] = {"system": [], "user": []}
    picture = ""
    for message in body["messages"]:
        match message:
            case {"role": "system" | "user" as role, "content": str(text)}:
                parts: list[Any] = [{"type": "text", "text": text}]
            case {"role": "system" | "user" as role, "content": list(parts)}:
                pass
            case _:
                raise BadRequest(f"expected a message of system or user with content, got {message!r:.80}")
        for part in parts:
            match part:
                case {"type": "text", "text": str(text)}:
                    texts[role].append(text)
                case {"type": "image_url", "image_url": {"url": str(picture)}}:
                    pass
                case _:
                    raise BadRequest(f"expected a part of type text or image_url, got {part!r:.80}")
    return "\n".join(texts["system"]), "\n".join(texts["user"]), picture


def _sources(text: str) -> dict[str, str] | None:
    """The facts and descriptions of an integration, by what stands in brackets before them."""
    first = _FIRST.search(text)
    _, *parts = _NAMED.split(text[first.start() :]) if first else ("",)
    named = {name: " ".join(words.split()) for name, words in zip(parts[::2], parts[1::2], strict=True)}
    return named or None


def _keys(body: dict[str, Any], text: str) -> tuple[str, ...]:
    """The keys of the JSON object asked for: by its schema, or named in the paragraph that speaks of JSON."""
    match body.get("response_format"):
        case {"json_schema": {"schema": {"properties": dict(properties)}}}:
            return tuple(map(str, properties))
    paragraph = next((part for part in text.split("\n\n") if "JSON" in part), "")
    return tuple(dict.fromkeys(_QUOTED_KEY.findall(paragraph)))
