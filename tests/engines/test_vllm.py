"""The vLLM engine on tiny models with random weights: order, caches, errors, placements, what it leaves."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mpgi_ray.asking.json_reply import parse_json
from mpgi_ray.caption.job import caption
from mpgi_ray.caption.recipe import Recipe
from mpgi_ray.data.image import decode
from mpgi_ray.engines.base import EngineError, Prompt, Reply
from mpgi_ray.engines.connect import check_picture
from mpgi_ray.engines.families import family_of
from mpgi_ray.errors import RecipeError
from mpgi_ray.prompts import load
from support import build
from support.caption_runs import recipe, rows
from support.engines_fixtures import HostedEngine, bounded, tiny_config

pytestmark = pytest.mark.timeout(600)
QUESTIONS = ("Describe this image.", "How many objects are there?", "Name the land use.", "Where are they?")
GREEDY = {"temperature": 0.0, "max_tokens": 8}
TOKENS = (448 // 28) ** 2  # of a picture of 448 × 448


def prompts(image: int | None, *texts: str, **more: object) -> list[Prompt]:
    """The perspectives of one picture, which is another for every number."""
    data = None if image is None else build.noise(image, 448)
    picture = None if data is None else decode(data)
    seed = hashlib.sha256(data or b"").hexdigest()
    fields = {"system": "You are an analyst of aerial images.", "sampling": GREEDY} | more
    return [Prompt(name="scene", text=text, seed=seed, picture=picture, **fields) for text in texts]


def ask(engine: HostedEngine, *calls: list[Prompt]) -> list[list[Reply]]:
    """All calls at once, from an event loop that is not the engine's."""

    async def all_at_once() -> list[list[Reply]]:
        return await asyncio.gather(*(engine.reply(call) for call in calls))

    return asyncio.run(all_at_once())


def texts(replies: list[Reply]) -> list[str]:
    assert all(not reply.fault for reply in replies), replies
    return [reply.text for reply in replies]


def test_perspectives_of_an_image_share_its_tokens(mllm_engine: HostedEngine) -> None:
    (replies,) = ask(mllm_engine, prompts(1, *QUESTIONS))
    assert len(set(texts(replies))) > 1
    assert all(reply.prompt_tokens > TOKENS for reply in replies)
    assert replies[0].cached_tokens < TOKENS
    assert [reply.cached_tokens >= TOKENS for reply in replies[1:]] == [True] * 3
    assert all(reply.seconds > 0 for reply in replies)


def test_images_in_flight_are_not_mixed_up(mllm_engine: HostedEngine) -> None:
    calls = [prompts(image, *QUESTIONS) for image in range(10, 18)]
    together = [texts(replies) for replies in ask(mllm_engine, *calls)]
    alone = [texts(ask(mllm_engine, [prompt])[0])[0] for call in calls for prompt in call]
    assert [text for replies in together for text in replies] == alone
    assert len({reply[0] for reply in together}) > 1, "the model does not see the pictures"


def test_reply_follows_a_schema_and_is_cut_at_its_end(llm_engine: HostedEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"land_use": {"enum": ["harbor", "farmland"]}, "ships": {"type": "boolean"}},
        "required": ["land_use", "ships"],
        "additionalProperties": False,
    }
    (shaped,) = prompts(None, "Name the land use.", schema=schema, sampling={"max_tokens": 200})
    (endless,) = prompts(None, "Name the land use.", sampling={"max_tokens": 5, "ignore_eos": True})
    ((reply, cut),) = ask(llm_engine, [shaped, endless])
    answer = json.loads(reply.text)
    assert answer.keys() == {"land_use", "ships"}
    assert answer["land_use"] in ("harbor", "farmland")
    assert isinstance(answer["ships"], bool)
    assert reply.finish_reason == "stop"
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 5)


def test_a_seed_does_not_kill_the_engine(llm_engine: HostedEngine) -> None:
    """As it would on a CPU, where it is left out."""
    seeded = prompts(None, "Name the land use.", sampling={**GREEDY, "seed": 3})
    plain = prompts(None, "Name the land use.")
    assert texts(ask(llm_engine, seeded)[0]) == texts(ask(llm_engine, plain)[0])


def test_refused_prompts_do_not_disturb_the_others(mllm_engine: HostedEngine) -> None:
    """The first prompt is the one that carries the picture to the engine: it is refused after that."""
    good = prompts(30, *QUESTIONS[:2])
    (too_long,) = prompts(
        30, "a b c d e f " * 440
    )  # with the picture it passes the context, alone it does not
    (bad_schema,) = prompts(30, "Describe.", schema={"type": "object", "properties": {"a": {"type": "pear"}}})
    (bad_value,) = prompts(30, "Describe.", sampling={"temperature": -1.0})
    ((first, second, *answered, third),) = ask(mllm_engine, [too_long, bad_schema, *good, bad_value])
    assert str(first.fault).startswith("prompt_too_long: ")
    assert str(second.fault).startswith("engine_refused: ")
    assert str(third.fault).startswith("engine_refused: ")
    assert "\n" not in f"{first.fault}{second.fault}{third.fault}"
    assert texts(answered) == texts(ask(mllm_engine, good)[0])
    (unknown,) = prompts(30, "Describe.", sampling={"temprature": 0.5})
    with pytest.raises(RecipeError, match="temprature"):
        ask(mllm_engine, [unknown])


def test_image_tokens_are_those_of_the_engine(mllm_engine: HostedEngine, tiny_mllm: Path) -> None:
    (without,), (shown,) = ask(mllm_engine, prompts(None, "Describe."), prompts(40, "Describe."))
    family = family_of(str(tiny_mllm))
    marks = 2  # start and end of the picture
    assert shown.prompt_tokens - without.prompt_tokens - marks == family.image_tokens(448, 448)


class Guest(HostedEngine):
    """A replica's engine that asks the host's. Random weights write no English: checks are left out."""

    trusted = True

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        replies = await super().reply([bounded(prompt) for prompt in prompts])
        # prose of random weights ends only where it is cut
        return [
            reply if prompt.schema else replace(reply, finish_reason="stop")
            for prompt, reply in zip(prompts, replies, strict=True)
        ]


def engine(path: Path, **settings: object) -> dict[str, object]:
    return {"engine": tiny_config(path).model_dump() | {"cpus": 0.2, "images_in_flight": 8, **settings}}


def known(run: Recipe) -> Counter[tuple[str, ...]]:
    """Ids, prompts and models of the records; ids of stage 1 alone, as stage 2's depend on wordings."""
    return Counter(
        (
            c.sample_id,
            c.stage,
            c.perspective,
            c.prompt_hash,
            c.model,
            c.caption_id * (c.stage == "perspective"),
        )
        for c in rows(run)
    )


@pytest.mark.slow  # three engines, one after another; the embedded one: tests/caption/test_placement.py
def test_every_placement_writes_the_same_records(
    tmp_path: Path, hosts: dict[str, object], tiny_mllm: Path, tiny_llm: Path
) -> None:
    build.write_shards(tmp_path / "shards", [5, 4])
    first, second = engine(tiny_mllm), engine(tiny_mllm) | {"perspectives": ["scene"]}
    fused = recipe(tmp_path, "fused", generate=first, integrate=engine(tiny_llm))
    two = recipe(tmp_path, "two", phases="two", generate=[first, second], integrate=engine(tiny_llm))
    for run in (fused, two):
        caption(run, connect=Guest)
    alone, more = known(fused), known(two)
    second_made = more - alone
    assert alone <= more
    assert second_made == Counter({record: n for record, n in alone.items() if "scene" in record})
    assert second_made.total() == 9
    made = rows(fused)
    # random weights may answer with spaces, and are asked again
    stage1 = [c for c in made if c.stage == "perspective" and c.reason != "empty"]
    assert Counter(c.status for c in stage1) == {"ok": 36}
    assert all(c.text and c.completion_tokens for c in stage1)
    shared = Counter(c.sample_id for c in stage1 if c.cached_tokens)
    assert min(shared.values()) >= 2, "perspectives of an image share its prefix"
    reply = load("integrate").reply
    merged = [parse_json(c.raw, reply) for c in made if c.perspective == "short"]
    assert len(merged) == 9
    assert all(isinstance(texts, dict) for texts in merged), merged
    assert {c.model for c in made if c.stage == "integrated"} == {str(tiny_llm)}


def test_the_picture_reaches_a_multimodal_model_and_no_other(
    mllm_engine: HostedEngine, llm_engine: HostedEngine
) -> None:
    asyncio.run(check_picture(mllm_engine))
    with pytest.raises(EngineError, match=r"takes no picture .*: name a multimodal model"):
        asyncio.run(check_picture(llm_engine))
