"""How far a job is, from the times of its files alone."""

from __future__ import annotations

import pytest

from mpgi_ray.report.activity import STALE, State, Work, in_words, rate, state_of, work

HOUR = 3600.0


def test_the_rate_is_that_of_the_last_stretch() -> None:
    assert rate([]) is rate([7.0]) is rate([7.0, 7.0]) is None
    even = [10.0 * n for n in range(11)]
    assert rate(even) == pytest.approx(0.1)
    assert rate(even[::-1]) == pytest.approx(0.1)
    later = [9 * HOUR + 2.0 * n for n in range(11)]  # it stood still, and goes on faster
    assert rate([*even, *later]) == pytest.approx(0.5)
    uneven = [0.0, 0.0, 40.0, 40.0, 80.0, 80.0]  # replicas that publish together do not stand still
    assert rate(uneven) == pytest.approx(5 / 80)


def test_what_is_left_and_how_long_it_takes() -> None:
    chunks = work("chunks", [0.0, 10.0, 20.0], 13)
    assert (chunks.done, chunks.left, chunks.seconds_left) == (3, 10, pytest.approx(100.0))
    assert work("chunks", [0.0, 10.0]).left is None
    assert work("chunks", [], 4).seconds_left is None
    assert Work("chunks", 5, 4).left == 0  # a total that was estimated


@pytest.mark.parametrize(
    ("finished", "silent", "gone", "state"),
    [
        (False, 3.0, False, State.RUNNING),
        (False, -5.0, False, State.RUNNING),  # another clock
        (True, 3.0, False, State.RUNNING),  # at its very end
        (False, STALE + 1, False, State.CRASHED),
        (False, 3.0, True, State.CRASHED),  # its process was one of this machine
        (False, None, False, State.STOPPED),
        (True, None, False, State.FINISHED),
        (True, 10 * HOUR, False, State.FINISHED),  # killed between its last file and its lease
    ],
)
def test_a_crash_is_told_from_a_stop_by_the_lease(
    finished: bool, silent: float | None, gone: bool, state: State
) -> None:
    assert state_of(finished=finished, silent=silent, gone=gone) is state


def test_times_in_words() -> None:
    told = [in_words(s) for s in (-3, 59.6, 20 * 60, 5 * HOUR + 1200, 72 * HOUR)]
    assert told == ["0 s", "60 s", "20 min", "5 h 20 min", "3 days"]
