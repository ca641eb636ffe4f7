"""Storage: the same calls on a local folder and on an object store; files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data import objects
from mpgi_ray.data.parts import ChunkId, complete_shards, split_chunks
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, OutputError, RecipeError
from support.build import noise, tar


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return Storage(str(tmp_path / "store"))
    return Storage(f"{request.getfixturevalue('bucket')}/{tmp_path.name}")


def test_the_calls_mean_the_same_everywhere(storage: Storage) -> None:
    assert storage.list(".bin") == []
    storage.publish("a/one.bin", b"0123456789")
    storage.publish("two.bin", (piece for piece in (b"ab", b"cd")))
    storage.publish("two.txt", b"text")
    assert storage.list(".bin") == ["a/one.bin", "two.bin"]
    assert storage.child("a").list(".bin", ".txt") == ["one.bin"]
    assert (storage.read("two.bin"), storage.read_range("a/one.bin", 3, 6)) == (b"abcd", b"345")
    assert storage.exists("two.txt")
    before = storage.stamp("two.txt")
    storage.publish("two.txt", b"longer text")
    assert storage.stamp("two.txt") != before
    assert pickle.loads(pickle.dumps(storage)).read("two.txt") == b"longer text"
    for name in ("two.txt", "two.txt", "a", "a"):  # a file, a folder, and what is gone already
        storage.delete(name)
    assert storage.list("") == ["two.bin"]
    assert not storage.exists("two.txt")
    with pytest.raises(InputError, match=r"cannot read .*two\.txt: there is no such file"):
        storage.read("two.txt")


def test_of_several_writers_the_first_one_wins(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [f"writer {n}".encode() for n in range(8)]
    with ThreadPoolExecutor(8 if storage.is_local else 1) as pool:  # the server here is no judge of races
        won = list(pool.map(lambda data: storage.create("a/part", data), contents))
    assert sum(won) == 1
    assert storage.read("a/part") == contents[won.index(True)]
    # a second try of the one whose answer was lost, and of another
    assert [storage.create("a/part", data) for data in contents] == won

    def refused(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(
        os, "link", refused
    )  # as of a file system without hard links, and a store that only overwrites
    monkeypatch.setattr(objects, "_KEEPS_CONDITIONS", {storage._fs: False})
    assert (storage.create("b", b"1"), storage.create("b", b"2"), storage.create("b", b"1")) == (
        True,
        False,
        True,
    )
    assert storage.list("") == ["a/part", "b"]
    assert storage.read("b") == b"1"


def test_one_listing_gives_the_stamp_of_each_file(storage: Storage) -> None:
    for name in ("a/one.bin", "two.bin", "two.txt"):
        storage.publish(name, name.encode())
    stamps = storage.stamps(".bin")
    assert list(stamps) == storage.list(".bin") == ["a/one.bin", "two.bin"]
    assert stamps == {name: storage.stamp(name) for name in stamps}
    storage.publish("two.bin", b"other")
    assert [name for name, stamp in storage.stamps(".bin").items() if stamp != stamps[name]] == ["two.bin"]
    assert storage.child("none").stamps("") == {}


def test_a_file_that_breaks_off_never_appears(storage: Storage) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(11 << 20)  # more than an object store takes in one part
        yield b"half"
        raise RuntimeError("killed")

    storage.publish("x", b"old")
    for name in ("x", "new"):
        with pytest.raises(RuntimeError):
            storage.publish(name, pieces())
    assert storage.read("x") == b"old"
    assert storage.list("") == ["x"]


def test_what_a_killed_process_leaves_on_a_disk_is_swept_away(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.publish("x", b"old")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    left, deep, theirs = tmp_path / ".x.1234abcd.tmp", tmp_path / "a/.y.1234abcd.tmp", tmp_path / "notes.tmp"
    deep.parent.mkdir()
    for file in (left, deep, theirs):
        file.write_bytes(b"left by a killed process, or a user's own")
    assert storage.list("") == ["notes.tmp", "x"]
    storage.sweep()
    assert (left.exists(), deep.exists(), theirs.exists()) == (False, True, True)
    storage.sweep(below=True)
    assert (deep.exists(), theirs.exists()) == (False, True)
    with pytest.raises(OutputError, match=r"cannot write .*x/y: File exists"):
        storage.publish("x/y", b"")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, scandir = Storage(str(tmp_path)), os.scandir
    storage.publish("open/a.tar", b"")
    storage.publish("closed/b.tar", b"")
    assert storage.list(".tar") == ["closed/b.tar", "open/a.tar"]

    def denied(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)  # the tests may run as a user to whom nothing is closed
    with pytest.raises(InputError, match=r"cannot list .*closed: Permission denied; check its rights"):
        storage.list(".tar")


def test_an_empty_path_is_refused() -> None:
    for wrong in (Storage, absolute):
        with pytest.raises(RecipeError, match="a path is empty"):
            wrong("")


def test_shards_are_found_by_folder_glob_range_and_list(storage: Storage) -> None:
    shard = tar(("0.jpg", noise(0)))
    for name in ("a/s-000.tar", "a/s-001.tar", "b/s-000.tar", "b/other.tgz"):
        storage.publish(name, shard)
    url = storage.url
    assert list(find_shards(url).files) == ["a/s-000", "a/s-001", "b/other", "b/s-000"]
    assert list(find_shards(f"{url}/*/s-*.tar").files) == ["a/s-000", "a/s-001", "b/s-000"]
    some = find_shards(f"{url}/a/s-{{000..002}}.tar")
    assert (list(some.files), some.missing) == (["s-000", "s-001"], ("s-002.tar",))
    both = find_shards([f"{url}/a/s-001.tar", f"{url}/b"])
    assert list(both.files) == ["a/s-001", "b/other", "b/s-000"]
    assert both.read("b/other") == shard
    with pytest.raises(InputError, match=r"no shards: no file .* matches \S*/c$"):
        find_shards([f"{url}/a", f"{url}/c"])
    storage.publish("b/other.tar", shard)
    with pytest.raises(InputError, match="have the same shard name"):
        find_shards(url)
    storage.publish("ingest.json", b"{}")
    with pytest.raises(InputError, match="is not finished: run the same `mpgi ingest` again first"):
        find_shards(f"{url}/*/s-*.tar")


@given(st.from_regex(r"[a-z0-9/_.-]{1,20}", fullmatch=True), st.integers(0, 400), st.integers(1, 50))
def test_chunks_cover_a_shard_and_their_names_come_back(shard: str, samples: int, size: int) -> None:
    chunks = list(split_chunks(shard, range(samples), size))
    assert [sample for _, part in chunks for sample in part] == list(range(samples))
    ids = [ChunkId.parse(chunk.file_name) for chunk, _ in chunks]
    assert ids == [chunk for chunk, _ in chunks]
    assert complete_shards(ids) == {shard}
    assert complete_shards(ids[1:]) == set()
