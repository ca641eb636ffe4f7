"""Numbers of parts of a picture that are more together than there are in all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.claim import About
from mpgi_ray.truth.judged import Judged, Verdict
from mpgi_ray.truth.known import Known
from mpgi_ray.truth.lists import lists

# what lies on a border may be told of both sides: "one of them reaching into the lower half"
_SHARED = re.compile(
    r"\bof (?:them|which|these|those|whom|the (?!image|picture|photo|frame|scene|view))"
    r"|\b(?:in part|part of (?!the (?:image|picture|photo|frame|scene|view)\b)|partly|partially)\b"
    r"|\b(?:reach\w*|exten\w+|touch\w*|cross\w*|jut\w*)\b"
)
_NEW = re.compile(r"; |\bwhile\b")  # begins a clause of its own


def held_together(
    judged: Sequence[Judged], sentences: Sequence[tuple[int, str]], known: Known
) -> list[Judged]:
    """The claims, contradicted where one sentence tells more of a thing in several parts than there are.

    "One tank in the centre and four near the edges" are five. Each number may be true of its part by itself,
    as what lies on a border is counted here or there, but nobody counts it twice in one sentence.

    Args:
        judged: the claims of a text.
        sentences: its sentences, with where each begins.
    """
    many = list(judged)
    for part in _of_one_thing(judged, sentences):
        claims = [judged[n].claim for n in part]
        regions = [claim.region for claim in claims if claim.region is not None]
        of = known.of(claims[0].name)
        if not of.classes or not all(fact.countable for fact in of.classes) or of.most is None:
            continue
        if not all(a.is_apart(b) for a, b in combinations(regions, 2)):
            continue
        told = sum(claim.amount[0] for claim in claims if claim.amount)
        if told > of.most:
            fact = f"{claims[0].name}: {of.most:.0f} in all, and {told:.0f} are told"
            for n in part:
                many[n] = Judged(judged[n].claim, Verdict.CONTRADICTED, fact)
    return many


def _of_one_thing(judged: Sequence[Judged], sentences: Sequence[tuple[int, str]]) -> Iterator[list[int]]:
    """The places of the numbers that one sentence tells of a thing in two parts of the picture or more.

    Of some the part may not be understood ("and three courts, a pitch and a shed closer to the edges"): then
    each number must stand with its noun, or the first may be that of all: "two cars, one at the top and …",
    and none in a clause of its own: "two cars are red, while …".
    None is contradicted by itself, which is enough to say of the sentence.
    """
    found: dict[tuple[int, str], list[int]] = {}
    for n, one in enumerate(judged):
        claim = one.claim
        if claim.about is About.COUNT and (claim.region or claim.some) and claim.word is None:
            sentence = sum(start <= claim.start for start, _ in sentences) - 1
            found.setdefault((sentence, claim.name), []).append(n)
    for (sentence, name), part in found.items():
        start, text = sentences[sentence]
        claims = [judged[n].claim for n in part]
        if len(part) < 2 or _SHARED.search(text):
            continue
        if any(judged[n].verdict is Verdict.CONTRADICTED for n in part):
            continue
        spans = [text[claim.start - start : claim.end - start].lower() for claim in claims]
        named = all(name in span or lexicon.several(name) in span for span in spans)
        total = any(f" {words}" in text for words in lists()["totals"])
        apart = _NEW.search(text, claims[0].start - start, claims[-1].end - start)
        if all(claim.region for claim in claims) or (named and not total and not apart):
            yield part
