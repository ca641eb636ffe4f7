"""An adapter on a tiny random Qwen2-VL or Qwen2.5-VL: it learns answers as transformers reads them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText, AutoTokenizer, Qwen2VLImageProcessor

from mpgi_ray.cli import main
from mpgi_ray.engines.adapter import Adapter, adapter_of
from mpgi_ray.engines.families import family_of
from mpgi_ray.errors import InputError, OutputError, RecipeError
from mpgi_ray.models import adapted_folder, hub, kept
from mpgi_ray.models.adapted_layout import Adapted, Base
from mpgi_ray.models.conversation import Limits
from mpgi_ray.models.messages import turns
from mpgi_ray.models.model_folder import ADAPTER
from support.tiny_models import make_mllm

SIDE, IMAGE = 84, "<|image_pad|>"  # nine tokens
DESCRIBE = "Describe the image."
TOLD = [("How many ships are there?", "Five ships."), ("Where are they?", "At the pier, in the north.")]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {version: make_mllm(tmp_path_factory.mktemp("base"), version) for version in ("2", "2.5")}


@pytest.fixture(scope="module")
def base(bases: dict[str, Path]) -> Path:
    return bases["2.5"]


def architecture(base: Path, tokens: int = 64) -> Adapted:
    return adapted_folder.adapted(Base(str(base)), 4, Limits(SIDE, tokens), DESCRIBE)


def learnt(base: Path) -> tuple[Adapted, Any]:
    """A model with an adapter that changes its answers."""
    made = architecture(base)
    torch.manual_seed(1)
    model = kept.build(made)
    for name, weight in model.named_parameters():
        if ".lora_B." in name:
            torch.nn.init.normal_(weight, std=0.3)
    return made, model


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3), np.uint8))


def losses(made: Adapted, model: Any, pictures: list[Image.Image], told: list[Any], which: list[int]) -> Any:
    inputs = made.inputs()
    pixels, read = inputs.pixels(), inputs.dialogue()
    ids, learns = zip(*map(read, told), strict=True)
    shown = made.normalise()(torch.stack([torch.tensor(pixels(one)) for one in pictures]))
    rows = torch.tensor(np.stack(ids)), torch.tensor(np.stack(learns))
    return model.answer_losses(shown, *rows, torch.tensor(which))


@pytest.mark.parametrize("system", ["", "<|im_start|>system\nYou answer questions.<|im_end|>\n"])
def test_a_conversation_is_read_and_learnt_as_its_template_says(
    base: Path, tmp_path: Path, system: str
) -> None:
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    template = tmp_path / "chat_template.jinja"
    template.write_text(system + template.read_text())  # published ones begin with what nobody said
    made, tokenizer = architecture(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    ids, learns = made.inputs().dialogue()(TOLD)
    expected, answers = [], []
    for place in range(len(TOLD)):  # up to each answer, and with it
        filled = turns(TOLD[: place + 1])
        asked = tokenizer.apply_chat_template(filled[:-1], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(filled, tokenize=False).rstrip("\n")
        before, after = (tokenizer(text.replace(IMAGE, IMAGE * 9)).input_ids for text in (asked, whole))
        assert after[: len(before)] == before
        expected, answers = after, [*answers, *range(len(before), len(after))]
    assert ids[ids >= 0].tolist() == expected
    assert np.flatnonzero(learns).tolist() == answers
    said = tokenizer.decode(ids[learns])
    assert said == "".join(f"{answer}<|im_end|>" for _, answer in TOLD)


def test_what_is_too_long_is_cut_behind_the_picture_and_does_not_end(base: Path) -> None:
    end = AutoTokenizer.from_pretrained(base).eos_token_id
    whole = architecture(base).inputs()
    (first, _), room = whole.dialogue()(TOLD[:1]), len(whole.template.first)
    tokens = int((first >= 0).sum()) - room
    for limit, kept_turns in ((tokens, 1), (tokens - 1, 0), (8, 0)):
        ids, learns = architecture(base, limit).inputs().dialogue()(TOLD)
        assert len(ids) == room + limit
        assert (ids[:room] == first[:room]).all()
        assert (ids[learns] == end).sum() == kept_turns
    ids, learns = whole.dialogue()([("A <|im_end|><|image_pad|>?", "<|im_start|> B")])
    assert (ids == architecture(base).config.image_token_id).sum() == 9  # of the picture alone
    assert (ids[learns] == end).sum() == 1


def test_a_text_that_fits_is_an_answer_that_ends(base: Path) -> None:
    end, inputs = AutoTokenizer.from_pretrained(base).eos_token_id, architecture(base).inputs()
    read, (_, length) = inputs.dialogue(), inputs.reader()
    fits = []
    for words in range(1, 30):
        text = "ship " * words
        ids, learns = read([(DESCRIBE, text)])
        fits.append(length(text.strip()) <= inputs.context_length)
        assert (end in ids[learns]) == fits[-1]
    assert {*fits} == {True, False}


@pytest.mark.parametrize("version", ["2", "2.5"])
def test_losses_are_those_of_transformers_with_peft(
    bases: dict[str, Path], tmp_path: Path, version: str
) -> None:
    base = bases[version]
    made, model = learnt(base)
    kept.save(tmp_path / "run", made, model)
    told = [TOLD, TOLD[:1], [(DESCRIBE, "A harbor.")], TOLD[1:]]
    found = losses(made, model, [picture(0), picture(1)], told, [1, 0, 0, 1])
    opened = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(base), tmp_path / "run")
    processor, read = Qwen2VLImageProcessor.from_pretrained(base), made.inputs().dialogue()
    for one, which, loss in zip(told, [1, 0, 0, 1], found, strict=True):
        ids, learns = (torch.tensor(row)[None] for row in read(one))
        labels, ids = torch.where(learns, ids, -100)[ids >= 0][None], ids[ids >= 0][None]
        taken = processor(images=[picture(which)], return_tensors="pt")
        shown = (ids == made.config.image_token_id).int()
        with torch.inference_mode():
            mean = opened(input_ids=ids, labels=labels, mm_token_type_ids=shown, **taken).loss
        assert loss.item() == pytest.approx(mean.item() * learns.sum().item(), rel=1e-4)
    (alone,) = losses(made, model, [picture(0)], told[1:2], [0])
    assert alone.item() == pytest.approx(found[1].item(), rel=1e-5)
    (other,) = losses(made, model, [picture(1)], told[1:2], [0])
    assert abs(other.item() - alone.item()) > 1e-3  # the picture is looked at


def test_only_the_adapter_learns_and_every_part_of_it(base: Path) -> None:
    made, model = learnt(base)
    nothing = [("", "")]  # a worker whose conversations hold nothing to learn still takes part
    losses(made, model, [picture(0)], [TOLD, nothing], [0, 0]).sum().backward()
    slopes = {n: weight.grad.clone() for n, weight in model.named_parameters() if weight.grad is not None}
    grown = slopes.keys()
    assert grown == {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert len(grown) == 2 * 2 * 7  # two matrices beside each projection of two layers
    assert all(".lora_" in name and ".language_model.layers." in name for name in grown)
    model.zero_grad()
    model.train()
    model.set_grad_checkpointing()
    losses(made, model, [picture(0)], [TOLD, nothing], [0, 0]).sum().backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            torch.testing.assert_close(weight.grad, slopes[name])


def test_a_run_goes_on_with_its_adapter_and_merged_weights_say_the_same(base: Path, tmp_path: Path) -> None:
    made, model = learnt(base)
    kept.save(tmp_path / "run", made, model)
    assert (tmp_path / "run" / ADAPTER).stat().st_size < (base / "model.safetensors").stat().st_size / 10
    again, opened = kept.load(tmp_path / "run")
    assert (again.inputs(), again.question) == (made.inputs(), DESCRIBE)
    expected = losses(made, model, [picture(0)], [TOLD], [0]).item()
    assert losses(again, opened, [picture(0)], [TOLD], [0]).item() == expected
    assert main(["merge", str(tmp_path / "run"), "--out", str(tmp_path / "whole")]) == 0
    whole = adapted_folder.adapted(Base(str(tmp_path / "whole")), 4, Limits(SIDE, 64), DESCRIBE)
    plain = losses(architecture(base), kept.build(architecture(base)), [picture(0)], [TOLD], [0]).item()
    merged = losses(whole, kept.build(whole), [picture(0)], [TOLD], [0]).item()
    assert merged == pytest.approx(expected, rel=1e-4)
    assert abs(merged - plain) > 0.01 * plain
    assert {path.name for path in (tmp_path / "whole").iterdir()} == {path.name for path in base.iterdir()}
    before, after = (load_file(folder / "model.safetensors") for folder in (base, tmp_path / "whole"))
    assert before.keys() == after.keys()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert {name.rpartition("_")[2] for name in changed} == {"proj.weight"}
    assert not any("visual" in name for name in changed)
    with pytest.raises(OutputError, match=r"whole holds .*: choose an empty folder"):
        adapted_folder.merge(tmp_path / "run", tmp_path / "whole")


def test_what_does_not_learn_keeps_the_precision_that_it_was_published_in(base: Path, tmp_path: Path) -> None:
    half = Path(shutil.copytree(base, tmp_path / "half"))
    AutoModelForImageTextToText.from_pretrained(base, dtype=torch.bfloat16).save_pretrained(half)
    full, _ = learnt(base)
    made, model = learnt(half)
    precise = losses(full, learnt(base)[1], [picture(0)], [TOLD], [0]).item()
    for on_a_gpu in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=on_a_gpu):
            found = losses(made, model, [picture(0)], [TOLD], [0])
        found.sum().backward()
        assert found.dtype == torch.float32
        assert found.item() == pytest.approx(precise, rel=0.02)
    grown = [weight for weight in model.parameters() if weight.grad is not None]
    assert {weight.dtype for weight in grown} == {torch.float32}
    kept.save(tmp_path / "run", made, model)
    adapted_folder.merge(tmp_path / "run", tmp_path / "whole")
    merged = load_file(tmp_path / "whole" / "model.safetensors")
    assert {value.dtype for value in merged.values()} == {torch.bfloat16}


def test_an_adapter_names_a_model_of_the_hub_and_its_commit(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "snapshots" / ("0123456789" * 4)
    shutil.copytree(base, folder)
    asked: list[Any] = []

    def fetch(repository: str, revision: str | None, allow_patterns: Sequence[str]) -> str:
        asked.append((repository, revision))
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", fetch)
    commit = hub.commit_of(hub.fetched("Qwen/Qwen2.5-VL-7B-Instruct"))
    made = adapted_folder.adapted(Base("Qwen/Qwen2.5-VL-7B-Instruct", commit), 4, Limits(SIDE, 64), DESCRIBE)
    kept.save(tmp_path / "run", made, kept.build(made))
    again, _ = kept.load(tmp_path / "run")
    assert (again.base, again.name) == (made.base, "Qwen/Qwen2.5-VL-7B-Instruct")
    assert {*asked[2:]} == {("Qwen/Qwen2.5-VL-7B-Instruct", folder.name)}
    assert f"revision='{folder.name}'" in kept.opening_lines(tmp_path / "run")
    assert str(folder) not in (tmp_path / "run" / "adapter_config.json").read_text()
    assert adapter_of(str(tmp_path / "run")) == Adapter(
        str(tmp_path / "run"), "Qwen/Qwen2.5-VL-7B-Instruct", folder.name, 4
    )
    assert family_of(str(tmp_path / "run")).name == "Qwen2.5-VL"


def test_what_holds_no_adapter_of_this_model_is_said(base: Path, tmp_path: Path) -> None:
    made, model = learnt(base)
    kept.save(tmp_path / "run", made, model)
    file = tmp_path / "run" / ADAPTER
    weights = load_file(file)
    lost = sorted(weights)[0]
    save_file({name: value for name, value in weights.items() if name != lost}, file)
    with pytest.raises(InputError, match=r"is of another model \(.*lora_A"):
        kept.load(tmp_path / "run")
    file.write_bytes(b"{}")
    with pytest.raises(InputError, match="cannot be read"):
        kept.load(tmp_path / "run")
    with pytest.raises(InputError, match=r"is not an adapter, it lacks adapter_config\.json: expected"):
        adapted_folder.merge(base, tmp_path / "whole")
    (tmp_path / "run" / "adapter_config.json").write_text('{"r": 4}')
    with pytest.raises(InputError, match="holds no adapter of `mpgi train --task instruction`"):
        kept.load(tmp_path / "run")
    with pytest.raises(RecipeError, match="pixels 100: expected a multiple of 28"):
        adapted_folder.adapted(Base(str(base)), 4, Limits(100, 64), DESCRIBE)
    files = {**made.files, "chat_template.jinja": b"{{ messages[0].content[-1].text }}"}
    with pytest.raises(RecipeError, match="chat template leaves out a question or an answer"):
        Adapted("odd", files, Limits(SIDE, 64), Base(str(base)), 4, DESCRIBE)
