"""The ladder of attempts: what is wrong with a reply, what is asked next, and what is kept of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import inflect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.asking.answer_rows import records
from mpgi_ray.asking.answers import Question
from mpgi_ray.asking.attempts import LADDER, ask
from mpgi_ray.asking.checks import fault, text_fault
from mpgi_ray.asking.reading import Reading
from mpgi_ray.caption.describe import Perspectives
from mpgi_ray.caption.integrate import Integration
from mpgi_ray.caption.recipe import FactsConfig
from mpgi_ray.caption.stage_settings import GenerateConfig, IntegrateConfig
from mpgi_ray.data.caption import Caption, to_table
from mpgi_ray.data.image import decode
from mpgi_ray.data.sample import Annotation, Sample
from mpgi_ray.engines.base import Engine, EngineDied, EngineError, Fault, Prompt, Reply
from mpgi_ray.engines.connect import check_json, check_picture, check_text
from mpgi_ray.engines.supervised import Supervised
from mpgi_ray.errors import RecipeError
from mpgi_ray.prompts import load
from mpgi_ray.rules import gather, rule_text
from mpgi_ray.truth.wording import coverage, novel, wording
from support.scripted import Scripted, descriptions, png

GOOD = "The image shows a river that bends between green fields, and a narrow road crosses it on a bridge."
NOTE = Annotation(width=8, height=8, scene=("river",))


def sample() -> Sample:
    return Sample("k", 0, png(), "png", NOTE, "k")


def perspectives(engine: Engine, config: dict[str, object]) -> Perspectives:
    block = GenerateConfig.model_validate(config)
    return Perspectives(engine, block, FactsConfig(), [load(name) for name in block.perspectives])


def integration(engine: Engine) -> Integration:
    return Integration(engine, IntegrateConfig(), FactsConfig(), load("integrate"))


def describe(engine: Scripted, **config: object) -> list[Caption]:
    stage = perspectives(engine, config)
    return asyncio.run(stage.describe("s", sample(), gather(NOTE), decode(sample().image)))


def merge(engine: Scripted, texts: dict[str, str]) -> list[Caption]:
    rows = descriptions(texts)
    return asyncio.run(integration(engine).merge(rows, gather(NOTE)))


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(GOOD), ""),
        (Reply(GOOD, fault=Fault("endpoint_refused", "HTTP 400")), "endpoint_refused"),
        (Reply(GOOD[:50], finish_reason="length"), "truncated"),
        (Reply("  \n"), "empty"),
        (Reply(f"<think>Well, the user wants…</think> {GOOD}"), "thinking"),
        (Reply("I'm sorry, but I can't help with identifying this place."), "refusal"),
        (Reply("I cannot describe this image, since it may show private property."), "refusal"),
        (Reply("", finish_reason="content_filter"), "refusal"),
        (Reply("这张图片显示了一条河流，两边是绿色的田野，还有一座桥。"), "language"),
        (
            Reply(
                "Das Bild zeigt einen Fluss, der sich zwischen Feldern windet, links stehen einige Häuser."
            ),
            "language",
        ),
        (Reply("Sure! Here is the description: " + GOOD), "meta"),
        (Reply("According to the trusted facts, the picture shows a river between fields."), "meta"),
        (
            Reply("The image shows a river and a river and a river and a river and a river and a river."),
            "repetition",
        ),
        (Reply(" ".join(["A road runs here.", GOOD] * 4)), "repetition"),
        (Reply("A river."), "length"),
        (Reply(" ".join(f"The {i} fields of the north lie by road {i}." for i in range(9))), "length"),
        (Reply("Auf dem Bild sind in der Mitte drei Schiffe an einem Pier zu sehen."), "language"),
        (Reply("Une riviere traverse des champs verts et on voit a gauche une route etroite."), "language"),
        (Reply("The image shows the apron of an 机场 in the centre of it."), "language"),
        (Reply("The user wants a description. The image shows a river."), "meta"),
        (Reply("The prompt asks for a layout, so the river is in the centre."), "meta"),
        (Reply("Here is the description you asked for.\nA river runs between the fields."), "meta"),
        (Reply("I see a river that runs between the fields and a road."), "meta"),
        (Reply("Answer: a river runs between the fields and a road."), "meta"),
        (Reply("### Layout\nThe river is in the centre of the image."), "format"),
        (Reply("The **river** is in the centre of the image."), "format"),
        (
            Reply(" ".join(f"A {w} field lies near the road." for w in ("red", "tan", "dry", "wet")) * 9),
            "repetition",
        ),
        (
            Reply("In the image say what kind of things are in it and how many there are."),
            "prompt_echo",
        ),
    ],
)
def test_what_is_wrong_with_a_reply(reply: Reply, code: str) -> None:
    instruction = (
        "Perspective: x. In the image say what kind of things are in it and how many there are of each."
    )
    found = fault(reply) or text_fault(reply.text, (5, 60), instruction)
    assert (found.code if found else "") == code


def test_honest_prose_passes() -> None:
    for text in (
        "Here and there a few trees stand between the houses; great halls with grey roofs lie to the left.",
        "A car park with many cars is beside a building with a white roof. The cars have several colours.",
        "Nothing but sand is in view, with small ripples that run from the top to the bottom.",
        GOOD,
    ):
        assert text_fault(text, (5, 60), "Say what is there.") is None


def test_a_bad_answer_is_asked_again_with_the_reason_and_kept_as_a_record() -> None:
    def answer(prompt: Prompt, before: int) -> Reply:
        if prompt.name == "scene" and before == 0:
            return Reply("I'm sorry, I can't.", prompt_tokens=7, completion_tokens=3)
        return Reply(GOOD, prompt_tokens=5, completion_tokens=4)

    engine = Scripted(answer)
    rows = describe(engine, attempts=[{}, {"temperature": 0.1}])
    assert engine.calls == [["objects", "layout", "scene", "attributes"], ["scene"]]
    assert engine.asked[4].text.startswith(engine.asked[2].text)
    assert "Your earlier answer could not be used: it declined" in engine.asked[4].text
    assert engine.asked[4].sampling["temperature"] == 0.1
    scene = [(r.status, r.attempt, r.reason, r.text != "", r.raw) for r in rows if r.perspective == "scene"]
    assert scene == [("retried", 1, "refusal", False, "I'm sorry, I can't."), ("ok", 2, "", True, GOOD)]
    assert len({row.caption_id for row in rows}) == 5
    assert sum(row.completion_tokens for row in rows) == 19
    assert json.loads(next(r for r in rows if r.attempt == 2).sampling)["temperature"] == 0.1


def test_any_prompt_is_asked_with_any_parser() -> None:
    """A question of no stage: it wants a number, and gives up after the second answer without one."""

    def read(reply: Reply) -> Reading:
        number = re.search(r"\d+", reply.text)
        return Reading(
            {"answer": number[0]} if number else {}, None if number else Fault("no_number", "say 3")
        )

    def asked(*replies: str) -> list[tuple[str, ...]]:
        engine = Scripted(lambda prompt, before: Reply(replies[before]))
        question = Question(Prompt("count", "How many?", "s"), read, ("answer",), "hash")
        (answers,) = asyncio.run(ask(engine, [question], LADDER[:2]))
        base = Caption(caption_id="", sample_id="s", shard="a", index=0, key="k", stage="questions")
        assert all("say 3" in prompt.text for prompt in engine.asked[1:])
        return [(r.perspective, r.status, r.reason, r.text) for r in records(base, engine, answers)]

    assert asked("many", "12 ships") == [("count", "retried", "no_number", ""), ("answer", "ok", "", "12")]
    assert asked("many", "a few") == [
        ("count", "retried", "no_number", ""),
        ("answer", "rejected", "no_number", ""),
    ]


def test_what_fails_every_attempt_is_rejected_with_its_reason_and_its_raw_reply() -> None:
    rows = describe(Scripted(lambda prompt, before: Reply(f"I cannot. {before}")))
    scene = [(r.status, r.attempt, r.raw) for r in rows if r.perspective == "scene"]
    assert scene == [
        ("retried", 1, "I cannot. 0"),
        ("retried", 2, "I cannot. 1"),
        ("rejected", 3, "I cannot. 2"),
    ]
    assert {row.text for row in rows} == {""}


def test_trouble_of_one_prompt_fails_it_alone_and_at_once() -> None:
    def answer(prompt: Prompt, before: int) -> Reply:
        return (
            Reply("", finish_reason="", fault=Fault("prompt_too_long", "9 tokens"))
            if prompt.name == "layout"
            else Reply(GOOD)
        )

    rows = describe(Scripted(answer))
    assert [(r.perspective, r.status, r.attempt) for r in rows if r.status != "ok"] == [
        ("layout", "failed", 1)
    ]
    assert len(rows) == 4


def test_an_odd_error_fails_one_sample_and_trouble_of_engine_or_recipe_stops_the_job() -> None:
    rows = describe(Scripted(lambda prompt, before: KeyError("odd")))
    assert {(r.status, r.reason, r.detail) for r in rows} == {("failed", "engine_error", "KeyError: 'odd'")}
    with pytest.raises(EngineError, match="gone"):
        describe(Scripted(lambda prompt, before: EngineError("gone")))
    with pytest.raises(RecipeError, match="expected names of"):
        merge(Scripted(lambda prompt, before: RecipeError("expected names of sampling")), SOURCES)


SOURCES = {
    "objects": "The image shows a river with two boats.",
    "scene": "A brown river with two boats bends between green fields.",
    "layout": "The river runs from the top left to the bottom right.",
}
SHORT = "The image shows a brown river with two boats between green fields."
LONG = "A brown river bends from the top left to the lower right between green fields; 2 boats are on it."


def test_both_texts_come_from_one_reply_with_their_scores() -> None:
    engine = Scripted(
        lambda prompt, before: Reply(json.dumps({"short": SHORT, "long": LONG}), completion_tokens=9)
    )
    rows = merge(engine, SOURCES)
    assert [(r.perspective, r.status, r.text) for r in rows] == [("short", "ok", SHORT), ("long", "ok", LONG)]
    assert [r.completion_tokens for r in rows] == [9, 0]
    assert json.loads(rows[1].scores)["coverage"] == 1.0
    assert 0.5 < json.loads(rows[0].scores)["coverage"] < 1
    assert rows[0].parents == ("objects", "scene", "layout")
    assert engine.asked[0].schema is not None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("no JSON at all, but a sentence about a river", "schema: no JSON object"),
        ('{"short": "' + SHORT + '"', "schema: no JSON object"),
        (json.dumps({"short": SHORT}), "schema: nothing under 'long'"),
        (json.dumps({"short": SHORT, "long": [LONG]}), "schema: list under 'long'"),
        (json.dumps([SHORT, LONG]), "schema: a list"),
        (json.dumps({"short": SHORT, "long": "河流" * 30}), "language:"),
        (json.dumps({"short": SHORT, "long": LONG + " Three cranes stand at the harbour."}), "novel:"),
    ],
)
def test_a_bad_integration_is_asked_again(reply: str, reason: str) -> None:
    good = json.dumps({"short": SHORT, "long": LONG})
    engine = Scripted(lambda prompt, before: Reply(good if before else reply, completion_tokens=7))
    rows = merge(engine, SOURCES)
    kept = 1 if reason in ("novel:", "language:") else 2  # where only the long text has a fault
    assert [(r.perspective, r.status, r.attempt) for r in rows] == [
        ("integrate", "retried", 1),
        ("short", "ok", kept),
        ("long", "ok", 2),
    ]
    assert [bool(r.completion_tokens) for r in rows] == [True, kept == 2, kept == 1]
    assert rows[0].why.startswith(reason)
    if reason == "novel:":
        named = "words that stand in no source: three, cranes, harbour; leave them out"
        assert rows[0].detail.startswith('in "long" ("A brown river bends')
        assert rows[0].detail.endswith(named)
        assert "three, cranes, harbour" in engine.asked[1].text


def test_half_a_surrogate_pair_ends_no_job() -> None:
    reply = json.dumps({"short": SHORT, "long": LONG}).replace("brown", "brown \\ud83d")
    rows = merge(Scripted(lambda prompt, before: Reply(reply)), SOURCES)
    assert to_table(rows).num_rows == 2
    assert "?" in rows[0].text


def test_words_from_nowhere_are_asked_for_once_and_then_rejected() -> None:
    reply = json.dumps({"short": SHORT, "long": LONG + " Three cranes stand at the harbour."})
    rows = merge(Scripted(lambda prompt, before: Reply(reply)), SOURCES)
    assert [(r.perspective, r.status, r.attempt) for r in rows] == [
        ("integrate", "retried", 1),
        ("short", "ok", 1),  # what is good is kept
        ("long", "rejected", 2),
    ]


def test_without_a_source_nothing_is_asked() -> None:
    engine = Scripted(lambda prompt, before: Reply(GOOD))
    bad = Caption(
        caption_id="c", sample_id="i", shard="s", index=0, key="k", stage="perspective", status="rejected"
    )
    rows = asyncio.run(integration(engine).merge([bad], gather(NOTE)))
    assert {(r.status, r.reason) for r in rows} == {("rejected", "no_source")}
    assert len(rows) == 2
    assert not engine.calls


def test_novelty_and_coverage() -> None:
    known = wording(
        ["There are at least twenty-five grey cars in the centre.", "A runway is at the upper left."]
    )
    assert novel(
        "The picture shows 25 gray cars in the middle, and a runway in the top left corner.", known
    ) == ["corner"]
    assert novel("Six red cars are on the right.", known) == ["six", "red", "right"]
    assert coverage("25 gray cars", known) == pytest.approx(3 / 7)
    assert coverage("", wording([])) == 1.0
    text = " ".join(rule_text(gather(NOTE), "seed"))
    assert novel(text, wording([text])) == []


@pytest.mark.parametrize(
    ("source", "text", "new"),
    [
        ("120 cars", "one hundred and twenty cars", []),
        ("a hundred cars", "100 cars", []),
        ("1,205 cars", "one thousand two hundred and five cars", []),
        ("one hundred and two hundred cars", "100 and 200 cars", []),
        ("100 cars", "one hundred and twenty cars", ["one hundred and twenty"]),
        ("twenty cars. Five ships", "20 cars and 5 ships", []),
        ("a pair of cranes", "two cranes", []),
        ("three cranes", "a pair of cranes", ["pair"]),
        ("grass covers about a quarter", "grass covers half of it and a third", ["half", "third"]),
        ("grass covers about half of the picture", "one half is grass", []),
        ("many ships", "several ships in a group, not one of them alone", ["alone"]),
        ("One pixel measures 0.3 m.", "a resolution of 0.3 meters per pixel, or 30 cm", []),
        ("a road of 2,500 m", "a road of 2.5 kilometres, 2.5 m", ["2.5 m"]),
        ("the cars", "the large cars", ["large"]),
    ],
)
def test_numbers_and_shares_must_stand_in_a_source(source: str, text: str, new: list[str]) -> None:
    assert novel(text, wording([source])) == new


@given(st.integers(2, 999_999), st.sampled_from(["and", ""]))
def test_a_number_in_words_is_the_number_in_digits(number: int, link: str) -> None:
    words = inflect.engine().number_to_words(number, andword=link, comma="")
    assert wording([f"{words} cars", f"{number:,} cars", f"{number} cars"]) == {str(number), "car"}


def test_a_picture_that_costs_no_tokens_does_not_arrive() -> None:
    def seeing(tokens: int) -> Scripted:
        return Scripted(lambda p, before: Reply("a", prompt_tokens=9 + tokens * (p.picture is not None)))

    asyncio.run(check_picture(seeing(64)))
    with pytest.raises(EngineError, match=r"the picture does not reach scripted: .* 9 tokens"):
        asyncio.run(check_picture(seeing(0)))
    with pytest.raises(EngineError, match="reports no prompt tokens"):
        asyncio.run(check_picture(Scripted(lambda p, before: Reply("a"))))
    refused = Reply("", fault=Fault("endpoint_refused", "HTTP 400"))
    with pytest.raises(EngineError, match="does not answer a first prompt: endpoint_refused: HTTP 400"):
        asyncio.run(check_picture(Scripted(lambda p, before: refused)))
    blind = Scripted(lambda p, before: refused if p.picture else Reply("a", prompt_tokens=9))
    with pytest.raises(
        EngineError,
        match=r"scripted takes no picture \(.*HTTP 400\): name a multimodal model, or prompts that do "
        r"without \(picture: false\) in place of scene, attributes",
    ):
        asyncio.run(check_picture(blind, shown=("scene", "attributes")))
    asyncio.run(check_text(blind, {"max_tokens": 9}))


def test_a_prompt_of_facts_alone_shows_no_picture_and_is_not_asked_without_facts(tmp_path: Path) -> None:
    for name in ("objects", "layout"):
        source = load(name).source.replace("kind: relay", "kind: relay\npicture: false")
        (tmp_path / f"{name}.j2").write_text(source)
    mine = [str(tmp_path / "objects.j2"), str(tmp_path / "layout.j2")]
    engine = Scripted(lambda prompt, before: Reply("This is an image of a river, seen from above."))
    assert {row.status for row in describe(engine, perspectives=mine)} == {"ok"}
    assert [(p.name, p.picture) for p in engine.asked] == [("objects", None), ("layout", None)]
    inventive = Scripted(lambda prompt, before: Reply(GOOD))  # who sees nothing has nothing to add
    row = describe(inventive, perspectives=mine)[-1]
    assert (row.status, row.reason) == ("rejected", "novel")
    assert row.detail.startswith("words that no fact gives: bends, green, fields, narrow, road")
    assert {row.status for row in describe(inventive)} == {"ok"}
    assert all("You do not see the image" in p.text and "plain to see" not in p.text for p in engine.asked)
    stage = perspectives(engine, {"perspectives": [*mine, "scene"]})
    bare = gather(Annotation(width=8, height=8))
    rows = asyncio.run(stage.describe("s", sample(), bare, decode(sample().image)))
    assert [(row.perspective, row.status, row.reason) for row in rows] == [
        ("objects", "rejected", "no_facts"),
        ("layout", "rejected", "no_facts"),
        ("scene", "ok", ""),
    ]
    assert engine.calls[1:] == [["scene"]]


def test_first_prompts_carry_the_settings_of_the_recipe() -> None:
    """A model need not answer them well, but it has to take them."""
    engine = Scripted(lambda p, before: Reply("no JSON", prompt_tokens=9 + (p.picture is not None)))
    sampling, schema = {"min_tokens": 20, "max_tokens": 300, "top_k": 5}, {"properties": {"short": {}}}
    asyncio.run(check_picture(engine, sampling))
    asyncio.run(check_json(engine, sampling, schema))
    *pictures, text = engine.asked
    # an answer of one token cannot have twenty, but the name must be one that the engine knows
    assert all(p.sampling == {"min_tokens": 1, "max_tokens": 1, "top_k": 5} for p in pictures)
    assert (text.sampling, text.schema, text.picture) == (sampling, schema, None)
    assert '{"short": ' in text.text
    refusing = Scripted(lambda p, before: Reply("", fault=Fault("engine_refused", "top_k")))
    with pytest.raises(EngineError, match="does not answer a first prompt: engine_refused: top_k"):
        asyncio.run(check_json(refusing, sampling, schema))


class Mortal:
    """Dies of poison: every call in flight fails then, and all later ones until it is started again."""

    kind = model = "mortal"
    revision = "1"
    trusted = False
    started = 0

    def __init__(self, poison: set[str]) -> None:
        type(self).started += 1
        self.poison, self.dead = poison, asyncio.Event()

    async def reply(self, prompts: Sequence[Prompt]) -> list[Reply]:
        if prompts[0].seed in self.poison:
            self.dead.set()
        for _ in range(3):  # other calls get in meanwhile
            await asyncio.sleep(0)
        if self.dead.is_set():
            raise EngineDied("the process is gone")
        return [Reply(prompt.seed) for prompt in prompts]

    def close(self) -> None:
        pass


@pytest.mark.parametrize("poison", [set(), {"7"}, {"3", "4", "19"}])
def test_an_image_that_kills_its_engine_is_set_aside_and_the_others_answered(poison: set[str]) -> None:
    Mortal.started = 0

    async def run() -> list[list[Reply]]:
        engine, slots = Supervised(lambda: Mortal(poison)), asyncio.Semaphore(8)

        async def one(number: int) -> list[Reply]:
            async with slots:
                return await engine.reply([Prompt("p", "", str(number))] * 2)

        return await asyncio.gather(*(one(number) for number in range(30)))

    replies = asyncio.run(run())
    for number, pair in enumerate(replies):
        assert len(pair) == 2
        if str(number) in poison:
            assert all(str(reply.fault).startswith("engine_death: ") for reply in pair)
        else:
            assert [reply.text for reply in pair] == [str(number)] * 2
    assert Mortal.started <= 1 + 2 * len(poison)


def ask_in_turn(poison: set[str], seeds: str, end: str = "") -> list[Reply]:
    """Replies about samples one after the other; from the sample ``end`` on, every one is poison."""
    Mortal.started = 0

    async def run() -> list[Reply]:
        engine = Supervised(lambda: Mortal(poison))
        replies = []
        try:
            for seed in seeds:
                poison.update(seeds if seed == end else ())
                replies += await engine.reply([Prompt("p", "", seed)])
        except EngineError:  # once given up, it is not started for the next caller
            started = Mortal.started
            with pytest.raises(EngineError):
                await engine.reply([Prompt("p", "", seed)])
            assert Mortal.started == started
            raise
        return replies

    return asyncio.run(run())


def test_many_images_in_a_row_that_kill_their_engine_are_set_aside() -> None:
    replies = ask_in_turn(set("bcdefgh"), "abcdefghi")
    assert [reply.text for reply in replies] == ["a", *[""] * 7, "i"]
    assert all(str(reply.fault).startswith("engine_death: ") for reply in replies[1:-1])


def test_an_engine_that_dies_of_everything_is_given_up() -> None:
    with pytest.raises(EngineError, match="died 5 times without an answer in between"):
        ask_in_turn(set("abcdefg"), "abcdefg")
    assert Mortal.started == 5
    with pytest.raises(EngineError, match="died 6 times without an answer in between"):
        ask_in_turn(set(), "abcdefg", end="c")
    assert Mortal.started == 1 + 5
