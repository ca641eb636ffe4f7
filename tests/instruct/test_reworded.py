"""Questions and answers in a model's words: what is taken, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from mpgi_ray.data.instructions import Conversation, Turn
from mpgi_ray.demo import scene
from mpgi_ray.engines.http.engine import HttpEngine
from mpgi_ray.engines.http.settings import HttpSettings
from mpgi_ray.instruct.reworded import reworded
from mpgi_ray.instruct.same_answer import answer_fault, question_fault
from mpgi_ray.rules import gather
from support.endpoint import Answer, Endpoint, Request, completion

FACTS = gather(scene(0).annotation)  # two trucks and four warehouses
COUNT = Turn("count", "How many trucks are there?", "Two.", truth={"names": ["truck"], "count": 2})
PLACE = Turn(
    "position",
    "Where can a warehouse be seen?",
    "In the lower right.",
    truth={"names": ["warehouse"], "cell": "lower right"},
)
BOX = Turn("box", "Locate the shed.", "[100, 200, 300, 400]", truth={"names": ["shed"]})
NO = Turn("presence", "Is there a barn?", "No.", truth={"names": ["barn"], "present": False})


def said(question: str, answer: str) -> Answer:
    return completion(json.dumps({"question": question, "answer": answer}))


def asked(turn: Turn, script: Callable[[Request], Answer]) -> tuple[Turn, list[Request]]:
    one = Conversation("a" * 64, (turn,), "scenes", "train")
    with Endpoint(script) as endpoint:
        engine = HttpEngine(HttpSettings(kind="http", url=endpoint.url, model="writer"))
        made = asyncio.run(reworded(engine, one, FACTS, {"max_tokens": 90}))
        engine.close()
        return made.turns[0], endpoint.requests


def test_other_words_for_the_same_are_taken_and_say_who_wrote_them() -> None:
    turn, (request,) = asked(
        COUNT, lambda _: said("What number of trucks can you see?", "There are two trucks.")
    )
    assert (turn.question, turn.answer) == ("What number of trucks can you see?", "There are two trucks.")
    assert (turn.model, turn.truth) == ("writer", COUNT.truth)
    assert "[question] How many trucks are there?" in request.text
    assert isinstance(request.body["messages"][-1]["content"], str)  # no picture is sent


def test_a_false_answer_is_asked_for_again_with_the_reason_and_then_left() -> None:
    def script(request: Request) -> Answer:
        return said("What number of trucks can you see?", "There are two trucks and three barns.")

    turn, requests = asked(COUNT, script)
    assert turn == COUNT
    assert len(requests) == 3
    assert "could not be used" in requests[1].text

    def mends(request: Request) -> Answer:
        return said("Trucks: how many?", "Two of them." if request.number else "Five.")

    turn, requests = asked(COUNT, mends)
    assert (turn.answer, len(requests)) == ("Two of them.", 2)


def test_the_words_of_a_description_stay() -> None:
    turn = Turn("describe_short", "Describe the image.", "Two trucks stand beside four warehouses.")
    made, _ = asked(turn, lambda _: said("What does this picture show?", "Nine barns."))
    assert (made.question, made.answer) == ("What does this picture show?", turn.answer)


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (COUNT, "Three."),
        (COUNT, "Not two."),
        (PLACE, "In the lower left."),
        (PLACE, "It cannot be told."),
        (BOX, "[100, 200, 300, 401]"),
        (BOX, "It is in the picture."),
        (NO, "Yes, there is a barn."),
        (NO, "Yes."),
        (NO, "No, but there are 14 silos."),
        (NO, "No.\nThere is none."),
        (NO, ""),
    ],
)
def test_an_answer_that_says_something_else_is_refused(turn: Turn, answer: str) -> None:
    assert answer_fault(turn, answer, FACTS)


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (COUNT, "The number is two."),
        (PLACE, "A warehouse lies in the lower right of the image."),
        (BOX, "Its box is [100, 200, 300, 400]."),
        (NO, "No, no barn can be seen."),
    ],
)
def test_an_answer_in_other_words_is_none_to_refuse(turn: Turn, answer: str) -> None:
    assert answer_fault(turn, answer, FACTS) is None


@pytest.mark.parametrize(
    "question", ["How many are there?", "How many trucks are not there?", "How many of 50 trucks?"]
)
def test_a_question_must_ask_for_the_same(question: str) -> None:
    assert question_fault(COUNT, question)
