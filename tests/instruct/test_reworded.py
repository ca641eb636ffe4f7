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
from mpgi_ray.errors import UnfinishedError
from mpgi_ray.instruct.reworded import Rewording, reworded
from mpgi_ray.instruct.same_answer import answer_fault, question_fault
from mpgi_ray.rules import gather
from mpgi_ray.rules.facts import Facts
from support.endpoint import Answer, Endpoint, Request, completion, refusal

FACTS = gather(scene(0).annotation)  # two trucks and four warehouses
COUNT = Turn("count", "How many trucks are there?", "Two.", truth={"names": ["truck"], "count": 2})
PLACE = Turn(
    "position",
    "Where can a warehouse be seen?",
    "In the lower right.",
    truth={"names": ["warehouse"], "cell": "lower right"},
)
BOX = Turn("box", "Locate the shed.", "[100, 200, 300, 400]", truth={"names": ["shed"]})
SIDE = Turn(
    "relation",
    "How does the barn lie to the house?",
    "The barn is above the house.",
    truth={"names": ["barn", "house"], "relation": "above"},
)
PHRASE = Turn(
    "grounding",
    "Locate the leftmost truck in shares of the width.",
    "[0.1, 0.2, 0.3, 0.4]",
    truth={"names": ["truck"], "phrase": "the leftmost truck"},
)
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


def test_an_endpoint_that_takes_no_request_ends_the_job_in_one_line() -> None:
    with Endpoint(lambda _: refusal(401, "no key")) as endpoint:
        settings = HttpSettings(kind="http", url=endpoint.url, model="writer")
        with pytest.raises(UnfinishedError, match=r"it requires a key.*the same command goes on"):
            Rewording(settings, "out", {}, measured=False).open()


def test_the_words_of_a_description_stay() -> None:
    turn = Turn("describe_short", "Describe the image.", "Two trucks stand beside four warehouses.")
    made, _ = asked(turn, lambda _: said("What does this picture show?", "Nine barns."))
    assert (made.question, made.answer) == ("What does this picture show?", turn.answer)


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (COUNT, "Three."),
        (COUNT, "Not two."),
        (COUNT, "Two trucks and 3 sheds."),
        (SIDE, "The house is above the barn."),
        (SIDE, "The barn lies below the house."),
        (PLACE, "In the lower left."),
        (PLACE, "It cannot be told."),
        (BOX, "[100, 200, 300, 401]"),
        (BOX, "It is in the picture."),
        (NO, "Yes, there is a barn."),
        (NO, "Yes."),
        (NO, "No, but there are 14 silos."),
        (NO, "No.\nThere is none."),
        (NO, "No, there is no red barn."),
        (NO, "No, there is no barn in the upper left."),
        (NO, "No, there is no barn but a ship."),
        (COUNT, "There are two trucks, both at the top."),
        (COUNT, "There are two trucks; others say thirteen."),
        (PLACE, "A warehouse is in the lower right, at the bottom."),
        (NO, ""),
    ],
)
def test_an_answer_that_says_something_else_is_refused(turn: Turn, answer: str) -> None:
    assert answer_fault(turn, answer, Facts())


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (COUNT, "The number is two."),
        (PLACE, "A warehouse lies in the lower right of the image."),
        (BOX, "Its box is [100, 200, 300, 400]."),
        (NO, "No, no barn can be seen."),
        (SIDE, "The barn lies above the house."),
    ],
)
def test_an_answer_in_other_words_is_none_to_refuse(turn: Turn, answer: str) -> None:
    assert answer_fault(turn, answer, Facts()) is None


@pytest.mark.parametrize(
    ("turn", "question"),
    [
        (COUNT, "How many are there?"),
        (COUNT, "How many trucks are not there?"),
        (COUNT, "How many of 50 trucks?"),
        (PHRASE, "Locate the truck in shares of the width."),
        (PHRASE, "Locate the leftmost truck."),
        (SIDE, "How does the house lie to the barn?"),
        (COUNT, "What colour are the trucks?"),
        (COUNT, "Are there trucks in this image?"),
        (COUNT, "How many trucks are there in the left half?"),
        (COUNT, "How many trucks and barns are there?"),
        (NO, "Is the image free of any barn?"),
        (NO, "How many barns are there?"),
    ],
)
def test_a_question_must_ask_for_the_same(turn: Turn, question: str) -> None:
    assert question_fault(turn, turn.question) is None
    assert question_fault(turn, question)
