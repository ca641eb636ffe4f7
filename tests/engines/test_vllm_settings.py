"""What of vLLM needs no running engine: its arguments, its errors at the start, model families, revisions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mpgi_ray.engines.families import UNKNOWN, family_of
from mpgi_ray.engines.revision import revision_of
from mpgi_ray.engines.vllm.args import engine_args
from mpgi_ray.engines.vllm.engine import VllmEngine
from mpgi_ray.engines.vllm.settings import VllmSettings
from mpgi_ray.errors import RecipeError, ResourceError
from support.engines_fixtures import tiny_config


def test_settings_become_arguments_of_vllm() -> None:
    def arguments(gpus: float, multimodal: bool | None = None, **recipe: object) -> dict[str, object]:
        config = VllmSettings(kind="vllm", model="Qwen/Qwen2-VL-2B", gpus=gpus, engine_args=recipe)
        return engine_args(config, multimodal)

    assert arguments(0.5)["gpu_memory_utilization"] == 0.45
    assert arguments(0.5, gpu_memory_utilization=0.3)["gpu_memory_utilization"] == 0.3
    assert "gpu_memory_utilization" not in arguments(1) | arguments(0)
    assert "kv_cache_memory_bytes" not in arguments(1) | arguments(0.5)
    assert arguments(0)["kv_cache_memory_bytes"] == 4 << 30  # else vLLM on CPUs wants nearly all memory
    assert arguments(0, kv_cache_memory_bytes=9)["kv_cache_memory_bytes"] == 9
    assert arguments(4)["tensor_parallel_size"] == 4
    assert arguments(1)["limit_mm_per_prompt"] == {"image": 1, "video": 0}
    assert "limit_mm_per_prompt" not in arguments(1, multimodal=False)


def test_an_adapter_is_loaded_with_the_model_that_it_belongs_to(tmp_path: Path) -> None:
    told = {"base_model_name_or_path": "Qwen/Qwen2.5-VL-3B-Instruct", "revision": "0" * 40, "r": 12}
    (tmp_path / "adapter_config.json").write_text(json.dumps(told))
    args = engine_args(VllmSettings(kind="vllm", model=str(tmp_path), gpus=1))
    assert (args["model"], args["revision"]) == ("Qwen/Qwen2.5-VL-3B-Instruct", "0" * 40)
    assert (args["enable_lora"], args["max_lora_rank"]) == (True, 16)
    assert family_of(str(tmp_path)).name == "Qwen2.5-VL"
    (tmp_path / "adapter_config.json").write_text('{"r": 12}')
    with pytest.raises(ResourceError, match=r"adapter_config\.json cannot be read .* or a whole model"):
        engine_args(VllmSettings(kind="vllm", model=str(tmp_path), gpus=1))


def test_models_that_cannot_be_loaded(
    tiny_llm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ResourceError, match="does not exist"):
        VllmEngine(tiny_config(tmp_path / "none"))
    with pytest.raises(ResourceError, match=r"no config\.json"):
        VllmEngine(tiny_config(tmp_path))
    (tmp_path / "config.json").write_text('{"architectures": ["Pear"], "model_type": "pear"}')
    with pytest.raises(ResourceError, match="pear") as caught:
        VllmEngine(tiny_config(tmp_path))
    assert "\n" not in str(caught.value)
    assert "gpus" not in str(caught.value)
    with monkeypatch.context() as elsewhere:  # a build for GPUs
        elsewhere.setattr("vllm.platforms.current_platform", SimpleNamespace(is_cpu=lambda: False))
        with pytest.raises(ResourceError, match=r"gpus: 0 runs on CPUs, .*mpgi-ray\[vllm-cpu\]"):
            VllmEngine(tiny_config(tmp_path))
    with pytest.raises(RecipeError, match="reads no pictures"):
        VllmEngine(tiny_config(tiny_llm), multimodal=True)
    with pytest.raises(RecipeError, match="max_modle_len"):
        VllmEngine(tiny_config(tiny_llm, max_modle_len=3))
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(ResourceError, match=r"mpgi-ray\[vllm\]"):
        VllmEngine(tiny_config(tiny_llm))


def test_families(tmp_path: Path) -> None:
    families = {
        name: family_of(name)
        for name in (
            "Qwen/Qwen2-VL-7B-Instruct",
            "Qwen/Qwen2.5-VL-7B-Instruct-AWQ",
            "Qwen/Qwen3-VL-30B-A3B-Instruct",
            "OpenGVLab/InternVL3_5-8B",
            "mistralai/Pixtral-12B-2409",
        )
    }
    assert [family.image_tokens(448, 448) for family in families.values()] == [256, 256, 196, 3328, 812]
    assert [family.boxes for family in families.values()] == [
        "thousandths",
        "pixels",
        "thousandths",
        "thousandths",
        "none",
    ]
    assert family_of("Qwen/Qwen2.5-7B-Instruct") is UNKNOWN
    assert UNKNOWN.image_tokens(448, 448) is None
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen2_5_VLForConditionalGeneration"]}')
    assert family_of(str(tmp_path)).name == "Qwen2.5-VL"


def test_revision_tells_one_folder_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    (folder / ".cache").mkdir(parents=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(bytes(20_000_000))
    first = revision_of(str(folder))
    (folder / ".cache" / "lock").touch()
    assert revision_of(str(folder)) == first
    weights.write_bytes(bytes(19_999_999) + b"1")
    assert revision_of(str(folder)) != first
    commit = "0123456789abcdef0123456789abcdef01234567"
    hub = tmp_path / "hub" / "models--org--name"
    (hub / "snapshots" / commit).mkdir(parents=True)
    (hub / "snapshots" / commit / "config.json").write_text("{}")
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text(commit)
    assert revision_of(str(hub / "snapshots" / commit)) == commit
    huggingface = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(huggingface.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert revision_of("org/name") == commit
    assert revision_of("s3://bucket/name") == ""


def test_a_folder_is_named_from_the_root_as_replicas_run_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "merged").mkdir()
    monkeypatch.chdir(tmp_path)
    assert VllmSettings(kind="vllm", model="merged").model == str(tmp_path / "merged")
    assert VllmSettings(kind="vllm", model="Qwen/Qwen2-VL-2B").model == "Qwen/Qwen2-VL-2B"
