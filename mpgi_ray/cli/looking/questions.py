"""Instructions, a benchmark, and the answers of an engine to either."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mpgi_ray.cli import benchmark, instruct
from mpgi_ray.cli.looking.asked import Asked, Look
from mpgi_ray.data.instructions import read_turns
from mpgi_ray.instruct.benchmark.blind import baselines
from mpgi_ray.report.grid import print_line, print_table
from mpgi_ray.report.questions.answered import answered, print_answered
from mpgi_ray.report.questions.folder import Questions, open_questions
from mpgi_ray.report.questions.page import Told, write_questions
from mpgi_ray.report.viewer import SAMPLES, is_folder, write_asked

if TYPE_CHECKING:
    from rich.console import Console

_SUMMARY, _LEFT_OUT = "summary.json", "left_out.json"


def _look(told: Callable[[Questions], Told]) -> Look:
    def text(asked: Asked, console: Console) -> None:
        questions = _opened(asked)
        more = told(questions)
        print_line(console, questions.summary)
        for table in (*questions.tables, *more.tables):
            print_table(table, console)
        for line in more.lines:
            print_line(console, line)

    def record(asked: Asked) -> dict[str, Any]:
        questions = _opened(asked)
        found = {"settings": dict(questions.settings), **questions.counts.record()}
        return found | {"answers": dict(questions.run.summary) if questions.run else None}

    def html(asked: Asked, output: str) -> str:
        questions = _opened(asked)
        if not is_folder(output):
            return write_questions(questions, told(questions), output, cards=asked.cards)
        samples = SAMPLES if asked.samples is None else asked.samples
        return write_asked(questions, told(questions), output, samples=samples, cards=asked.cards)

    return Look(text, record, html)


def _opened(asked: Asked) -> Questions:
    return open_questions(asked.path, answers=asked.beside.get("answers"), shards=asked.beside.get("final"))


def _instructions(questions: Questions) -> Told:
    storage = questions.storage
    made = storage.read_json(_SUMMARY) if questions.settings and storage.exists(_SUMMARY) else {}
    return Told("Instructions", instruct.lines_of(made.get("cut", {}), made.get("left_out", {})))


def _benchmark(questions: Questions) -> Told:
    blind = benchmark.table_of(baselines([turn for _, turn in read_turns(questions.storage.url)]))
    storage = questions.storage
    left_out = storage.read_json(_LEFT_OUT) if storage.exists(_LEFT_OUT) else {}
    return Told("Benchmark", benchmark.lines_of(left_out), (blind,))


def _show_answers(asked: Asked, console: Console) -> None:
    print_answered(answered(asked.path).summary, asked.path, console)


def _record_of_answers(asked: Asked) -> dict[str, Any]:
    found = answered(asked.path)
    return {"settings": dict(found.identity), "summary": dict(found.summary)}


INSTRUCTIONS = _look(_instructions)
BENCHMARK = _look(_benchmark)
ANSWERS = Look(_show_answers, _record_of_answers)
