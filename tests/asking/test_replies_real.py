"""Recorded replies of a small language model: what a person judged false is refused, what is good passes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray import prompts
from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import GenerateConfig, IntegrateConfig
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Sample
from mpgi_ray.demo.scenes.scene import scene
from mpgi_ray.engines.base import Reply
from mpgi_ray.ingest import load_source, manifest
from mpgi_ray.ingest.item import Item
from mpgi_ray.ingest.load import load
from mpgi_ray.rules import gather
from mpgi_ray.rules.measured.measure import measure
from support.scripted import Scripted, descriptions

ONCE = [{}]  # one attempt


@pytest.fixture(scope="module")
def replies(data_dir: Path) -> list[tuple[dict[str, Any], dict[str, Any], Sample]]:
    """Accepted and judged replies, each with what it was asked about."""
    folder = data_dir / "llm_replies"
    items = {item["i"]: item for item in map(json.loads, (folder / "items.jsonl").read_text().splitlines())}
    rows = map(json.loads, (folder / "replies.jsonl").read_text().splitlines())
    return [(row, item := items[row["i"]], sample_of(item, data_dir)) for row in rows if row.get("judged")]


def sample_of(item: dict[str, Any], data: Path) -> Sample:
    if item["ds"] == "generated":
        return scene(int(item["name"].rpartition("-")[2]), 5)
    name = item["name"].removeprefix("image_")
    entries = enumerate(manifest(str(data / item["ds"] / "manifest.jsonl")))
    source = load_source(item["ds"].removesuffix("_examples"))
    found = next((i, e) for i, e in entries if isinstance(e, Item) and e.name.endswith(name))
    return next(one for one in load(found[1], source, found[0]) if isinstance(one, Sample))


def refused(row: dict[str, Any], item: dict[str, Any], sample: Sample) -> dict[str, str]:
    """By text, why the present checks refuse a reply; empty where they accept it."""
    facts = gather(sample.annotation)
    facts = replace(facts, measured=measure(decode(sample.image).pixels, sample.annotation))
    if row["variant"] == "r":  # from the facts alone
        engine = Scripted(lambda prompt, before: Reply(row["texts"]["caption"]))
        config = GenerateConfig(perspectives=("objects",), attempts=ONCE)
        stage = Perspectives(engine, config, FactsConfig(), [prompts.load("objects")])
        made = asyncio.run(stage.describe("s", sample, facts, decode(sample.image)))
    else:
        engine = Scripted(lambda prompt, before: Reply(json.dumps(row["texts"])))
        merging = Integration(
            engine, IntegrateConfig(attempts=ONCE), FactsConfig(), prompts.load("integrate")
        )
        made = asyncio.run(merging.merge(descriptions(item["texts"]), facts))
    return {one.perspective: one.why for one in made}


def test_false_replies_are_refused_and_good_ones_pass(replies: list[tuple[Any, Any, Sample]]) -> None:
    found = {(row["variant"], row["i"]): refused(row, item, sample) for row, item, sample in replies}
    judged = {(row["variant"], row["i"]): row["judged"] for row, _, _ in replies}
    assert [key for key, why in found.items() if judged[key] == "good" and any(why.values())] == []
    passed = {key for key, why in found.items() if judged[key] == "false" and not all(why.values())}
    # grass does lie on the left there; "water covered by the satellite" claims nothing that could be held
    assert passed == {("c", 14), ("r", 92)}
    assert (
        found["r", 76]["objects"]
        == 'novel: numbers that no fact gives: "two fighter aircraft"; leave them out'
    )
    assert found["r", 14]["objects"].startswith('contradicted: "most" is false: ')
