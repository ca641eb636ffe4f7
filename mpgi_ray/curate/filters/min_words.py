"""Texts that say too little."""

from __future__ import annotations

from pydantic import Field

from mpgi_ray.config import Config
from mpgi_ray.curate.select import Captioned


class Filter(Config):
    """Keep samples whose text has enough words.

    Attributes:
        text: the perspective; a sample without it is dropped.
        words: the least number.
    """

    text: str = "long"
    words: int = Field(ge=1)

    def keep(self, sample: Captioned) -> str | None:
        found = len(sample.texts.get(self.text, "").split())
        return None if found >= self.words else f"short_{self.text}_text"
