"""Risky claims that one description alone makes and no fact supports: numbers, names, activities.

Most of what a model invents is of these kinds, and a second description that was asked for without it seldom
invents the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.rules import Facts
from mpgi_ray.rules.english import REFERS, placed_sentences
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.sourced import is_told
from mpgi_ray.truth.tokens import TOKEN, lowered, word_of
from mpgi_ray.truth.verdict import Judged, Verdict, check
from mpgi_ray.truth.wording import wording

_NAME = re.compile(r"(?<=[\w,;:)] )(?:[A-Z][a-z]{2,}|[A-Z]{3,})\b")  # not the first word of a sentence


@dataclass(frozen=True)
class _Description:
    text: str
    judged: Sequence[Judged]
    words: frozenset[str]

    def says(self, claim: Claim | str) -> bool:
        if isinstance(claim, str):
            return wording([claim]) <= self.words
        return is_told(claim, [one.claim for one in self.judged])


def vouched(texts: Mapping[str, str], facts: Facts, trusted: Sequence[str], witnesses: int) -> dict[str, str]:
    """The texts without sentences that make a risky claim which too few of them make.

    A sentence that refers to one that is left out goes with it.

    Args:
        texts: descriptions of one picture, by name.
        trusted: sentences of the facts, whose names are no risk.
        witnesses: how many of the texts must make a risky claim; all, if they are fewer.

    Returns:
        The texts of which something is left.
    """
    needed = min(witnesses, len(texts))
    if needed < 2:
        return dict(texts)
    described = [_Description(text, check(text, facts), wording([text])) for text in texts.values()]
    known = wording(trusted)
    kept = {}
    for name, one in zip(texts, described, strict=True):
        own: list[str] = []
        sentences, is_out = placed_sentences(one.text), False
        for start, sentence in sentences:
            risky = _risky(one, sentence, start, known)
            lone = any(sum(other.says(claim) for other in described) < needed for claim in risky)
            is_out = lone or (is_out and bool(REFERS.match(sentence)))
            own += [] if is_out else [sentence]
        if own:
            kept[name] = one.text if len(own) == len(sentences) else " ".join(own)
    return kept


def _risky(one: _Description, sentence: str, start: int, known: frozenset[str]) -> Iterator[Claim | str]:
    for judged in one.judged:
        here = start <= judged.claim.start < start + len(sentence)
        if here and judged.verdict is Verdict.UNVERIFIABLE and _is_number(judged.claim, one.text):
            yield judged.claim
    yield from (name for name in _NAME.findall(sentence) if not wording([name]) <= known)
    words = re.findall(r"[a-z]+", sentence.lower())
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in lists()["activities"] and following not in lists()["used_for"]:
            yield word


def _is_number(claim: Claim, text: str) -> bool:
    """Whether it tells a number of more than one: "several" is none."""
    if claim.about is not About.COUNT or claim.amount is None or claim.amount[0] < 2:
        return False
    words = [word_of(text, match) for match in TOKEN.finditer(lowered(text), claim.start, claim.end)]
    return claim.amount[1] is not None or any(word[0].isdigit() for word in words)
