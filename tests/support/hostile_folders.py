"""Folders of pictures as disks really hold them: odd names, files that are none, links that lead nowhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.build import noise

FOREIGN = {  # files that are nobody's business but the user's, each with its bytes
    "notes.tmp": b"mine",
    "a.jpg.tmp": b"mine, too",
    ".hidden.tmp": b"and this",
    ".swp.12345678.TMP": b"not a name of ours",
    "lease.json.bak": b"{}",
    "stop-asked.txt": b"",
    "sub/deep.tmp": b"below",
}


class OddFile(NamedTuple):
    """A file of a source folder and what is to become of it.

    Attributes:
        path: below the source folder, as the system spells it.
        link: where it leads, if it is one; ``kind`` what it is, if it is no file.
        reason: of its rejected row; empty if it is kept, or passed over as hidden.
        says: a regular expression that the row's detail has to match.
    """

    path: bytes
    reason: str = ""
    says: str = ""
    kind: str = "file"
    link: str = ""


def odd_files() -> Iterator[OddFile]:
    """Some 100 of them, the same in every process."""
    for name in _NAMES:
        yield OddFile(b"port/" + (name if isinstance(name, bytes) else name.encode()))
    for folder in _CLASSES:
        yield OddFile(f"{folder}/a.jpg".encode())
    yield OddFile(b"cl\xff/a.jpg", "bad_annotation", "scene.0: .*half of a character")
    yield OddFile(b" /a.jpg", "bad_annotation", "scene.0")
    yield OddFile(b"\x1b\x07/a.jpg", "bad_annotation", "scene.0")
    for name in _FOREIGN_NAMES:
        yield OddFile(f"port/{name}".encode(), "not_an_image", "expected JPEG", "text")
    for kind, says in {"pipe": "it is a pipe", "socket": "it is a socket"}.items():
        yield OddFile(f"port/a_{kind}.jpg".encode(), "unreadable_image", says, kind)
    for name, (link, reason, says) in _LINKS.items():
        yield OddFile(f"port/{name}.jpg".encode(), reason, says, "link", link)


_NAMES: tuple[str | bytes, ...] = (
    "new\nline.jpg",
    "tab\t.jpg",
    "\x1b[2J\x07.jpg",
    "\x7f.jpg",
    b"caf\xe9.jpg",
    b"caf\xe8.jpg",
    b"half \xed\xa0\x80.jpg",
    b"\xff\xfe\xfd.jpg",
    "caf\u00e9.jpg",
    "cafe\u0301.jpg",
    "東京 🛰.jpg",
    "\u202egpj.exe.jpg",
    "\u200b.jpg",
    "\ufeffa.jpg",
    "\u2028.jpg",
    "A.jpg",
    "a.jpg",
    "a.JPG",
    "a.jpeg",
    "a",
    "a.",
    "a..jpg",
    "...jpg",
    ".jpg",
    ".hidden.jpg",
    "._a.jpg",
    "-rf.jpg",
    "--out=x.jpg",
    "~.jpg",
    "100%.jpg",
    "%s%n%x.jpg",
    "%2e%2e%2fa.jpg",
    "{0..9}.jpg",
    "{a.jpg",
    "*.jpg",
    "?.jpg",
    "[a-z].jpg",
    " .jpg",
    "a .jpg ",
    "a\\b.jpg",
    "C:\\a.jpg",
    "$(touch pwned).jpg",
    "`touch pwned`.jpg",
    "'; DROP TABLE a; --.jpg",
    '".jpg',
    "=cmd|' -C touch pwned'!A0.jpg",
    "<script>alert(1)</script>.jpg".replace("/", "\u2215"),
    "{{ 7 * 7 }}.jpg",
    "con.jpg",
    "nul",
    "a.tar",
    "a.parquet",
    "a.tmp",
    "key.with.many.dots.jpg",
    "s3:a.jpg",
    "a" * 251 + ".jpg",
    "\u00e9" * 125 + ".jpg",
    "1" * 200 + ".jpg",
)
_CLASSES = (
    "-",
    "--out",
    "3",
    "class\n2",
    "a: b",
    "{{ a }}",
    ".hidden",
    "x.jpg",
    "c" * 255,
    "very/" + "deep/" * 60 + "down",
    "train",
    "Port",
    "PORT",
    "None",
    "nan",
)
_FOREIGN_NAMES = ("lease.json", "ingest.json", "index.parquet", "run.json", "shard-000000.tar", "Thumbs.db")
_LINKS = {
    "link": ("a.jpg", "", ""),
    "link_to_link": ("link.jpg", "", ""),
    "to_itself": ("to_itself.jpg", "unreadable_image", "symbolic link"),
    "circle": ("circle_too.jpg", "unreadable_image", "symbolic link"),
    "circle_too": ("circle.jpg", "unreadable_image", "symbolic link"),
    "to_nothing": ("nowhere.jpg", "missing_image", "no file port/to_nothing.jpg"),
    "to_a_long_name": ("n" * 300, "unreadable_image", "too long"),
    "to_a_folder": (".", "unreadable_image", "it is a folder, expected a file"),
    "to_its_source": ("..", "unreadable_image", "it is a folder, expected a file"),
    "to_the_root": ("/", "unreadable_image", "it is a folder, expected a file"),
    "to_an_endless_device": ("/dev/zero", "unreadable_image", "it is a device, expected a file"),
    "to_an_empty_device": ("/dev/null", "unreadable_image", "it is a device, expected a file"),
    "to_a_terminal": ("/dev/tty", "unreadable_image", "it is a device, expected a file"),
    "through_a_file": ("a.jpg/b.jpg", "missing_image", "no file"),
    "to_text": ("/proc/self/status", "not_an_image", "expected JPEG"),
}


def build(root: Path) -> list[OddFile]:
    """Make them all below a folder, and nothing else; those that this system allows."""
    made = []
    for number, odd in enumerate(odd_files()):
        path = os.path.join(os.fsencode(root), odd.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if odd.kind == "link":
            os.symlink(odd.link, path)
        elif odd.kind == "pipe":
            os.mkfifo(path)
        elif odd.kind == "socket":
            _socket(path)
        else:
            Path(os.fsdecode(path)).write_bytes(b"{}" if odd.kind == "text" else noise(number, 16))
        made.append(odd)
    (root / "empty/and/deep").mkdir(parents=True)
    return made


def _socket(path: bytes) -> None:
    here = os.open(os.path.dirname(path), os.O_RDONLY)  # a socket's own path may be 100 bytes long only
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(f"/proc/self/fd/{here}/{os.fsdecode(os.path.basename(path))}")
    finally:
        os.close(here)


def write_foreign(folder: Path) -> None:
    for name, data in FOREIGN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make_odd_places(folder: Path) -> dict[str, str]:
    """What is no source: by its path below a folder, what reading it as a file has to say."""
    (folder / "file").write_bytes(b"x")
    os.mkfifo(folder / "pipe")
    os.symlink("loop", folder / "loop")
    os.symlink("nowhere", folder / "gone")
    return {
        "pipe": "it is a pipe, expected a file",
        "loop": "Too many levels of symbolic links",
        "gone": "there is no such file",
        "file/below": "Not a directory",
        "/dev/null": "it is a device, expected a file",
        "/dev/zero": "it is a device, expected a file",
    }


def outputs_of_others() -> Iterator[tuple[str, bytes, str]]:
    """Files that a new ingest may find in its output: name, content, and what it has to say."""
    for name in ("index.parquet", "rejected.parquet", "shard-000000.tar", "sub/shard.tar"):
        yield name, b"mine", f"holds {name} and no ingest.json: choose an empty folder"
    damaged = {b"": "not valid JSON", b"[]": "holds a list", b"[" * 100_000: "nested too deeply"}
    for data, says in (damaged | {bytes(99): "not valid JSON", b"\xff{}": "not UTF-8 .byte 1."}).items():
        yield "ingest.json", data, f"ingest.json .*{says}.*restore or delete it"
        yield "lease.json", data, f"lease.json .*{says}.*restore or delete it"
    yield "ingest.json", b'{"format": "coco"}', "made with other settings: fingerprint was None"
    yield "lease.json", b'{"token": 1}', "is not a lease .token: .*found 1.: delete it if nobody works there"
    yield "lease.json", b"{}", "is not a lease .token: Field required.: delete it"
