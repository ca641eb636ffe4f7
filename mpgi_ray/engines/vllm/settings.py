"""What a recipe may say of a vLLM engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from mpgi_ray.data.image import MAX_PIXELS
from mpgi_ray.data.storage import absolute
from mpgi_ray.engines.settings import MAX_IN_FLIGHT, EngineSettings, GpuShare

if TYPE_CHECKING:
    from mpgi_ray.engines.base import Engine

# how vLLM uses the machine: a run may go on with others
_MACHINE_ARGS = frozenset(
    {
        *("gpu_memory_utilization", "kv_cache_memory_bytes", "max_num_seqs", "max_num_batched_tokens"),
        *("seed", "enforce_eager", "tensor_parallel_size", "pipeline_parallel_size"),
        *("distributed_executor_backend", "enable_prefix_caching", "mm_processor_cache_gb", "download_dir"),
    }
)


def _placed(model: str) -> str:
    """A folder made absolute, as replicas run in folders of their own; the name of a hub's model as it is."""
    return absolute(model) if Path(model).is_dir() else model


class VllmSettings(EngineSettings):
    """A vLLM engine in each replica.

    Attributes:
        model: a hub id or a local folder, which may be that of an adapter: the model that it belongs to is
            then loaded, and the adapter added.
        revision: branch, tag or commit on the hub.
        gpus: of each replica; a fraction shares one, whole numbers above 1 are tensor parallel; 0 runs on
            the CPUs of the machine.
        engine_args: passed to vLLM's AsyncEngineArgs as they are; no secrets, as in all that a recipe holds.
        template_args: variables of the model's chat template, such as ``enable_thinking: false``.
    """

    kind: Literal["vllm"]
    model: Annotated[str, Field(min_length=1), AfterValidator(_placed)]
    revision: str | None = None
    gpus: GpuShare = Field(default=1, ge=0, le=64)
    images_in_flight: int = Field(default=64, ge=1, le=MAX_IN_FLIGHT)
    max_pixels: int = Field(default=768 * 768, ge=28 * 28, le=MAX_PIXELS)
    engine_args: Mapping[str, Any] = Field(default={})
    template_args: Mapping[str, Any] = Field(default={})

    def start(self) -> Engine:
        from mpgi_ray.engines.vllm.engine import VllmEngine

        return VllmEngine(self)

    def identity(self) -> dict[str, Any]:
        values = super().identity()
        values["engine_args"] = {k: v for k, v in values["engine_args"].items() if k not in _MACHINE_ARGS}
        return values
