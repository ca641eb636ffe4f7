"""Shards: what other programs write is read as it is, what is broken is named, positions never move."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import struct
import tarfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.data.sample import Annotation, Rejected, Sample
from mpgi_ray.data.shard_list import find_shards
from mpgi_ray.data.shards import ShardFields, read_shard, sample_members, shard_key
from mpgi_ray.data.tar import Member, group_members, read_members
from mpgi_ray.data.tar_headers import entries
from mpgi_ray.data.tar_write import write_members
from mpgi_ray.data.text import clean_name, clean_text
from mpgi_ray.errors import InputError
from support.build import noise, picture, tar
from support.hostile_tars import hostile_tars
from support.raw_tars import END, file, header


def only(data: bytes, fields: ShardFields | None = None) -> Sample | Rejected:
    (entry,) = read_shard(data, "s.tar", fields)
    return entry


def reason(data: bytes, fields: ShardFields | None = None) -> tuple[str, str]:
    entry = only(data, fields)
    assert isinstance(entry, Rejected)
    return entry.reason, entry.detail


def test_shards_of_the_webdataset_library(tmp_path: Path) -> None:
    with webdataset.TarWriter(str(tmp_path / "a.tar")) as sink:
        for i in range(3):
            sink.write(
                {
                    "__key__": f"dir/{i:06d}",
                    "jpg": picture(),
                    "cls": i,
                    "txt": f"one\ntwo {i}",
                    "json": {"n": i},
                }
            )
    entries = read_shard(
        (tmp_path / "a.tar").read_bytes(), "a.tar", ShardFields(class_names=("port", "farm", "sea"))
    )
    assert [(e.key, e.annotation.scene, e.annotation.captions) for e in entries if isinstance(e, Sample)] == [
        (f"dir/{i:06d}", (("port", "farm", "sea")[i],), ("one", f"two {i}")) for i in range(3)
    ]


def test_dots_in_keys_do_not_collapse_a_shard() -> None:
    members = [
        (f"S2A.tile{i}.v1.{suffix}", data)
        for i in range(3)
        for suffix, data in (("jpg", picture()), ("txt", b"a farm"))
    ]
    entries = read_shard(tar(*members), "s.tar")
    assert [e.key for e in entries] == [f"S2A.tile{i}.v1" for i in range(3)]
    assert all(isinstance(e, Sample) and e.annotation.captions == ("a farm",) for e in entries)


def test_members_need_not_be_neighbours_and_keys_may_repeat() -> None:
    apart = [("a.jpg", picture("red")), ("b.jpg", picture("blue")), ("a.txt", b"first"), ("b.txt", b"second")]
    again = [("a.jpg", picture("white")), ("a.txt", b"third")]
    entries = read_shard(tar(*apart, *again), "s.tar")
    assert [(e.key, e.index, e.annotation.captions) for e in entries if isinstance(e, Sample)] == [
        ("a", 0, ("first",)),
        ("b", 1, ("second",)),
        ("a", 2, ("third",)),
    ]


def test_several_pictures_a_sample_need_a_name() -> None:
    data = tar(
        *((f"{i}.{field}", picture(kind="PNG")) for i in range(2) for field in ("rgb.png", "mask.png"))
    )
    with pytest.raises(InputError, match=r"input\.fields\.image, for example 'mask\.png'"):
        read_shard(data, "s.tar")
    entries = read_shard(data, "s.tar", ShardFields(image="rgb.png"))
    assert [(e.key, e.suffix) for e in entries if isinstance(e, Sample)] == [("0", "png"), ("1", "png")]


@pytest.mark.parametrize(
    "names",
    [
        ("k0.jpg", "k1.jpg", "k1.mask.png"),
        ("k0.rgb.png", "k1.rgb.png", "k1.mask.png"),
        ("k0.jpg", "img.v1_1.jpg", "img.v1_2.jpg", "k0.mask_1.png"),
    ],
    ids=["a bare picture", "a field again", "beside dotted names"],
)
def test_a_mask_that_only_some_samples_have_is_no_sample(names: Sequence[str]) -> None:
    data = tar(*((name, picture(kind="PNG")) for name in names))
    with pytest.raises(InputError, match=r"mask.*input\.fields\.image, for example '(jpg|rgb\.png)'"):
        read_shard(data, "s.tar")


@pytest.mark.parametrize(
    "stems",
    [
        ("img.v1_000001", "img.v1_000002"),
        ("img.v1_000001", "img.v1_000002", "plain"),
        ("scene.0", "scene.1", "other.0"),
        ("S2A.tile0.v1", "S2A.tile1.v1", "S2B.tile0.v1"),
        ("farm.north", "farm.south"),
    ],
)
def test_names_that_hold_dots_are_told_from_fields(stems: Sequence[str]) -> None:
    entries = read_shard(tar(*((f"{stem}.jpg", picture()) for stem in stems)), "s.tar")
    assert [entry.key for entry in entries if isinstance(entry, Sample)] == list(stems)


def test_classes_and_captions_from_json_paths() -> None:
    record = json.dumps({"meta": {"label": "harbour", "sentences": ["one", "two"]}}).encode()
    fields = ShardFields(scene="json:meta.label", captions="json:meta.sentences", source="x")
    entry = only(tar(("1.png", picture(kind="PNG")), ("1.json", record)), fields)
    assert isinstance(entry, Sample)
    assert (entry.annotation.scene, entry.annotation.captions) == (("harbour",), ("one", "two"))
    assert reason(tar(("1.jpg", picture()), ("1.json", b"{}")), fields) == (
        "bad_annotation",
        "no 'json:meta.label' in the .json",
    )


def became(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """What `HostileTar` states of a tar: its outcome, what was said, and the keys that can be used."""
    try:
        entries = read_shard(data, "s.tar")
    except InputError as error:
        return "refused", str(error), ()
    rows = [f"{entry.reason}: {entry.detail}" for entry in entries if isinstance(entry, Rejected)]
    keys = tuple(entry.key for entry in entries if isinstance(entry, Sample))
    return "rows" if rows else "read", "\n".join(rows), keys


@pytest.mark.parametrize("seed", [0, 1])
def test_hostile_tars_are_read_or_named_and_nothing_else(seed: int) -> None:
    for case in hostile_tars(seed):
        outcome, said, keys = became(case.data)
        if case.outcome == "any":
            continue
        assert (case.name, outcome, keys) == (case.name, case.outcome, case.keys)
        assert re.search(case.says, said), (case.name, said)
        assert outcome != "refused" or ("s.tar" in said and "\n" not in said), (case.name, said)


@pytest.mark.parametrize("cut", range(0, 10_240, 331))
def test_a_shard_that_was_cut_anywhere_is_refused_whole(cut: int) -> None:
    whole = tar(*((f"{i}.txt", b"x" * 300 * i) for i in range(9)))
    assert len(read_members(whole, "s.tar")) == 9
    with pytest.raises(InputError, match=r"s\.tar.*; fetch the shard again"):
        read_members(whole[:cut], "s.tar")


def test_a_link_gives_the_bytes_of_its_file() -> None:
    link = header(b"b.jpg", kind=b"1", link=b"a.jpg")
    members = read_members(file(b"a.jpg", b"first") + link + file(b"a.jpg", b"second") + END, "s.tar")
    assert [(m.name, m.data) for m in members] == [
        ("a.jpg", b"first"),
        ("b.jpg", b"first"),
        ("a.jpg", b"second"),
    ]


def test_limits_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpgi_ray.data.tar.MAX_UNPACKED", 5 << 20)
    monkeypatch.setattr("mpgi_ray.data.tar.MAX_MEMBERS", 3)
    with pytest.raises(InputError, match="unpacks to more than 5,242,880 bytes: unpack it"):
        read_members(gzip.compress(tar(("a.jpg", bytes(6 << 20)))), "s.tar.gz")
    with pytest.raises(InputError, match="more than 3 members: write smaller shards"):
        read_members(tar(*((f"{i}.jpg", b"") for i in range(4))), "s.tar")


def test_text_is_repaired_and_names_stay_apart() -> None:
    assert clean_text("\ufeffa\x00 farm\n") == "a  farm"
    assert clean_text(" as it is\n\u200d") == " as it is\n\u200d"
    with pytest.raises(ValueError, match="half of a character, at position 2"):
        clean_text("a \ud83d")
    names = ["a\udce9", "a\udcea", "a\x00", "a\n", "\ufeffa", "a\ud800", "Zürich 東京"]
    assert [clean_name(name) for name in names] == [
        r"a\xe9", r"a\xea", r"a\x00", r"a\n", r"\ufeffa", r"a\ud800", "Zürich 東京"
    ]  # fmt: skip


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_enters_can_be_written(text: str) -> None:
    for cleaned in (clean_name(text), Rejected(text, 0, "r", text).detail):
        assert cleaned.encode() and clean_name(cleaned) == cleaned if text else not cleaned
    with suppress(ValueError):
        assert clean_text(clean_text(text)) == clean_text(text)
        clean_text(text).encode()


def test_compressed_shards_that_are_not_read_are_named(tmp_path: Path) -> None:
    for name in ("a.tar", "a.tar.zst", "b.tar.zst", "c.tar.bz2", "notes.zst"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=r"2 shards of a compression .*: b\.tar\.zst, c\.tar\.bz2; unpack"):
        find_shards(str(tmp_path))
    with pytest.raises(InputError, match=r"1 shard of a compression .*: b\.tar\.zst;"):
        find_shards(f"{tmp_path}/b.tar.zst")
    assert list(find_shards(f"{tmp_path}/*.tar").files) == ["a"]
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.tar")).write_bytes(b"")
    with pytest.raises(InputError, match=r"name of the shard caf\\xe9\.tar is not UTF-8"):
        find_shards(f"{tmp_path}/*.tar")


WHOLE = tar(*((f"{i}.{suffix}", noise(i)) for i in range(3) for suffix in ("png", "txt")))


@given(
    st.sampled_from([WHOLE, gzip.compress(WHOLE, mtime=0)]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4),
)
def test_a_damaged_shard_is_read_or_refused(data: bytes, flips: list[tuple[float, int]]) -> None:
    damaged = bytearray(data)
    for place, bits in flips:
        damaged[int(place * len(data))] ^= bits
    with suppress(InputError):  # any other error would stop the whole job
        read_members(bytes(damaged), "s.tar")


_BEHIND = bytes(8**5)
numbers = (
    st.text("01237", min_size=11, max_size=11)
    | st.text("017 \0", max_size=11)
    | st.binary(max_size=11).map(lambda data: data.decode("latin-1"))
)


@given(st.binary(min_size=1, max_size=100), numbers, numbers, st.integers(0, 4), st.binary(max_size=3))
def test_a_header_says_what_tarfile_reads_in_it(
    name: bytes, size: str, mtime: str, off: int, prefix: bytes
) -> None:
    fields = {"mtime": mtime.encode("latin-1").ljust(12, b"\0"), "prefix": prefix}
    block = bytearray(header(name, size.encode("latin-1"), **fields))
    block[150] ^= off  # of the checksum
    try:
        told = tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        told = None
    try:
        first = next(entries(memoryview(bytes(block) + _BEHIND), "s.tar"))
    except InputError:  # or it states a size that is not there
        assert told is None or not 0 <= told.size <= len(_BEHIND)
        return
    assert told is not None
    assert (first.name, first.size) == (told.name, told.size)


def bomb() -> bytes:
    """A PNG header that promises 60,000 × 60,000 pixels."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"0")),
    ]
    packed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


OURS = {"mpgi": 1, "name": "n", "annotation": {"width": 16, "height": 12}}


def with_annotation(**annotation: object) -> bytes:
    record = json.dumps(OURS | {"annotation": {"width": 16, "height": 12} | annotation}).encode()
    return tar(("k.jpg", picture()), ("k.json", record))


def with_box(*box: float, label: str = "car", **more: object) -> bytes:
    return with_annotation(objects=[{"label": label, "box": box}], **more)


@pytest.mark.parametrize(
    ("data", "code", "detail"),
    [
        (tar(("k.txt", b"text")), "missing_image", "only txt"),
        (tar(("README", b"text")), "missing_image", "no picture"),
        (tar(("k.png", bomb())), "too_many_pixels", "60000×60000"),
        (tar(("k.jpg", picture()), ("k.json", b"{no")), "broken_json", "at character 1"),
        (tar(("k.jpg", picture()), ("k.cls", b"7")), "bad_annotation", "unknown class 7"),
        (with_box(20, 2, 24, 6), "bad_annotation", r"lies outside the image of 16×12"),
        (with_box(9, 2, 4, 6), "bad_annotation", "inverted or empty"),
        (with_box(1, 2, 4, 6, label="  "), "bad_annotation", "objects.0.label"),
        (with_box(float("nan"), 2, 4, 6), "bad_annotation", "finite"),
        (
            with_box(1, 2, 4, 6, label="ship", vocabulary={"car": {}}),
            "bad_annotation",
            "unknown class 'ship'.* is car",
        ),
        (with_annotation(width=99), "size_mismatch", "annotated at 99×12, the picture has 16×12"),
    ],
)
def test_a_bad_sample_is_rejected_with_its_reason(data: bytes, code: str, detail: str) -> None:
    good = tar(("0.jpg", picture()))
    assert isinstance(only(good), Sample)
    assert reason(data)[0] == code
    assert re.search(detail, reason(data)[1]), reason(data)[1]


def test_a_bad_sample_keeps_its_place() -> None:
    entries = read_shard(tar(("a.jpg", picture()), ("b.jpg", b""), ("c.jpg", picture())), "s.tar")
    assert [(type(e), e.key, e.index) for e in entries] == [
        (Sample, "a", 0),
        (Rejected, "b", 1),
        (Sample, "c", 2),
    ]


def test_a_box_over_the_border_is_clipped_and_says_so() -> None:
    entry = only(with_box(12, 2, 20, 6))
    assert isinstance(entry, Sample)
    (car,) = entry.annotation.objects
    assert tuple(car.box) == (12, 2, 16, 6)
    assert car.visible == pytest.approx(0.5)


def test_our_own_samples_come_back() -> None:
    annotation = Annotation.model_validate(
        {
            "width": 16,
            "height": 12,
            "vocabulary": {"car": {"exhaustive": True}},
            "scene": ["parking"],
            "objects": [{"label": "car", "box": [1, 2, 5, 6], "obb": [[1, 2], [5, 2], [5, 6], [1, 6]]}],
            "gsd": 0.3,
        }
    )
    sample = Sample("k-1", 0, picture(), "jpg", annotation, "dir/k 1.jpg")
    data = write_members([sample_members(sample)])
    assert only(data) == sample
    assert write_members([sample_members(sample)]) == data


names = st.text("ab.-_/", min_size=1, max_size=8).filter(
    lambda n: not n.startswith(("/", ".")) and ".." not in n
)


@given(st.lists(names, min_size=1, max_size=8), st.randoms())
def test_no_member_is_lost_or_doubled_by_grouping(keys: list[str], dice: random.Random) -> None:
    members = [
        Member(f"{key}.{suffix}", f"{i}{suffix}".encode())
        for i, key in enumerate(keys)
        for suffix in ("txt", "cls")
    ]
    dice.shuffle(members)
    groups = group_members(members, "s.tar", None)
    grouped = sorted(data for group in groups for data in group.fields.values())
    assert grouped == sorted(m.data for m in members if not m.name.rpartition("/")[2].startswith("._"))


@given(st.lists(st.text(min_size=1, max_size=60), unique=True, max_size=20))
def test_shard_keys_are_plain_and_unique(names: list[str]) -> None:
    keys = [shard_key(name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in keys)
