"""The log of a run grows, goes on after a stop, and lies in object stores too."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError
from mpgi_ray.train.loop import Step
from mpgi_ray.train.tracking import BOARD, LOG, RunLog, read_log


@pytest.fixture(params=["local", "s3"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "run")
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def step(number: int) -> Step:
    return Step(number, 1 / number, {"contrastive": 1 / number}, 1e-3, 1.0, 14.3, 0.0, 100.0, 0.01)


def numbers(output: str) -> list[int]:
    return [line["step"] for line in read_log(output)]


def test_a_run_that_goes_on_finds_the_lines_of_all_steps_before(output: str) -> None:
    first = RunLog(output, 1)
    for number in range(1, 6):
        first.add(step(number))
        if number == 3:
            first.publish()  # as before a checkpoint; then the process is killed
    assert set(range(1, 4)) <= set(numbers(output))
    second = RunLog(output, 4)
    for number in range(4, 8):
        second.add(step(number))
    second.close()
    assert numbers(output) == list(range(1, 8))
    assert read_log(output)[-1]["losses"] == {"contrastive": 1 / 7}


def test_what_is_closed_is_there_for_tensorboard_too(output: str) -> None:
    log = RunLog(output, 1)
    for number in (1, 2):
        log.add(step(number))
    log.close()
    (events,) = (name for name in Storage(output).list("") if name != LOG)
    assert events.startswith(f"{BOARD}/events.out.tfevents.")
    content = Storage(output).read(events)
    assert content.count(b"losses/contrastive") == content.count(b"data_wait") == 2


def test_in_a_local_folder_every_line_can_be_read_at_once(tmp_path: Path) -> None:
    log = RunLog(str(tmp_path), 1)
    for number in (1, 2, 3):
        log.add(step(number))
        assert numbers(str(tmp_path)) == list(range(1, number + 1))
    log.close()
    with (tmp_path / LOG).open("a") as file:
        file.write('{"step": 4, "losses": {"contrastive": 0.1}')  # the process was killed here
    assert numbers(str(tmp_path)) == [1, 2, 3]
    RunLog(str(tmp_path), 3).close()
    assert numbers(str(tmp_path)) == [1, 2]


def test_a_log_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*file/train\.jsonl"):
        RunLog(str(tmp_path / "file"), 1)
