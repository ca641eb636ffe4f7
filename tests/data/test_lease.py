"""One driver at a time works on a folder; of several the others are refused, and a dead one is replaced."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mpgi_ray.data import lease
from mpgi_ray.data.lease import LEASE, held
from mpgi_ray.data.storage import Storage
from mpgi_ray.errors import OutputError

TAKES = "import os, sys; from mpgi_ray.data.lease import held; from mpgi_ray.data.storage import Storage"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    monkeypatch.setattr(lease, "BEAT", 0.02)
    monkeypatch.setattr(lease, "SETTLE", 0.0)
    return Storage(str(tmp_path / "out"))


def left_behind(folder: Storage, **told: object) -> None:
    """A lease of a process that ends without giving it back; what it tells of itself may be changed."""
    end = "with held(Storage(sys.argv[1]), 'caption'): os._exit(0)"
    subprocess.run([sys.executable, "-c", f"{TAKES}\n{end}", folder.url], check=True)
    folder.publish_json(LEASE, folder.read_json(LEASE) | told)


def test_a_second_driver_is_refused_and_told_who_works_there(folder: Storage) -> None:
    with held(folder, "caption"):
        told = json.loads(folder.read(LEASE))
        with pytest.raises(OutputError) as refused, held(folder, "curate", takeover=True):
            pass
        for name in ("job", "user", "host", "pid", "since"):
            assert str(told[name]) in str(refused.value)
    assert not folder.list("")
    with held(folder, "curate"):
        pass


def test_a_process_of_this_machine_that_is_gone_is_replaced(folder: Storage) -> None:
    left_behind(folder)
    with held(folder, "caption") as taken:
        taken.check()
    left_behind(folder, pid=1)  # another process has its number by now
    with held(folder, "caption"):
        pass


def test_of_another_machine_only_one_without_a_sign_of_life_is_replaced_if_asked(
    folder: Storage,
) -> None:
    left_behind(folder, machine="another", host="node-7")
    with pytest.raises(OutputError, match=r"node-7.*--takeover"), held(folder, "caption"):
        pass
    with held(folder, "caption", takeover=True):
        pass


def test_a_driver_whose_folder_was_taken_over_is_told(folder: Storage) -> None:
    with held(folder, "caption") as first:
        folder.publish_json(LEASE, folder.read_json(LEASE) | {"token": "other", "host": "node-8"})
        while not first.lost.wait(0.01):
            pass
        with pytest.raises(OutputError, match=r"taken over by .* on node-8"):
            first.check()
    assert folder.read_json(LEASE)["token"] == "other"


def test_a_lease_that_is_damaged_is_named(folder: Storage) -> None:
    folder.publish(LEASE, b'{"token": 7}')
    with (
        pytest.raises(OutputError, match=r"lease\.json is not a lease .* delete it"),
        held(folder, "caption"),
    ):
        pass


def test_a_bucket_is_held_as_a_folder_is(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "SETTLE", 0.0)
    there = Storage(f"{bucket}/held")
    with (
        held(there, "train"),
        pytest.raises(OutputError, match=r"s3://data/held is worked on by `mpgi train` of"),
        held(Storage(there.url), "train"),
    ):
        pass
    assert not there.list("")
    left_behind(there)
    with held(there, "train") as taken:
        taken.check()
