"""Models of ours as engines: small random ones, whose texts mean nothing but are theirs."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.recipe import load_recipe
from mpgi_ray.caption.templates import read_templates
from mpgi_ray.data.image import Picture, decode
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.connect import check_picture
from mpgi_ray.engines.local.engine import LocalEngine
from mpgi_ray.engines.local.settings import LocalSettings
from mpgi_ray.errors import RecipeError
from mpgi_ray.models import bridge_folder, checkpoint
from mpgi_ray.models.architecture import small as small_clip
from mpgi_ray.models.architecture import small_coca
from mpgi_ray.models.tokenizer import TextTokenizer
from mpgi_ray.rules.facts import Facts
from mpgi_ray.train.bridge import small
from mpgi_ray.train.tasks.coca import CocaTask

TEXTS = ("Describe the image.", "Two red ships lie in the harbour.", "How many ships are there?", "Two.")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a bridge, and a CoCa."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    tokenizer = TextTokenizer.train(TEXTS, 48)
    bridged = small("small-bridge-nova", small_clip(tokenizer), tokenizer, TEXTS[0])
    bridge_folder.save(folder / "bridge", bridged, bridge_folder.build(bridged))
    coca = small_coca(tokenizer)
    model = checkpoint.build(coca)[0]
    CocaTask().prepare(model)  # open_clip leaves its head as it is
    checkpoint.save(folder / "coca", coca, model)
    return folder


def picture(colour: str) -> Picture:
    sink = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(sink, "PNG")
    painted = Image.new("RGB", (80, 60), colour)
    painted.paste(Image.open(sink).resize((40, 40)), (5, 5))
    sink = io.BytesIO()
    painted.save(sink, "PNG")
    return decode(sink.getvalue())


def engine(models: Path, kind: str, **changes: object) -> LocalEngine:
    told = {"kind": "local", "model": str(models / kind), **changes}
    return LocalEngine(LocalSettings.model_validate(told))


def asked(one: LocalEngine, calls: Sequence[Sequence[Prompt]]) -> list[list[Reply]]:
    """What the engine replies to calls that are in flight together."""

    async def all_of_them() -> list[list[Reply]]:
        return list(await asyncio.gather(*map(one.reply, calls)))

    return asyncio.run(all_of_them())


def prompt(colour: str | None, text: str = "Describe.", **sampling: object) -> Prompt:
    shown = None if colour is None else picture(colour)
    return Prompt("scene", text, f"sample {colour}", shown, sampling={"max_tokens": 12, **sampling})


@pytest.mark.parametrize("kind", ["bridge", "coca"])
def test_a_model_writes_the_same_alone_and_beside_others(models: Path, kind: str) -> None:
    one = engine(models, kind, batch=3)
    told = [[prompt(colour), prompt(colour, temperature=1.0)] for colour in ("red", "blue", "green", "grey")]
    together = asked(one, told)
    alone = [asked(one, [call])[0] for call in told]
    assert [[r.text for r in call] for call in together] == [[r.text for r in call] for call in alone]
    assert all(reply.completion_tokens in range(1, 13) for call in together for reply in call)
    assert len({call[1].text for call in together}) == 4  # of each picture its own draws
    for reply in together[0]:
        assert reply.finish_reason == ("length" if reply.completion_tokens == 12 else "stop")


@pytest.mark.parametrize("kind", ["bridge", "coca"])
def test_draws_follow_the_prompt_and_pictures_reach_the_model(models: Path, kind: str) -> None:
    one = engine(models, kind)
    hot = prompt("red", temperature=1.0)
    again = replace(hot, text="Describe. Your last answer was too short.")
    ((first, second, third, seeded),) = asked(
        one, [[hot, hot, again, prompt("red", temperature=1.0, seed=7)]]
    )
    assert len({first.text, second.text, third.text, seeded.text}) == 4
    assert asked(one, [[hot]])[0][0].text == first.text
    asyncio.run(check_picture(one))


def test_what_a_model_of_ours_cannot_do_is_said(models: Path) -> None:
    one = engine(models, "bridge", prompts=True)
    ((merge, long, short),) = asked(
        one,
        [
            [
                replace(prompt("red"), schema={"type": "object"}),
                prompt("red", "How many ships are there? " * 40),
                prompt("red", "How many ships are there?"),
            ]
        ],
    )
    assert merge.fault is not None
    assert merge.fault.code == "engine_refused"
    assert long.fault is not None
    assert long.fault.code == "prompt_too_long"
    assert short.fault is None
    for wrong, said in (({"min_tokens": 3}, "holds min_tokens"), ({"top_p": 2}, "top_p 2.0")):
        with pytest.raises(RecipeError, match=said):
            asked(one, [[prompt("red", temperature=1.0, **wrong)]])
    with pytest.raises(RecipeError, match="reads no prompts"):
        engine(models, "coca", prompts=True)


def test_a_model_is_known_by_its_weights_wherever_it_lies(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "bridge", tmp_path / "bridge")
    here, there = (
        LocalSettings(kind="local", model=str(f / "bridge")).identity() for f in (models, tmp_path)
    )
    assert here == there
    assert here["model"].startswith("sha256:")
    assert engine(tmp_path, "bridge").revision == here["model"]


def test_a_caption_job_asks_a_model_of_ours_and_checks_what_it_writes(models: Path) -> None:
    engine_of = {"kind": "local", "model": str(models / "bridge")}
    told = {"input.shards": "shards", "output": "captions"}
    recipe = load_recipe("template", told, [f"generate.engine={engine_of}", "generate.perspectives=[scene]"])
    [block] = recipe.generate
    one = block.engine.start()
    templates = read_templates(recipe)
    stage = Perspectives(one, block, recipe.facts, templates.stage1[0])
    shown = picture("red")
    sample = Sample("key", 0, shown.encoded(), "png", Annotation(width=80, height=60), "key")
    rows = asyncio.run(stage.describe("", sample, Facts(), shown))
    assert rows
    assert {row.model for row in rows} == {str(models / "bridge")}
    assert {row.revision for row in rows} == {one.revision}
    assert rows[-1].reason  # random words pass no check
