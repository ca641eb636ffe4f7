"""What a recipe may say of an OpenAI-compatible endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from mpgi_ray.engines.settings import EngineSettings, Passed

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine


class HttpSettings(EngineSettings):
    """Any OpenAI-compatible chat endpoint.

    Attributes:
        url: base address, such as ``http://localhost:8000/v1``.
        key_env: environment variable that holds the key; without it, none is sent.
        requests_in_flight: requests that a replica has open at once.
        timeout_s: for one try of one request, to its last byte.
        tries: of one request, when the endpoint is busy, slow or unreachable: 12 take some two minutes, more
            than most endpoints need to start again.
        body: further keys of every request, such as ``chat_template_kwargs``; null takes a key out.
    """

    placement: ClassVar[frozenset[str]] = EngineSettings.placement | {
        *("url", "key_env", "timeout_s", "tries", "requests_in_flight"),
    }

    kind: Literal["http"]
    model: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://[^/?#@\s]+(/[^?#@\s]*)?$", repr=False)  # no password, no query
    key_env: str | None = None
    cpus: float = Field(default=0.5, gt=0)
    gpus: Literal[0] = 0
    requests_in_flight: int = Field(default=32, ge=1)
    timeout_s: float = Field(default=120, gt=0)
    tries: int = Field(default=12, ge=1)
    max_pixels: int = Field(default=768 * 768, ge=28 * 28)
    body: Passed = Field(default={})

    def start(self) -> Engine:
        from mpgi_ray.engines.http.engine import HttpEngine

        return HttpEngine(self)
