"""Shards as a pipeline of the webdataset library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webdataset import WebDataset


def as_webdataset(shards: Sequence[str], options: dict[str, Any]) -> WebDataset:
    """All samples of the shards, in order unless the options say otherwise."""
    return WebDataset(list(shards), **{"shardshuffle": False, "empty_check": False} | options)
