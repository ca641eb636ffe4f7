"""An engine is asked questions about pictures: right answers, wrong ones, and a run that ends early."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from mpgi_ray.cli import main
from mpgi_ray.data.answers import read_answers
from mpgi_ray.data.instructions import Conversation, Turn, write_instructions
from mpgi_ray.data.sample import Sample
from mpgi_ray.data.storage import Storage
from mpgi_ray.demo import scene
from mpgi_ray.errors import RecipeError, UnfinishedError
from mpgi_ray.evaluate.asked.job import Asked, ask_engine
from mpgi_ray.evaluate.asked.settings import AskConfig, AskedEngine
from support.endpoint import Answer, Endpoint, Request, refusal
from support.engines_fixtures import tiny_config
from support.final_scenes import write_final

SCENES = 12
CHOICES = ("red", "blue", "white")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("asked")


@pytest.fixture(scope="module")
def scenes(folder: Path) -> Mapping[str, Sample]:
    made = [scene(number, size=96) for number in range(SCENES)]
    write_final(folder / "final", made, shards=3)
    write_instructions(Storage(str(folder / "questions")), [one for a in made for one in _questions(a)])
    return {one.sample_id: one for one in made}


def _questions(scene: Sample) -> list[Conversation]:
    note, first = scene.annotation, scene.annotation.objects[0]
    width, height = note.width, note.height
    box = [
        first.box.x1 / width,
        first.box.y1 / height,
        first.box.x2 / width,
        first.box.y2 / height,
    ]
    own = sum(one.label == first.label for one in note.objects)
    count = {"names": [first.label], "count": own}
    turns = (
        Turn("colour", f"What colour has the {first.label}?", "blue", CHOICES),
        Turn("count", "How many are there?", str(own), truth=count),
    )
    described = Turn("describe_short", "What does the picture show?", note.captions[0])
    located = Turn("box", f"Locate one {first.label}.", "", truth={"box": box})
    spoken = (described, *turns), (located,)
    return [Conversation(scene.sample_id, own_turns, "mpgi-demo", note.split) for own_turns in spoken]


def answering(
    answer: Callable[[str, Sample | None], str], scenes: Mapping[str, Sample]
) -> Callable[..., Answer]:
    """An endpoint that knows which picture it is shown."""

    def script(request: Request) -> Answer:
        content = request.body["messages"][-1]["content"]
        urls = (
            [] if isinstance(content, str) else [c["image_url"]["url"] for c in content if "image_url" in c]
        )
        data = base64.b64decode(urls[0].partition(",")[2]) if urls else b""
        text = answer(request.text, scenes.get(hashlib.sha256(data).hexdigest()))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10 + 50 * len(urls), "completion_tokens": 3}
        return Answer(body={"choices": [choice], "usage": usage})

    return script


def truth(asked: str, scene: Sample | None) -> str:
    if scene is None:
        return "I see nothing."
    (turn,) = [
        turn
        for one in _questions(scene)
        for turn in one.turns
        if turn.question in asked.rpartition("Question: ")[2]
    ]
    if turn.choices:
        (line,) = [line for line in asked.splitlines() if line.endswith(f". {turn.answer}")]
        return f"The answer is ({line[0]})."
    if turn.kind == "box":
        assert "in thousandths" in asked
        x1, y1, x2, y2 = (round(1000 * value) for value in turn.truth["box"])
        return f"<box>({x1},{y1}),({x2},{y2})</box>"
    return turn.answer


def engine_of(url: str) -> dict[str, object]:
    return {"kind": "http", "model": "tiny", "url": url, "tries": 1, "cpus": 0.5}


def ask(url: str, folder: Path, out: str, **more: object) -> Asked:
    asked = AskedEngine.model_validate({"engine": engine_of(url)})
    values = {"shards": str(folder / "final"), "questions": str(folder / "questions"), "asked": asked}
    return ask_engine(AskConfig.model_validate(values | {"output": str(folder / out)} | more))


def accuracy(found: Asked) -> dict[str, float]:
    return {row["kind"]: row["accuracy"] for row in found.kinds}


def test_true_answers_are_all_right_and_an_engine_without_pictures_knows_little(
    folder: Path, scenes: Mapping[str, Sample], ray_cluster: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with Endpoint(answering(truth, scenes)) as endpoint:
        found = ask(endpoint.url, folder, "seen")
        assert set(accuracy(found).values()) == {100.0}
        assert {row["questions"] for row in found.kinds if row["kind"] != "all"} == {SCENES}
        (described,) = found.descriptions
        assert described["bleu_4"] == pytest.approx(1)
        (last,) = {r.text for r in endpoint.requests if "has the car?" in r.text and "How many" in r.text}
        # what the question refers to stands before it, and no description that tells the answer
        assert last == "Question: What colour has the car?\nAnswer: blue\n\nQuestion: How many are there?"
        asked = len(endpoint.requests)
        assert ask(endpoint.url, folder, "seen") == found
        file = folder / "engine.yaml"
        file.write_text(yaml.safe_dump({"engine": engine_of(endpoint.url)}))
        given = [str(folder / "final"), "--engine", str(file), "--questions", str(folder / "questions")]
        assert main(["evaluate", *given, "--out", str(folder / "seen")]) == 0
        assert "100 to 100" in capsys.readouterr().out
        assert len(endpoint.requests) == asked  # it is finished: nothing is asked again
        blind = ask(endpoint.url, folder, "unseen", pictures=False)
        assert accuracy(blind)["colour"] == 0
        assert {row["unread"] for row in blind.kinds if row["kind"] in ("colour", "box")} == {SCENES}


def test_what_was_answered_is_not_asked_again(
    folder: Path, scenes: Mapping[str, Sample], ray_cluster: None
) -> None:
    last = [one for one in scenes.values() if one.index % 3 == 2]  # one shard of three

    def fails(request: Request) -> Answer:
        content = request.body["messages"][-1]["content"]
        shown = "" if isinstance(content, str) else content[0]["image_url"]["url"].partition(",")[2]
        if any(base64.b64encode(one.image).decode() == shown for one in last):
            return refusal(401, "no key")
        return answering(truth, scenes)(request)

    with Endpoint(fails) as endpoint, pytest.raises(UnfinishedError, match="the same command goes on"):
        ask(endpoint.url, folder, "halfway")
    before = list(read_answers(Storage(str(folder / "halfway"))))
    assert before
    with Endpoint(answering(truth, scenes)) as endpoint:
        found = ask(endpoint.url, folder, "halfway")
        left = 4 * SCENES - len(before)
        assert len(endpoint.requests) == left + 2  # and two that prove that pictures arrive
    assert set(accuracy(found).values()) == {100.0}


def test_replies_of_no_use_count_as_wrong(
    folder: Path, scenes: Mapping[str, Sample], ray_cluster: None
) -> None:
    def of_no_use(asked: str, scene: Sample | None) -> str:
        return "red or blue" if "colour" in asked.rpartition("Question: ")[2] else "somewhere"

    with Endpoint(answering(of_no_use, scenes)) as endpoint:
        found = ask(endpoint.url, folder, "useless")
    rows = {row["kind"]: row for row in found.kinds}
    assert {row["accuracy"] for row in rows.values()} == {0.0}
    assert rows["colour"]["unread"] == rows["box"]["unread"] == SCENES
    assert rows["box"]["mean_iou"] == 0
    assert rows["colour"]["chance"] == pytest.approx(100 / 3, abs=0.01)


@pytest.mark.slow
def test_vllm_is_asked_with_pictures_and_without(
    folder: Path, scenes: Mapping[str, Sample], tiny_mllm: Path, ray_cluster: None
) -> None:
    asked = AskedEngine.model_validate({"engine": tiny_config(tiny_mllm), "sampling": {"max_tokens": 4}})
    values = {"shards": str(folder / "final"), "questions": str(folder / "questions"), "asked": asked}
    tokens = {}
    for out, pictures in (("vllm", True), ("vllm-blind", False)):
        more = {"output": str(folder / out), "pictures": pictures}
        found = ask_engine(AskConfig.model_validate(values | more))
        assert {row["faults"] for row in found.kinds} == {0}
        answers = list(read_answers(Storage(str(folder / out))))
        assert len(answers) == 4 * SCENES
        tokens[pictures] = sum(one.prompt_tokens for one in answers)
    assert tokens[True] > tokens[False]


def test_the_engine_that_writes_from_facts_is_refused_and_options_of_models_beside_an_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecipeError, match="the template engine writes captions from facts and answers no"):
        AskedEngine.load("template")
    with pytest.raises(ValueError, match="would describe pictures, whatever it is asked: expected prompts"):
        AskedEngine.model_validate({"engine": {"kind": "local", "model": "run"}})
    file = tmp_path / "engine.yaml"
    file.write_text(
        yaml.safe_dump({"engine": {"kind": "http", "model": "m", "url": "http://127.0.0.1:9/v1"}})
    )
    assert AskedEngine.load(str(file)).sampling["temperature"] == 0
    given = ["evaluate", "shards", "--out", str(tmp_path / "o"), "--engine", str(file)]
    assert main([*given, "--questions", "q", "--model", "m"]) == 1
    assert "--engine and --model" in capsys.readouterr().err
    assert main(given) == 1
    assert "--questions FOLDER is missing" in capsys.readouterr().err
    assert main(given[:4]) == 1
    assert "neither --model nor --engine" in capsys.readouterr().err
