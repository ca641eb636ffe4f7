"""`mpgi inspect` of instructions, of a benchmark and of what an engine answered."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from mpgi_ray.cli import main
from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.report.kinds import Kind, recognise
from mpgi_ray.report.questions.boxes import boxes_of
from mpgi_ray.report.questions.question import Question
from support.question_folders import PICTURES, answer, make_answers, make_questions
from support.report_runs import SCRIPT
from support.viewer_data import index, rows


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("asked")


@pytest.fixture(scope="module")
def made(root: Path) -> dict[str, list[Conversation]]:
    made = make_questions(root)
    reply = [
        answer(one, 0, *((one.turns[0].answer, one.turns[0].answer) if at % 2 else (SCRIPT, None)))
        for at, one in enumerate(made["benchmark"])
    ]
    make_answers(root, "chosen", "benchmark", reply)
    boxes = [answer(one, 0, "[0.5, 0.5, 1, 1]", "[0.5, 0.5, 1, 1]", 0.0) for one in made["instructions"]]
    make_answers(root, "boxes", "instructions", [one for one in boxes if one.kind == "grounding"])
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert main(["inspect", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["inspect", *map(str, arguments)]) == 1
    return capsys.readouterr().err


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    return dict(json.loads(said(capsys, *arguments, "--json")))


def test_questions_are_counted_by_kind_split_and_answer(
    root: Path, made: dict[str, list[Conversation]], capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, root / "instructions")
    assert (found["kind"], found["questions"], found["conversations"]) == ("instructions", 27, 18)
    assert found["pictures"] == PICTURES
    presence, count = found["kinds"]["presence"], found["kinds"]["count"]
    assert [presence[name] for name in ("positive", "negative", "untold", "reworded")] == [3, 3, 3, PICTURES]
    assert (count["positive"], count["question_words"]["median"]) == (PICTURES, 5)
    val = {one.sample_id for one in made["instructions"] if one.split == "val"}
    assert found["splits"]["val"] == {
        "pictures": len(val),
        "conversations": 2 * len(val),
        "questions": 3 * len(val),
    }
    text = said(capsys, root / "instructions")
    assert f"18 conversations about 9 pictures, of 2 shards in {root}/final" in text
    assert "cut from count to balance answers: 2 7" in text
    assert "left out: 3 pictures without a text short" in text
    asked = told(capsys, root / "benchmark")["kinds"]["colour"]
    assert (asked["choices"], asked["positive"]) == ({"3": PICTURES}, 0)
    assert asked["chance"] == pytest.approx(1 / 3)
    text = said(capsys, root / "benchmark")
    assert "not asked about: 5 pictures, no other picture" in text
    assert re.search(r"colour +│ +9 │ +33\.3 │", text)  # beside it what a reader of the words reaches


def test_accuracies_of_answers_are_those_that_their_run_prints(
    root: Path, made: dict[str, list[Conversation]], capsys: pytest.CaptureFixture[str]
) -> None:
    own = said(capsys, root / "chosen")
    assert recognise(str(root / "chosen")) is Kind.ANSWERS
    (row,) = (line for line in own.splitlines() if "colour" in line)
    assert re.search(r"9 │ +33\.33 │ +44\.44 │ +[\d.]+ to [\d.]+ │ +5 ", row)
    assert row in said(capsys, root / "benchmark", "--answers", root / "chosen").splitlines()
    found = told(capsys, root / "benchmark", "--answers", root / "chosen")
    assert found["answers"] == told(capsys, root / "chosen")["summary"]
    error = refused(capsys, root / "instructions", "--answers", root / "chosen")
    assert "holds answers to other questions than those of" in error
    assert "--answers adds to what is shown of" in refused(
        capsys, root / "final", "--answers", root / "boxes"
    )
    assert "--scores adds to the report of" in refused(capsys, root / "benchmark", "--scores", root / "s")
    assert "there is no --html" in refused(capsys, root / "chosen", "--html", root / "page.html")


def test_a_page_shows_pictures_with_questions_and_the_boxes_of_answers_and_replies(
    root: Path, made: dict[str, list[Conversation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    command = (root / "instructions", "--answers", root / "boxes", "--html", page)
    assert "5 of 9 pictures" in said(capsys, *command, "--cards", "5")
    html = page.read_text()
    assert html.count("data:image/jpeg;base64") == html.count("<article") == 5
    assert re.findall(r'class="question" data-kind="(\w+)"', html) == ["grounding", "count", "presence"] * 5
    corners = [
        re.findall(r"[\d.]+", one) for one in re.findall(r'class="answer"[^>]* points="([^"]+)"', html)
    ]
    boxes = {tuple(round(float(one)) for one in (own[0], own[1], own[4], own[5])) for own in corners}
    assert boxes == {(10, 10, 30, 25), (60, 45, 120, 90)}
    assert html.count("answer: the car &lt;script&gt;") >= 5
    assert SCRIPT not in html
    assert "<script" not in html
    assert "tiny <i>" not in html
    chosen = tmp_path / "chosen.html"
    said(capsys, root / "benchmark", "--answers", root / "chosen", "--html", chosen)
    html = chosen.read_text()
    assert html.count('<li class="right">') == PICTURES
    assert [html.count(f'<span class="status {one}">') for one in ("right", "unread")] == [4, 5]
    assert "<script" not in html


def test_pictures_that_are_gone_leave_their_questions_and_may_lie_elsewhere(
    root: Path, made: dict[str, list[Conversation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(root / "instructions", tmp_path / "instructions")
    shutil.copytree(root / "final", tmp_path / "moved")
    (tmp_path / "moved" / "shard-000001.tar").unlink()
    record = tmp_path / "instructions/instruct.json"
    record.write_text(record.read_text().replace(f"{root}/final", f"{tmp_path}/gone"))
    page = tmp_path / "page.html"
    said(capsys, tmp_path / "instructions", "--html", page)
    html = page.read_text()
    assert (
        html.count("No picture. No shard that could be read holds it.") == html.count("<article") == PICTURES
    )
    assert html.count(f"{tmp_path}/gone/shard-00000") >= 2  # a notice for each
    said(capsys, tmp_path / "instructions", "--html", page, "--final", tmp_path / "moved")
    assert page.read_text().count("data:image/jpeg;base64") == 5
    record.unlink()  # a table of another program
    assert recognise(str(tmp_path / "instructions")) is Kind.INSTRUCTIONS
    assert "27 questions" in said(capsys, tmp_path / "instructions")
    assert "--status is of the output folder" in refused(capsys, tmp_path / "instructions", "--status")


def test_a_folder_is_a_page_with_filters_of_all_that_is_known_of_a_question(
    root: Path, made: dict[str, list[Conversation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    view = tmp_path / "view"
    command = (root / "instructions", "--answers", root / "boxes", "--html", f"{view}/")
    assert "index.html: 9 of 9 pictures" in said(capsys, *command)
    about, shown = index(view), rows(view, "shown")
    first = {path.name: path.read_bytes() for path in (view / "data").iterdir()}
    said(capsys, *command)
    assert first == {path.name: path.read_bytes() for path in (view / "data").iterdir()}
    names, columns = about["names"], about["texts"]
    kinds = [names["kind"][one] for one in columns["kind"]]
    answers = [names["answer"][one] for one in columns["answer"]]
    assert sorted(zip(kinds, answers, strict=True)).count(("presence", "cannot be told")) == 3
    assert {names["reply"][one] for one in columns["reply"]} == {"", "wrong"}
    assert about["scores"][0][0] == "IoU"
    asked = {one.sample_id: [] for one in made["instructions"]}
    for one in made["instructions"]:
        asked[one.sample_id] += [turn.question for turn in one.turns]
    assert {row["id"]: sorted(text["question"] for text in row["texts"]) for row in shown} == {
        sample_id: sorted(own) for sample_id, own in asked.items()
    }
    assert len(list((view / "pictures").iterdir())) == PICTURES
    assert 'href="samples.html"' in (view / "index.html").read_text()
    said(capsys, *command, "--samples", "4")
    assert len(rows(view, "shown")) == 4
    assert "--against belongs to" in refused(capsys, *command, "--against", root / "other")


def test_the_state_of_a_job_is_told_by_its_pieces(
    root: Path, made: dict[str, list[Conversation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    half = tmp_path / "half"
    shutil.copytree(root / "instructions", half)
    for name in ("instructions.parquet", "summary.json"):
        (half / name).unlink()
    (half / "parts").mkdir()
    (half / "parts/shard-000000.parquet").write_bytes(b"")
    state = told(capsys, half, "--status")
    assert (state["state"], [(one["done"], one["total"]) for one in state["work"]]) == ("stopped", [(1, 2)])
    assert "run the same `mpgi instruct make` again" in refused(capsys, half)
    for name in ("instructions", "benchmark", "chosen"):
        assert told(capsys, root / name, "--status")["state"] == "finished"


@pytest.mark.parametrize(
    "box",
    [None, "0.1", [0.1, 0.1, 0.2], [0.1, 0.1, float("nan"), 0.2], [10**400, 0, 1, 1], [0.2, 0.2, 0.1, 0.1]],
)
def test_what_is_no_box_of_the_picture_is_not_drawn(box: object) -> None:
    turn = Turn("box", "Where?", "There.", truth={"names": [7], "box": box})
    good = Turn("box", "Where?", "There.", truth={"names": ["a\x00"], "box": [-0.5, 0, 0.5, 2]})
    conversation = Conversation("a", (turn, good))
    questions = [Question(one, conversation, place) for place, one in enumerate(conversation.turns)]
    assert [(one.label, one.box) for one in boxes_of(questions, 40, 30)] == [
        ("answer: a\\x00", (0, 0, 20, 30))
    ]
