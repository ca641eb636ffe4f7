"""Where engines run: what pools hold, both phases, one model for both stages, several models."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import ray
from pydantic import ValidationError

from mpgi_ray.caption.graph import gpus_for
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.todo import Pilot
from mpgi_ray.data.caption_folder import CaptionFolder
from mpgi_ray.engines.base import Engine, Prompt, Reply
from mpgi_ray.engines.settings import EngineSettings
from mpgi_ray.engines.vllm.settings import VllmSettings
from mpgi_ray.errors import RecipeError, ResourceError, UnfinishedError
from support.build import write_shards
from support.caption_runs import recipe, rows

pytestmark = pytest.mark.usefixtures("ray_cluster")
TEXT = "The image shows a piece of open ground with a few small marks that lie near the middle."
MORE = "A few small marks lie near the middle of the open ground in the image."


class Noted:
    """An engine without a model that notes its start, with what Ray gave it, and every request.

    Args:
        together: answers nothing before so many engines have started.
    """

    kind = "vllm"
    revision = "1"
    trusted = False

    def __init__(self, book: Notebook, config: EngineSettings) -> None:
        assert isinstance(config, VllmSettings)
        self.book, self.model = book, config.model
        given = ray.get_runtime_context().get_assigned_resources()
        self._note(event="start", cpus=given.get("CPU", 0), gpus=given.get("GPU", 0))

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        while len(self.book.events("start")) < self.book.together:
            await asyncio.sleep(0.05)
        self._note(
            event="ask", names=[p.name for p in prompts], pictures=[p.picture is not None for p in prompts]
        )
        texts = [
            TEXT if p.schema is None else json.dumps({"short": TEXT, "long": f"{TEXT} {MORE}"})
            for p in prompts
        ]
        return [
            Reply(text, prompt_tokens=10 + 5 * (p.picture is not None), completion_tokens=20)
            for p, text in zip(prompts, texts, strict=True)
        ]

    def close(self) -> None:
        self._note(event="close")

    def _note(self, **values: object) -> None:
        with self.book.log.open("a") as file:
            file.write(json.dumps({"model": self.model, **values}) + "\n")


class Notebook:
    """Connects noted engines; ``events`` are the lines that all replicas wrote."""

    def __init__(self, folder: Path, together: int = 0) -> None:
        self.log, self.together = folder / "engines.jsonl", together

    def __call__(self, config: EngineSettings) -> Engine:
        return Noted(self, config)

    def events(self, event: str) -> list[dict[str, object]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [told for told in map(json.loads, lines) if told["event"] == event]


def model(name: str, **settings: object) -> dict[str, object]:
    return {"engine": {"kind": "vllm", "model": name, "cpus": 0.5, **settings}}


def test_pools_hold_what_the_recipe_says(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [12])
    run = recipe(
        tmp_path, "c", generate=model("seer", gpus=0.5, replicas=2), integrate=model("reader", gpus=1)
    )
    book = Notebook(tmp_path, together=3)
    caption(run, connect=book)
    starts = Counter((e["model"], e["cpus"], e["gpus"]) for e in book.events("start"))
    assert starts == {("seer", 0.5, 0.5): 2, ("reader", 0.5, 1.0): 1}


def test_a_pool_grows_when_its_replicas_have_all_that_they_can_take(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [12])
    grows = model("seer", gpus=0, replicas={"min": 1, "max": 2}, images_in_flight=4)
    book = Notebook(tmp_path, together=3)  # nothing is answered before the second replica is there
    outcome = caption(recipe(tmp_path, "c", generate=grows, integrate=model("reader", gpus=0)), connect=book)
    assert outcome.new == 12
    assert Counter(e["model"] for e in book.events("start")) == {"seer": 2, "reader": 1}


def test_wanting_more_gpus_than_there_are_fails_before_any_model_loads(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [2])
    greedy = {"generate": model("seer", gpus=1, replicas=2), "integrate": model("reader", gpus=1)}
    book = Notebook(tmp_path)
    with pytest.raises(ResourceError, match=r"the replicas need 3 GPUs, the cluster has 2: lower replicas"):
        caption(recipe(tmp_path, "c", **greedy), connect=book)
    assert not book.events("start")
    caption(recipe(tmp_path, "two", phases="two", **greedy), connect=book)  # one stage after the other fits


def test_shares_of_a_gpu_are_not_spread_over_two() -> None:
    assert gpus_for([0.6, 0.6, 0.6]) == 3
    assert gpus_for([0.5, 0.3, 0.7, 0.5, 2, 0]) == 4
    with pytest.raises(ValidationError, match=r"1\.5 GPUs a replica: expected a share"):
        VllmSettings(kind="vllm", model="m", gpus=1.5)


def missing(config: EngineSettings) -> Engine:
    raise ResourceError("vLLM is not installed: pip install 'mpgi-ray[vllm]'")


def test_an_engine_that_does_not_start_is_said_in_its_own_words(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [2])
    run = recipe(tmp_path, "c", generate=model("seer", gpus=0))
    with pytest.raises(
        UnfinishedError, match=r"finished no chunk: vLLM is not installed: pip install"
    ) as error:
        caption(run, connect=missing)
    assert "Traceback" not in str(error.value)


def test_a_job_that_waits_for_ever_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.caption.graph._PATIENCE", 3)
    write_shards(tmp_path / "shards", [2])
    silent = Notebook(tmp_path, together=99)
    with pytest.raises(
        UnfinishedError, match="2 consecutive passes finished no chunk: nothing happened for 3 s"
    ):
        caption(recipe(tmp_path, "c", generate=model("seer", gpus=0)), connect=silent)


def test_two_phases_write_what_the_fused_run_writes_and_stage_2_sees_no_pictures(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [9, 5])
    models = {"generate": model("seer", gpus=0), "integrate": model("reader", gpus=0)}
    fused, two = recipe(tmp_path, "fused", **models), recipe(tmp_path, "two", phases="two", **models)
    caption(fused, connect=Notebook(tmp_path))
    apart = Notebook(tmp_path / "two")
    caption(two, pilot=Pilot(3), connect=Notebook(tmp_path))
    outcome = caption(two, connect=apart)
    assert {c.caption_id: c.model for c in rows(fused)} == {c.caption_id: c.model for c in rows(two)}
    assert (outcome.samples, outcome.new) == (14, 11)
    order = [event["model"] for event in apart.events("start")]
    assert order == ["seer", "reader"]
    asked = apart.events("ask")
    checks = Counter((e["model"], *e["names"]) for e in asked if "check" in str(e["names"]))
    assert checks == {("seer", "picture check"): 2, ("reader", "JSON check"): 1}
    assert sum(e["model"] == "seer" for e in asked) - 2 == 11
    reader = [e for e in asked if e["model"] == "reader"]
    assert len(reader) - 1 == 11
    assert all(e["pictures"] == [False] for e in reader)


def test_stage_2_starts_from_published_texts_after_stage_1_alone(tmp_path: Path) -> None:
    """A run that ended between the phases asks no model of stage 1 again."""
    write_shards(tmp_path / "shards", [6])
    models = {"generate": model("seer", gpus=0), "integrate": model("reader", gpus=0), "phases": "two"}
    run = recipe(tmp_path, "c", **models)
    caption(run, connect=Notebook(tmp_path))
    for part in (tmp_path / "c/integrated").glob("*.parquet"):
        part.unlink()
    before = rows(run)
    assert before == []
    again = Notebook(tmp_path / "c")
    outcome = caption(run, connect=again)
    assert (outcome.samples, outcome.new) == (6, 6)
    assert {event["model"] for event in again.events("start")} == {"reader"}
    assert len(rows(run)) == 6 * 6


class Refused(Noted):
    """Knows no sampling of the name ``tempo``."""

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if any("tempo" in prompt.sampling for prompt in prompts):
            raise RecipeError("no sampling 'tempo': expected temperature")
        return await super().reply(prompts)


class Refusing(Notebook):
    """Connects engines that refuse some sampling."""

    def __call__(self, config: EngineSettings) -> Engine:
        return Refused(self, config)


@pytest.mark.parametrize("kind", ["vllm", "same"])
def test_a_setting_that_stage_2_refuses_is_found_before_any_text_is_merged(tmp_path: Path, kind: str) -> None:
    write_shards(tmp_path / "shards", [6])
    merger = model("reader", gpus=0) if kind == "vllm" else {"engine": {"kind": "same"}}
    wrong = merger | {"sampling": {"tempo": 0.4}}
    run = recipe(tmp_path, "c", generate=model("seer", gpus=0), integrate=wrong, max_reject_rate=1)
    with pytest.raises(UnfinishedError, match="no sampling 'tempo': expected temperature"):
        caption(run, connect=Refusing(tmp_path))
    assert rows(run) == []


def test_one_model_serves_both_stages_with_one_pool(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [6])
    run = recipe(tmp_path, "c", generate=model("both", gpus=1), integrate={"engine": {"kind": "same"}})
    book = Notebook(tmp_path)
    caption(run, connect=book)
    assert len(book.events("start")) == 1
    assert {(c.perspective, c.model) for c in rows(run) if c.stage == "integrated"} == {
        ("short", "both"),
        ("long", "both"),
    }


def test_several_models_describe_every_image_and_integration_sees_all(tmp_path: Path) -> None:
    write_shards(tmp_path / "shards", [5, 3])
    seers = [model("first", gpus=0), model("second", gpus=0) | {"perspectives": ["scene", "attributes"]}]
    runs = [
        recipe(tmp_path, name, generate=seers, integrate=model("reader", gpus=0), phases=phases)
        for name, phases in (("a", "fused"), ("b", "two"))
    ]
    for run in runs:
        caption(run, connect=Notebook(tmp_path))
    first = rows(runs[0])
    assert {c.caption_id for c in first} == {c.caption_id for c in rows(runs[1])}
    made = Counter((c.stage, c.model) for c in first)
    assert made == {("perspective", "first"): 32, ("perspective", "second"): 16, ("integrated", "reader"): 16}
    assert all(len(c.parents) == 6 for c in first if c.stage == "integrated")
    parts = {path.parent.name for path in (tmp_path / "a").rglob("*-of-*.parquet")}
    assert parts == {"perspectives", "perspectives-2", "integrated"}
    tables = list(CaptionFolder(runs[0].output).tables())
    assert pa.concat_tables(tables).num_rows == len(first)
