"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is: ``absent`` is no fault, only something that some jobs need."""

    OK = "ok"
    ABSENT = "absent"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what mends it where it is not well.

    Attributes:
        about: a word or two, such as ``extra train``.
        told: what was found.
        fix: a command or a sentence; empty where nothing is to be mended.
    """

    about: str
    state: State
    told: str
    fix: str = ""
