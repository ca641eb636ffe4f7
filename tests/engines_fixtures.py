"""Tiny models on disk and engines that hold them: one of each for the run, as a start takes half a minute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mpgi_ray.engines.settings import VllmEngineConfig
    from mpgi_ray.engines.vllm import VllmEngine

# on a CPU vLLM puts the model in a third process, which takes as long to import everything as the second
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
TINY = {
    "enforce_eager": True,
    "distributed_executor_backend": "uni",
    "dtype": "float32",
    "kv_cache_memory_bytes": 1 << 26,
    "max_num_batched_tokens": 4096,
}


def tiny_config(model: Path, **engine_args: object) -> VllmEngineConfig:
    from mpgi_ray.engines.settings import VllmEngineConfig

    return VllmEngineConfig(kind="vllm", model=str(model), gpus=0, engine_args={**TINY, **engine_args})


@pytest.fixture(scope="session")
def tiny_mllm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vllm", reason="vLLM is not installed: make setup installs it")
    from tiny_models import make_mllm

    return make_mllm(tmp_path_factory.mktemp("mllm"))


@pytest.fixture(scope="session")
def tiny_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vllm", reason="vLLM is not installed: make setup installs it")
    from tiny_models import make_llm

    return make_llm(tmp_path_factory.mktemp("llm"))


@pytest.fixture(scope="session")
def mllm_engine(tiny_mllm: Path) -> Iterator[VllmEngine]:
    yield from _running(tiny_mllm, multimodal=True)


@pytest.fixture(scope="session")
def llm_engine(tiny_llm: Path) -> Iterator[VllmEngine]:
    yield from _running(tiny_llm)


def _running(model: Path, multimodal: bool | None = None) -> Iterator[VllmEngine]:
    """An engine that leaves no process of its own behind when it is closed."""
    from mpgi_ray.engines.vllm import VllmEngine

    before = processes_below(os.getpid())
    engine = VllmEngine(tiny_config(model), multimodal=multimodal)
    own = processes_below(os.getpid()) - before
    assert own
    yield engine
    engine.close()
    assert not own & processes_below(os.getpid())


def processes_below(pid: int) -> set[int]:
    """Processes that this one started, without Python's own resource tracker, which ends with it."""
    import psutil

    below = psutil.Process(pid).children(recursive=True)
    return {child.pid for child in below if "resource_tracker" not in " ".join(child.cmdline())}
