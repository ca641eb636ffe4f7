"""Preferences that the truth check makes: a sentence that is true of one picture is false of another one.

Both pictures are asked about both sentences. So whoever looks at the texts alone is right exactly half of the
time, whatever it prefers: a planted error could be told by its wording (a head that saw the texts alone was
right on 91 % of pairs with a swapped label).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mpgi_ray.data.preferences import Preference
from mpgi_ray.rules import Facts
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.truth.claim import About
from mpgi_ray.truth.verdict import Checker, Verdict

_LOOKED_AT = 50  # sentences that one is tried against, so that the time stays linear
_BY_NAME = frozenset({About.PRESENCE, About.ABSENCE, About.DOMINANCE})  # wrong because of another name
_Group = tuple[frozenset[About], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Told:
    """A picture, and what is said of it.

    Attributes:
        texts: of any length, by an id of each.
    """

    sample_id: str
    facts: Facts
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Sentence:
    order: str
    picture: int
    source: str
    text: str


def swapped(pictures: Sequence[Told], seed: int = 0) -> Iterator[Preference]:
    """Preferences in swaps, the two of one in a row; each sentence of a picture takes part in one at most.

    Sentences are swapped with those that claim the same kinds of things, and of the same things unless they
    claim only that these are there, are not, or dominate.
    """
    groups: dict[_Group, list[_Sentence]] = defaultdict(list)
    checkers = [Checker(told.facts) for told in pictures]
    for number, told in enumerate(pictures):
        for group, sentence in _sentences(number, told, checkers[number], seed):
            groups[group].append(sentence)
    for group in sorted(groups, key=lambda one: (sorted(one[0]), sorted(one[1]))):
        left = sorted(groups[group], key=lambda one: one.order)
        while left:
            one = left.pop(0)
            for other in islice(left, _LOOKED_AT):
                if one.picture == other.picture:
                    continue
                wrong = _wrong(other.text, checkers[one.picture])
                back = wrong and _wrong(one.text, checkers[other.picture])
                if back:
                    left.remove(other)
                    for true, false, kind in ((one, other, wrong), (other, one, back)):
                        texts = ((true.source, true.text), ("", false.text))
                        yield Preference(pictures[true.picture].sample_id, kind, texts)
                    break


def _sentences(number: int, told: Told, checker: Checker, seed: int) -> Iterator[tuple[_Group, _Sentence]]:
    """The sentences of which every claim is true, once each."""
    known: set[str] = set()
    for source, text in sorted(told.texts.items()):
        for sentence in split_sentences(text):
            if sentence in known:
                continue
            known.add(sentence)
            judged = checker.check(sentence)
            if not judged or any(one.verdict is not Verdict.SUPPORTED for one in judged):
                continue
            about = frozenset(one.claim.about for one in judged)
            names = frozenset() if about <= _BY_NAME else frozenset(one.claim.name for one in judged)
            order = hashlib.sha256(f"{seed}/{told.sample_id}/{sentence}".encode()).hexdigest()
            yield (about, names), _Sentence(order, number, source, sentence)


def _wrong(text: str, checker: Checker) -> str:
    """What a text is wrong about, the first of it; empty if nothing."""
    judged = checker.check(text)
    return next((one.claim.about.value for one in judged if one.verdict is Verdict.CONTRADICTED), "")
