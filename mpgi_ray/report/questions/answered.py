"""What an engine answered to the questions of a table: how right it was, and each reply."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rich.console import Console

from mpgi_ray.data.answers import ANSWERS, Answer, read_answers
from mpgi_ray.data.instructions import fingerprint
from mpgi_ray.errors import InputError
from mpgi_ray.report.finished import Finished, finished
from mpgi_ray.report.grid import print_line, print_table
from mpgi_ray.report.questions.tables import tables_of_answers

JOB = "asked"
RIGHT, WRONG, UNREAD, FAULT, UNMARKED = "right", "wrong", "unread", "no reply", "not marked"


def answered(folder: str, questions: str | None = None) -> Finished:
    """The folder of a run that asked an engine.

    Args:
        questions: the table, or its folder, that it must have asked.

    Raises:
        InputError: it is of another job, not finished, or the questions were others.
    """
    found = finished(folder, JOB, "evaluate --engine")
    if questions is not None and found.identity.get("questions") != fingerprint(questions):
        raise InputError(
            f"{folder} holds answers to other questions than those of {questions}: give the folder that "
            "`mpgi evaluate --engine --questions` asked, or leave --answers out"
        )
    return found


def replies(found: Finished, about: Collection[str]) -> dict[tuple[str, int], Answer]:
    """The replies to the questions about some pictures, by conversation and turn.

    Raises:
        InputError: a table cannot be read.
    """
    rows = (one for one in read_answers(found.storage) if one.sample_id in about)
    return {(one.conversation, one.turn): one for one in rows}


def outcome(answer: Answer) -> str:
    """What became of a question: its reply is right, wrong …"""
    if answer.fault is not None:
        return FAULT
    if answer.right is None:
        return UNMARKED
    if answer.right:
        return RIGHT
    return UNREAD if answer.read is None else WRONG


def who(summary: Mapping[str, Any]) -> str:
    """Which engine was asked, and whether it saw the pictures."""
    return f"{summary['engine']}{'' if summary['pictures'] else ', without the pictures'}"


def print_answered(summary: Mapping[str, Any], folder: str, console: Console) -> None:
    """Print what a run's ``summary.json`` says; the folder is named where replies could not be read."""
    print_line(console, who(summary))
    for table in tables_of_answers(summary["kinds"], summary["descriptions"]):
        print_table(table, console)
    unread = sum(row["unread"] for row in summary["kinds"] if row["kind"] != "all")
    if unread:
        said = f"{unread:,} replies name no answer, or two, and count as wrong: see {folder}/{ANSWERS}"
        print_line(console, said)
