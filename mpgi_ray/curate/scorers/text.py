"""Figures of the words alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from mpgi_ray.config import Config
from mpgi_ray.curate.scores.scorer import Score, Shown, Value
from mpgi_ray.data.clip_tokens import clip_tokens
from mpgi_ray.version import VERSION

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_RUN = 3  # words


class Scorer(Config):
    """How long a text is, and how much of it repeats.

    ``words`` are parts between spaces; ``clip_tokens`` those of CLIP's vocabulary with start and end, of
    which CLIP reads 77 (`mpgi_ray.data.clip_tokens`); see `repetition`.
    """

    columns: ClassVar[tuple[str, ...]] = ("words", "clip_tokens", "repetition")

    def made_by(self) -> tuple[str, str]:
        return "", VERSION

    def open(self, gpu: bool) -> Score:
        return _score


def repetition(text: str) -> float:
    """The share of a text's runs of three words that occurred before in it, 0 to 1.

    This is seq-rep-3 of Welleck et al., Neural Text Generation with Unlikelihood Training (ICLR 2020),
    1 - distinct runs / runs, of words without case and punctuation. A text of less than three words has 0.
    """
    words = _WORD.findall(text.lower())
    runs = [tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def _score(samples: Sequence[Shown]) -> Iterator[tuple[Value, ...]]:
    count = clip_tokens()
    for sample in samples:
        for text in (named.text for named in sample.texts):
            tokens: Value = "no_open_clip" if count is None else float(count(text))
            yield float(len(text.split())), tokens, repetition(text)
