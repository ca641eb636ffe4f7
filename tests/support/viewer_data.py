"""What the folder of a viewer holds, as a test reads it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def calls(path: Path) -> list[Any]:
    """The arguments of the one call that a script of data makes."""
    found = re.fullmatch(rb"mpgi\.\w+\((.*)\);\n", path.read_bytes(), re.DOTALL)
    assert found is not None
    return json.loads(b"[" + found[1] + b"]")


def index(folder: Path) -> dict[str, Any]:
    [told] = calls(folder / "data" / "index.js")
    return told


def rows(folder: Path, kind: str) -> list[Any]:
    """All rows of a kind of piece, a row a sample."""
    found: list[Any] = []
    for number in range(len(list((folder / "data").glob(f"{kind}-*.js")))):
        told = calls(folder / "data" / f"{kind}-{number}.js")
        assert told[:2] == [kind, number]
        found += told[2]
    return found


def texts(folder: Path) -> list[dict[str, Any]]:
    """Every text with its sample's key and the names of its columns."""
    told = index(folder)
    columns, names, keys = told["texts"], told["names"], told["samples"]["key"]
    words = [text for sample in rows(folder, "texts") for text in sample]
    owner = [n for n, sample in enumerate(rows(folder, "texts")) for _ in sample]
    assert {len(column) for column in columns.values()} == {len(words)}
    return [
        {
            name: names[name][value] if name in names else value
            for name, value in zip(columns, row, strict=True)
        }
        | {"text": word, "key": keys[at], "sample": at}
        for row, word, at in zip(zip(*columns.values(), strict=True), words, owner, strict=True)
    ]
