"""Denials that are not of the whole picture: of things of one kind alone, or at another thing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.places import Region
from mpgi_ray.truth.undenied import is_doubled, is_of_named_part, moves
from mpgi_ray.truth.usual import ends_site, is_at_usual, is_usual

_JOINING = (
    *(",", "and", "or", "nor", "but", "with", "there", "is", "are", "yet"),
    *("there's", "isn't", "aren't"),
    *("so", "as", "for", "while", "though", "exist", "exists", "appear", "appears"),
)
_BESIDE_GROUNDS = {
    *(",", "and", "a", "the", "some", "only", "just", "nothing but", "open", "bare", "empty", "dry", "flat")
}
_ANYBODY = ("i", "we", "you", "one", "also", "clearly", "absolutely", "overall", "otherwise")
_SPANS = (
    *("crosses", "spans", "crossing", "spanning", "linking", "links", "joining", "joins"),
    *("connecting", "connects", "leads", "leading", "goes", "going"),
)
_SPANNED = ("it", "the", "this", "its", "both", "across", "over")
_THROUGH = ("through", "by", "past", "across", "along", "anywhere", "nearby")
_LISTING = {",", "and", "or", "any", "other"}
_AT_ONE = ("on", "in", "along", "beside", "near", "occupies", "occupy")
_ON = ("on", "in", "at", "along", "beside", "near", "under", "behind", "beneath", "inside", "around")
_ENDS = (None, Kind.MARK)
_BUILT = ("built", "erected", "constructed", "raised")
_AT_ALL = ("whatsoever", "anywhere", "exist", "exists", "occur", "occurs", "today", "at", "seen")


def _is_fronted(line: Line, noun: Noun) -> bool:
    """``on the bridge there is no car``."""
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.ends_clause(n)), 0)
    first += line.text(first) == "and"
    before = line.parts[first : noun.first]
    if line.text(first) not in _ON or any(part.kind in (Kind.PICTURE, Kind.PLACE) for part in before):
        return False
    return any(part.kind is Kind.THING for part in before)


def _is_of_site(line: Line, noun: Noun, before: list[str]) -> bool:
    """``It is a quiet beach without any boats``: what a picture shows is named first, and is all of it."""
    sites = [word for word in before if word in lists()["sites"] or word in lists()["picture"]]
    things = [part for part in line.parts[: noun.first] if part.kind in (Kind.THING, Kind.PLACE, Kind.GROUP)]
    others = any(one.name == noun.name for one in line.nouns if not noun.first <= one.at <= noun.at)
    ends = line.kind(noun.at + 1) in (None, Kind.MARK)
    named = sites[:1] == before[-1:] or (
        len(sites) > 1 and sites == before[-len(sites) :]
    )  # an airport apron
    first = (
        (named or before[-1:] in (["place"], ["spot"], ["landscape"]))
        and {"a", "an"} & {*before}
        and not {*before} & {"in", "on", "at", "beside"}
    )
    return bool(first) and ends and not others and len(things) <= 1


def _is_of_grounds(line: Line, noun: Noun) -> bool:
    """``Lawn and trees without any building``: only grounds are named, and nothing is said of them."""
    before = [one for one in line.nouns if one.first < noun.first]
    words = (line.text(n) for n in range(noun.first) if line.noun_at(n) is None)
    known = ("tree", "field", "meadow", *lists()["sites"])
    grounds = all(lexicon.is_mass(one.name) or one.name in known for one in before)
    bare = {*words} <= _BESIDE_GROUNDS
    return bool(before) and grounds and bare and line.kind(noun.at + 1) in (None, Kind.MARK)


def _is_on_site(line: Line, noun: Noun) -> bool:
    """``The plot is bare, with no shed standing on it``."""
    first = next((part for part in line.parts[: noun.first] if part.kind in (Kind.THING, Kind.PICTURE)), None)
    on_it = line.text(noun.at + 2) in ("on", "in") and line.text(noun.at + 3) == "it"
    return on_it and first is not None and first.kind is Kind.PICTURE


def is_narrow(line: Line, noun: Noun) -> bool:
    """``no bicycle lane``, ``the yard holds no car``: only those of a kind, or at a thing, are denied."""
    if is_doubled(line, noun) or is_of_named_part(line, noun):
        return True
    words = [part for part in line.parts[noun.first : noun.at] if part.kind in (Kind.WORD, Kind.COLOUR)]
    kinds = lists()["made_of"]
    if any(lexicon.is_noun(p.text) or p.text in kinds or p.kind is Kind.COLOUR for p in words):
        return True
    if {line.text(here) for here in range(noun.first, noun.at)} & {"second", "third", "further"}:
        return True
    either = line.text(noun.at + 1) == "either" and any(p.kind is Kind.PLACE for p in line.parts[: noun.at])
    return either or _is_at_thing(line, _whole_list(line, noun))


def _is_in_view(line: Line, noun: Noun) -> bool:
    """``on the day of the survey no aircraft is in view``: of all of the picture, whatever stands before."""
    seen = line.text(noun.at + 1) in ("is", "are") and line.text(noun.at + 2) == "in"
    first = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.ends_clause(n)), 0)
    things = any(part.kind in (Kind.THING, Kind.PLACE) for part in line.parts[first : noun.first])
    return seen and line.text(noun.at + 3) in ("view", "sight") and not things


def denied_place(line: Line, noun: Noun) -> Region | None:
    """The part of the picture in ``the bottom edge of the view is free of buildings``; else None."""
    if not line.text(noun.first).endswith(" of"):
        return None
    here = noun.first - 1
    while line.text(here) in ("is", "are", "remains", "stays", "completely", "entirely"):
        here -= 1
    if line.kind(here) is Kind.PICTURE and line.text(here - 2) == "of":
        here -= 3
    before = here - 1 - (line.text(here - 1) in ("the entire", "the whole", "entire", "whole"))
    before -= line.text(before) == "the"
    begins = before < 0 or line.kind(before) is Kind.MARK or line.text(before) in ("and", "but", "while")
    region = line.parts[here].value if here >= 0 and begins else None
    return region if isinstance(region, Region) and not region.side else None


def _whole_list(line: Line, noun: Noun) -> Noun:
    """With all things of its list: the road is free of cars, trucks and buses."""
    first, last = line.nouns[0], noun
    for before, after in pairwise(line.nouns):
        between = {line.text(here) for here in range(before.at + 1, after.first)}
        own = line.kind(after.first) is Kind.DENIAL and line.text(after.first) != "nor"
        goes_on = before.denied and after.denied and between <= _LISTING and not own
        if after.at <= noun.at:
            first = first if goes_on else after
        elif not goes_on:
            break
        else:
            last = after
    return replace(noun, first=first.first, at=last.at)


def _is_at_thing(line: Line, noun: Noun) -> bool:
    """Whether all that a list denies is denied at another thing."""
    if _is_in_view(line, noun) or denied_place(line, noun) is not None:
        return False
    rest = line.parts[noun.at + 1 :]
    apart = any(part.kind in (Kind.PLACE, Kind.RELATION, Kind.THING) for part in rest)
    the = noun.first - (line.text(noun.first - 1) == "the")
    if line.text(noun.first).endswith(("absence of", "lack of")) and not apart and the == 0:
        return False  # the absence of boats is striking
    spanned = line.text(noun.at + 2) in _SPANNED
    if noun.name == "bridge" and line.text(noun.at + 1) in _SPANS and spanned:
        return False  # no bridge crosses it
    if line.text(noun.at + 1) in lists()["saying"] and line.text(noun.at + 2) == "between":
        return True  # no tank stands between the sheds
    if line.text(noun.at + 2) == "left" and line.kind(noun.at + 3) is Kind.WORD:
        return True  # no boat is left unmoored
    said_so = line.text(noun.at + 1) in lists()["saying"] and line.kind(noun.at + 3) in (None, Kind.MARK)
    if said_so and line.kind(noun.at + 2) is Kind.WORD:
        return line.text(noun.at + 2) not in (*_AT_ALL, *lists()["unseen"], *lists()["absent"])  # alone
    if line.text(noun.first).startswith("with") and _is_on_site(line, noun):
        return False  # the site is vacant, with no building erected on it
    still = not moves(noun)
    if still and line.text(noun.at + 1) in ("on", "in") and line.text(noun.at + 2) in ("it", "them"):
        return True  # a lane with no sheds on it
    verb = line.kind(noun.at + 1) is Kind.WORD and line.kind(noun.at + 2) not in (None, Kind.MARK)
    if line.text(noun.at + 1) == "whatsoever" and line.kind(noun.at + 2) in (Kind.WORD, Kind.COVERS):
        return True
    verb |= line.kind(noun.at + 1) is Kind.COVERS and moves(noun)
    verb &= line.text(noun.at + 1) not in ("cannot", "can't", "down", "out")  # sheds cannot be seen
    ways = noun.name in lists()["ways"] and line.text(noun.at + 1).endswith("ing")
    verb &= not (ways and line.text(noun.at + 2) in _THROUGH)  # no road leading through
    here_only = line.text(noun.at + 2) == "here" and line.kind(noun.at + 3) in _ENDS  # no truck drives here
    verb &= line.text(noun.at + 2) != "anywhere" and not here_only  # no trees grow anywhere
    ends = (line.kind(noun.at + 3), line.kind(noun.at + 4))
    verb &= not (line.text(noun.at + 1) in _BUILT and line.text(noun.at + 2) == "yet" and ends[0] in _ENDS)
    verb &= not (line.text(noun.at + 1) == "within" and ends[0] is Kind.PICTURE and ends[1] in _ENDS)
    of_any = line.text(noun.at + 1) == "of" and line.text(noun.at + 2) == "any"  # no building of any kind
    if verb and not of_any and line.text(noun.at + 1) not in _AT_ALL:
        return True  # no van uses the left column
    for here in range(noun.at + 1, noun.at + 8):
        if line.ends_clause(here) or line.text(here) in ("and", "or") or line.kind(here) is Kind.PICTURE:
            break
        loose = ("nearby", "alongside") if moves(noun) else ("nearby",)  # piers without a ship alongside
        if line.kind(here) is Kind.RELATION and (line.text(here) not in loose or line.noun_behind(here)):
            return True  # no tank stands to the left of the road
    said = {line.text(noun.at + n) for n in (1, 2, 3)}
    of_all = line.text(noun.first) in ("none of the", "not one of the", "not a single one of the")
    if of_all and line.text(noun.at + 1) in lists()["saying"] and line.kind(noun.at + 2) is Kind.PLACE:
        return False  # none of the sheds lies at the top
    if of_all and line.kind(noun.at + 1) not in (None, Kind.MARK):
        return said.isdisjoint(lists()["unseen"])  # none of the sheds is red
    if any(line.text(noun.at + n) == "there" and line.text(noun.at + n - 1) != "down" for n in (2, 3)):
        return True  # no plane stands there; but all that a flier sees is down there
    there = line.text(noun.at + 1) == "there" and line.kind(noun.at + 2) in (None, Kind.MARK)
    if there and any(part.kind is Kind.PLACE for part in line.parts[: noun.first]):
        return True
    ground = line.noun_behind(noun.at + 2) if line.text(noun.at + 2) == "on" else None
    usual = ground is None or {line.text(ground.at), ground.name} & {
        *lists()["usual"],
        *lists()["sites"],
        *lists()["ways"],
    }
    if ground and line.text(noun.at + 1) in lists()["saying"] and not (usual or lexicon.is_mass(ground.name)):
        return True  # no cars stand on the bridge
    after = noun.at + 1 + (line.text(noun.at + 1) == "whatsoever")
    after += still and line.text(after) in lists()["saying"]  # no house stands on the island
    begins = noun.first == 0 or (still and line.text(noun.first - 1) in ("and", "but", ",", ";"))
    at_one = begins and line.text(after) in _AT_ONE
    all_there = any(  # no barn stands on the farm, and not "no car on the road nearest the yard"
        is_usual(noun, line.text(after + n)) and line.kind(after + n + 1) in _ENDS for n in (1, 2, 3)
    )
    if at_one and not (
        all_there or any(line.kind(after + n) in (Kind.PICTURE, Kind.PLACE) for n in (1, 2, 3))
    ):
        return line.text(after + 1) not in ("view", "sight")  # no wagons on the tracks by the road
    if _is_fronted(line, noun):
        return True
    here = noun.first - 1
    site = here - (line.text(here) in ("completely", "entirely", "wholly", "totally", "quite"))
    if (
        line.text(noun.first).endswith(" of")
        and line.text(site) in ("is", "are")
        and (ends_site(line, site) or (site == 2 and is_usual(noun, line.text(1))))
    ):
        return False  # the car park is free of cars
    if line.text(here) == "where" and line.text(0) in ("a", "an", "this") and ends_site(line, here):
        return line.kind(noun.at + 1) is Kind.COVERED and line.kind(noun.at + 3) not in _ENDS
    if line.text(noun.first).endswith(" of") and line.text(here) in ("is", "are"):  # the road is free of cars
        first = next((n + 1 for n in range(here, -1, -1) if line.ends_clause(n)), 0)
        return any(part.kind is Kind.THING for part in line.parts[first:here])
    if line.text(here) in _JOINING or here < 0:
        return False
    first = next((n for n in range(here, -1, -1) if line.ends_clause(n)), -1)
    before = line.parts[first + 1 : here + 1]
    if _is_of_site(line, noun, [part.text for part in before]) or _is_of_grounds(line, noun):
        return False
    if is_at_usual(line, noun, first + 1):
        return False
    things = any(
        part.kind in (Kind.THING, Kind.GROUP) or (part.kind is Kind.WORD and part.text not in _ANYBODY)
        for part in before
    )
    return things and not any(part.kind in (Kind.PICTURE, Kind.DENIAL) for part in before)
