"""Tiny models on disk and engines that hold them: one of each for the run, as a start takes half a minute."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.vllm.settings import VllmSettings

# on a CPU vLLM puts the model in a third process, which takes as long to import everything as the second
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
TINY = {
    "enforce_eager": True,
    "distributed_executor_backend": "uni",
    "dtype": "float32",
    "kv_cache_memory_bytes": 1 << 26,
    "max_num_batched_tokens": 4096,
}


def tiny_config(model: Path, **engine_args: object) -> VllmSettings:
    return VllmSettings(kind="vllm", model=str(model), gpus=0, engine_args={**TINY, **engine_args})


@pytest.fixture(scope="session")
def tiny_mllm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vllm", reason="vLLM is not installed: make setup installs it")
    from support.tiny_models import make_mllm

    return make_mllm(tmp_path_factory.mktemp("mllm"))


@pytest.fixture(scope="session")
def tiny_llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vllm", reason="vLLM is not installed: make setup installs it")
    from support.tiny_models import make_llm

    return make_llm(tmp_path_factory.mktemp("llm"))


def bounded(prompt: Prompt) -> Prompt:
    """The prompt without what only the template engine reads, and with a reply of bounded length."""
    if prompt.schema is None:
        return replace(prompt, facts=None, sampling={"max_tokens": 12, "temperature": 0.0})
    texts = {name: {"type": "string", "maxLength": 60} for name in prompt.schema["required"]}
    schema = {**prompt.schema, "properties": texts}
    return replace(prompt, facts=None, sources={}, schema=schema, sampling={"max_tokens": 600})


class Host:
    """An actor with one engine, for the tests and for replicas: a start takes longer than all they ask."""

    def __init__(self, config: VllmSettings) -> None:
        from mpgi_ray.engines.connect import connect

        self.engine = connect(config)

    def about(self) -> tuple[str, str, int]:
        return self.engine.model, self.engine.revision, os.getpid()

    async def reply(self, prompts: list[Prompt]) -> list[Reply]:
        return await self.engine.reply(prompts)

    def close(self) -> set[int]:
        """Close the engine and return the processes that it left behind."""
        own = processes_below(os.getpid())
        assert own
        self.engine.close()
        self.engine.close()
        return own & processes_below(os.getpid())


class HostedEngine:
    """The engine of a host, by the model's folder; may be made in any process of the cluster."""

    kind = "vllm"
    trusted = False

    def __init__(self, config: EngineSettings) -> None:
        import ray

        assert isinstance(config, VllmSettings)
        self.host = ray.get_actor(Path(config.model).name)
        self.model, self.revision, self.pid = ray.get(self.host.about.remote())

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies: list[Reply] = await self.host.reply.remote(list(prompts))
        return replies

    def close(self) -> None:
        """The host closes it."""


@pytest.fixture(scope="session")
def hosts(ray_cluster: None, tiny_mllm: Path, tiny_llm: Path) -> Iterator[dict[str, Any]]:
    """The actors of both models by their folder's name. At the end one is closed and one killed."""
    import psutil
    import ray

    actor = ray.remote(num_cpus=0)(Host)
    started = {
        path.name: actor.options(name=path.name).remote(tiny_config(path)) for path in (tiny_mllm, tiny_llm)
    }
    yield started
    assert ray.get(started[tiny_llm.name].close.remote()) == set()
    _, _, owner = ray.get(started[tiny_mllm.name].about.remote())
    cores = [psutil.Process(pid) for pid in processes_below(owner)]
    assert cores
    os.kill(owner, signal.SIGKILL)
    _, alive = psutil.wait_procs(cores, timeout=60)
    assert not alive, "a killed replica leaves its engine behind"


@pytest.fixture(scope="session")
def mllm_engine(hosts: dict[str, Any], tiny_mllm: Path) -> HostedEngine:
    return HostedEngine(tiny_config(tiny_mllm))


@pytest.fixture(scope="session")
def llm_engine(hosts: dict[str, Any], tiny_llm: Path) -> HostedEngine:
    return HostedEngine(tiny_config(tiny_llm))


def processes_below(pid: int) -> set[int]:
    """Processes that this one started, without Python's own resource tracker, which ends with it."""
    import psutil

    below = psutil.Process(pid).children(recursive=True)
    return {child.pid for child in below if "resource_tracker" not in " ".join(child.cmdline())}
