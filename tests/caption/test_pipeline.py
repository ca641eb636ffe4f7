"""The line that tells how far a job is."""

from __future__ import annotations

import io

import pytest

from mpgi_ray.caption import progress as told
from mpgi_ray.caption.progress import Progress


def line(progress: Progress) -> str:
    """The last line as a log gets it."""
    progress.end()
    assert isinstance(progress.out, io.StringIO)
    return progress.out.getvalue().splitlines()[-1]


def finish(progress: Progress, shard: str, chunks: int, left: int) -> None:
    """Chunks of four samples of a shard that had so many left."""
    for _ in range(chunks):
        progress.add(shard, left, samples=4, records=24, not_ok=1)


def test_the_share_is_of_what_this_start_has_to_do_over_all_its_passes() -> None:
    progress = Progress(out=io.StringIO())
    progress.begin(shards=3)
    progress.skip()  # one cannot be read
    finish(progress, "a", chunks=3, left=3)
    assert line(progress).startswith("12 samples (50 %)")
    finish(progress, "b", chunks=1, left=5)
    assert line(progress).startswith("16 samples (50 %)")
    progress.begin(shards=1)  # a node was lost: the rest of b
    finish(progress, "b", chunks=2, left=4)
    assert line(progress).startswith("24 samples (75 %)")
    finish(progress, "b", chunks=2, left=4)
    assert line(progress).startswith("32 samples (100 %)")
    assert line(progress).endswith("8 of 192 records not ok")


def test_a_log_gets_the_same_line_once() -> None:
    progress = Progress(out=io.StringIO())
    progress.begin(shards=1)
    finish(progress, "a", chunks=1, left=1)
    line(progress)
    line(progress)
    assert isinstance(progress.out, io.StringIO)
    assert progress.out.getvalue().count("4 samples (100 %)") == 1


def test_chunks_that_end_together_tell_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr(told.time, "monotonic", lambda: clock["now"])
    progress = Progress(out=io.StringIO(), started=clock["now"])
    progress.begin(shards=1)
    clock["now"] += 8
    finish(progress, "a", chunks=2, left=3)
    assert progress.rate() == 1
    clock["now"] += 2
    finish(progress, "a", chunks=1, left=3)
    assert progress.rate() == 4


def test_a_log_gets_a_line_every_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr(told.time, "monotonic", lambda: clock["now"])
    progress = Progress(out=io.StringIO())
    progress.begin(shards=1)
    for _ in range(100):  # a chunk a second
        clock["now"] += 1
        finish(progress, "a", chunks=1, left=200)
    assert isinstance(progress.out, io.StringIO)
    lines = progress.out.getvalue().splitlines()
    assert [text.split()[0] for text in lines] == ["4", "124", "244", "364"]
    assert lines[1].endswith("min 49 s left")
