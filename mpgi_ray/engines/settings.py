"""What a recipe may say of an engine, and of the replicas that hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from mpgi_ray.config import Config

BoxStyle = Literal["none", "pixels", "thousandths"]


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


class VllmEngineConfig(Config):
    """A vLLM engine in each replica.

    Attributes:
        model: a hub id or a local folder.
        revision: branch, tag or commit on the hub.
        gpus: of each replica; a fraction shares one, whole numbers above 1 are tensor parallel.
        images_in_flight: images (stage 1) or samples (stage 2) that a replica works on at once.
        max_pixels: larger pictures are scaled down to about this many pixels before they reach the engine.
        boxes: how object boxes are written in relay prompts; by default as the model's family was trained.
        engine_args: passed to vLLM's AsyncEngineArgs as they are.
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
    engine_args: Mapping[str, Any] = {}
    template_args: Mapping[str, Any] = {}


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
    body: Mapping[str, Any] = {}


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
