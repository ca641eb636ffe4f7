"""One task for each of many inputs: what becomes of trouble in one."""

from __future__ import annotations

import os
import signal

import pytest

from mpgi_ray.errors import InputError, UnfinishedError
from mpgi_ray.runtime.fan_out import fan_out

pytestmark = pytest.mark.usefixtures("ray_cluster")


def refuse(number: int) -> int:
    if number == 3:
        raise InputError("three is damaged")
    return 2 * number


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_come_in_order_and_an_error_as_it_was_raised() -> None:
    assert fan_out(refuse, [(n,) for n in (5, 1, 4)]) == [10, 2, 8]
    with pytest.raises(InputError, match=r"^three is damaged$"):
        fan_out(refuse, [(n,) for n in range(6)])


def test_a_worker_that_dies_each_time_is_an_error_of_one_line() -> None:
    with pytest.raises(UnfinishedError, match=r"^the cluster lost a task: .*\. The same command goes on$"):
        fan_out(die, [()])
