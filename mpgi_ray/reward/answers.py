"""Preferences between answers to one question, by the truth check: who says fewer false things is better.

A text can give itself away: longer ones say more that can be false, and a weak model has its own words. So an
order of two answers is kept only together with its reverse: another picture of which the same two texts are
true and false the other way round. Then the texts alone tell nothing, as in `reward.swaps`. Without
``balanced`` all orders are kept, in lists of any length (`reward.alone` says how much they give away).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from mpgi_ray.data.preferences import Preference
from mpgi_ray.reward.chains import chains
from mpgi_ray.rules import Facts
from mpgi_ray.truth.verdict import Checker, Verdict

KIND = "answers"
ALONE = "texts that are the only answer to their question"
EQUAL = "texts that another answer to their question equals"
OPEN = "answers of which nothing can be checked"
TIED = "answers that say as many false things as all others to their question"
UNBALANCED = "orders of two answers that no other picture turns round"
_DRAWN = 500  # other pictures that are compared with one
_LOOKED_AT = 20  # of these, the likest ones, that are asked about its answers


@dataclass(frozen=True, slots=True)
class Answer:
    """A text about a picture, and the id of the caption that it is."""

    caption_id: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A picture, what is known of it, and the answers to each question about it.

    Attributes:
        answers: by question, the name of a text.
    """

    sample_id: str
    facts: Facts
    answers: Mapping[str, Sequence[Answer]]

    @cached_property
    def checker(self) -> Checker:
        """Holds texts against what is known."""
        return Checker(self.facts)

    @cached_property
    def names(self) -> frozenset[str]:
        """What is there."""
        counted, cover = self.facts.counted, self.facts.cover
        return frozenset([fact.name for fact in counted] + [fact.name for fact in cover])


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a text says of a picture.

    Attributes:
        false: how many false things.
        about: what the first of them is wrong about.
        known: whether anything it says can be checked.
    """

    false: int
    about: str
    known: bool


def preferred(pictures: Sequence[Asked], *, balanced: bool = True) -> tuple[list[Preference], Counter[str]]:
    """Preferences between the answers about each picture, and how much makes none, by reason.

    Args:
        pictures: those of a shard, among which reverses are looked for.
    """
    left_out: Counter[str] = Counter()
    found: list[Preference] = []
    made: set[tuple[str, ...]] = set()
    for asked in pictures:
        alike: list[Asked] = []
        for answers in asked.answers.values():
            worths = _compared(answers, asked.checker, left_out)
            lists = _lists(worths)
            left_out[TIED] += len(worths) - len({at for one in lists for at in one})
            if not balanced:
                found += [_preference(asked, [worths[at] for at in one]) for one in lists]
                continue
            for good, bad in (pair for one in lists for pair in _pairs(one)):
                two = [worths[good], worths[bad]]
                texts = tuple(answer.text for answer, _ in two)
                if (asked.sample_id, *texts) in made:  # as the reverse of another picture's
                    continue
                alike = alike or _alike(asked, pictures)
                turned = _turned(texts, alike)
                if turned is None:
                    left_out[UNBALANCED] += 1
                    continue
                made |= {(asked.sample_id, *texts), (turned.sample_id, *texts[::-1])}
                found.append(_preference(asked, two))
                back = [(Answer("", text), _worth(text, turned.checker)) for text in texts[::-1]]
                found.append(_preference(turned, back))
    return found, +left_out


def _compared(
    answers: Sequence[Answer], checker: Checker, left_out: Counter[str]
) -> list[tuple[Answer, _Worth]]:
    """Answers with what they are worth, each text once; those of which nothing can be told are left out."""
    distinct = list({one.text: one for one in reversed(answers)}.values())[::-1]
    left_out[EQUAL] += len(answers) - len(distinct)
    if len(distinct) < 2:
        left_out[ALONE] += len(distinct)
        return []
    judged = [(one, _worth(one.text, checker)) for one in distinct]
    told = [(one, worth) for one, worth in judged if worth.known]
    left_out[OPEN] += len(judged) - len(told)
    return told


def _worth(text: str, checker: Checker) -> _Worth:
    judged = checker.check(text)
    false = [one.claim for one in judged if one.verdict is Verdict.CONTRADICTED]
    known = any(one.verdict is not Verdict.UNVERIFIABLE for one in judged)
    # one a place in the text: a thing that is not there makes its number false, too
    places = {(claim.start, claim.end) for claim in false}
    return _Worth(len(places), false[0].about.value if false else "", known)


def _lists(worths: Sequence[tuple[Answer, _Worth]]) -> list[tuple[int, ...]]:
    return list(chains(len(worths), lambda a, b: worths[a][1].false < worths[b][1].false))


def _pairs(chain: Sequence[int]) -> Iterator[tuple[int, int]]:
    return ((good, bad) for at, good in enumerate(chain) for bad in chain[at + 1 :])


def _preference(asked: Asked, ranked: Sequence[tuple[Answer, _Worth]]) -> Preference:
    """A list, of the kind of what its second text is wrong about."""
    texts = tuple((answer.caption_id, answer.text) for answer, _ in ranked)
    return Preference(asked.sample_id, f"{KIND}/{ranked[1][1].about}", texts)


def _turned(texts: Sequence[str], others: Sequence[Asked]) -> Asked | None:
    """The first picture of which the second text says fewer false things."""
    for other in others:
        first, second = (_worth(text, other.checker) for text in texts)
        if second.known and second.false < first.false:
            return other
    return None


def _alike(asked: Asked, pictures: Sequence[Asked]) -> list[Asked]:
    """Some others, those first that show the same things."""
    others = [one for one in pictures if one.sample_id != asked.sample_id]
    drawn = Random(asked.sample_id).sample(others, min(_DRAWN, len(others)))
    return sorted(drawn, key=lambda one: -len(one.names & asked.names))[:_LOOKED_AT]
