"""The nouns of a sentence, with the numbers, denials and colours that belong to them."""

from __future__ import annotations

from itertools import pairwise

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.absences import is_absent, is_missed
from mpgi_ray.truth.leading import SINGLE_SIDES
from mpgi_ray.truth.likened import is_likened
from mpgi_ray.truth.line import STEPPED_OVER, Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.numbers_behind import bound_aside, number_aside
from mpgi_ray.truth.ordinals import is_one_of_more, told_as
from mpgi_ray.truth.pieces import Kind, Piece

_ADJECTIVES = 5  # pieces between a number and its noun
_FURTHER = ("another", "other", "these", "those", "further", "additional", "remaining")
_AT_ONE = ("near", "beside", *SINGLE_SIDES)
_MORE = ("other", "more", "further", "another", "additional")
_OF_NONE = ("none of the", "not one of the", "not a single one of the")
_DETERMINERS = ("the", "these", "those", "its", "their", "all")


def add_nouns(line: Line) -> None:
    """Find the nouns of a sentence."""
    nouns = [_noun(line, at) for at, part in enumerate(line.parts) if is_thing(line, at, part)]
    line.nouns = [noun for noun in nouns if not is_likened(line, noun)]
    for noun in line.nouns:
        noun.some |= is_one_of_more(line, noun)
        told_as(line, noun)
        number_aside(line, noun)
        bound_aside(line, noun)
    _deny_lists(line)
    _name_again(line)


def is_thing(line: Line, at: int, part: Piece) -> bool:
    """Not what only says of what kind the next thing is: airport buildings, a container yard."""
    if part.kind is not Kind.THING or line.text(at + 1) in ("coloured", "colored"):
        return False
    if part.text == "home" and line.text(at + 1) == "to":
        return False
    if part.text == "land" and line.kind(at - 1) is Kind.WORD:
        return False  # grassy land is not what a source calls land
    owned = line.kind(at + 1) is Kind.WORD and line.parts[at + 1].start == part.end + 2  # the boats' berths
    if owned and part.plural and line.text(at + 1) not in ("colour", "color", "number"):
        return False
    if line.text(at + 1) == "free" and line.text(at + 2) != "of":
        return False  # car-free
    if line.text(at - 1) == "the" and line.text(at - 2) == "of" and line.kind(at - 3) is Kind.PLACE:
        return False
    plain = lists()["plain"]
    if line.text(at - 1) in lists()["made_of"] and line.kind(at - 2) is not Kind.DENIAL:
        return True
    if _is_said_to_act(line, at):
        return True
    before = line.kind(at - 1) is Kind.WORD and lexicon.is_noun(line.text(at - 1))
    before &= not _begins_anew(line, at) and line.text(at - 1) != "light"
    before |= line.kind(at - 1) is Kind.THING and not line.parts[at - 1].plural
    if before and line.text(at - 1) not in lists()["of_place"]:
        return False  # a container terminal is not what a source calls a terminal
    if line.kind(at + 1) is Kind.THING and line.text(at + 1) in plain:
        return True
    if not part.plural and line.kind(at + 1) is Kind.PICTURE:
        return False  # a building site
    word = line.kind(at + 1) is Kind.WORD and lexicon.is_noun(line.text(at + 1))
    return part.plural or not (word or line.kind(at + 1) is Kind.THING)


def _begins_anew(line: Line, at: int) -> bool:
    """The trucks in ``on the apron trucks outnumber the planes``: the apron is no part of their name."""
    fronted = line.text(at - 2) == "the" and line.text(at - 3) in ("on", "in", "at")
    begins = at == 3 or line.kind(at - 4) is Kind.MARK
    acts = line.kind(at + 1) in (Kind.COVERED, Kind.COVERS, Kind.RELATION) or line.text(at + 1) in (
        *lists()["saying"],
    )
    return line.parts[at].plural and fronted and begins and acts


def _is_said_to_act(line: Line, at: int) -> bool:
    """``an airplane taxis along``: what follows "a" has no plural, so that a plural behind it is a verb."""
    if not (line.kind(at + 1) is Kind.THING and line.parts[at + 1].plural) or line.parts[at].plural:
        return False
    here = at - 1
    while line.kind(here) in STEPPED_OVER:
        here -= 1
    return line.text(here) in ("a", "an") and line.text(at + 2) not in ("and", "or", ",", ".")


def _noun(line: Line, at: int) -> Noun:
    """A thing with the number, denial and colour before it."""
    noun = Noun(at, at, line.parts[at].value, line.parts[at].plural or _is_times(line, at - 1))
    here, steps, mixed = at - 1, 0, False
    while here >= 0 and steps <= _ADJECTIVES:
        part = line.parts[here]
        if part.kind is Kind.COLOUR and noun.colour is None:
            several = _further_colour(line, here)
            mixed |= several < here
            trim = line.text(here + 1) in lists()["trimmed"]
            noun.colour = None if mixed or trim else part.value
            here = several
        elif part.kind is Kind.AMOUNT and part.value[1] == 0:
            noun.denied, noun.first = True, here
            break
        elif part.kind is Kind.AMOUNT and line.text(here - 1) in _OF_NONE:
            noun.denied, noun.first = True, here - 1
            break  # none of the six trucks
        elif part.kind is Kind.AMOUNT and line.text(here - 1) in ("how", "no"):
            break  # no two boats are the same
        elif part.text == "single" and noun.plural:
            pass  # single-family houses
        elif part.kind is Kind.AMOUNT:
            noun.amount, noun.first = part.value, here
            before = line.text(here - 1)
            if (
                before in ("the", "these")
                and line.text(here - 2) == "of"
                and line.kind(here - 3) is Kind.AMOUNT
            ):
                noun.amount, noun.first, noun.some = line.parts[here - 3].value, here - 3, True
                break  # two of the four trucks
            noun.some |= before == "of" and line.kind(here - 2) is Kind.GROUP  # a row of five
            alone = line.text(at + 1) == "alone" or before in ("is", "are", "only", "but", "shows", "with")
            alone |= (line.text(at + 2), line.text(at + 3)) == ("all", "there")  # one is all there is
            one = part.text == "one" and not alone
            noun.some |= one or before in _FURTHER or before in ("between", "among", "past")
            at_one = line.kind(here - 1) is Kind.RELATION and line.parts[here - 1].value in _AT_ONE
            noun.some |= at_one and not part.text.startswith(("only", "exactly"))  # beside two houses
            break
        elif part.text.endswith("lack of") and line.text(here - 1) in ("no", "not", "never"):
            break
        elif part.kind is Kind.DENIAL:
            noun.denied, noun.first = True, here
            break
        elif part.text == "of":
            _subset(line, noun, here)
            break
        elif part.text in _DETERMINERS and line.text(here - 1) == "of":
            _subset(line, noun, here - 1)
            break
        elif part.text in ("a", "an", "any") and not noun.plural:
            noun.first = here
            noun.denied = line.kind(here - 1) is Kind.DENIAL
            break
        elif part.text == "and" and _is_of_two(line, here):
            here, steps = here - 1, steps + 1
            continue
        elif part.text in _MORE or part.text in (
            *lists()["apart"],
            *lists()["made_of"],
        ):
            noun.some = True
        elif part.kind not in STEPPED_OVER and part.kind is not Kind.THING:
            break
        here, steps = here - 1, steps + 1
    return noun


def _is_times(line: Line, at: int) -> bool:
    """The "x" in ``5 x van``."""
    return line.text(at) in ("x", "×") and line.kind(at - 1) is Kind.AMOUNT


def _is_of_two(line: Line, at: int) -> bool:
    """The "and" in ``two red and shiny trucks``."""
    begins = line.kind(at - 2) is Kind.AMOUNT or line.text(at - 2) in ("a", "an", "the")
    return line.kind(at - 1) is Kind.COLOUR and line.kind(at + 1) is Kind.WORD and begins


def _further_colour(line: Line, at: int) -> int:
    """The piece behind a colour beside this one, as in ``white and dark blue``; this one if there is none."""
    here = at - 1 - (line.text(at - 1) in lists()["before_colour"])
    if line.kind(here) is Kind.COLOUR:
        return here + 1
    return here if line.text(here) in ("and", "or", ",") and line.kind(here - 1) is Kind.COLOUR else at


def _subset(line: Line, noun: Noun, of: int) -> None:
    """``two of the cars`` are at least two; ``a row of cars`` are several, and two rows not two cars."""
    if line.kind(of - 1) is Kind.AMOUNT:
        noun.amount, noun.some, noun.first = line.parts[of - 1].value, True, of - 1
    elif line.kind(of - 1) is Kind.DENIAL and line.text(of - 1) == "none of the":
        noun.first = of - 1


def _deny_lists(line: Line) -> None:
    """``no cars, trucks or buses`` denies all three."""
    denial = ""
    for before, noun in pairwise(line.nouns):
        denial = line.text(before.first) if line.kind(before.first) is Kind.DENIAL else denial
        first = noun.first  # no parasols or parked cars
        while line.kind(first - 1) is Kind.WORD and not lexicon.is_noun(line.text(first - 1)):
            first -= 1
        first = first if line.text(first - 1) in ("or", "nor") else noun.first
        between = {part.text for part in line.parts[before.at + 1 : first]}
        listed = between <= {",", "or", "nor", "any", "other"}
        ends = line.kind(noun.at + 1) in (None, Kind.MARK) and line.text(noun.at + 1) != ","
        listed |= between == {",", "and"} and ends  # and not "no trucks, and grass covers most"
        free = denial.endswith(" of") or denial.startswith("without")
        listed |= between == {"and"} and free and ends and noun.plural  # free of cars and trucks
        listed &= line.text(noun.first) not in ("a", "an") and line.text(noun.at + 1) != "only"
        # no houses, grass everywhere
        listed &= between != {","} or not lexicon.is_mass(noun.name) or lexicon.is_mass(before.name)
        if before.denied and between and listed and not noun.amount:
            noun.denied, noun.first = True, first
    for noun in line.nouns:
        if _is_contrasted(line, noun):
            noun.denied, noun.first = True, noun.first - 1
        if is_missed(line, noun):
            noun.denied = noun.absent = True
    after: Noun | None = None  # one of which it is said behind it that there is none
    for noun in reversed(line.nouns):
        between = {part.text for part in line.parts[noun.at + 1 : after.first]} if after else {"."}
        absent = is_absent(line, noun.at) or (between <= {",", "and", "or"} and not noun.amount)
        noun.denied |= absent
        after = noun if absent else None


def _is_contrasted(line: Line, noun: Noun) -> bool:
    """``jets, not helicopters, stand here``: if no part of the picture and no share is told."""
    here = noun.first - 1
    bare = noun.first == noun.at and noun.plural and line.text(here) == "not" and line.text(here - 1) == ","
    told = (Kind.PLACE, Kind.RELATION, Kind.SHARE, Kind.LEADING, Kind.AMOUNT)
    first = next((n for n in range(noun.at, -1, -1) if line.turns(n)), 0)
    last = next((n for n in range(noun.at, len(line.parts)) if line.turns(n)), len(line.parts))
    return bare and all(part.kind not in told for part in line.parts[first:last])


def _name_again(line: Line) -> None:
    """``a tennis court …, and the court`` are one."""
    for noun in line.nouns:
        for before in line.nouns:
            same = before.plural == noun.plural and not before.denied and before.at < noun.at
            if same and before.name.endswith(f" {noun.name}"):
                noun.name = before.name
