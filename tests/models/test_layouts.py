"""Published weights into open_clip models, and checkpoints into plain open_clip."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch import Tensor

from mpgi_ray.errors import InputError, RecipeError
from mpgi_ray.models import checkpoint
from mpgi_ray.models.architecture import small
from mpgi_ray.models.published import architecture, load_published, open_clip_lines
from mpgi_ray.models.tokenizer import TextTokenizer

TEXTS = ["an airport", "two red ships in a harbour"]
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 60, 3), np.uint8))
TINY: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="module", autouse=True)
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Small models that open_clip knows by name: a family with both activations, and one like no file."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    (folder / "layouts-tiny.json").write_text(json.dumps(TINY))
    (folder / "layouts-tiny-quickgelu.json").write_text(json.dumps(TINY | {"quick_gelu": True}))
    deep = TINY | {"vision_cfg": TINY["vision_cfg"] | {"layers": 3}, "embed_dim": 48}
    (folder / "layouts-deep.json").write_text(json.dumps(deep))
    open_clip.add_model_config(folder)


@pytest.fixture(scope="module")
def trained() -> torch.nn.Module:
    """Stands for a model that was tuned from OpenAI's weights."""
    torch.manual_seed(1)
    return checkpoint.build(architecture("layouts-tiny-quickgelu"))[0].eval()


def saved(values: object, folder: Path) -> Path:
    torch.save(values, folder / "published.pt")
    return folder / "published.pt"


@torch.no_grad()
def features(model: Any, preprocess: Any, tokenize: Any) -> tuple[Tensor, Tensor]:
    return model.encode_image(preprocess(PICTURE)[None]), model.encode_text(tokenize(TEXTS))


def same(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], tolerance: float = 1e-6) -> bool:
    return all(torch.allclose(a, b, atol=tolerance) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("layout", ["bare", "training", "distributed", "compiled", "both"])
def test_published_weights_give_the_features_of_their_model(
    trained: torch.nn.Module, tmp_path: Path, layout: str
) -> None:
    weights = trained.state_dict()
    optimizer = torch.optim.AdamW(trained.parameters())
    held = {
        "bare": weights,
        "training": {"epoch": 3, "name": "run", "state_dict": weights, "optimizer": optimizer.state_dict()},
        "distributed": {"state_dict": torch.nn.DataParallel(trained).state_dict()},
        "compiled": {"_orig_mod." + key: value for key, value in weights.items()},
        "both": {"state_dict": {"module._orig_mod." + key: value for key, value in weights.items()}},
    }
    loaded, preprocess, tokenize = load_published(saved(held[layout], tmp_path), "layouts-tiny-quickgelu")
    assert not loaded.training
    assert tokenize(TEXTS).shape == (2, 16)
    assert same(features(loaded, preprocess, tokenize), features(trained, preprocess, tokenize))


def test_half_precision_weights_load_as_single(trained: torch.nn.Module, tmp_path: Path) -> None:
    halves = {key: value.half() for key, value in trained.state_dict().items()}
    loaded, *rest = load_published(saved(halves, tmp_path), "layouts-tiny-quickgelu")
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    assert same(features(loaded, *rest), features(trained, *rest), tolerance=1e-2)


def test_the_name_settles_the_activation(trained: torch.nn.Module, tmp_path: Path) -> None:
    path = saved(trained.state_dict(), tmp_path)
    gelu, *rest = load_published(path, "layouts-tiny-gelu")
    assert not same(features(gelu, *rest), features(trained, *rest), tolerance=1e-4)
    plain = open_clip.create_model("layouts-tiny", pretrained=str(path)).eval()
    assert same(features(gelu, *rest), features(plain, *rest))
    with pytest.raises(InputError, match=r"expected layouts-tiny-quickgelu, .* or layouts-tiny-gelu"):
        load_published(path, "layouts-tiny")
    with pytest.raises(InputError, match="by its shapes it is layouts-tiny-gelu or layouts-tiny-quickgelu"):
        load_published(path, None)
    with pytest.raises(RecipeError, match="unknown model 'layouts-deep-gelu'"):
        load_published(path, "layouts-deep-gelu")
    assert architecture("ViT-B-32-gelu").name == "ViT-B-32"
    assert architecture("ViT-B-32-quickgelu").model_cfg["quick_gelu"]
    assert architecture("coca_ViT-B-32").name == "coca_ViT-B-32"
    for name in ("RN50", "ViT-B-32", "ViT-L-14", "ViT-H-14"):
        with pytest.raises(InputError, match="leaves its activation open"):
            architecture(name)


def test_weights_of_another_model_are_refused_with_their_names(
    trained: torch.nn.Module, tmp_path: Path
) -> None:
    path = saved(trained.state_dict(), tmp_path)
    with pytest.raises(InputError) as refused:
        load_published(path, "layouts-deep")
    said = str(refused.value)
    assert "12 missing: visual.transformer.resblocks.2.ln_1.weight" in said
    assert "2 of another shape: text_projection (64, 32) instead of (64, 48), visual.proj" in said
    assert "unexpected" not in said
    assert "it was made with: by its shapes it is layouts-tiny-gelu or layouts-tiny-quickgelu" in said
    other = saved({"encoder.weight": torch.zeros(2)}, tmp_path)
    with pytest.raises(InputError, match=r"1 unexpected: encoder\.weight.*a name of open_clip\.list_models"):
        load_published(other, "layouts-tiny-gelu")


class Harmful:
    """A pickle that would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.folder,)


def test_what_holds_no_weights_is_refused(trained: torch.nn.Module, tmp_path: Path) -> None:
    whole = saved(trained.state_dict(), tmp_path).read_bytes()
    cut, text = tmp_path / "cut.pt", tmp_path / "text.pt"
    cut.write_bytes(whole[: len(whole) // 2])
    text.write_text("version https://git-lfs.github.com/spec/v1")
    harm = tmp_path / "harm"
    for path in (cut, text):
        with pytest.raises(InputError, match=f"{path.name} is damaged or not a file of torch.save"):
            load_published(path, "layouts-tiny-gelu")
    for held, what in (({"state_dict": Harmful(harm)}, r"\w+\.mkdir"), (trained, r"open_clip\S+CLIP")):
        with pytest.raises(InputError, match=rf"holds objects \({what}\), as a whole pickled model does"):
            load_published(saved(held, tmp_path), "layouts-tiny-gelu")
    assert not harm.exists()
    for held in ({}, [torch.zeros(1)], {"state_dict": torch.zeros(1)}, {"a": 1}, {1: torch.zeros(1)}):
        with pytest.raises(InputError, match="holds no weights: expected a dict of tensors"):
            load_published(saved(held, tmp_path), "layouts-tiny-gelu")
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(InputError, match=f"cannot read .*{path.name}"):
            load_published(path, "layouts-tiny-gelu")


@pytest.mark.parametrize("name", ["layouts-tiny-quickgelu", "layouts-tiny-gelu", "small"])
def test_the_printed_lines_open_a_checkpoint_in_open_clip(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "odd \"name' of\\ a folder"
    ours = small(TextTokenizer.train(TEXTS, 16)) if name == "small" else architecture(name)
    model, preprocess, tokenize = checkpoint.build(ours)
    checkpoint.save(folder, ours, model)
    space: dict[str, Any] = {}
    exec(open_clip_lines(folder), space)
    assert torch.equal(space["tokenizer"](TEXTS), tokenize(TEXTS))
    assert torch.equal(space["preprocess"](PICTURE), preprocess(PICTURE))
    opened = features(space["model"], space["preprocess"], space["tokenizer"])
    assert same(opened, features(model.eval(), preprocess, tokenize))
    quick = "QuickGELU" in {type(module).__name__ for module in space["model"].modules()}
    assert quick == (name == "layouts-tiny-quickgelu")


def test_the_lines_of_a_checkpoint_elsewhere_say_that_it_is_to_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = small(TextTokenizer.train(TEXTS, 16))
    model, _, tokenize = checkpoint.build(ours)
    checkpoint.save("memory://bucket/model", ours, model)
    lines = open_clip_lines("memory://bucket/model")
    place = "folder = 'model'  # copy memory://bucket/model to this folder first"
    assert lines.startswith(place)
    checkpoint.save(tmp_path / "model", ours, model)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    exec(lines, space)
    assert torch.equal(space["tokenizer"](TEXTS), tokenize(TEXTS))


def test_lines_are_of_whole_checkpoints_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a checkpoint of `mpgi train`"):
        open_clip_lines(tmp_path)
