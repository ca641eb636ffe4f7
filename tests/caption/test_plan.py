"""Plans: the prompts are those of the run, the figures add up, and nothing is started or written."""

from __future__ import annotations

import asyncio
import io
import json
import pickle
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from mpgi_ray.caption.chunks import read_chunks
from mpgi_ray.caption.labels import labels_in_words
from mpgi_ray.caption.plan import Plan, plan
from mpgi_ray.caption.plan.cost import Cost, Rate, measured_rate
from mpgi_ray.caption.plan.show import show
from mpgi_ray.caption.recipe import Recipe, load_recipe
from mpgi_ray.caption.run_json import open_run
from mpgi_ray.caption.stages import Describe, Merge
from mpgi_ray.caption.todo import Pilot, left_to_do
from mpgi_ray.cli import main
from mpgi_ray.data.caption_folder import LOG, METRICS, RUN, CaptionFolder
from mpgi_ray.data.shard_list import INDEX, find_shards
from mpgi_ray.data.shards import sample_members
from mpgi_ray.data.storage import Storage
from mpgi_ray.data.tables import publish_table
from mpgi_ray.demo.scenes.scene import scenes
from mpgi_ray.engines.base import Prompt, Reply
from mpgi_ray.engines.template.engine import TemplateEngine
from mpgi_ray.errors import InputError, OutputError
from support.build import noise, tar, write_shards
from support.caption_rows import begin, run_metrics
from support.caption_runs import run_stages as caption_stages
from support.recipes import SHIPPED

GPUS = {
    **{"hqrs": 2, "one-gpu": 1, "ensemble": 3, "endpoint": 0, "template": 0, "template+llm": 1},
    **{"maps": 1, "recaption": 1},
}
NAMES = ("objects", "layout", "scene", "attributes", "integrate")
MODELS = dict.fromkeys(GPUS, 1) | {"ensemble": 2}
PERSPECTIVES = dict.fromkeys(GPUS, 4) | {"maps": 1, "recaption": 1}


class Recorder:
    """An engine that keeps what it is asked."""

    kind, model, revision, trusted = "recorder", "recorder", "1", False

    def __init__(self) -> None:
        self.asked: list[Prompt] = []

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        self.asked += prompts
        return [
            Reply(f"This is a text that tells of the {p.name} of the image of the ground.") for p in prompts
        ]

    def close(self) -> None:
        pass


def recipe_for(name: str, folder: Path, *assignments: str) -> Recipe:
    paths = {"input.shards": str(folder / "shards"), "output": str(folder / "out")}
    return load_recipe(name, paths, list(assignments))


def printed(made: Plan, name: str) -> str:
    out = io.StringIO()
    show(made, name, Console(file=out, width=100))
    return out.getvalue()


def scene_shard(folder: Path, count: int) -> None:
    """A shard of drawn scenes of 256 × 256 pixels with all their boxes."""
    (folder / "shards").mkdir()
    groups = [sample_members(sample) for sample in scenes(count)]
    members = [(f"{key}.{suffix}", data) for key, fields in groups for suffix, data in fields.items()]
    (folder / "shards/s.tar").write_bytes(tar(*members))


def run_stages(recipe: Recipe, pilot: Pilot | None = None) -> tuple[list[Recorder], Recorder]:
    """Both stages over all chunks as replicas run them, with recorders for models."""
    shards, folder = find_shards(recipe.input.shards), CaptionFolder(recipe.output)
    templates = open_run(folder, recipe, shards).templates
    mllms, llm = [Recorder() for _ in recipe.generate], Recorder()

    async def run() -> None:
        for task in left_to_do(recipe, shards, folder, pilot):
            for row in read_chunks(task):
                work = pickle.loads(row["work"])
                for place, mllm in enumerate(mllms):
                    work = await Describe(recipe, templates, place, mllm, 1, lambda _: None).chunk(work)
                await Merge(recipe, templates, llm, 1, lambda _: None).chunk(work)

    asyncio.run(run())
    return mllms, llm


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_recipe_is_planned(name: str, tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [5, 3])
    made = plan(recipe_for(name, tmp_path), samples=3)
    text = printed(made, name)
    assert (made.stock.samples, made.stock.left, len(made.stock.subjects)) == (8, 8, 3)
    assert {subject.chunk.shard for subject in made.stock.subjects} == {"s0", "s1"}
    assert made.gpus == GPUS[name]
    words = " ".join(text.split())
    for models in made.asked:
        assert [len(asked.prompts) for asked in models] == [PERSPECTIVES[name]] * MODELS[name] + [1]
        for asked in models:
            assert all(" ".join(p.text.split()) in words for p in asked.prompts)
            assert " ".join(asked.prompts[0].system.split()) in words
    assert max(map(len, text.splitlines())) <= 100
    assert f"mpgi caption {name} --shards" in words
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["hqrs", "ensemble"])
def test_planned_prompts_are_those_of_the_run(name: str, tmp_path: Path) -> None:
    scene_shard(tmp_path, 6)
    recipe = recipe_for(name, tmp_path, "chunk_size=4")
    blocks = [
        block.model_copy(update={"engine": block.engine.model_copy(update={"max_pixels": 140 * 140})})
        for block in recipe.generate
    ]
    recipe = recipe.model_copy(update={"generate": tuple(blocks)})
    before = plan(recipe, samples=6)
    mllms, llm = run_stages(recipe)
    after = plan(recipe, samples=6)

    merged = {p.seed: p for p in reversed(llm.asked)}  # the first attempt's
    for subject, ahead, behind in zip(before.stock.subjects, before.asked, after.asked, strict=True):
        for recorder, asked in zip(mllms, ahead[:-1], strict=True):
            real = [p for p in recorder.asked if p.seed == subject.sample.sample_id]
            for planned, sent in zip(asked.prompts, real, strict=True):
                assert (planned.name, planned.system, planned.text) == (sent.name, sent.system, sent.text)
                assert planned.picture is not None
                assert sent.picture is not None
                assert planned.picture.pixels.size == (140, 140)
                assert planned.picture.data == sent.picture.data
        sent = merged[subject.sample.sample_id]
        (unwritten,), (written,) = ahead[-1].prompts, behind[-1].prompts
        assert (written.system, written.text, written.schema) == (sent.system, sent.text, sent.schema)
        assert not behind[-1].assumed
        assert len(ahead[-1].assumed) == 4 * len(mllms)
        text = unwritten.text
        for (placeholder, _), source in zip(ahead[-1].assumed, sent.sources.values(), strict=True):
            text = text.replace(placeholder, source, 1)
        assert text == sent.text
    assert "Boxes of the annotated objects" in str([p.text for p in mllms[0].asked])
    assert (before.stock.done, before.stock.left) == (0, 6)
    assert (after.stock.done, after.stock.left) == (6, 0)


def test_what_a_pilot_captioned_is_not_left(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [6, 5])
    recipe = recipe_for("hqrs", tmp_path, "chunk_size=4")
    run_stages(recipe, Pilot(5))
    stock = plan(recipe).stock
    assert (stock.samples, stock.done, stock.left) == (11, 5, 6)


def test_token_figures_add_up(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [5])
    made = plan(recipe_for("hqrs", tmp_path), samples=1)
    describe, merge = made.models
    (asked, _) = made.asked[0]
    system, texts = asked.prompts[0].system, {p.name: p.text for p in asked.prompts}
    assert describe.picture == 4  # 32 × 32 pixels in tokens of 28 × 28
    sent = sum(len(system) + len(text) for text in texts.values())
    assert describe.tokens.prompt == pytest.approx(sent / 4 + 4 * 4, abs=1)
    facts = texts["objects"].index("Perspective:")
    assert texts["layout"][:facts] == texts["objects"][:facts]
    shared = 3 * (len(system) / 4 + 4) + 2 * facts / 4
    # beyond that, all share a word or two at the beginning of their instructions
    assert describe.tokens.prompt - describe.tokens.computed == pytest.approx(shared, abs=15)
    assert merge.tokens.computed == merge.tokens.prompt
    assert describe.prefix == pytest.approx(len(system) / 4, abs=1)  # then comes the picture
    merged = made.asked[0][1].prompts[0]
    assert merge.prefix == pytest.approx((len(merged.system) + merged.text.index("\n[facts] ")) / 4, abs=1)
    assert f"in stage 2 begins with {merge.prefix} tokens that all images share" in " ".join(
        printed(made, "hqrs").split()
    )
    assert (describe.tokens.most, merge.tokens.most) == (4 * 300, 700)
    assert describe.tokens.completion < 4 * 300
    total = made.an_image
    assert total.prompt == describe.tokens.prompt + merge.tokens.prompt
    assert total.completion == describe.tokens.completion + merge.tokens.completion
    assert (total * 5).computed == 5 * (describe.tokens.computed + merge.tokens.computed)
    text = printed(made, "hqrs")
    assert f"{5 * total.prompt:,}" in text
    assert f"{5 * 1900:,}" in text


def test_samples_are_counted_by_the_index_or_estimated(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [4, 4, 6, 4, 4])
    recipe = recipe_for("template", tmp_path)
    guessed = plan(recipe, samples=2)
    assert (guessed.stock.counted, guessed.stock.samples) == (2, 25)  # of s0 with 4 and s2 with 6
    assert "25 samples (estimated from the 2 counted)" in printed(guessed, "template")
    index = pa.table({"shard": [f"s{i}" for i in range(5)], "samples": [4, 4, 6, 4, 4]})
    publish_table(Storage(str(tmp_path / "shards")), INDEX, index)
    counted = plan(recipe, samples=2)
    assert (counted.stock.counted, counted.stock.samples) == (5, 22)


def costs(folder: Path, rate: Rate, *assignments: str) -> Cost:
    """Of the eight images of a shard."""
    made = plan(recipe_for("hqrs", folder, *assignments), samples=1, rate=rate, gpu_hour_price=3.0).cost
    assert made is not None
    assert made.price == pytest.approx(3 * made.gpu_hours)
    return made


def replicas(describe: int, merge: int, phases: str = "fused") -> list[str]:
    return [
        f"generate.engine.replicas={describe}",
        f"integrate.engine.replicas={merge}",
        f"phases={phases}",
    ]


def test_a_rate_gives_hours_and_cost(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [8])
    rate, hour = Rate(0.5, "given"), 8 / 0.5 / 3600  # of one replica of each model
    one = costs(tmp_path, rate)
    assert (one.hours, one.gpu_hours) == pytest.approx((hour, 2 * hour))  # one GPU a stage
    four = costs(tmp_path, rate, *replicas(4, 4))
    assert (four.hours, four.gpu_hours) == pytest.approx((hour / 4, 2 * hour))
    assert four.images_per_second == pytest.approx(4 * 0.5)
    slow_end = costs(tmp_path, rate, *replicas(4, 2))
    assert (slow_end.hours, slow_end.gpu_hours) == pytest.approx((hour / 2, 6 * hour / 2))
    embedded = costs(tmp_path, rate, "generate.engine.replicas=4", "integrate.engine={kind: template}")
    assert (embedded.hours, embedded.gpu_hours) == pytest.approx((hour / 4, hour))


def test_a_pool_that_grows_holds_its_least_and_is_planned_with_its_most(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [8])
    grows = ["generate.engine.replicas={min: 1, max: 4}", "integrate.engine.replicas={min: 2, max: 4}"]
    recipe, rate = recipe_for("hqrs", tmp_path, *grows), Rate(0.5, "given")
    made = plan(recipe, samples=1, rate=rate)
    assert made.gpus == 3
    assert made.cost == plan(recipe_for("hqrs", tmp_path, *replicas(4, 4)), samples=1, rate=rate).cost
    said = printed(made, "hqrs")
    assert "1 to 4" in said
    assert "That is with the fewest replicas: pools grow where the cluster has room." in said
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe  # as `run.json` keeps it


def test_each_of_two_phases_costs_its_own_gpus(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [8])
    rate, half = Rate(0.5, "given"), 8 / 0.5 / 3600 / 2
    two = costs(tmp_path, rate, *replicas(4, 2, "two"))
    assert two.phases == pytest.approx((half / 4, half / 2))
    assert two.gpu_hours == pytest.approx(4 * half / 4 + 2 * half / 2)
    run = recipe_for("hqrs", tmp_path, *replicas(4, 2, "two"))
    again = costs(tmp_path, Rate(0.5, "that run's", run=run), *replicas(4, 2, "two"))
    assert (again.hours, again.gpu_hours) == pytest.approx((2 * half, 4 * half + 2 * half))
    fused = costs(tmp_path, Rate(0.5, "that run's", run=run), *replicas(4, 4))
    assert (fused.hours, fused.gpu_hours) == pytest.approx((half, 8 * half))


def test_a_rate_is_read_from_the_metrics_of_a_run(tmp_path: Path) -> None:
    recipe = recipe_for("hqrs", tmp_path, *replicas(2, 1))
    folder = CaptionFolder(recipe.output)
    pilot = {"pilot": True, "new": 50, "seconds": 20.0, "startup_seconds": 10.0, "chunks": 1}
    metrics = tmp_path / "out/metrics.json"
    measure(folder, pilot)
    other = recipe_for("hqrs", tmp_path, *replicas(6, 3))
    assert measured_rate(str(metrics), other).run == other
    begin(folder, recipe=recipe.model_dump(mode="json"))
    rate = measured_rate(str(metrics), other)
    assert (rate.images_per_second, rate.run) == (2.5, recipe)
    assert "2.50 images/s" in rate.source
    assert "replicas: 2, 1" in rate.source
    with pytest.raises(InputError, match="a run with 2 pools of models, the recipe has 3"):
        measured_rate(str(metrics), recipe_for("ensemble", tmp_path))
    metrics.write_text(json.dumps(run_metrics(CaptionFolder(str(tmp_path / "empty")))))
    with pytest.raises(InputError, match="holds no images_per_second"):
        measured_rate(str(metrics), other)


def measure(folder: CaptionFolder, *log: dict[str, object]) -> None:
    """The metrics of a run that was started so."""
    folder.storage.publish(LOG, "\n".join(map(json.dumps, log)).encode())
    folder.storage.publish(METRICS, json.dumps(run_metrics(folder)).encode())


def test_the_loading_of_models_is_not_planned_for_every_image(tmp_path: Path) -> None:
    recipe = recipe_for("hqrs", tmp_path)
    folder, metrics = CaptionFolder(recipe.output), str(tmp_path / "out/metrics.json")
    pilot = {"pilot": True, "new": 320, "seconds": 400.0, "startup_seconds": 300.0}
    few, many = pilot | {"chunks": 5}, pilot | {"chunks": 12, "images_per_second": 3.5}
    full = pilot | {"pilot": False, "chunks": 99, "images_per_second": 4.5}
    one = pilot | {"chunks": 1, "startup_seconds": 399.0}  # its first chunk is all of it
    for log, expected, words in [
        ([one], 0.8, "models included: a longer pilot"),
        ([few], 3.2, "of few chunks: a longer pilot"),
        ([few, many], 3.5, "last pilot"),
        ([full, many], 4.5, "last full start"),
        ([many, full | {"images_per_second": None}], 3.5, "last pilot"),
    ]:
        measure(folder, *log)
        rate = measured_rate(metrics, recipe)
        assert rate.images_per_second == expected
        assert words in rate.source


def test_the_command_prints_a_plan_or_one_line_of_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shards(tmp_path / "shards", [2])
    command = ["plan", "one-gpu", "--shards", str(tmp_path / "shards"), "--out", str(tmp_path / "out")]
    assert main([*command, "--images-per-second", "0.01", "--gpu-hour-price", "36", "--samples", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 images: 0.06 hours, 0.06 GPU-hours, 2.00 at the price given" in said
    assert "Phases: 0.03 + 0.03 hours" in said
    for wrong, message in [
        (["--set", "generate.engine.replica=2"], "unknown key 'generate.engine.replica'"),
        (["--set", "generate.perspectives=[scenery]"], "no prompt 'scenery'"),
        (["--shards", str(tmp_path / "none")], "no shards"),
        (["--rates", str(tmp_path / "metrics.json")], "metrics.json"),
    ]:
        assert main([*command, *wrong]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert message in error
        assert error.count("\n") == 1
    assert main([*command, "--images-per-second", "1", "--rates", "m.json"]) == 2
    assert not (tmp_path / "out").exists()


def test_a_run_of_other_prompts_is_refused_with_its_version(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [2])
    recipe = recipe_for("template", tmp_path)
    folder = CaptionFolder(recipe.output)
    open_run(folder, recipe, find_shards(recipe.input.shards))
    record = folder.run_record()
    record["versions"]["mpgi-ray"] = "0.1.9"
    record["prompts"]["integrate"]["hash"] = "0" * 16
    folder.storage.publish_json(RUN, record)
    caption_stages(recipe, TemplateEngine(), merge=False)
    plan(recipe)  # nothing of stage 2 is there yet
    record["prompts"]["layout"]["hash"] = "0" * 16
    folder.storage.publish_json(RUN, record)
    with pytest.raises(OutputError, match=r"another prompt 'layout', .* by mpgi-ray 0\.1\.9 \(this is 0\."):
        plan(recipe)


def test_two_prompts_are_shown_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene_shard(tmp_path, 2)
    (tmp_path / "mine.j2").write_text(
        "---\nkind: integrate\ntexts: {short: [5, 45], long: [20, 250]}\n---\nPut it shortly."
    )
    recipe = resources.files("mpgi_ray.recipes").joinpath("template+llm.yaml").read_text()
    (tmp_path / "b.yaml").write_text(
        recipe.replace("prompt: integrate", f"prompt: {tmp_path}/mine.j2").replace(", scene, ", ", ")
    )
    command = ["plan", "template+llm", "--compare", str(tmp_path / "b.yaml"), "--samples", "1"]
    assert main([*command, "--shards", str(tmp_path / "shards"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert [name for name in NAMES if f"{name}: the same in both" in said] == [
        "objects",
        "layout",
        "attributes",
    ]
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    left, right = (" ".join(row[side] for row in rows if len(row) == 2) for side in (0, 1))
    assert left.startswith("Merge the facts and descriptions")
    assert "Perspective: scene." in left
    assert right.startswith("Put it shortly.  What stands after [facts] below")
    assert "Perspective" not in right
    tokens = [row for row in rows if len(row) == 9]
    assert int(tokens[0][4]) - int(tokens[1][4]) > 150  # of the prefix
    assert not (tmp_path / "out").exists()


def test_labels_that_texts_can_only_quote_are_named_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    for number, scene in enumerate((b"airport", b"hoverport", b"airport", b"hoverport", b"airport")):
        members = tar((f"{number}.jpg", noise(number)), (f"{number}.cls", scene))
        (tmp_path / f"shards/{number}.tar").write_bytes(members)
    recipe = recipe_for("template", tmp_path)
    note = (
        'note: 1 label is not known as the name of a thing, in 3 of 5 shards; texts say: a scene labelled "h'
    )
    told = labels_in_words(recipe, find_shards(recipe.input.shards))
    assert told.startswith(note)
    assert note[:80] in printed(plan(recipe, samples=3), "template")
    (tmp_path / "shards/0.tar").write_bytes(b"no tar")  # the run says so
    assert labels_in_words(recipe, find_shards(recipe.input.shards)) == told
