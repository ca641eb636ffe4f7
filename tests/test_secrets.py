"""What is taken for a secret and what is not: both sides of each margin."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.secrets import refuse_secrets, secret_in
from support.hostile_text import secret_values
from support.recipes import SHIPPED

LETTERS = string.ascii_letters
ALPHABETS = {  # the share of keys of 32 characters that is found
    LETTERS + string.digits: 0.97,
    LETTERS + string.digits + "-_": 0.9,
    string.ascii_lowercase + string.digits: 0.75,
    "0123456789abcdef": 1.0,
}


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=range(len(ALPHABETS)))
def test_random_texts_are_found(alphabet: str) -> None:
    draw = random.Random(alphabet)
    keys = ["".join(draw.choices(alphabet, k=32)) for _ in range(500)]
    assert sum(secret_in(key) is not None for key in keys) >= ALPHABETS[alphabet] * len(keys)


@pytest.mark.parametrize(
    "text",
    [
        "s3://my-bucket-123456789012-eu-west-1/data/2024/01/31/sentinel2/T32UPU/tile0001/part-{000..031}.tar",
        "/home/me/.cache/huggingface/hub/models--Qwen--Qwen2.5-VL-7B-Instruct/snapshots/"
        "66285546d2b821cf421d4f5eb2576359d3770cd3",
        "/data/objects/ba7ed068eb802bb203a1224ccb1a8d6464aa4b2d.data.json",
        "S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443.SAFE",
        "LC08_L1TP_044034_20130330_20170310_01_T1",
        "15OCT22183656-P2AS_R1C1-103001004B939000_01_P001",
        "Qwen/Qwen2.5-VL-7B-Instruct-AWQ",
        "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B-FP8-dynamic-w4a16",
        "Qwen2VLForConditionalGenerationWithLanguageModel",
        "sha256:9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015",
        "550e8400-e29b-41d4-a716-446655440000",
        "http://localhost:8000/v1",
        "ssh://git@host:22/path",
        "MY_COMPANY_OPENAI_API_KEY_OF_PRODUCTION_2",
        "Name the key features, the tokens of a basic layout, and a bearer: say no password.",
        "Is the key = value? Say which key: the first.",
        "{% for message in messages %}<|im_start|>{{ message.role }}{% endfor %}",
        "9" * 60,
        "Basic instructions",
        "basic soil",
        "",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert secret_in(text) is None


def test_a_hash_passes_under_a_name_that_says_so_and_nowhere_else() -> None:
    commit = "66285546d2b821cf421d4f5eb2576359d3770cd3"
    refuse_secrets({"engine": {"revision": commit, "sha256": commit[:32]}, "model": f"m@{commit}"})
    with pytest.raises(ValueError, match=r"'engine\.other' looks like a secret \(it is long and random\)"):
        refuse_secrets({"engine": {"other": commit}})


def test_settings_that_only_sound_like_secrets_pass() -> None:
    args = {"tokenizer": "t", "max_num_batched_tokens": 8192, "hf_token": True, "eos_token": "</s>"}
    body = {
        "max_tokens": 1,
        "stop_token_ids": [1],
        "prompt_cache_key": "k",
        "think_token": 151668,
        "author": "me",
    }
    refuse_secrets(
        {"engine_args": args, "body": body, "key_env": "OPENAI_API_KEY", "api_key": None, "token": ""}
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_hold_none_and_a_key_may_stand_nowhere_in_them(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name, {"input.shards": str(tmp_path), "output": str(tmp_path)}, []).model_dump()

    def with_key(value: object, key: str) -> object:
        """The first text of a recipe replaced."""
        if isinstance(value, dict):
            first = next(iter(value))
            return value | {first: with_key(value[first], key)}
        return [with_key(value[0], key), *value[1:]] if isinstance(value, list | tuple) and value else key

    for key in secret_values().values():
        for setting in recipe:
            with pytest.raises(ValueError, match=f"'{setting}") as error:
                refuse_secrets({setting: with_key(recipe[setting], key)})
            assert key not in str(error.value)
