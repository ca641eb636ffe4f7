"""The protocols of retrieval by name: the command line offers them before it reads what computes them."""

from __future__ import annotations

from enum import StrEnum


class Protocol(StrEnum):
    """A protocol by name; it prepares a text before the model reads it."""

    A = "a"
    B = "b"
    REPEATED = "repeated"

    def prepare(self, text: str) -> str:
        """A and its mended form make the first letter upper case and the rest lower. B adds a prefix."""
        return f"a satellite image. {text}" if self is Protocol.B else text.capitalize()
