"""The line that says what a job waits for."""

from __future__ import annotations

import io
import threading

import pytest

from mpgi_ray.runtime.waiting import Waiting, waiting_line


class Screen(io.StringIO):
    """A terminal, or a log, that says when so many lines were written."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal, self.told = terminal, threading.Event()

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        written = super().write(text)
        self.told.set()
        return written


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminals_line_is_erased_and_a_log_gets_whole_lines(terminal: bool) -> None:
    screen = Screen(terminal)
    with Waiting(lambda: "the model to load (3 of 4 replicas ready)", screen) as waiting:
        assert screen.told.wait(60)
        waiting.over()
        waiting.over()
        assert not waiting.runs
    said = screen.getvalue()
    assert "waiting for the model to load (3 of 4 replicas ready)" in said
    assert said.endswith("\r\x1b[K" if terminal else ")\n")
    assert ("\x1b" in said) is terminal


def test_the_seconds_stand_in_the_brackets() -> None:
    assert waiting_line("Ray to start", 0.2) == "waiting for Ray to start"
    assert waiting_line("Ray to start", 12.3) == "waiting for Ray to start (12 s)"
    assert waiting_line("the model x to load (3 of 4 replicas ready)", 200) == (
        "waiting for the model x to load (3 of 4 replicas ready, 3 min 20 s)"
    )
