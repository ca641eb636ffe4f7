"""Tars that real downloads, other programs and malice produce, each with what a reader is to make of it.

Every tar follows from the seed and its name alone, so that one that failed can be made again.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from support.build import noise, tar
from support.raw_tars import BLOCK, END, file, header, long_name, padded, pax


class HostileTar(NamedTuple):
    """A tar and what is to become of it.

    Attributes:
        outcome: ``read`` (all samples can be used), ``rows`` (some are rejected), ``refused`` (an
            `InputError` that names the shard), or ``any`` of these.
        says: a regular expression that the error, or a rejected row's ``reason: detail``, has to match.
        keys: of the samples that can be used, in order.
    """

    name: str
    data: bytes
    outcome: str
    says: str = ""
    keys: tuple[str, ...] = ()


def hostile_tars(seed: int = 0) -> Iterator[HostileTar]:
    """About 190 tars. They are small; `refused` ones cost a reader no more than the others."""
    for make in (_whole, _names, _texts, _classes, _links, _members, _cut, _holes, _headers, _notes, _flips):
        yield from make(seed)


@cache
def picture(number: int, size: int = 16) -> bytes:
    return noise(number, size)


def sample(key: str, number: int = 0) -> bytes:
    return file(f"{key}.jpg".encode(), picture(number)) + file(f"{key}.cls".encode(), b"airport")


A, B = sample("a", 1), sample("b", 2)


@cache
def big(count: int = 8) -> bytes:
    """A tar as `tarfile` writes it, of pictures large enough that a lost one is longer than any padding."""
    return tar(*((f"s{i}.jpg", picture(i, 64) * 3) for i in range(count)))


def _starts(data: bytes) -> list[int]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [member.offset for member in archive]


def _whole(seed: int) -> Iterator[HostileTar]:
    ab, one, two = A + B + END, A + END, B + END
    named = pax((b"path", b"a.jpg"), kind=b"g")
    record = 10_240

    def filled(data: bytes, to: int) -> bytes:
        return data + bytes(-len(data) % to)

    good = {
        "joined": one + two,
        "joined_at_records": filled(one, record) + filled(two, record),
        "joined_behind_an_empty_one": bytes(record) + ab,
        "joined_gzip": gzip.compress(one) + gzip.compress(two),
        "joined_in_one_gzip": gzip.compress(filled(one, record) + two),
        "gzip_and_zeros": gzip.compress(ab) + bytes(700),
        "one_end_block": A + B + bytes(BLOCK),
        "padded_to_64_KiB": filled(ab, 1 << 16),
        "padded_to_1_MiB": filled(ab, 1 << 20),
        "padded_to_8_MiB": filled(ab, 8 << 20),
        "joined_and_padded": one + filled(one + two, 2 << 20)[len(one) :],
        "padded_unevenly": ab + bytes(7 * BLOCK + 3),
        "directories": header(b"d/", kind=b"5") + A + header(b"e/", kind=b"5") + B + END,
        "volume_label": header(b"backup", kind=b"V") + ab,
        "old_v7": header(b"d/", kind=b"\0", magic=b"") + file(b"a.jpg", picture(1), b"\0") + B + END,
        "contiguous_files": file(b"a.jpg", picture(1), b"7") + B + END,
        "size_in_base_256": header(b"a.jpg", b"\x80" + len(picture(1)).to_bytes(11, "big"))
        + padded(picture(1))
        + B
        + END,
        "clutter": file(b"._a.jpg", b"mac") + A + file(b".DS_Store", b"mac") + B + END,
        "below_a_dot": file(b"./a.jpg", picture(1)) + file(b"./a.cls", b"farm") + B + END,
        "a_global_header": pax((b"comment", b"by git archive"), kind=b"g") + ab,
        "joined_behind_a_global_name": named + file(b"x", picture(1)) + END + two,
        "pax_times": pax((b"mtime", b"1.5"), (b"SCHILY.xattr.user.x", b"\xff\0")) + ab,
    }
    for name, data in good.items():
        yield HostileTar(name, data, "read", keys=("a", "b"))
    yield HostileTar("an_empty_archive", bytes(record), "read")
    many = b"".join(file(b"k.jpg", picture(0)) for _ in range(400))
    yield HostileTar("members_of_one_name", many + END, "read", keys=("k",) * 400)


def _names(seed: int) -> Iterator[HostileTar]:
    dice = random.Random(f"names {seed}")
    bad = bytes(dice.choice(b"\xc0\xc1\xfe\xff") for _ in range(3))
    shown = "".join(f"\\x{byte:02x}" for byte in bad)
    long = "k" * dice.randint(200, 900)
    jpg = picture(1)
    plain = file(b"x", jpg)
    good = {
        "latin_1": (file(bad + b".jpg", jpg), shown),
        "latin_1_in_pax": (pax((b"path", bad + b".jpg")) + plain, shown),
        "latin_1_as_long_name": (long_name(bad + b".jpg") + plain, shown),
        "half_a_surrogate_pair": (file(b"\xed\xa0\x80.jpg", jpg), "\\xed\\xa0\\x80"),
        "newline": (file(b"a\nb.jpg", jpg), "a\\nb"),
        "escape_codes": (file(b"\x1b[2Ja.jpg", jpg), "\\x1b[2Ja"),
        "nul_in_pax": (pax((b"path", b"a\0b.jpg")) + plain, "a\\x00b"),
        "byte_order_mark": (file(b"\xef\xbb\xbfa.jpg", jpg), "\\ufeffa"),
        "other_scripts": (file("Zürich-東京.jpg".encode(), jpg), "Zürich-東京"),
        "long_name": (long_name(long.encode() + b".jpg") + plain, long),
        "long_pax_name": (pax((b"path", long.encode() + b".jpg")) + plain, long),
        "prefix": (header(b"a.jpg", len(jpg), prefix=b"d/e") + padded(jpg), "d/e/a"),
    }
    for name, (data, key) in good.items():
        yield HostileTar(f"name_{name}", data + B + END, "read", keys=(key, "b"))
    rows = {
        "absolute": (file(b"/etc/a.jpg", jpg), "unsafe_name: .*absolute"),
        "climbing": (file(b"../../a.jpg", jpg), "unsafe_name: .*climbs"),
        "endless": (long_name(b"k" * 100_000 + b".jpg") + plain, "bad_member: .*100,004 characters"),
        "empty": (file(b"", jpg), "missing_image"),
    }
    for name, (data, says) in rows.items():
        yield HostileTar(f"name_{name}", data + B + END, "rows", says, ("b",))


def _texts(seed: int) -> Iterator[HostileTar]:
    jpg = file(b"a.jpg", picture(1))

    def own(**note: Any) -> bytes:
        return json.dumps({"mpgi": 1, "annotation": {"width": 16, "height": 16} | note}).encode()

    good = {
        "byte_order_mark.txt": b"\xef\xbb\xbfA farm.",
        "nul.txt": b"A farm.\0\0",
        "control.txt": b"A\x07 farm.\x7f",
        "byte_order_mark.json": b"\xef\xbb\xbf{}",
        "utf_16.json": "{}".encode("utf-16"),
        "control.json": own(captions=["a\u0000b"], scene=["far\u0007m"]),
    }
    for name, data in good.items():
        part = file(f"a.{name.rpartition('.')[2]}".encode(), data)
        yield HostileTar(f"text_{name}", jpg + part + B + END, "read", keys=("a", "b"))
    half = "\ud800"
    rows = {
        "latin_1.txt": (b"Caf\xe9", r"the \.txt is not UTF-8 \(byte 4\)"),
        "utf_16.txt": ("A farm.".encode("utf-16"), r"the \.txt is not UTF-8 \(byte 1\)"),
        "half_a_pair.txt": (b"a \xed\xa0\x80", "not UTF-8"),
        "half_a_pair.json": (own(captions=[f"a {half}"]), "half of a character"),
        "half_a_label.json": (own(objects=[{"label": half, "box": [1, 1, 2, 2]}]), "label"),
        "half_a_tag.json": (own(tags={half: "x"}), "half of a character"),
        "raw_half.json": (
            b'{"mpgi":1,"annotation":{"width":16,"height":16,"place":"\xed\xa0\x80"}}',
            "half of",
        ),
        "latin_1.json": (b'{"a":"\xe9"}', r"broken_json: .*not UTF-8 \(byte 7\)"),
        "deep.json": (b'{"a":' * 50_000, "broken_json"),
        "cut.json": (own()[:-3], "broken_json"),
        "blank_label.json": (own(scene=["\0"]), "scene"),
        "another_version.json": (own().replace(b'"mpgi": 1', b'"mpgi": 2'), "unknown_version: .* 2, "),
        "no_annotation.json": (b'{"mpgi": 1}', "bad_annotation"),
        "endless_number.json": (own().replace(b"16", b"9" * 5000), "bad_annotation"),
        "large_number.json": (own().replace(b"16", b"9" * 400), "size_mismatch|bad_annotation"),
        "large_box.json": (own(objects=[{"label": "x", "box": [10**400, 0, 1, 1]}]), "bad_annotation"),
        "not_a_number.json": (own(gsd=float("nan")), "bad_annotation"),
    }
    for name, (data, says) in rows.items():
        part = file(f"a.{name.rpartition('.')[2]}".encode(), data)
        yield HostileTar(f"text_{name}", jpg + part + B + END, "rows", says, ("b",))


def _classes(seed: int) -> Iterator[HostileTar]:
    values = (b"3 0", b"3.5", b"[0 1]", b"--", b"\x03", b"a\nb\n\0", b"7", b"9" * 5000, "²".encode(), b"-1")
    for place, value in enumerate(values):
        data = file(b"a.jpg", picture(1)) + file(b"a.cls", value) + B + END
        says = "bad_annotation: (class .* is neither a word nor an integer|unknown class)"
        yield HostileTar(f"class_{place}", data, "rows", says, ("b",))


def _links(seed: int) -> Iterator[HostileTar]:
    def link(name: bytes, target: bytes, kind: bytes = b"2") -> bytes:
        return header(name, 0, kind, target)

    f = file(b"d/a.jpg", picture(1))
    hard = link(b"e.jpg", b"d/a.jpg", b"1")
    far = b"d/" + b"n" * 150 + b".jpg"
    good = {
        "hard": (f + hard, ("d/a", "e")),
        "hard_below_a_dot": (f + link(b"e.jpg", b"./d/a.jpg", b"1"), ("d/a", "e")),
        "hard_before_its_file": (hard + f, ("e", "d/a")),
        "hard_to_a_hard": (f + hard + link(b"g.jpg", b"e.jpg", b"1"), ("d/a", "e", "g")),
        "hard_to_a_long_name": (
            long_name(far) + file(b"x", picture(1)) + long_name(far, b"K") + link(b"e.jpg", b"x", b"1"),
            (far.decode().removesuffix(".jpg"), "e"),
        ),
        "symbolic": (f + link(b"d/e.jpg", b"a.jpg"), ("d/a", "d/e")),
        "symbolic_from_another_folder": (f + link(b"e/e.jpg", b"../d/a.jpg"), ("d/a", "e/e")),
        "symbolic_before_its_file": (link(b"e.jpg", b"d/a.jpg") + f, ("e", "d/a")),
    }
    for name, (data, keys) in good.items():
        yield HostileTar(f"link_{name}", data + END, "read", keys=keys)
    lost = "bad_member: .*link"
    rows = {
        "hard_to_nothing": link(b"e.jpg", b"gone.jpg", b"1"),
        "symbolic_to_nothing": link(b"e.jpg", b"gone.jpg"),
        "symbolic_out_of_the_shard": link(b"e.jpg", b"../../etc/passwd"),
        "symbolic_absolute": link(b"e.jpg", b"/d/a.jpg"),
        "symbolic_to_itself": link(b"e.jpg", b"e.jpg"),
        "symbolic_in_a_circle": link(b"e.jpg", b"g.jpg") + link(b"g.jpg", b"e.jpg"),
        "symbolic_to_a_folder": header(b"h/", kind=b"5") + link(b"e.jpg", b"h"),
        "empty": link(b"e.jpg", b""),
    }
    for name, data in rows.items():
        yield HostileTar(f"link_{name}", f + data + END, "rows", lost, ("d/a",))


def _members(seed: int) -> Iterator[HostileTar]:
    jpg = picture(1)
    old = b"".join(b"%011o\0%011o\0" % (i * 4096, 16) for i in range(4))
    tail = bytes(41) + old  # the map stands from byte 386 on

    def sparse(more: bytes, blocks: bytes = b"") -> bytes:
        head = header(b"e.jpg", len(jpg), b"S", magic=b"ustar  ", tail=(tail + more + b"%011o\0" % 90_000))
        return head + blocks + padded(jpg)

    stored = header(b"GNUSparseFile.1/e.jpg", len(jpg)) + padded(jpg)
    zero_0 = pax((b"GNU.sparse.size", b"9"), (b"GNU.sparse.numblocks", b"1"))
    name = (b"GNU.sparse.name", b"e.jpg")
    one_0 = pax(name, (b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"))
    more = b"\1".rjust(505).ljust(BLOCK, b"\0") + bytes(BLOCK)
    rows = {
        "sparse": (sparse(b"\0"), "sparse"),
        "sparse_with_a_long_map": (sparse(b"\1", more), "sparse"),
        "sparse_pax_0_0": (zero_0 + header(b"e.jpg", len(jpg)) + padded(jpg), "sparse"),
        "sparse_pax_0_1": (pax(name, (b"GNU.sparse.map", b"0,1,4096,1")) + stored, "sparse"),
        "sparse_pax_1_0": (one_0 + stored, "sparse"),
        "sparse_pax_map_of_letters": (pax(name, (b"GNU.sparse.map", b"a,b,,-1")) + stored, "sparse"),
        "sparse_pax_endless_map": (pax(name, (b"GNU.sparse.map", b"0,1," * 50_000)) + stored, "sparse"),
        "named_pipe": (header(b"e.jpg", kind=b"6"), "named pipe"),
        "character_device": (header(b"e.jpg", kind=b"3"), "device"),
        "block_device": (header(b"e.jpg", kind=b"4"), "device"),
        "of_an_unknown_type": (file(b"e.jpg", jpg, b"Z"), "of type"),
        "of_another_volume": (file(b"e.jpg", jpg, b"M"), "of type"),
    }
    for kind, (data, says) in rows.items():
        yield HostileTar(f"member_{kind}", A + data + B + END, "rows", f"bad_member: .*{says}", ("a", "b"))
    for kind, data, says in (("empty", b"", "empty_image"), ("a_page", b"<html>404", "not_an_image")):
        yield HostileTar(f"member_{kind}", file(b"e.jpg", data) + B + END, "rows", says, ("b",))


def _cut(seed: int) -> Iterator[HostileTar]:
    dice = random.Random(f"cut {seed}")
    data = A + B + END
    packed = gzip.compress(big(3), mtime=0)
    half = dice.randrange(30, len(packed) - 30)
    flipped = bytearray(packed)
    flipped[-6] ^= 1 + dice.randrange(255)
    cuts = {
        "nothing": (b"", "empty"),
        "text": (b"nonsense " * 200, "not a whole tar"),
        "a_page": (b"<html>403 Forbidden</html>", "not a whole tar"),
        "in_a_header": (data[: len(A) + dice.randrange(1, BLOCK)], "a"),
        "in_a_member": (data[: BLOCK + dice.randrange(1, len(picture(1)))], "cut off inside member 'a.jpg'"),
        "between_members": (data[: len(A)], "cut off after member 'a.cls'"),
        "in_the_end_mark": (data[: len(A + B) + 300], "cut off after member 'b.cls'"),
        "in_a_joined_one": (data + data[: len(A)], "cut off after member 'a.cls'"),
        "in_gzip": (packed[:half], "not whole gzip"),
        "in_the_gzip_head": (packed[:7], "not whole gzip"),
        "gzip_checksum": (bytes(flipped), "not whole gzip"),
        "behind_gzip": (packed + b"and more", "not whole gzip"),
        "behind_the_end": (data + b"and more" * 100, "something else begins there"),
        "a_gzip_of_text": (gzip.compress(b"nonsense " * 200), "not a whole tar"),
    }
    for name, (cut, says) in cuts.items():
        yield HostileTar(f"cut_{name}", cut, "refused", says)


def _holes(seed: int) -> Iterator[HostileTar]:
    dice = random.Random(f"holes {seed}")
    data = big()
    starts = _starts(data)
    yield HostileTar("hole_all_short", bytes(1024), "refused", "zero bytes and nothing else")
    yield HostileTar("hole_all", bytes(len(data)), "refused", "zero bytes and nothing else")
    padded_to, what = 3 << 20, r"has a hole: .* if it ends there, cut it: `truncate -s \d+ s\.tar`"
    yield HostileTar("hole_beyond_a_record", data + bytes(padded_to - len(data)), "refused", what)
    far = data[: starts[1]] + bytes(-starts[1] % (2 << 20)) + data[starts[1] :]
    yield HostileTar("hole_up_to_a_record", far, "refused", "has a hole: .*after member 's0.jpg'")
    for turn in range(4):
        at = starts[dice.randrange(1, len(starts) - 2)]
        inside = at + BLOCK + dice.randrange(1, 2000)
        to_header = starts[starts.index(at) + 2]
        tails = {
            "to_the_end": (data[:at] + bytes(len(data) - at), "has a hole"),
            "from_a_member_to_the_end": (data[:inside] + bytes(len(data) - inside), "has a hole"),
            "resumed_in_a_member": (data[:at] + bytes(inside + BLOCK - at) + data[inside + BLOCK :], "s.tar"),
            "resumed_at_a_header": (data[:at] + bytes(to_header - at) + data[to_header:], "has a hole"),
            "gzip_to_the_end": (gzip.compress(data[:at] + bytes(len(data) - at), 1), "has a hole"),
        }
        for name, (holed, says) in tails.items():
            yield HostileTar(f"hole_{name}_{turn}", holed, "refused", says)


def _headers(seed: int) -> Iterator[HostileTar]:
    jpg = padded(picture(1))
    sizes = {
        "negative": (b"-0000000001\0", "a size of -1"),
        "negative_in_base_256": (b"\xff" * 12, "a size of -1"),
        "beyond_int64": (b"\x80\0\0\0" + b"\xff" * 8, "cut off inside member 'e.jpg'"),
        "endless": (b"\x80" + b"\xff" * 11, "cut off inside member 'e.jpg'"),
        "of_letters": (b"size\0", "invalid header"),
        "not_octal": (b"00000000999\0", "invalid header"),
    }
    for name, (size, says) in sizes.items():
        yield HostileTar(f"size_{name}", A + header(b"e.jpg", size) + jpg + B + END, "refused", says)
    for value, says in (
        (b"-5", "a size of -5"),
        (b"x", "a size of x"),
        (b"9" * 30, "a size of 9"),
        (b"9" * 18, "cut off"),
    ):
        data = A + pax((b"size", value)) + header(b"e.jpg") + jpg + B + END
        yield HostileTar(f"size_pax_{value[:4].decode()}_{len(value)}", data, "refused", says)
    broken = bytearray(A + B + END)
    broken[len(A) + random.Random(f"headers {seed}").randrange(100)] ^= 0x20
    yield HostileTar("checksum", bytes(broken), "refused", "after member 'a.cls'.*bad checksum")
    mtime = header(b"e.jpg", mtime=b"never".ljust(12, b"\0"))
    yield HostileTar("time_of_letters", A + mtime + B + END, "refused", "invalid header")
    sparse = header(b"e.jpg", 0, b"S", tail=bytes(41) + b"\xff" * 96)
    yield HostileTar("sparse_negative_map", A + sparse + B + END, "any")
    letters = header(b"e.jpg", 0, b"S", tail=bytes(41) + b"letters ")
    yield HostileTar("sparse_map_of_letters", A + letters + B + END, "refused", "invalid header")
    extended = header(b"e.jpg", 0, b"S", tail=bytes(137) + b"\1") + (b"\1" * BLOCK) * 20
    yield HostileTar("sparse_endless_map", A + extended, "refused", "cut off")


def _notes(seed: int) -> Iterator[HostileTar]:
    e = file(b"e.jpg", picture(1))
    chains: dict[str, Callable[[], bytes]] = {
        "long_names": lambda: long_name(b"n.jpg") * 5000,
        "long_links": lambda: long_name(b"n.jpg", b"K") * 5000,
        "pax": lambda: pax((b"path", b"n.jpg")) * 5000,
        "global_pax": lambda: pax((b"path", b"n.jpg"), kind=b"g") * 5000,
        "mixed": lambda: (pax((b"path", b"n.jpg")) + long_name(b"m.jpg")) * 2500,
    }
    for name, chain in chains.items():
        yield HostileTar(f"chain_{name}", A + chain() + e + END, "refused", "more than 16 headers")
    records = (
        b"5 a=",
        b"99 path=x\n",
        b"-9 path=x\n",
        b"0 path=x\n",
        b"x path=y\n",
        b"9 pathxy\n",
        b"path=x\n",
        b"\xff\xfe\n",
    )
    for place, body in enumerate(records):
        data = A + file(b"pax", body, b"x") + e + END
        yield HostileTar(f"pax_{place}", data, "refused", "pax records cannot be read")
    big_note = header(b"././@LongLink", 2 << 20, b"L") + bytes(2 << 20)
    yield HostileTar("note_too_long", A + big_note + e + END, "refused", "2,097,152 bytes")
    yield HostileTar("note_beyond_the_file", A + header(b"n", 9000, b"L") + b"x", "refused", "cut off inside")
    yield HostileTar(
        "note_of_negative_size", A + header(b"n", b"\xff" * 12, b"x") + e + END, "refused", "size of -1"
    )
    yield HostileTar("note_without_a_member", A + long_name(b"n.jpg") + END, "refused", "header at byte")
    yield HostileTar("note_at_the_cut", A + long_name(b"n.jpg"), "refused", "cut off after")


def _flips(seed: int) -> Iterator[HostileTar]:
    for number in range(16):
        dice = random.Random(f"flips {seed} {number}")
        damaged = bytearray(long_name(b"n" * 120 + b".jpg") + A + pax((b"path", b"c.jpg")) + B + END)
        for _ in range(dice.randint(1, 5)):
            damaged[dice.randrange(len(damaged))] ^= 1 + dice.randrange(255)
        yield HostileTar(f"flips_{number}", bytes(damaged), "any")
