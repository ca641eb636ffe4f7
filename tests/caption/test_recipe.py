"""Recipes: shipped ones load, wrong ones say what is wrong and what would be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpgi_ray.caption.recipe import Recipe, load_recipe
from mpgi_ray.data.caption import encode_sampling
from mpgi_ray.errors import RecipeError
from support.recipes import SHIPPED

PATHS = {"input.shards": "in", "output": "s3://bucket/out"}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_load(name: str) -> None:
    recipe = load_recipe(name, PATHS, [])
    assert (recipe.input.shards, recipe.output) == (str(Path("in").absolute()), "s3://bucket/out")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("chunk_sise=8", "template: unknown key 'chunk_sise': did you mean 'chunk_size'?"),
        ("generate.engine.replica=2", "unknown key 'generate.engine.replica': did you mean 'replicas'?"),
        ("input.fields.imagee=png", "unknown key 'input.fields.imagee': did you mean 'image'?"),
        ("chunk_size=0", "chunk_size: Input should be greater than or equal to 1"),
        ("max_reject_rate=high", "max_reject_rate: Input should be a valid number"),
        ("generate.engine.replicas=1000000", "engine.replicas: expected a whole number from 1 to 10,000, or"),
        ("generate.engine.replicas={min: 3, max: 2}", "engine.replicas: min 3 is above max 2"),
        ("generate.engine.replicas={min: 3}", "generate.engine.replicas.max: Field required"),
        ("generate.engine.kind=gpt", "generate.engine: Input tag 'gpt'"),
        ("chunk_size", "--set 'chunk_size': expected key=value"),
        ("chunk_size.x=1", "'chunk_size' holds a value, not keys"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(assignment: str, message: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe("template", PATHS, [assignment])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_recipes_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(
        RecipeError, match=r"no recipe 'templat': did you mean 'template'\? .*; or give the path of a \.yaml"
    ):
        load_recipe("templat", PATHS, [])
    (tmp_path / "r.yaml").write_text("a: [")
    with pytest.raises(RecipeError, match=r"r\.yaml is not valid YAML"):
        load_recipe(str(tmp_path / "r.yaml"), PATHS, [])
    (tmp_path / "r.yaml").write_text("- a")
    with pytest.raises(RecipeError, match="expected `key: value` lines, found list"):
        load_recipe(str(tmp_path / "r.yaml"), PATHS, [])
    with pytest.raises(RecipeError, match=r"cannot read missing\.yaml: No such file"):
        load_recipe("missing.yaml", PATHS, [])

    (tmp_path / "r.yaml").write_bytes("# Größe\nchunk_size: 8".encode("latin-1"))
    with pytest.raises(RecipeError, match=r"r\.yaml is not text in UTF-8 \(byte 5\): save it as UTF-8"):
        load_recipe(str(tmp_path / "r.yaml"), PATHS, [])
    (tmp_path / "r.yaml").write_text("output: 2020-13-01")
    with pytest.raises(RecipeError, match=r"r\.yaml is not valid YAML: month must be in 1\.\.12"):
        load_recipe(str(tmp_path / "r.yaml"), PATHS, [])


VLLM = {"kind": "vllm", "model": "m"}
HTTP = {"kind": "http", "model": "m", "url": "http://localhost/v1"}


def test_settings_that_only_sound_like_secrets_pass() -> None:
    args = {"tokenizer": "t", "max_num_batched_tokens": 8192, "hf_token": True, "eos_token": "</s>"}
    body = {"max_tokens": 1, "max_completion_tokens": 1, "stop_token_ids": [1], "prompt_cache_key": "k"}
    for engine in (VLLM | {"engine_args": args}, HTTP | {"body": body, "key_env": "OPENAI_API_KEY"}):
        recipe = load_recipe("template", PATHS, [f"generate.engine={json.dumps(engine)}"])
        assert engine.items() <= recipe.generate[0].engine.model_dump().items()


def test_placement_is_no_part_of_a_recipes_identity() -> None:
    base = load_recipe("template", PATHS, [])
    moved = load_recipe(
        "template",
        {"input.shards": "more", "output": "x"},
        ["generate.engine.replicas={min: 1, max: 4}", "max_reject_rate=1"],
    )
    other = load_recipe("template", PATHS, ["facts.view_px=336"])
    assert moved.identity() == base.identity()
    assert {k for k, v in other.identity().items() if base.identity()[k] != v} == {"facts.view_px"}


def test_sampling_reaches_the_engine_as_it_is_written() -> None:
    sampling = {
        "ignore_eos": True,
        "add_special_tokens": False,
        "max_tokens": 1,
        "temperature": 1.0,
        "stop": ["\n"],
    }
    block = load_recipe("template", PATHS, [f"generate.sampling={json.dumps(sampling)}"]).generate[0]
    assert json.loads(encode_sampling(block.sampling)) == sampling
    assert [type(block.sampling[name]) for name in sampling] == [bool, bool, int, float, tuple]


def test_paths_with_quotes_and_spaces_reach_the_recipe() -> None:
    odd = '/data/it\'s a "set": x'
    assert load_recipe("template", {"input.shards": odd, "output": "o"}, []).input.shards == odd


def test_an_incomplete_recipe_names_what_is_missing() -> None:
    with pytest.raises(
        RecipeError, match=r"template: give --shards \(input\.shards\), what is to be captioned$"
    ):
        load_recipe("template", {"output": "o"}, [])
    with pytest.raises(RecipeError, match=r"template: give --shards .* and --out \(output\)"):
        load_recipe("template", {}, [])
    assert Recipe.model_validate({"input": {"shards": "a"}, "output": "b"}).chunk_size == 64
