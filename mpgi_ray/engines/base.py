"""The engine protocol: who answers a prompt.

A stage renders prompts, hands all prompts of one image to an engine in one call and gets one reply for
each, in order. An engine raises only for trouble of its own (connection, death): a bad answer is a reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mpgi_ray.data.image import Picture
    from mpgi_ray.rules.facts import Facts


@dataclass(slots=True)  # a frozen one would take three times as long to make, as with `Caption`
class Prompt:
    """One question to a model. Nobody changes it.

    Attributes:
        name: the prompt file's name: ``objects``, ``layout``, ``scene``, ``attributes``, ``integrate`` …
        text: the rendered prompt, as a model reads it: after the system text and after the picture.
        system: the same for all prompts of a stage.
        schema: JSON schema that the reply must follow; None for prose.
        sampling: ``temperature``, ``top_p``, ``max_tokens`` … under the names of the OpenAI API.
        seed: the sample's id; an engine that varies its wording chooses by it.
        picture: the decoded image, or None for a text-only prompt.
        facts: what the rules know of the image; None for a free perspective, which stays independent.
        sources: the texts to integrate, by perspective; empty in stage 1.
        false_colour: the picture shows other light than the eye sees, so its colours are not to be told.
    """

    name: str
    text: str
    seed: str
    picture: Picture | None = None
    facts: Facts | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    schema: Mapping[str, Any] | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    false_colour: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a reply cannot be used.

    Attributes:
        code: a short name to count by: ``endpoint_refused``, ``truncated``, ``language`` …
        detail: one line for a person, and for the model that is asked again.
    """

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


@dataclass(slots=True)  # see `Prompt`
class Reply:
    """An engine's answer, as it came. Nobody changes it.

    Attributes:
        finish_reason: ``stop`` when the model ended by itself, ``length`` when it was cut.
        seconds: from asking to the last token.
        fault: why the engine could not answer this very prompt; None if it did.
    """

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    fault: Fault | None = None


class EngineError(RuntimeError):
    """The engine is in trouble (connection, death), not the sample: back off, restart, or stop the job.

    Attributes:
        replies: what was answered before, in the places of the prompts, with None for the others; may be
            empty.
    """

    def __init__(self, message: str, replies: Sequence[Reply | None] = ()) -> None:
        super().__init__(message)
        self.replies = tuple(replies)


class EngineDied(EngineError):
    """The engine's process is gone; one of the prompts in flight may be what killed it."""


class Engine(Protocol):
    """A model that answers prompts.

    Attributes:
        kind: as in the recipe's settings: ``template`` …
        model, revision: what a caption's record names as its author.
        trusted: its replies are written by rules from what the prompts carry, and need no checks.
    """

    kind: str
    model: str
    revision: str
    trusted: bool

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        """One reply for each prompt, in order. All prompts are about the same image."""
        ...

    def close(self) -> None:
        """Release what the engine holds; called once."""
        ...
