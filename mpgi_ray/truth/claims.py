"""What a text claims of a picture's things: that they are there, how many, where, and how much they cover.

A number belongs to the noun that it stands before, a denial to the nouns that follow it in a list, a part of
the picture to the thing that stands before it in its clause, or behind it if the clause begins with the part.
What is not understood makes no claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf

from mpgi_ray.rules import lexicon
from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.absences import empty_site
from mpgi_ray.truth.asides import without_asides
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.compared import compared_shares
from mpgi_ray.truth.counts import (
    is_limited,
    is_limited_in_part,
    is_of_each,
    is_one_and_many,
    is_only_one,
    is_placed,
    is_told_whole,
    is_total,
)
from mpgi_ray.truth.denials import denied_place, is_narrow
from mpgi_ray.truth.ellipses import ellipses
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.listed import is_listed, is_mostly
from mpgi_ray.truth.lists import Name, lists, names_by
from mpgi_ray.truth.looks import looks
from mpgi_ray.truth.nouns import add_nouns
from mpgi_ray.truth.of_picture import is_direction
from mpgi_ray.truth.ones import with_ones
from mpgi_ray.truth.pairs import relations
from mpgi_ray.truth.pieces import Kind, pieces
from mpgi_ray.truth.places import Region
from mpgi_ray.truth.questions import Question, answers, asked, implied, is_statement
from mpgi_ray.truth.shares import covers
from mpgi_ray.truth.told_patterns import told_patterns
from mpgi_ray.truth.undenied import has_exception
from mpgi_ray.truth.where import owners
from mpgi_ray.truth.wholes import is_every, is_largest, is_most, is_told_of_all

_BARE = ("above", "below", "beneath", "underneath")  # of any of the things before
_FURTHER = ("another", "second", "third", "further")


def claims(text: str, names: Mapping[str, Name]) -> list[Claim]:
    """The claims of a text in the order of its sentences.

    Args:
        names: see `pieces.names_of`.
    """
    found: list[Claim] = []
    numbers: dict[str, list[float]] = {}  # of the things of a name, in the order in which they are told
    several = set[str]()  # what was spoken of without a number
    told: Noun | None = None  # what "they" are
    question: Question | None = None
    for at, sentence in placed_sentences(text):
        line = Line(with_ones(without_asides(pieces(sentence, at, names)), names), told)
        add_nouns(line)
        if sentence.endswith("?") and not is_statement(line):
            question = asked(line)
            told = question.noun if question else None
            continue
        found += answers(line, question) if question and line.parts else []
        question = implied(line)
        found += _claims(line)
        for noun in line.nouns:
            if not noun.denied and noun.plural and noun.amount is None:
                several.add(noun.name)
            if noun.amount == (1, 1) and not several.isdisjoint((noun.name, *lexicon.synonyms(noun.name))):
                numbers.setdefault(noun.name, [inf])  # planes at the gates, a single one on the runway
            further = line.text(noun.first) in ("a", "an", "another") or line.text(noun.at - 1) in _FURTHER
            if not noun.denied and (noun.amount or further):
                numbers.setdefault(noun.name, []).append(noun.amount[0] if noun.amount else 1)
        subjects = [noun for noun in line.nouns if not noun.denied]
        many = next((noun for noun in subjects if noun.amount or noun.plural), None)
        told = many or next(iter(subjects), told)
    found = [replace(one, most=False) if one.most and one.name in numbers else one for one in found]
    return [replace(claim, some=True) if _is_of_several(claim, numbers) else claim for claim in found]


@lru_cache(maxsize=20_000)  # sentences are held against many pictures
def claims_by(text: str, known: frozenset[str], there: frozenset[str]) -> tuple[Claim, ...]:
    """The claims of a text by the names of what is known and of what is there; see `lists.names_of`."""
    return tuple(claims(text, names_by(known, there)))


def _is_of_several(claim: Claim, numbers: Mapping[str, Sequence[float]]) -> bool:
    """One of several numbers of a thing, that of a part unless it comes first and is the largest.

    "Two cars here, and a red one there" are three; "nine cars, three of them red" are nine.
    """
    kinds = any(name.endswith(f" {claim.name}") for name in numbers)  # two trees and a dead tree
    if claim.about is About.COUNT and kinds and claim.amount and claim.amount[0] > 0:
        return True
    if claim.about is not About.COUNT or len(told := numbers.get(claim.name, ())) < 2:
        return False
    if claim.every or (claim.amount is not None and claim.amount[0] == 0):
        return False  # "at most two" is said of all, and so is "two in total"
    first = claim.amount is not None and claim.amount[0] == told[0] == max(told)
    return not first or told.count(told[0]) > 1


def _claims(line: Line) -> Iterator[Claim]:
    places: dict[int, Region] = {}
    further: list[tuple[int, Region]] = []  # parts of the picture in a list
    for at, region in owners(line):
        if places.setdefault(at, region) is not region:
            further.append((at, region))
    for noun in line.nouns:
        yield from _beside_first(line, noun.at, _of_noun(line, noun, places.pop(noun.at, None)))
    for claim in ellipses(line, places):
        at = next((n for n, part in enumerate(line.parts) if part.start == claim.start), 0)
        yield from _beside_first(line, at, (claim,))
    for at, region in further:
        thing = line.noun_at(at)
        about = _of_noun(line, thing, region) if thing else ellipses(line, {at: region})
        yield from (claim for claim in about if claim.about is About.POSITION)
    if emptied := empty_site(line):
        at, name = emptied
        yield Claim(About.ABSENCE, name, line.parts[0].start, line.parts[at].end)
    yield from told_patterns(line)
    yield from covers(line)
    yield from relations(line)
    yield from compared_shares(line)


def _beside_first(line: Line, at: int, found: Iterable[Claim]) -> Iterator[Claim]:
    """With what "to the left" may be told from: the first thing of the sentence, or of one before it."""
    for claim in found:
        if claim.region is not None and claim.region.side:
            before = [noun for noun in line.nouns if noun.at < at and not noun.denied]
            others = before or ([line.told] if line.told else [n for n in line.nouns if n.name != claim.name])
            if others and others[0].name != claim.name:
                bare = any(part.value is claim.region and part.text in _BARE for part in line.parts)
                named = {noun.name: None for noun in others if noun.name != claim.name}
                read = [replace(claim, other=name) for name in list(named)[: None if bare else 1]]
                claim = replace(read[0], or_else=tuple(read[1:]))
        yield claim


def _of_noun(line: Line, noun: Noun, region: Region | None) -> Iterator[Claim]:
    start, end = line.parts[noun.first].start, line.parts[noun.at].end
    claim = Claim(About.PRESENCE, noun.name, start, end)
    if noun.denied:
        before = line.parts[: noun.first]
        elsewhere = any(part.kind in (Kind.PLACE, Kind.RELATION) for part in before)
        if (is_narrow(line, noun) and not noun.absent) or has_exception(line, noun):
            return
        apart = any(part.text in ("where", "which", "whose") for part in before)
        turn = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.turns(n)), 0)
        if region is not None and _is_further(line, noun):
            region = None
        region = denied_place(line, noun) or region
        last = [line.text(noun.first - n) for n in (2, 1)] == [",", "and"]  # grass above, and no shed
        fronted = line.parts[turn:][:1] if last else line.parts[turn : noun.first]
        apart |= turn > 0 and any(part.kind is Kind.PLACE for part in fronted)
        begins = next((n + 1 for n in range(noun.first - 2, -1, -1) if line.turns(n)), 0)
        # at the top there is a pond, but no house
        apart |= line.text(noun.first - 1) == "but" and line.kind(begins) is Kind.PLACE
        if (region is not None or not (elsewhere and apart)) and line.text(noun.first + 1) != "other":
            yield replace(claim, about=About.ABSENCE, region=region)
        return
    yield claim
    amount = noun.amount
    if amount is not None and (
        noun.plural or 1 in amount or amount == (2, None) or is_one_and_many(noun.name, line.text(noun.at))
    ):
        whole = region is None or is_told_of_all(line, noun)
        inside = None if whole else region
        if inside and (is_listed(line, inside) or is_mostly(line, inside)):
            inside = None
        placed = inside is None and line.names_place(noun.at, is_direction) and not is_every(line, noun)
        if is_limited(line, noun) and not is_limited_in_part(line, noun):
            inside, placed = None, False
        placed |= is_placed(line, noun)
        some = (noun.some and not is_told_whole(line, noun)) or placed or is_of_each(line, noun.at)
        total = is_total(line, noun)
        number = replace(claim, about=About.COUNT, amount=amount, region=inside, word=noun.colour)
        yield replace(number, some=some and not total, every=total)
    if is_only_one(line, noun):
        yield replace(claim, about=About.COUNT, amount=(1, 1), word=noun.colour, every=True)
    if region is not None:
        yield replace(
            claim,
            about=About.POSITION,
            region=region,
            every=is_every(line, noun) and not is_listed(line, region),
            most=is_most(line, noun) or is_mostly(line, region),
            largest=is_largest(line, noun),
            some=_is_one_of_them(line, noun),
            fills=_is_filled(line, noun, region),
        )
    if noun.colour:
        yield replace(claim, about=About.COLOUR, word=noun.colour, amount=amount, some=amount is not None)
    yield from looks(line, noun, replace(claim, every=is_every(line, noun)))


def _is_further(line: Line, noun: Noun) -> bool:
    """Whether another thing is named after one that is denied: no building, but a runway on the right."""
    turn = next((n for n in range(noun.first, -1, -1) if line.turns(n)), 0)
    if any(line.kind(n) is Kind.PLACE for n in range(turn, noun.first)):
        return False  # in the upper half there is none
    place = next((n for n in range(noun.at, len(line.parts)) if line.kind(n) is Kind.PLACE), 0)
    return any(noun.at < one.at < place and not one.denied for one in line.nouns)


def _is_one_of_them(line: Line, noun: Noun) -> bool:
    """``The plane on the left is white``: the left one of two, perhaps."""
    the = line.text(noun.at - 1) == "the" and not noun.plural and noun.amount is None
    said = (
        line.kind(noun.at + 2) in (Kind.COVERED, Kind.COVERS) or line.text(noun.at + 2) in lists()["saying"]
    )
    return the and line.kind(noun.at + 1) is Kind.PLACE and said


def _is_filled(line: Line, noun: Noun, region: Region) -> bool:
    """``The lake takes up the lower half``."""
    at = next((at for at, part in enumerate(line.parts) if part.value is region), 0)
    room = 2 * (
        line.text(at - 1) in lists()["rooms"] and line.text(at - 2) == "the"
    )  # the space on the right
    verb = line.text(at) if line.kind(at - 1 - room) is not Kind.COVERS else line.text(at - 1 - room)
    surface = lexicon.is_mass(noun.name) or noun.name in lists()["also"]["water"]
    if at == 0 and line.text(1) == "is" and noun.at == 2 and surface:
        return True  # the lower half is water
    surface &= noun.name not in lists()["ambiguous"]
    return at > 0 and surface and verb.startswith(("occup", "fill", "cover", "take", "domin"))
