"""The figures of a run, against counts by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mpgi_ray.data.caption import Caption, Status
from mpgi_ray.data.caption_folder import LOG, CaptionFolder
from mpgi_ray.data.parts import ChunkId
from support.caption_rows import begin, merged, publish, run_metrics, sample, scene

LADDER = [("novel", Status.RETRIED), ("schema", Status.RETRIED)]


@pytest.fixture
def folder(tmp_path: Path) -> CaptionFolder:
    """Two models for every scene, faults of all kinds, a refused sample, and a chunk of a pilot."""
    folder = CaptionFolder(str(tmp_path / "captions"))
    begin(folder, [["scene"], ["scene"]])
    s = [sample(number) for number in range(5)]
    refusals = [("refusal", Status.RETRIED), ("refusal", Status.RETRIED), ("refusal", Status.REJECTED)]
    why = {"status": "rejected", "reason": "missing_image", "detail": "no picture"}
    input_row = Caption(**vars(s[3]) | why)
    done = [
        *scene(s[0], "big"),
        *scene(s[0], "small", ("truncated", Status.RETRIED)),
        *merged(s[0], coverage=0.5),
        *scene(s[1], "big"),
        *scene(s[1], "small"),
        *merged(s[1], *LADDER, ("novel", Status.REJECTED)),
        *scene(s[2], "big", *refusals, good=False),
        *scene(s[2], "small", ("too_long", Status.FAILED), good=False),
        *(
            Caption(
                **vars(row) | {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0, "seconds": 0.0}
            )
            for row in merged(s[2], ("no_source", Status.REJECTED))
        ),
        input_row,
    ]
    piloted = [*scene(s[4], "big"), *scene(s[4], "small"), *merged(s[4], LADDER[0], coverage=0.7)]
    publish(folder, ChunkId("a", 0, 3), done)
    publish(folder, ChunkId("a", 1, 3), [])
    publish(folder, ChunkId("a", 2, 3), piloted, pilot=True)
    log = [
        {
            "pilot": True,
            "samples": 1,
            "new": 1,
            "seconds": 8.0,
            "startup_seconds": 6.0,
            "images_per_second": 0.5,
        },
        {
            "pilot": False,
            "samples": 4,
            "new": 4,
            "seconds": 12.0,
            "startup_seconds": 4.0,
            "images_per_second": 0.4,
        },
    ]
    folder.storage.publish(LOG, "\n".join(map(json.dumps, log)).encode())
    return folder


def test_figures_are_those_counted_by_hand(folder: CaptionFolder) -> None:
    figures = run_metrics(folder)
    assert json.loads(json.dumps(figures)) == figures
    assert (figures["samples"], figures["starts"], figures["new_samples"]) == (5, 2, 5)
    assert (figures["seconds"], figures["startup_seconds"]) == (20, 10)
    assert figures["images_per_second"] == {
        "last_full_start": 0.4,
        "last_pilot": 0.5,
        "after_startup": 0.5,
        "overall": 0.25,
    }
    assert figures["reasons"] == {
        "failed": {"too_long": 1},
        "rejected": {"missing_image": 1, "no_source": 2, "novel": 2, "refusal": 1},
        "retried": {"novel": 2, "refusal": 2, "schema": 1, "truncated": 1},
    }
    big, small, merger = figures["models"]
    assert [(m["stage"], m["engine"], m["model"]) for m in figures["models"]] == [
        ("perspective", "vllm", "big"),
        ("perspective", "http", "small"),
        ("integrated", "vllm", "merger"),
    ]
    assert big["texts"] == {"scene": {"ok": 3, "rejected": 1}}
    assert small["texts"] == {"scene": {"failed": 1, "ok": 3}}
    assert merger["texts"] == {name: {"ok": 2, "rejected": 2} for name in ("short", "long")}
    # one request an answer, whatever number of texts it gives; no_source was never asked
    for entry, requests in ((big, 6), (small, 5), (merger, 6)):
        assert entry["requests"] == requests
        assert [entry[f"{kind}_tokens"] for kind in ("prompt", "cached", "completion")] == [
            100 * requests,
            60 * requests,
            20 * requests,
        ]
        assert entry["cache_hit_share"] == 0.6
        assert entry["tokens_per_second"] == {"prompt": 5 * requests, "completion": requests}
    assert big["request_seconds"] == {"mean": 1.5, "p50": 1.0, "p95": 3.0}
    assert big["good_at_attempt"] == {"1": 0.75}
    assert small["good_at_attempt"] == {"1": 0.5, "2": 0.25}
    assert merger["good_at_attempt"] == {"1": 0.3333, "2": 0.3333}
    assert (big["retried"], big["rejected"]) == ({"refusal": {"1": 1, "2": 1}}, {"refusal": {"3": 1}})
    assert (small["retried"], small["failed"]) == ({"truncated": {"1": 1}}, {"too_long": {"1": 1}})
    assert merger["retried"] == {"novel": {"1": 2}, "schema": {"2": 1}}
    assert merger["rejected"] == {"novel": {"3": 1}}
    assert merger["coverage"] == {"short": {"mean": 0.6, "p10": 0.5}, "long": {"mean": 0.7, "p10": 0.6}}
    assert big["coverage"] == {}


def test_rates_hold_when_a_start_left_no_log(folder: CaptionFolder) -> None:
    """A killed driver logs nothing, but its chunks count: a rate must not take their tokens for its own."""
    last = folder.log()[-1] | {"new": 2, "samples": 2}
    folder.storage.publish(LOG, json.dumps(last).encode())
    figures = run_metrics(folder)
    assert figures["images_per_second"]["overall"] == pytest.approx(2 / 12, abs=1e-3)
    assert figures["models"][0]["tokens_per_second"]["prompt"] == pytest.approx(600 * 2 / 5 / 12)


def test_a_start_of_one_chunk_tells_nothing_of_the_speed_after_startup(folder: CaptionFolder) -> None:
    one = {"pilot": True, "new": 50, "seconds": 60.0, "startup_seconds": 59.9, "chunks": 1}
    folder.storage.publish(LOG, json.dumps(one).encode())
    assert run_metrics(folder)["images_per_second"]["after_startup"] is None
    more = json.dumps(one | {"new": 100, "seconds": 80.0, "startup_seconds": 60.0, "chunks": 2})
    folder.storage.publish(LOG, f"{json.dumps(one)}\n{more}".encode())
    assert run_metrics(folder)["images_per_second"]["after_startup"] == 5


def test_what_cannot_be_known_is_none(folder: CaptionFolder) -> None:
    folder.storage.delete(LOG)
    figures = run_metrics(folder)
    assert set(figures["images_per_second"].values()) == {None}
    assert figures["models"][0]["tokens_per_second"] == {"prompt": None, "completion": None}
    assert run_metrics(CaptionFolder(folder.storage.url + "/nothing"))["models"] == []
