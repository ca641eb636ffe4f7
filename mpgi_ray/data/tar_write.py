"""Writing a tar: the same bytes for the same members, with no times and no owners."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Mapping

_BLOCK = tarfile.BLOCKSIZE
_NAME, _SIZE, _SUM = slice(0, 100), slice(124, 136), slice(148, 156)  # of a header, see POSIX ustar
_MODE = 0o644


def write_members(samples: Iterable[tuple[str, Mapping[str, bytes]]]) -> bytes:
    """A tar of ``(key, {suffix: bytes})``."""
    pieces: list[bytes] = []
    for key, fields in samples:
        for suffix, data in fields.items():
            pieces += _header(f"{key}.{suffix}", len(data)), data, bytes(-len(data) % _BLOCK)
    marks = 2 * _BLOCK  # the end of an archive, which fills its last record
    written = sum(map(len, pieces)) + marks
    return b"".join([*pieces, bytes(marks + -written % tarfile.RECORDSIZE)])


def _of_tarfile(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, _MODE
    return member.tobuf(tarfile.USTAR_FORMAT)


_PLAIN = bytearray(_of_tarfile("", 0))
_PLAIN[_SIZE], _PLAIN[_SUM] = bytes(12), b" " * 8


def _header(name: str, size: int) -> bytes:
    """As `tarfile` makes it, which takes five times as long as filling in what differs."""
    raw = name.encode("utf-8", "surrogateescape")
    if len(raw) > _NAME.stop or size >= 8**11:
        return _of_tarfile(name, size)
    header = _PLAIN.copy()
    header[: len(raw)] = raw
    header[_SIZE] = b"%011o\0" % size
    header[_SUM] = b"%06o\0 " % sum(header)
    return bytes(header)
