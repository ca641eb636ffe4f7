"""Numbers and pronouns that speak of things named before: "five in the centre", "they are red"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.antecedents import counted
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.looks import said_colour
from mpgi_ray.truth.of_picture import is_of_picture
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.places import MIDDLE, Region
from mpgi_ray.truth.told_colours import told_colours


def ellipses(line: Line, places: Mapping[int, Region]) -> Iterator[Claim]:
    """What numbers and pronouns claim.

    Args:
        places: by the number or pronoun, where its things are said to lie.
    """
    yield from _placed(line, places)
    yield from _coloured(line)
    yield from told_colours(line)
    yield from _bounded(line)
    yield from _none_there(line)
    yield from _most_there(line)
    yield from _further(line)
    if line.told and line.kind(0) is Kind.AMOUNT and [line.text(1), line.text(2)] == ["of", "them"]:
        name, first = line.told.name, line.parts[0]  # Seven of them, all yellow.
        yield Claim(About.COUNT, name, first.start, first.end, amount=first.value, some=True)


_HAVING = ("has", "have", "holds", "shows", "contains")


def _other(line: Line, at: int, region: Region) -> Iterator[Claim]:
    """``Of the two vans, one is at the top and the other at the bottom``; ``the third is on the left``."""
    one = any(line.text(n) == "one" and all(noun.first != n for noun in line.nouns) for n in range(at))
    counted = line.text(at) != "other"
    if not (one or counted):
        return
    before = {noun.name: noun for noun in line.nouns if noun.at < at and not noun.denied}
    told = [noun for noun in before.values() if noun.plural or counted] if before else [line.told]
    if len(told) == 1 and told[0] is not None and (told[0].plural or counted) and len(before) < 2:
        part = line.parts[at]
        yield Claim(About.POSITION, told[0].name, part.start, part.end, region=region)


def _is_of_unnamed(line: Line, at: int) -> bool:
    """Whether it may be a thing of its sentence that has no name here: both of the pads."""
    words = (n for n in range(at) if line.noun_at(n) is None)
    return any(
        line.kind(n) is Kind.THING
        or (line.kind(n) is Kind.WORD and lexicon.is_noun(line.text(n).removesuffix("s")))
        for n in words
    )


def _placed(line: Line, places: Mapping[int, Region]) -> Iterator[Claim]:
    for at, region in places.items():
        part = line.parts[at]
        before = [noun for noun in line.nouns if noun.at < at and not noun.denied]
        if part.text in ("other", *lists()["ordinals"]):
            yield from _other(line, at, region)
            continue
        counted = before if part.text == "which" else [noun for noun in before if noun.plural]
        if part.kind is Kind.AMOUNT:  # one car lies in the upper left, one at the top
            turn = next((here for here in range(at - 1, -1, -1) if line.turns(here)), 0)
            single = part.value[0] <= 1
            near = [noun for noun in before if noun.at > turn]
            counted = [noun for noun in near if noun.plural or single] or near or counted
            counted = [noun for noun in counted if not leads_away(line, noun)] or counted
        if part.kind is Kind.AMOUNT and part.text == "one" and line.text(at - 1) == "the":
            if line.text(at - 2) == "than":
                continue  # larger than the one on the right
            counted = before[-1:]  # the plane on the left is white, the one on the right blue
        if part.text in ("it", "it's") and before:
            single = [noun for noun in before if not noun.plural]
            counted = single if len(single) == 1 else []
            before = before or counted
            if not counted:
                continue  # two things, of which it may be either
        told = counted[-1] if counted else (line.told if part.kind is Kind.PRONOUN or not before else None)
        if told is None or (told is line.told and _is_of_unnamed(line, at)):
            continue
        if any(line.text(at - n).startswith("none") for n in (1, 2)):
            continue  # none of which lies in the upper half
        if part.kind is Kind.AMOUNT and any(_is_in_rows(line, n) for n in range(at)):
            continue  # in two columns, four on the right and three on the left
        if part.kind is Kind.AMOUNT and any(_ends_site(line, n) for n in range(told.at, at)):
            continue  # vessels in a tank farm, two at its upper left
        claim = Claim(About.POSITION, told.name, part.start, part.end, region=region)
        if part.kind is Kind.AMOUNT and region == MIDDLE and part.text == "one":
            continue  # one near the top, one in the middle: of the three
        if part.kind is Kind.AMOUNT:
            yield replace(claim, about=About.COUNT, amount=part.value, some=True)
            yield claim
        else:
            every = {"all", "both"} & {line.text(at - n) for n in (1, 2, -1, -2)}
            yield replace(claim, every=bool(every))


def _is_total(line: Line, at: int) -> bool:
    """``Count the planes: there are five of them altogether``, ``vans in a car park: six of them``."""
    after = [line.text(at + n) for n in range(1, 5)]
    if after[:2] != ["of", "them"] or any(line.kind(n) is Kind.GROUP for n in range(at)):
        return False  # rows of vans: two of them
    if line.kind(at - 2) is Kind.WORD and line.text(at - 2).endswith("s"):
        return False  # the tanks have ladders, six of them in all
    told = after[2] == "altogether" or after[2:] in (["in", "all"], ["in", "total"])
    return told or (line.text(at - 1) == ":" and line.kind(at + 3) in (None, Kind.MARK))


def _bounded(line: Line) -> Iterator[Claim]:
    """``Of trucks, at most two can be made out``, ``long trucks, but no more than three of them``."""
    for at, part in enumerate(line.parts):
        bare = (line.text(at - 2), line.text(at - 1)) == ("there", "are")
        bare &= line.kind(at + 1) in (None, Kind.MARK)  # count the planes: there are at most ten
        total = _is_total(line, at) or bare
        if part.kind is not Kind.AMOUNT or (None not in part.value and part.value[0] > 0 and not total):
            continue
        of_them = (line.text(at + 1), line.text(at + 2)) == ("of", "them")
        seen = line.text(at + 1) in ("are", "is", "can", "could", "in")
        end = next((n for n in range(at + 1, at + 9) if line.kind(n) in (None, Kind.MARK)), at + 9)
        told = (Kind.PLACE, Kind.RELATION, Kind.COLOUR, Kind.PATTERN, Kind.THING, Kind.AMOUNT)
        if not (of_them or seen or bare) or any(line.kind(n) in told for n in range(at + 1, end)):
            continue
        if thing := counted(line, at):
            yield Claim(About.COUNT, thing.name, part.start, part.end, amount=part.value)


def _none_there(line: Line) -> Iterator[Claim]:
    """``Planes are parked here, and none of them is in the upper half``."""
    verbs = {
        *lists()["saying"],
        *lists()["placed"],
        "can",
        "could",
        "be",
        "of",
        "them",
        "these",
        "those",
        "which",
    }
    for at, part in enumerate(line.parts):
        if part.text not in ("none", "not one", "not a single one"):
            continue
        place = next((n for n in range(at + 1, len(line.parts)) if line.text(n) not in verbs), at)
        if line.text(at - 1) in _HAVING and line.kind(at + 1) in (None, Kind.MARK):
            place = at - 2 if line.kind(at - 2) is Kind.PLACE else at - 5  # the left side has none
        things = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
        things = [noun for noun in things if not leads_away(line, noun)] or ([line.told] if line.told else [])
        names = {noun.name for noun in things}
        if line.kind(place) is Kind.PLACE and len(names) == 1 and is_of_picture(line, place):
            region = line.parts[place].value
            if region.side:
                continue  # a pond with houses around it, none of them to the south
            first, last = sorted((part, line.parts[place]), key=lambda one: one.start)
            yield Claim(About.ABSENCE, names.pop(), first.start, last.end, region=region)


def _most_there(line: Line) -> Iterator[Claim]:
    """``Planes are parked here, the majority in the upper half``, ``most of them on the left``."""
    passed = {"of", "them", "are", "lie", "being", *lists()["set"], *lists()["placed"]}
    for at, part in enumerate(line.parts):
        if part.text not in lists()["mostly"] or line.text(at - 1) not in (",", "and", ";", "with", "–", "—"):
            continue
        place = next((n for n in range(at + 1, len(line.parts)) if line.text(n) not in passed), at)
        things = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
        names = {noun.name for noun in things if not leads_away(line, noun)}
        ends = line.kind(place + 1) in (None, Kind.MARK) and line.text(place + 1) != ","
        unnamed = any(line.parts[n].kind is Kind.PLACE for n in range(at)) or _is_of_unnamed(line, at - 1)
        if line.kind(place) is Kind.PLACE and ends and len(names) == 1 and not unnamed:
            region = line.parts[place].value
            if not region.side and is_of_picture(line, place):
                start, end = part.start, line.parts[place].end
                yield Claim(About.POSITION, names.pop(), start, end, region=region, most=True)


def _is_in_rows(line: Line, at: int) -> bool:
    """``in two columns``: what lies on the left may be the left one."""
    return line.kind(at) is Kind.GROUP and line.kind(at - 1) is Kind.AMOUNT and line.text(at - 2) == "in"


def _further(line: Line) -> Iterator[Claim]:
    """``One shed stands alone; the other seven form a group``, ``two here, seven more on the right``."""
    for at, part in enumerate(line.parts):
        others = line.text(at - 1) == "other" or line.text(at + 1) in ("more", "others")
        if part.kind is not Kind.AMOUNT or not others or any(noun.first == at for noun in line.nouns):
            continue
        before = {noun.name for noun in line.nouns if noun.at < at and not noun.denied}
        ends = line.kind(at + 1) in (Kind.WORD, Kind.COVERED, Kind.STOP, Kind.PLACE, Kind.COVERS)
        unnamed = any(_is_of_unnamed(line, n) for n in (at, at + 2))  # of plots the other seven
        if len(before) == 1 and ends and line.text(at + 2) != "than" and not unnamed:
            yield Claim(About.COUNT, before.pop(), part.start, part.end, amount=part.value, some=True)


def _ends_site(line: Line, at: int) -> bool:
    """The farm in ``in the bays of a tank farm``."""
    return line.text(at) in lists()["sites"] and "of" in (line.text(at - n) for n in (2, 3))


def _coloured(line: Line) -> Iterator[Claim]:
    for at, part in enumerate(line.parts):
        if part.kind is Kind.AMOUNT and (colour := said_colour(line, at + 1)):  # of which five are yellow
            before = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
            if len({noun.name for noun in before}) == 1 and line.text(at + 1) in ("is", "are"):
                yield Claim(
                    About.COLOUR,
                    before[0].name,
                    part.start,
                    colour.end,
                    amount=part.value,
                    word=colour.value,
                    some=True,
                )
        the_one = part.text == "one" and line.text(at - 1) == "the" and line.kind(at + 1) is Kind.PLACE
        if the_one and line.text(at + 2) == "is" and (colour := said_colour(line, at + 2)):
            before = [noun for noun in line.nouns if noun.at < at and not noun.denied]
            names = {noun.name: noun for noun in before if noun.plural} or {
                noun.name: noun for noun in before
            }
            if len(names) == 1:  # three jets; the one on the right is black
                name, start = next(iter(names)), line.parts[at - 1].start
                claim = Claim(About.COLOUR, name, start, colour.end, amount=(1, 1), word=colour.value)
                yield replace(claim, some=True)
        if part.text == "them" and line.text(at - 1) != "of":
            continue  # the ground around them is red
        if part.kind is Kind.PRONOUN and (colour := said_colour(line, at + 1)):
            before = [noun for noun in line.nouns if noun.at < at and noun.plural and not noun.denied]
            if told := before[-1] if before else line.told:
                some = {"all", "both"}.isdisjoint(line.text(at + n) for n in (-2, -1, 1, 2))
                yield Claim(About.COLOUR, told.name, part.start, colour.end, word=colour.value, some=some)
