"""Tars block by block: what no program would write, or `tarfile` does not."""

from __future__ import annotations

BLOCK = 512
END = bytes(2 * BLOCK)


def header(
    name: bytes, size: int | bytes = 0, kind: bytes = b"0", link: bytes = b"", **fields: bytes
) -> bytes:
    """A header block with a right checksum.

    Args:
        size: a number, or the field's bytes.
        fields: ``mtime``, ``magic``, ``prefix``, and ``tail`` for the bytes from 345 on.
    """
    stated = b"%011o\0" % size if isinstance(size, int) else size.ljust(12, b"\0")
    block = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + stated
    block += fields.get("mtime", b"00000000000\0") + b" " * 8 + kind + link.ljust(100, b"\0")
    block += fields.get("magic", b"ustar\x0000").ljust(88, b"\0")
    block = (block + fields.get("prefix", b"").ljust(155, b"\0")).ljust(BLOCK, b"\0")
    if tail := fields.get("tail"):
        block = block[:345] + tail.ljust(BLOCK - 345, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def file(name: bytes, data: bytes, kind: bytes = b"0") -> bytes:
    return header(name, len(data), kind) + padded(data)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    body = b""
    for key, value in records:
        length = len(key) + len(value) + 3
        while len(b"%d" % length) + len(key) + len(value) + 3 != length:
            length = len(b"%d" % length) + len(key) + len(value) + 3
        body += b"%d %s=%s\n" % (length, key, value)
    return file(b"pax", body, kind)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    return file(b"././@LongLink", name + b"\0", kind)
