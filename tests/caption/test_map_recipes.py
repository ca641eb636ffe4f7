"""Captions from a map: a model that is shown no picture, and one that is shown it with the map's facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpgi_ray.caption.plan import plan
from mpgi_ray.caption.plan.tokens import estimate
from mpgi_ray.caption.recipe import Recipe, load_recipe
from mpgi_ray.data.caption import Caption, Shown, Stage, Status
from mpgi_ray.engines.connect import connect
from mpgi_ray.ingest import osm
from support.caption_runs import rows, run_stages
from support.endpoint import Answer, Endpoint, Request, completion
from support.ingested import ingest_all, picture, put

TOLD = "There is a beach in the image, and the beach can be seen from above as a part of the ground."


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two map tiles; the map has something of the first alone."""
    tiles = ("62094-50163-17", "62094-50164-17")
    beach = {
        "tile": tiles[0],
        "tags": {"natural": "beach"},
        "geometry_type": "Polygon",
        "tile_coords_4096": [[0, 0], [2000, 0], [2000, 4096], [0, 4096], [0, 0]],
    }
    pictures = {f"p/{name}.png": picture(colour=n) for n, name in enumerate(tiles)}
    put(tmp_path, {"map.jsonl": json.dumps(beach), **pictures})
    ingest_all(osm(str(tmp_path / "map.jsonl"), str(tmp_path / "p")), tmp_path / "shards")
    return tmp_path / "shards"


def recipe(name: str, shards: Path, url: str) -> Recipe:
    engine = f"generate.engine={{kind: http, url: {url}, model: a-model, tries: 1}}"
    return load_recipe(name, {"input.shards": str(shards), "output": str(shards.parent / name)}, [engine])


def answer(request: Request) -> Answer:
    merged = json.dumps({"short": TOLD, "long": TOLD})
    return completion(merged if "response_format" in request.body else TOLD)


def run(name: str, shards: Path) -> tuple[list[Caption], list[str]]:
    """The records, and the user's part of each request as the server got it."""
    with Endpoint(answer) as server:
        made = recipe(name, shards, server.url)
        engine = connect(made.generate[0].engine)
        run_stages(made, engine)
        engine.close()
    asked = [json.dumps(request.body["messages"]) for request in server.requests]
    return rows(made), asked


def shows(request: str) -> bool:
    return "image_url" in request or "data:image" in request


def test_maps_shows_no_picture_and_its_records_say_so(shards: Path) -> None:
    made, asked = run("maps", shards)
    told = [row for row in made if row.status == Status.OK.value]
    assert {row.perspective for row in told} == {"map", "short", "long"}
    assert {row.shown for row in made} == {Shown.TEXT.value}
    assert asked
    assert not any(shows(request) for request in asked)
    assert " a beach" in asked[0]
    assert "You do not see the image" in asked[0]
    assert "pixel" not in asked[0]  # nor how large one is: it tells nothing to who sees none
    (unasked,) = (row for row in made if row.stage == Stage.PERSPECTIVE.value and row not in told)
    assert unasked.reason == "no_facts"  # how large a pixel is tells nothing of what is there


def test_recaption_shows_the_picture_with_the_facts(shards: Path) -> None:
    made, asked = run("recaption", shards)
    shown = {row.perspective: row.shown for row in made}
    assert shown == {"recaption": "picture", "short": "text", "long": "text"}
    seen = [request for request in asked if shows(request)]
    assert len(seen) >= 2
    assert any(" a beach" in request for request in seen)


@pytest.mark.parametrize(("name", "pictures"), [("maps", 0), ("recaption", 1)])
def test_a_plan_counts_the_pictures_that_are_shown(name: str, pictures: int, shards: Path) -> None:
    made = recipe(name, shards, "http://localhost:1/v1")
    engine = made.generate[0].engine.model_copy(update={"model": "Qwen/Qwen2.5-VL-7B-Instruct"})
    block = made.generate[0].model_copy(update={"engine": engine})
    made = made.model_copy(update={"generate": (block,)})
    describe, merge = estimate(made, plan(made, samples=2).asked)
    assert ((describe.picture or 0) > 0) == bool(pictures)
    assert merge.picture == 0
