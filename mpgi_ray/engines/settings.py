"""What a recipe may say of an engine, and of the replicas that hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from mpgi_ray.config import Config

BoxStyle = Literal["none", "pixels", "thousandths"]

# how keys end whose text is a secret; ``max_tokens``, ``tokenizer``, ``stop_token_ids`` end otherwise
_SECRET = re.compile(r"(.*_)?(token|key|api_?key|pass(word|wd|phrase)|secret|credentials?|authorization)")
_NO_SECRET = re.compile(r"prompt_cache_key|(bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop)_token")


class TemplateEngineConfig(Config):
    """The embedded engine: no model, writes from annotations and pixels.

    Attributes:
        replicas: actors in the pool.
        cpus: logical CPUs that each holds for the whole run.
    """

    kind: Literal["template"] = "template"
    replicas: int = Field(default=1, ge=1)
    cpus: float = Field(default=1, gt=0)
    gpus: Literal[0] = 0


def _share(gpus: float) -> float:
    if gpus > 1 and gpus != int(gpus):
        raise ValueError(f"{gpus} GPUs a replica: expected a share of one GPU, or a whole number of them")
    return gpus


def _without_secrets(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what looks like a key or a password: settings are published with the captions."""
    for name in _names_of_texts(values):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", name).lower()
        if _SECRET.fullmatch(words) and not _NO_SECRET.fullmatch(words):
            raise ValueError(
                f"{name!r} looks like a secret, and run.json would publish it: keep it in the environment "
                "(HF_TOKEN for models of the hub, the variable that key_env names for an endpoint)"
            )
    return values


def _names_of_texts(values: Any) -> Iterator[str]:
    """The keys, at any depth, whose value is a text; ``hf_token: true`` is none."""
    if isinstance(values, Mapping):
        yield from (str(key) for key, value in values.items() if isinstance(value, str) and value)
        values = list(values.values())
    if isinstance(values, Sequence) and not isinstance(values, str):
        for value in values:
            yield from _names_of_texts(value)


_Passed = Annotated[Mapping[str, Any], AfterValidator(_without_secrets)]


class VllmEngineConfig(Config):
    """A vLLM engine in each replica.

    Attributes:
        model: a hub id or a local folder.
        revision: branch, tag or commit on the hub.
        gpus: of each replica; a fraction shares one, whole numbers above 1 are tensor parallel.
        images_in_flight: images (stage 1) or samples (stage 2) that a replica works on at once.
        max_pixels: larger pictures are scaled down to about this many pixels before they reach the engine.
        boxes: how object boxes are written in relay prompts; by default as the model's family was trained.
        engine_args: passed to vLLM's AsyncEngineArgs as they are; no secrets, as in all that a recipe holds.
        template_args: variables of the model's chat template, such as ``enable_thinking: false``.
    """

    kind: Literal["vllm"]
    model: str = Field(min_length=1)
    revision: str | None = None
    replicas: int = Field(default=1, ge=1)
    cpus: float = Field(default=1, gt=0)
    gpus: Annotated[float, AfterValidator(_share)] = Field(default=1, ge=0)
    images_in_flight: int = Field(default=64, ge=1)
    max_pixels: int = Field(default=768 * 768, ge=28 * 28)
    boxes: BoxStyle | None = None
    engine_args: _Passed = Field(default={})
    template_args: _Passed = Field(default={})


class HttpEngineConfig(Config):
    """Any OpenAI-compatible chat endpoint.

    Attributes:
        url: base address, such as ``http://localhost:8000/v1``.
        key_env: environment variable that holds the key; without it, none is sent.
        images_in_flight: images or samples that a replica works on at once.
        requests_in_flight: requests that a replica has open at once.
        timeout_s: for one try of one request, to its last byte.
        tries: of one request, when the endpoint is busy, slow or unreachable.
        body: further keys of every request, such as ``chat_template_kwargs``; null takes a key out.
    """

    kind: Literal["http"]
    url: str = Field(pattern=r"^https?://[^/?#@\s]+(/[^?#@\s]*)?$", repr=False)  # no password, no query
    model: str = Field(min_length=1)
    key_env: str | None = None
    replicas: int = Field(default=1, ge=1)
    cpus: float = Field(default=0.5, gt=0)
    gpus: Literal[0] = 0
    images_in_flight: int = Field(default=16, ge=1)
    requests_in_flight: int = Field(default=32, ge=1)
    timeout_s: float = Field(default=120, gt=0)
    tries: int = Field(default=8, ge=1)
    max_pixels: int = Field(default=768 * 768, ge=28 * 28)
    boxes: BoxStyle | None = None
    body: _Passed = Field(default={})


class SameEngineConfig(Config):
    """Stage 2 by the replicas of stage 1: one model that serves both."""

    kind: Literal["same"]


def _kind(value: Any) -> Any:
    """What decides between the settings; without a kind, it is the embedded engine."""
    return value.get("kind", "template") if isinstance(value, Mapping) else getattr(value, "kind", None)


_Template = Annotated[TemplateEngineConfig, Tag("template")]
_Vllm = Annotated[VllmEngineConfig, Tag("vllm")]
_Http = Annotated[HttpEngineConfig, Tag("http")]
_Same = Annotated[SameEngineConfig, Tag("same")]

EngineConfig = Annotated[_Template | _Vllm | _Http, Discriminator(_kind)]
MergeEngineConfig = Annotated[_Template | _Vllm | _Http | _Same, Discriminator(_kind)]
