"""Storage: the same calls on a local folder and on an object store; files appear whole or not at all."""

from __future__ import annotations

import errno
import os
import pickle
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data import lines, objects, trouble
from mpgi_ray.data.lease import held
from mpgi_ray.data.lines import read_lines
from mpgi_ray.data.parts import ChunkId, complete_shards, split_chunks
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError, OutputError, RecipeError, StorageError
from support.build import noise, tar
from support.faulty_s3 import FAULTS, FaultyS3, faulty_s3


@pytest.fixture
def proxied(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Storage, FaultyS3]]:
    """A folder behind a proxy that shows faults once its share is set."""
    import s3fs

    monkeypatch.setattr(trouble, "LONGEST_WAIT_S", 0.05)
    monkeypatch.setattr(objects, "_SILENT_S", 0.4)
    monkeypatch.setattr(objects.Objects, "_silences", {})  # another test's store may have gone away
    with faulty_s3(os.environ["AWS_ENDPOINT_URL"], seed=0) as (url, faults):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        s3fs.S3FileSystem.clear_instance_cache()
        yield Storage(f"{bucket}/{tmp_path.name}"), faults
    s3fs.S3FileSystem.clear_instance_cache()


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


def test_nothing_is_written_or_deleted_beside_the_folder(storage: Storage) -> None:
    inside = storage.child("a")
    calls = (lambda name: inside.publish(name, b""), lambda name: inside.publish(name, iter([b""])))
    for call in (*calls, lambda name: inside.create(name, b""), inside.delete):
        with pytest.raises(OutputError, match=r"'b/\.\./\.\./c' lies outside of"):
            call("b/../../c")
    assert storage.list("") == []


def test_of_several_writers_the_first_one_wins(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [f"writer {n}".encode() for n in range(8)]
    with ThreadPoolExecutor(8 if storage.is_local else 1) as pool:  # the server here is no judge of races
        won = list(pool.map(lambda data: storage.create("a/part", data), contents))
    assert sum(won) == 1
    assert storage.read("a/part") == contents[won.index(True)]
    # a second try of the one whose answer was lost, and of another
    assert [storage.create("a/part", data) for data in contents] == won
    assert storage.list("") == ["a/part"]


def _create_once(storage: Storage) -> None:
    assert [storage.create("x", data) for data in (b"1", b"2", b"1")] == [True, False, True]
    assert (storage.read("x"), storage.list("")) == (b"1", ["x"])


def test_the_first_one_wins_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(os, "link", refused)
    _create_once(Storage(str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_the_first_one_wins_in_a_store_that_only_overwrites(proxied: tuple[Storage, FaultyS3]) -> None:
    storage, store = proxied
    store.keeps_conditions = False
    _create_once(storage)


def test_one_listing_gives_the_stamp_of_each_file(storage: Storage) -> None:
    for name in ("a/one.bin", "two.bin", "two.txt"):
        storage.publish(name, name.encode())
    stamps = storage.stamps(".bin")
    assert list(stamps) == storage.list(".bin") == ["a/one.bin", "two.bin"]
    assert stamps == {name: storage.stamp(name) for name in stamps}
    times = storage.times(".bin")
    assert sorted(times) == list(stamps)
    storage.publish("two.bin", b"other")
    assert storage.times(".bin")["two.bin"] >= times["two.bin"] > 1.7e9  # seconds since 1970
    assert [name for name, stamp in storage.stamps(".bin").items() if stamp != stamps[name]] == ["two.bin"]
    assert storage.child("none").stamps("") == storage.child("none").times("") == {}


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
    with pytest.raises(OutputError, match=r"cannot write .*x/y: .*x is not a folder"):
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
    with pytest.raises(
        InputError, match=r"cannot list .*closed: Permission denied; check the path and its rights"
    ):
        storage.list(".tar")


def test_an_object_store_that_hides_a_folder_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage("memory://store")
    storage.publish("open/a.tar", b"")
    storage.publish("closed/b.tar", b"")
    assert storage.list(".tar") == ["closed/b.tar", "open/a.tar"]
    ls = MemoryFileSystem.ls

    def denied(self: MemoryFileSystem, path: str, *args: object, **options: object) -> object:
        if path.endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return ls(self, path, *args, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", denied)
    # as most stores do, which are asked folder by folder
    monkeypatch.setattr(MemoryFileSystem, "find", AbstractFileSystem.find)
    with pytest.raises(InputError, match=r"cannot list memory://store: Permission denied"):
        storage.list(".tar")


def test_an_empty_path_is_refused() -> None:
    for wrong in (Storage, absolute):
        with pytest.raises(RecipeError, match="a path is empty"):
            wrong("")
    with pytest.raises(RecipeError, match="s3:// names no bucket"):
        Storage("s3://")
    for everything in ("/", "s3://bucket"):
        with pytest.raises(OutputError, match=f"will not delete all of {everything}"):
            Storage(everything).delete("")


def test_what_is_no_file_is_an_error_and_no_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(tmp_path))
    storage.publish("folder/a.tar", b"")
    os.mkfifo(tmp_path / "pipe.tar")
    links = {"device": "/dev/zero", "gone": "nowhere", "loop": "loop.tar", "up": ".", "linked": "folder"}
    for name, target in links.items():
        (tmp_path / f"{name}.tar").symlink_to(target)
    names = storage.list(".tar")
    assert names == sorted(["folder/a.tar", "pipe.tar", *(f"{name}.tar" for name in links)])
    reasons = {
        "pipe": "it is a pipe, expected a file",
        "device": "it is a device, expected a file",
        "gone": "there is no such file",
        "loop": "Too many levels of symbolic links",
        "up": "it is a folder, expected a file",
        "linked": "it is a folder, expected a file",
    }
    for name, reason in reasons.items():
        with pytest.raises(InputError, match=rf"^cannot read {tmp_path}/{name}\.tar: {reason}"):
            storage.read(f"{name}.tar")
    with pytest.raises(InputError, match=r"gone\.tar: this link leads nowhere"):
        storage.stamps(".tar")
    for name in ("nul\0", "\udcff\ud800"):
        with pytest.raises(InputError, match="cannot read"):
            storage.read(name)
    storage.delete("linked.tar")
    assert storage.list("a.tar") == ["folder/a.tar"]


def test_lines_are_read_over_the_ends_of_pieces(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_PIECE", 3)
    for text in (b"", b"\n", b"a", b"ab\n\ncdefghij\r\nk\n", b"abcdefgh\n\n", b"abc\nde"):
        storage.publish("x", text)
        assert list(read_lines(storage, "x")) == text.removesuffix(b"\n").split(b"\n")[: None if text else 0]
    begun = read_lines(storage, "x")
    next(begun)
    storage.publish("x", b"ab\ncdef")
    with pytest.raises(InputError, match="x changed while it was read; run the same command again"):
        list(begun)


def test_an_object_store_full_of_faults_loses_nothing(proxied: tuple[Storage, FaultyS3]) -> None:
    storage, store = proxied
    store.share = 0.4

    def publish(n: int) -> None:
        whole = random.Random(n).randbytes(1_000 + n)
        storage.publish(f"whole/{n:02}", iter([whole[:9], whole[9:]]))
        assert storage.read(f"whole/{n:02}") == whole
        assert storage.read_range(f"whole/{n:02}", 10, 900) == whole[10:900]

    def create(n: int) -> None:
        whole = random.Random(n).randbytes(1_000 + n)
        assert storage.create(f"part/{n:02}", whole)
        assert not storage.create(f"part/{n:02}", b"of another")

    def delete(n: int) -> None:
        storage.publish(f"gone/{n:02}", b"")
        storage.delete(f"gone/{n:02}")
        assert not storage.exists(f"gone/{n:02}")

    numbers = range(12)
    with ThreadPoolExecutor(36) as pool:
        for done in [pool.submit(work, n) for n in numbers for work in (publish, create, delete)]:
            done.result()
    names = [f"{folder}/{n:02}" for folder in ("part", "whole") for n in numbers]
    assert storage.list("") == names
    assert list(storage.stamps("")) == names
    assert sum(store.faults.values()) > 150
    assert set(store.faults) == set(FAULTS)
    store.share = 0
    assert [storage.read(name) for name in names] == 2 * [
        random.Random(n).randbytes(1_000 + n) for n in numbers
    ]


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (404, "NoSuchBucket", "there is no such bucket; create it"),
        (403, "AccessDenied", "access is denied; give the key in use the rights"),
        (400, "ExpiredToken", "the session has expired; sign in again"),
        (403, "InvalidAccessKeyId", "the access key is not valid there; check AWS_ACCESS_KEY_ID"),
        (503, "SlowDown", "SlowDown.*, also when tried again"),
        (500, "InternalError", "InternalError.*, also when tried again"),
    ],
)
def test_a_store_that_refuses_ends_a_job_in_one_line(
    proxied: tuple[Storage, FaultyS3], status: int, code: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, store = proxied
    store.refusal = (status, code)
    monkeypatch.setattr(trouble, "GIVE_UP_S", 0.05)
    calls: dict[str, Callable[[], object]] = {
        "list": lambda: storage.list(""),
        "write": lambda: storage.publish("x", b""),
        "delete": lambda: storage.delete("x"),
    }
    for verb, call in calls.items():
        with pytest.raises(StorageError, match=rf"^cannot {verb} {storage.url}\S*: .*{told}"):
            call()
    with pytest.raises(StorageError, match=rf"^cannot read {storage.url}/x: "):
        storage.read("x")  # asks for its size first, and such an answer has no code


def test_an_endpoint_that_is_not_there_ends_a_job(
    proxied: tuple[Storage, FaultyS3], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, store = proxied
    monkeypatch.setattr(trouble, "GIVE_UP_S", 0.05)
    store.kinds, store.share = ("reset_before",), 1
    with pytest.raises(StorageError, match="also when tried again for a while; check that the storage"):
        storage.exists("x")


def test_a_store_that_is_away_is_waited_out_once(
    proxied: tuple[Storage, FaultyS3], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that ends because its store is away tidies up without waiting for it again and again."""
    storage, away, tries = proxied[0], True, 0
    monkeypatch.setattr(trouble, "GIVE_UP_S", 1.0)

    def exists(*_: object) -> bool:
        nonlocal tries
        tries += 1
        if away:
            raise OSError(errno.ECONNRESET, "reset")
        return True

    def tries_of(place: Storage) -> int:
        before = tries
        with pytest.raises(StorageError, match="also when tried again for a while"):
            place.exists("x")
        return tries - before

    monkeypatch.setattr(objects.Objects, "exists", exists)
    assert tries_of(storage) > 1
    assert tries_of(storage.child("a")) == 1
    away = False
    assert storage.exists("x")
    away = True
    assert tries_of(storage) > 1


def test_no_bucket_and_no_key_are_told_at_once(
    proxied: tuple[Storage, FaultyS3], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageError, match="cannot list s3://missing: there is no such bucket"):
        Storage("s3://missing").list("")
    missing = Storage("s3://missing/a")
    for call in (missing.list, missing.exists, missing.read, missing.delete):
        with pytest.raises(StorageError, match=r"s3://missing/a\S*: there is no such bucket; create it"):
            call("x")
    for write in (missing.publish, missing.create):
        with pytest.raises(StorageError, match=r"cannot write s3://missing/a/x: there is no such bucket"):
            write("x", b"")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(objects, "_SILENT_S", 2)  # another connection
    with pytest.raises(StorageError, match="there are no credentials for it; set AWS_ACCESS_KEY_ID"):
        proxied[0].child("x").list("")


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
    with pytest.raises(InputError, match=r"no shards: no file .* matches \S*/c[,;] "):
        find_shards([f"{url}/a", f"{url}/c"])
    storage.publish("b/other.tar", shard)
    with pytest.raises(InputError, match="have the same shard name"):
        find_shards(url)
    storage.publish("ingest.json", b"{}")
    with pytest.raises(InputError, match="is not finished: run the same `mpgi ingest` again first"):
        find_shards(f"{url}/*/s-*.tar")


def test_an_output_that_ray_would_delete_with_a_jobs_copy_is_refused(tmp_path: Path) -> None:
    """A relative path of `ray job submit --working-dir` ends there."""
    copy = tmp_path / "runtime_resources/working_dir_files/_ray_pkg_1"
    copy.mkdir(parents=True)
    out = Storage(str(copy / "captions"))
    with (
        pytest.raises(OutputError, match=r"which Ray deletes: give the output as an abs"),
        held(out, "caption"),
    ):
        pass
    with pytest.raises(
        InputError, match=r"nothing \(a job runs in a copy of its --working-dir: give absolute"
    ):
        find_shards(str(copy / "shards"))
    assert not list(copy.iterdir())


@given(st.from_regex(r"[a-z0-9/_.-]{1,20}", fullmatch=True), st.integers(0, 400), st.integers(1, 50))
def test_chunks_cover_a_shard_and_their_names_come_back(shard: str, samples: int, size: int) -> None:
    chunks = list(split_chunks(shard, range(samples), size))
    assert [sample for _, part in chunks for sample in part] == list(range(samples))
    ids = [ChunkId.parse(chunk.file_name) for chunk, _ in chunks]
    assert ids == [chunk for chunk, _ in chunks]
    assert complete_shards(ids) == {shard}
    assert complete_shards(ids[1:]) == set()
