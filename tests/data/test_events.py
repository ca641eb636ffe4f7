"""The log of one start of a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpgi_ray.data.events import events_of, recorded
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import StoppedError


def test_each_start_has_a_log_of_its_own_that_says_how_it_ended(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    with recorded(storage, "caption", shards=3) as events:
        events.add("pass", shards=2)
        (begun,) = events_of(storage).values()
        events.add("ended", samples=5)
    assert [event["event"] for event in begun] == ["started", "pass"]  # each is there at once
    for error in (StoppedError("asked to stop", 143), ZeroDivisionError("a defect")):
        with pytest.raises(type(error)), recorded(storage, "caption"):
            raise error
    logs = list(events_of(storage).values())
    assert sorted(log[-1]["event"] for log in logs) == ["ended", "failed", "stopped"]
    (stopped,) = (log[-1] for log in logs if log[-1]["event"] == "stopped")
    assert stopped["reason"] == "asked to stop"
    (whole,) = (log for log in logs if log[-1]["event"] == "ended")
    assert (whole[0]["job"], whole[0]["shards"], whole[-1]["samples"]) == ("caption", 3, 5)
