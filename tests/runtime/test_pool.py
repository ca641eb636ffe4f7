"""A pool of actors: what each opens, what becomes of errors, and of actors that die."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from ray._private import state

from mpgi_ray.data.stop_flag import Stopping
from mpgi_ray.errors import InputError, UnfinishedError
from mpgi_ray.runtime import pool
from mpgi_ray.runtime.pool import pooled
from mpgi_ray.runtime.ready import ready_actors
from mpgi_ray.runtime.room import Pool
from mpgi_ray.runtime.stopping import Stop

pytestmark = pytest.mark.usefixtures("ray_cluster")


def opened(folder: Path) -> Callable[[int], tuple[int, str]]:
    """Doubles numbers. Of 3 the actor dies once, of 5 each time; 7 is refused, 9 not begun, 11 a defect."""
    with (folder / "opened").open("a") as log:
        log.write("opened\n")

    def call(number: int) -> tuple[int, str]:
        died = folder / "died"
        if number == 5 or (number == 3 and not died.exists()):
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 7:
            raise InputError("seven is damaged")
        if number == 9:
            raise Stopping
        return 2 * number // (number - 11), os.environ["OMP_NUM_THREADS"]

    return call


def refused() -> Callable[[int], int]:
    raise InputError("there is no model")


def results(folder: Path, *numbers: int, cpus: int = 1) -> Iterator[tuple[int, str]]:
    return pooled(partial(opened, folder), lambda: numbers, Pool("actor", 1, cpus), stop=Stop())


def test_a_replica_opens_once_and_is_replaced_when_it_dies(tmp_path: Path) -> None:
    found = list(results(tmp_path, 1, 2, 3, 4, 12, cpus=3))
    assert sorted(found) == [(-2, "3"), (-1, "3"), (-1, "3"), (-1, "3"), (24, "3")]
    assert (tmp_path / "opened").read_text() == "opened\n" * 2


def test_actors_that_were_let_go_were_ready_and_are_none_of_a_later_pool(tmp_path: Path) -> None:
    count = ready_actors("_Actor")
    assert count() == 0
    assert len(list(results(tmp_path, 1))) == 1
    while any("_Actor" in one["Name"] for one in state.actors(actor_state_name="ALIVE").values()):
        threading.Event().wait(0.1)
    assert count() == 1
    assert ready_actors("_Actor")() == 0


def test_errors_come_as_they_were_raised(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^seven is damaged$") as told:
        list(results(tmp_path, 7))
    assert not getattr(told.value, "__notes__", [])
    with pytest.raises(ZeroDivisionError) as defect:
        list(results(tmp_path, 11))
    assert "in call" in defect.value.__notes__[0]
    with pytest.raises(InputError, match=r"^there is no model$"):
        list(pooled(refused, lambda: [1], Pool("actor", 1, 1), stop=Stop()))


def test_calls_that_were_not_begun_are_never_taken_for_done(tmp_path: Path) -> None:
    found = results(tmp_path, 1, 9, 2)
    assert {next(found)[0], next(found)[0]} == {-1}
    with pytest.raises(UnfinishedError, match=r"^another process asked .* run the same command again"):
        next(found)


@pytest.mark.slow
def test_a_call_that_kills_each_replica_ends_the_job_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_STALLED_PASSES", 1)
    with pytest.raises(UnfinishedError, match=r"^1 passes in a row finished nothing, .*[^\n]+on$"):
        list(results(tmp_path, 5))
    assert (tmp_path / "opened").read_text() == "opened\n" * 4
