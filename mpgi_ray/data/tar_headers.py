"""The entries of a tar, header by header: where each member's bytes stand, and what stops an archive.

`tarfile` parses single headers, but does not walk the archive here: it ends silently at a first end mark or a
broken header, calls itself for every long name, and gives a sparse member's pieces as its content.

Archives that were joined (``cat a.tar b.tar``) are read to the end of the file. Zeros are an end mark where
they fill up a record as tar programs do: one of `RECORD` bytes, or of a power of two, between two archives at
most `MAX_RECORD`. At the end of the file the power may be any: files are filled up to megabytes (``tar -b``,
``dd conv=sync``), and set up in whole gigabytes. Other zeros are a part that never arrived, as in a download
into a file that had its full length from the start. That its length looks filled up by chance is the less
likely the longer the hole is: 2,048 bytes to its length, where tar programs fill records of `RECORD` bytes.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mpgi_ray.data.text import clean_name
from mpgi_ray.errors import InputError

RECORD = 10_240  # bytes; what tar programs fill an archive up to, unless they are told otherwise
MAX_RECORD = 1 << 20
MAX_NOTE = 1 << 20  # bytes of a long name or of pax records
MAX_NOTES = 16  # of them for one member

_BLOCK = 512
_ZEROS = bytes(MAX_RECORD)
_NOT_ZERO = re.compile(rb"[^\0]")
# modes, owners, size, time, checksum and type; devices, and neither a prefix of the name nor anything else
_PLAIN = re.compile(rb"(?:[0-7]{7}[\0 ]){3}([0-7]{11})[\0 ][0-7]{11}[\0 ]([0-7]{6})\0 0")
_NO_DEVICE = re.compile(rb"(?:[0-7]{7}\0|\0{8}){2}\0{167}\Z")
_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_LONG = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_NO_MEMBERS = (tarfile.DIRTYPE, b"V", b"D")  # directories, volume labels, GNU's lists of directories
_SPECIAL = {tarfile.CHRTYPE: "device", tarfile.BLKTYPE: "device", tarfile.FIFOTYPE: "named pipe"}
_SPARSE = "GNU.sparse."
_PAX_KEYS = (b"path", b"linkpath", b"size", b"GNU.sparse.name")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, link or special file of an archive.

    Attributes:
        name: as in the archive; bytes that are not UTF-8 are lone surrogates.
        start, size: its bytes in the file.
        link: the name that a link points to, below the archive's root; None if it is not a link.
        trouble: why its bytes cannot be used; empty if they can.
    """

    name: str
    start: int
    size: int
    link: str | None = None
    trouble: str = ""


def entries(data: memoryview, shard: str) -> Iterator[Entry]:
    """All entries of a file of one or more joined archives; directories are left out.

    Raises:
        InputError: the file ends too early, has a hole, or holds a header that cannot be read.
    """
    if not data:
        raise InputError(f"{shard} is empty (0 bytes), not a whole tar; fetch the shard again")
    at = begin = 0  # of this header, of this archive
    last = "at its start"
    everywhere: dict[str, str] = {}  # pax records for all members of this archive
    notes: dict[str, str] = {}  # what the headers just before say of the next member
    waiting = 0  # how many those are
    while at < len(data):
        block = bytes(data[at : at + _BLOCK])
        if block == _ZEROS[: len(block)] and not waiting:
            begin = at = _behind_end(data, begin, at, last, shard)
            everywhere = {}
            continue
        where = f"{shard}, the header at byte {at:,} ({last})"
        header = _header(block, where, first=at == 0)
        if header.type in _PAX or header.type in _LONG:
            waiting += 1
            note = _note(data, at + _BLOCK, header, waiting, where)
            (everywhere if header.type == tarfile.XGLTYPE else notes).update(note)
            at += _BLOCK + _padded(header.size)
            continue
        entry = _entry(data, at, header, everywhere | notes, where)
        if entry.start + entry.size > len(data):
            raise InputError(f"{shard} is cut off inside member {entry.name[:80]!r}; fetch the shard again")
        if header.type not in _NO_MEMBERS:
            yield entry
        last = f"after member {entry.name[:80]!r}"
        at = entry.start + _padded(entry.size)
        notes, waiting = {}, 0
    if at != begin or waiting:
        raise _cut(shard, last)


def _cut(shard: str, last: str) -> InputError:
    return InputError(f"{shard} has no end-of-archive mark, so it was cut off {last}; fetch the shard again")


def _behind_end(data: memoryview, begin: int, at: int, last: str, shard: str) -> int:
    """Where the next archive begins, or the file's length; all from ``at`` to there is zero."""
    zero = at
    while bytes(data[zero : zero + MAX_RECORD]) == _ZEROS:  # a file may hold gigabytes of them
        zero += MAX_RECORD
    found = _NOT_ZERO.search(data, zero)
    end = len(data) if found is None else at + (found.start() - at) // _BLOCK * _BLOCK
    zeros, whole = end - at, end - begin
    if zeros < _BLOCK:
        raise _cut(shard, last)
    if found is None and not at and zeros != RECORD:
        raise InputError(f"{shard} holds {zeros:,} zero bytes and nothing else; fetch the shard again")
    power = max(whole & -whole, end & -end) if found is None else min(whole & -whole, MAX_RECORD)
    if zeros > max(RECORD, power) + _BLOCK:
        raise InputError(
            f"{shard} has a hole: {zeros:,} zero bytes from byte {at:,} on ({last}), more than tar programs "
            f"write at an end; fetch the shard again, or, if it ends there, cut it: "
            f"`truncate -s {at + 2 * _BLOCK} {shard}`"
        )
    return end


def _plain_file(block: bytes) -> tarfile.TarInfo | None:
    """The header of a regular file as most are: `tarfile` adds up all bytes twice, and takes far longer."""
    if not (told := _PLAIN.match(block, 100)) or not _NO_DEVICE.match(block, 329):
        return None
    # the checksum's own place counts as spaces
    if int(told[2], 8) != sum(block.translate(None, b"\0")) - sum(block[148:156]) + 8 * ord(" "):
        return None
    header = tarfile.TarInfo(block[:100].partition(b"\0")[0].decode("utf-8", "surrogateescape"))
    header.size = int(told[1], 8)
    return header


def _header(block: bytes, where: str, first: bool) -> tarfile.TarInfo:
    if plain := _plain_file(block):
        return plain
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        what = "is not a whole tar" if first else "is damaged, or something else begins there"
        raise InputError(f"{where}: {error}, so the file {what}; fetch the shard again") from error
    if header.size < 0:
        raise InputError(f"{where} states a size of {header.size}; fetch the shard again")
    return header


def _note(data: memoryview, start: int, header: tarfile.TarInfo, number: int, where: str) -> dict[str, str]:
    """What a header says of the next member: its long name or pax records."""
    if number > MAX_NOTES:
        raise InputError(f"{where}: more than {MAX_NOTES} headers describe one member; write the shard again")
    if header.size > MAX_NOTE:
        raise InputError(
            f"{where} describes a member in {header.size:,} bytes, expected at most {MAX_NOTE:,}; "
            "write the shard again"
        )
    body = bytes(data[start : start + header.size])
    if len(body) < header.size:
        raise InputError(f"{where}: the file is cut off inside it; fetch the shard again")
    if header.type in _LONG:
        return {_LONG[header.type]: body.partition(b"\0")[0].decode("utf-8", "surrogateescape")}
    try:
        return _pax(body)
    except ValueError as error:
        raise InputError(f"{where}: its pax records cannot be read; write the shard again") from error


def _pax(body: bytes) -> dict[str, str]:
    """Those records (a length, a key, a value) that matter here; all of a sparse map become one."""
    records: dict[str, str] = {}
    at = 0
    while at < len(body) and body[at]:
        digits, space, _ = body[at : at + 20].partition(b" ")
        end = at + int(digits)
        key, equals, value = body[at + len(digits) + 1 : end - 1].partition(b"=")
        if not (digits.isdigit() and space and equals) or body[end - 1 : end] != b"\n":
            raise ValueError(f"byte {at}")
        if key in _PAX_KEYS or key.startswith(_SPARSE.encode()):
            name = key.decode() if key in _PAX_KEYS else _SPARSE
            records[name] = value.decode("utf-8", "surrogateescape")
        at = end
    return records


def _entry(data: memoryview, at: int, header: tarfile.TarInfo, notes: Mapping[str, str], where: str) -> Entry:
    name = notes.get(f"{_SPARSE}name") or notes.get("path") or header.name
    start, size = at + _BLOCK, header.size
    if stated := notes.get("size"):
        if not (stated.isascii() and stated.isdigit() and len(stated) < 20):
            raise InputError(f"{where} states a size of {clean_name(stated[:40])}; fetch the shard again")
        size = int(stated)
    if header.type in _LINKS:
        link = notes.get("linkpath") or header.linkname
        if header.type == tarfile.SYMTYPE:
            link = f"{name.rpartition('/')[0]}/{link}" if not link.startswith("/") else ""
        return Entry(name, start, 0, link)
    if header.type == tarfile.DIRTYPE:
        return Entry(name, start, 0)
    if header.type in _SPECIAL:
        return Entry(name, start, 0, trouble=f"it is a {_SPECIAL[header.type]}, expected a file")
    if header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith(_SPARSE) for key in notes):
        if header.type == tarfile.GNUTYPE_SPARSE:
            start = _behind_map(data, at)
        trouble = "it is stored as a sparse file, which is not read: pack it without --sparse"
        return Entry(name, start, size, trouble=trouble)
    if header.type not in _FILES and header.type not in _NO_MEMBERS:
        return Entry(name, start, size, trouble=f"it is of type {header.type!r}, expected a file")
    return Entry(name, start, size)


def _behind_map(data: memoryview, at: int) -> int:
    """Where the pieces of an old GNU sparse member begin: its header may go on in further blocks."""
    more = data[at + 482]
    at += _BLOCK
    while more and at + _BLOCK <= len(data):
        more = data[at + 504]
        at += _BLOCK
    return at


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
