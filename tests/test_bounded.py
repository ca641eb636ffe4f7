"""What is within the limits is read as it always was."""

from __future__ import annotations

from pathlib import Path

import yaml
from braceexpand import braceexpand
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.bounded import expand_braces, parse_yaml
from mpgi_ray.data.shard_list import find_shards

_ITEM = st.from_regex(r"[ab]{0,2}|[0-3]\.\.[0-9]|0[0-3]\.\.1[0-9](\.\.[1-3])?|[a-c]\.\.[a-f]", fullmatch=True)
_PATTERN = st.recursive(
    _ITEM,
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: "{" + ",".join(parts) + "}x"),
)


@given(_PATTERN)
def test_braces_are_counted_as_they_expand(pattern: str) -> None:
    expected = list(braceexpand(pattern))
    assert expand_braces(pattern) == expected


def test_anchors_and_merge_keys_work() -> None:
    text = "base: &b {a: 1, c: [x, y]}\nother: {<<: *b, a: 2}\nagain: [*b, *b]\n"
    assert parse_yaml(text) == yaml.safe_load(text)


def test_a_folder_with_a_brace_in_its_name_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "{a,b}"
    folder.mkdir()
    (folder / "s.tar").write_bytes(b"")
    assert list(find_shards(str(folder)).files) == ["s"]
