"""Which models a run or an evaluation can start from, and that they are read as what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
import pytest
import safetensors.torch
import torch
from timm.layers import DropPath, PatchDropout

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import Architecture, small, stock
from mpgi_ray.models.embed import Model
from mpgi_ray.models.model_folder import SAFE_WEIGHTS, Seen, seen_by
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.train.config import TrainConfig
from mpgi_ray.train.initial import initial, seen_before
from mpgi_ray.train.run_folder import open_run
from mpgi_ray.train.step import check_parts

TEXTS = ["an airport", "two red ships in a harbour"]
SOURCE: Any = None  # no model here needs texts to begin with
TINY = Architecture(
    "tiny",
    {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
    },
    {},
)


def changed(part: str, **values: Any) -> dict[str, Any]:
    """The tiny model's configuration with other values in one part."""
    return TINY.model_cfg | {part: TINY.model_cfg[part] | values}


def saved(folder: Path, architecture: Architecture = TINY) -> torch.nn.Module:
    model, _, _ = checkpoint.build(architecture)
    checkpoint.save(folder, architecture, model)
    return model.eval()


def run(tmp_path: Path, model: str, **values: Any) -> TrainConfig:
    return TrainConfig(shards=str(tmp_path), output=str(tmp_path / "run"), steps=1, model=model, **values)


def equal(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    other = second.state_dict()
    return all(torch.equal(value, other[name]) for name, value in first.state_dict().items())


def test_a_tokenizer_file_is_ours_only_if_the_configuration_says_so(tmp_path: Path) -> None:
    saved(tmp_path / "theirs")
    trained = TextTokenizer.train(TEXTS, 16)
    (tmp_path / "theirs" / "tokenizer.json").write_text(trained.to_json())
    _, _, tokenize = checkpoint.load(tmp_path / "theirs")
    stock_tokens = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'theirs'}")(TEXTS)
    assert torch.equal(tokenize(TEXTS), stock_tokens)
    saved(tmp_path / "ours", small(trained))
    _, _, tokenize = checkpoint.load(tmp_path / "ours")
    assert torch.equal(tokenize(TEXTS), trained(TEXTS))
    (tmp_path / "ours" / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"cannot read .*tokenizer\.json: there is no such file"):
        checkpoint.load(tmp_path / "ours")


@pytest.mark.parametrize(
    ("name", "tag", "expected"),
    [
        ("ViT-L-14", "laion2b_s32b_b82k", {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}),
        ("ViT-H-14-quickgelu", "dfn5b", {"resize_mode": "squash", "size": 224}),
        ("MobileCLIP-S1", "datacompdr", {"std": (1.0, 1.0, 1.0), "interpolation": "bilinear", "size": 256}),
    ],
)
def test_pretrained_weights_see_pictures_as_they_were_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, tag: str, expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(open_clip, "create_model", lambda *_, **__: torch.nn.Identity())  # no download
    architecture, _ = initial(run(tmp_path, name, weights=tag), SOURCE)
    used = architecture.inputs().preprocess_cfg
    assert {key: used[key] for key in expected} == expected
    assert architecture.normalise().mean == used["mean"]
    plain = stock(name).inputs().preprocess_cfg
    assert {key: plain[key] for key in expected} != expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ViT-B-16-SigLIP", "sigmoid loss is not supported"),
        ("ViT-L-14-CLIPA", r"from the hub \(hf_tokenizer_name, tokenizer_kwargs\)"),
        ("roberta-ViT-B-32", r"from the hub \(hf_tokenizer_name, hf_model_name\)"),
    ],
)
def test_models_that_would_be_trained_wrongly_are_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=reason):
        initial(run(tmp_path, name), SOURCE)
    saved(tmp_path)
    config = {"model_cfg": open_clip.get_model_config(name)}
    (tmp_path / checkpoint.CONFIG).write_text(json.dumps(config))
    with pytest.raises(RecipeError, match=reason):
        initial(run(tmp_path, str(tmp_path)), SOURCE)


def test_weights_may_be_in_safetensors_alone(tmp_path: Path) -> None:
    model = saved(tmp_path)
    (tmp_path / checkpoint.WEIGHTS).unlink()
    safetensors.torch.save_file(model.state_dict(), tmp_path / SAFE_WEIGHTS)
    loaded, _, _ = checkpoint.load(tmp_path)
    assert equal(loaded, model)
    _, started = initial(run(tmp_path, str(tmp_path)), SOURCE)
    assert equal(started, model)
    (tmp_path / SAFE_WEIGHTS).write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(InputError, match=r"model\.safetensors is damaged or not a file of safetensors"):
        checkpoint.load(tmp_path)


def test_weights_may_be_a_training_checkpoint_of_open_clip_train(tmp_path: Path) -> None:
    model = saved(tmp_path)
    wrapped = {f"module.{name}": value for name, value in model.state_dict().items()}
    wrapped["module.logit_scale"] = wrapped["module.logit_scale"].reshape(1)  # as some models have it
    torch.save({"epoch": 3, "name": "run", "state_dict": wrapped}, tmp_path / checkpoint.WEIGHTS)
    loaded, _, _ = checkpoint.load(tmp_path)
    assert equal(loaded, model)


def test_a_folder_may_have_an_at_sign_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = saved(tmp_path / "me@home" / "run@2")
    checkpoint.save("memory://bucket/me@home", TINY, model)
    for place in (str(tmp_path / "me@home" / "run@2"), "me@home/run@2", "memory://bucket/me@home"):
        assert equal(Model.load(place).network.cpu(), model)
    monkeypatch.chdir("me@home")
    assert equal(Model.load("run@2").network.cpu(), model)
    with pytest.raises(InputError, match="nobody@home is not a checkpoint of `mpgi train`"):
        Model.load(str(tmp_path / "nobody@home"))
    with pytest.raises(InputError, match="cannot read"):  # a name and a file, not a folder
        Model.load(f"ViT-B-32-quickgelu@{tmp_path}/none@all.pt")


@pytest.mark.parametrize(
    "part",
    [torch.nn.Dropout(0.1), torch.nn.MultiheadAttention(8, 2, dropout=0.1), DropPath(0.1), PatchDropout(0.5)],
)
def test_a_model_that_drops_at_random_is_not_computed_in_parts(part: torch.nn.Module) -> None:
    model = torch.nn.Sequential(torch.nn.Dropout(0.0), torch.nn.ModuleDict({"part": part}))
    with pytest.raises(RecipeError, match=rf"accumulate 2: the model's 1\.part \({type(part).__name__}\)"):
        check_parts(model, 2)
    check_parts(model, 1)
    part.eval()  # as in a tower that is frozen
    check_parts(model, 2)


def test_only_models_with_dropout_are_refused_parts() -> None:
    dropping = replace(TINY, model_cfg=changed("vision_cfg", patch_dropout=0.5))
    with pytest.raises(RecipeError, match=r"visual\.patch_dropout \(PatchDropout\)"):
        check_parts(checkpoint.build(dropping)[0], 2)
    for architecture in (TINY, small(TextTokenizer.train(TEXTS, 16))):
        check_parts(checkpoint.build(architecture)[0], 2)


def test_a_tuned_model_has_seen_what_its_first_weights_had(tmp_path: Path) -> None:
    first, own = Seen(("a", "b"), ("harbour",)), Seen(("b", "c"), ("airport",))
    open_run(str(tmp_path / "first"), {}, "first", first, 0)
    tuned = own.after(seen_before(run(tmp_path, str(tmp_path / "first"))))
    open_run(str(tmp_path / "tuned"), {}, "tuned", tuned, 0)
    assert seen_by(str(tmp_path / "tuned")) == Seen(("a", "b", "c"), ("airport", "harbour"))
    assert seen_before(run(tmp_path, "ViT-B-32")) == Seen()
    tag = own.after(seen_before(run(tmp_path, "ViT-B-32-quickgelu", weights="openai")))
    assert tag == Seen(own.samples, own.classes, "openai")
