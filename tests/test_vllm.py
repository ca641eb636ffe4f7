"""The vLLM engine on tiny models with random weights: order, caches, errors, and what is left at its end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import build
import pytest
from engines_fixtures import HostedEngine, tiny_config

from mpgi_ray.data.image import decode
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.families import UNKNOWN, family_of
from mpgi_ray.engines.revision import revision_of
from mpgi_ray.engines.settings import VllmEngineConfig
from mpgi_ray.engines.vllm import VllmEngine
from mpgi_ray.engines.vllm_args import engine_args
from mpgi_ray.errors import RecipeError, ResourceError

QUESTIONS = ("Describe this image.", "How many objects are there?", "Name the land use.", "Where are they?")
GREEDY = {"temperature": 0.0, "max_tokens": 8}
TOKENS = (448 // 28) ** 2  # of a picture of 448 × 448


def prompts(image: int | None, *texts: str, **more: object) -> list[Prompt]:
    """The perspectives of one picture, which is another for every number."""
    data = None if image is None else build.noise(image, 448)
    picture = None if data is None else decode(data)
    seed = hashlib.sha256(data or b"").hexdigest()
    fields = {"system": "You are an analyst of aerial images.", "sampling": GREEDY} | more
    return [Prompt(name="scene", text=text, seed=seed, picture=picture, **fields) for text in texts]


def ask(engine: HostedEngine, *calls: list[Prompt]) -> list[list[Reply]]:
    """All calls at once, from an event loop that is not the engine's."""

    async def all_at_once() -> list[list[Reply]]:
        return await asyncio.gather(*(engine.reply(call) for call in calls))

    return asyncio.run(all_at_once())


def texts(replies: list[Reply]) -> list[str]:
    assert all(not reply.error for reply in replies), replies
    return [reply.text for reply in replies]


def test_perspectives_of_an_image_share_its_tokens(mllm_engine: HostedEngine) -> None:
    (replies,) = ask(mllm_engine, prompts(1, *QUESTIONS))
    assert len(set(texts(replies))) > 1
    assert all(reply.prompt_tokens > TOKENS for reply in replies)
    assert replies[0].cached_tokens < TOKENS
    assert [reply.cached_tokens >= TOKENS for reply in replies[1:]] == [True] * 3
    assert all(reply.seconds > 0 for reply in replies)


def test_images_in_flight_are_not_mixed_up(mllm_engine: HostedEngine) -> None:
    calls = [prompts(image, *QUESTIONS) for image in range(10, 18)]
    together = [texts(replies) for replies in ask(mllm_engine, *calls)]
    alone = [texts(ask(mllm_engine, [prompt])[0])[0] for call in calls for prompt in call]
    assert [text for replies in together for text in replies] == alone
    assert len({reply[0] for reply in together}) > 1, "the model does not see the pictures"


def test_reply_follows_a_schema_and_is_cut_at_its_end(llm_engine: HostedEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"land_use": {"enum": ["harbor", "farmland"]}, "ships": {"type": "boolean"}},
        "required": ["land_use", "ships"],
        "additionalProperties": False,
    }
    (shaped,) = prompts(None, "Name the land use.", schema=schema, sampling={"max_tokens": 200})
    (endless,) = prompts(None, "Name the land use.", sampling={"max_tokens": 5, "ignore_eos": True})
    ((reply, cut),) = ask(llm_engine, [shaped, endless])
    answer = json.loads(reply.text)
    assert answer.keys() == {"land_use", "ships"}
    assert answer["land_use"] in ("harbor", "farmland")
    assert isinstance(answer["ships"], bool)
    assert reply.finish_reason == "stop"
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 5)


def test_a_seed_does_not_kill_the_engine(llm_engine: HostedEngine) -> None:
    """As it would on a CPU, where it is left out."""
    seeded = prompts(None, "Name the land use.", sampling={**GREEDY, "seed": 3})
    plain = prompts(None, "Name the land use.")
    assert texts(ask(llm_engine, seeded)[0]) == texts(ask(llm_engine, plain)[0])


def test_refused_prompts_do_not_disturb_the_others(mllm_engine: HostedEngine) -> None:
    """The first prompt is the one that carries the picture to the engine: it is refused after that."""
    good = prompts(30, *QUESTIONS[:2])
    (too_long,) = prompts(
        30, "a b c d e f " * 440
    )  # with the picture it passes the context, alone it does not
    (bad_schema,) = prompts(30, "Describe.", schema={"type": "object", "properties": {"a": {"type": "pear"}}})
    (bad_value,) = prompts(30, "Describe.", sampling={"temperature": -1.0})
    ((first, second, *answered, third),) = ask(mllm_engine, [too_long, bad_schema, *good, bad_value])
    assert first.error.startswith("prompt_too_long: ")
    assert second.error.startswith("engine_refused: ")
    assert third.error.startswith("engine_refused: ")
    assert "\n" not in first.error + second.error + third.error
    assert texts(answered) == texts(ask(mllm_engine, good)[0])
    (unknown,) = prompts(30, "Describe.", sampling={"temprature": 0.5})
    with pytest.raises(RecipeError, match="temprature"):
        ask(mllm_engine, [unknown])


def test_settings_become_arguments_of_vllm() -> None:
    def arguments(gpus: float, multimodal: bool | None = None, **recipe: object) -> dict[str, object]:
        config = VllmEngineConfig(kind="vllm", model="Qwen/Qwen2-VL-2B", gpus=gpus, engine_args=recipe)
        return engine_args(config, multimodal)

    assert arguments(0.5)["gpu_memory_utilization"] == 0.45
    assert arguments(0.5, gpu_memory_utilization=0.3)["gpu_memory_utilization"] == 0.3
    assert "gpu_memory_utilization" not in arguments(1) | arguments(0)
    assert arguments(4)["tensor_parallel_size"] == 4
    assert arguments(1)["limit_mm_per_prompt"] == {"image": 1, "video": 0}
    assert "limit_mm_per_prompt" not in arguments(1, multimodal=False)


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


def test_image_tokens_are_those_of_the_engine(mllm_engine: HostedEngine, tiny_mllm: Path) -> None:
    (without,), (shown,) = ask(mllm_engine, prompts(None, "Describe."), prompts(40, "Describe."))
    family = family_of(str(tiny_mllm))
    marks = 2  # start and end of the picture
    assert shown.prompt_tokens - without.prompt_tokens - marks == family.image_tokens(448, 448)


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
