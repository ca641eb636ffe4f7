"""Of which thing of a sentence it is said that it lies so to another one."""

from __future__ import annotations

from dataclasses import replace

from mpgi_ray.truth.antecedents import antecedents, counted
from mpgi_ray.truth.joined import all_of
from mpgi_ray.truth.leading import SINGLE_SIDES, is_had, leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

SIDES = (*SINGLE_SIDES, "between")
_SIZES = ("larger", "longer", "smaller", "shorter", "no_larger", "alike")
_AT = ("on", "in", "at", "along", "across", "by", "from", "with", "around", "over")
_WITHIN = ("on", "in", "at", "inside", "within", "onto", "upon", "occupies", "occupy", "fills", "fill")
_ON_WAY = (Kind.WORD, Kind.COLOUR, Kind.PICTURE, Kind.GROUP, Kind.THING)
_BETWEEN_SUBJECT = {Kind.WORD, Kind.COVERED, Kind.GROUP, Kind.STOP, Kind.PATTERN}
_NOBODY = ("you", "we", "one", "i", "there", "there's")  # who sees what lies there


def begin(line: Line, at: int) -> int:
    """Where a relation begins with the words that say how far: ``a little to the left of``."""
    here = at
    while here and (line.text(here - 1) in lists()["how_far"] or _is_length(line, here - 1)):
        here -= 1
    return here


def _is_length(line: Line, at: int) -> bool:
    return line.text(at + 1) in ("metres", "meters", "steps", "paces") and line.kind(at) is Kind.AMOUNT


def subject_of(line: Line, at: int, word: str) -> Noun | None:
    """The thing of which a relation speaks; none where it may be one that has no name here.

    ``Three trucks, one above the bridge``, ``trucks on a quay above the bridge``.
    """
    first = begin(line, at)
    told = first - 1 if line.text(first - 1) in ("all", "both", "each") else first
    said = line.text(first - 1) in lists()["saying"]  # a verb before it is that of the clause's first thing
    if word in SIDES:
        number = told - 1 - (said and told == first)
        if line.kind(number) is Kind.AMOUNT and line.noun_at(number + 1) is None:
            return counted(line, number)  # one is above it
    of_them = first - (said and line.text(first - 2) == "them")  # three of them are left of the road
    if line.text(of_them - 2) == "of" and line.text(of_them - 1) == "them":
        return _some_of_them(line, of_them - 3)
    said |= line.text(first - 1) in lists()["placed"] and line.text(first - 2) in lists()["saying"]
    aside = line.text(first - 1) == "," and line.text(first - 2) != ","
    joined = line.text(first - 1) == "and" and line.kind(at + 3) in (None, Kind.MARK)
    aside |= joined and any(line.parts[n].value in SIDES for n in range(first - 1))
    if told < first and word in SIDES and (whole := all_of(line, told)):
        return whole  # two barges, both to the right of the bridge
    if word in SIDES and said and line.text(first - 2) in ("which", "that") and line.text(first - 3) == ",":
        return line.noun_at(first - 4)  # one boat, which is north of the bridge
    found = _told(line, told) if word in _SIZES else None
    found = found or line.subject(first - aside) or _told(line, told)
    if found is not None and word in _SIZES and leads_away(line, found):
        found = (
            line.first_thing(found, leads_away) if said else None
        )  # the trucks on the road are each larger
    if found is not None and word in (*SIDES, "near", "beside"):
        if leads_away(line, found) or (aside and is_had(line, found)):
            found = line.first_thing(found, is_no_head) if said or aside else None
        elif any(_is_other(line, here, first, said=said) for here in range(found.at + 1, first)):
            found = None
    several = found is not None and found.plural and is_had(line, found)
    if several and found and word in ("near", "beside") and line.text(found.at + 1) in lists()["singular"]:
        return None  # a lot with cars is shown next to a road
    return None if found is None or found.denied else found


def is_no_head(line: Line, noun: Noun) -> bool:
    """Whether a noun only tells where another one is, or what it has."""
    return leads_away(line, noun) or is_had(line, noun)


def on_ground(line: Line, at: int) -> Noun | None:
    """The bus in ``a bus is on the road above the bridge``: of the road it lies on that part."""
    here = begin(line, at) - 1
    last = here
    while line.kind(here) in _ON_WAY or line.text(here) in ("the", "a", "an", "its", "their"):
        here -= 1
    if here == last or line.text(here) not in _WITHIN:
        return None
    thing = line.subject(here)
    free = thing and not thing.denied and not leads_away(line, thing)
    near = free and thing and (line.text(here - 1) == "," or is_near(line, thing, here))
    return thing if near else None


def fronted(line: Line, at: int, end: int) -> Noun | None:
    """The sheds in ``west of the road lie two sheds``, ``to the left of it, you can see sheds``.

    Args:
        end: of the last piece that names what they lie at.
    """
    first = begin(line, at)
    first -= line.text(first - 1) in lists()["placed"]
    first = begin(line, first)
    joined = line.text(first - 1) in ("and", ",", "but")
    cleft = first == 2 and line.text(0) == "it" and line.text(1) == "is" and line.text(end + 1) == "that"
    whole = first == 0 or line.ends_clause(first - 1) or cleft
    area = line.text(first - 1) in ("area", "ground", "space", "side") and line.text(first - 2) == "the"
    if not (joined or whole or area):
        return None
    here = end + 1
    comma = line.text(here) in (",", ":")
    here += comma + cleft
    verb = here - cleft
    while here < end + 8 and _is_of_verb(line, here):
        here += 1
    if here == verb and not (whole and comma) and not _is_new(line, here):
        return None
    if any(denies(line, n) for n in range(end, here)):
        return None
    found = line.noun_behind(here - 1)
    new = found is not None and (here > verb or _is_new(line, here) or comma)
    return found if found is not None and new and not found.denied else None


def _is_new(line: Line, at: int) -> bool:
    return line.text(at) in ("a", "an") or line.kind(at) is Kind.AMOUNT


def _is_of_verb(line: Line, at: int) -> bool:
    """Whether a piece is one of the words between what lies there and where: ``you can see``, ``stand``."""
    text = line.text(at)
    verb = text in lists()["saying"] or text in lists()["seeing"]
    return verb or text in _NOBODY or (line.kind(at) is Kind.COVERED and text in ("is", "are"))


def pair_of(line: Line, at: int) -> Noun | None:
    """The two things that are said to be next to each other."""
    found = line.subject(at)
    return found if found and not found.denied and found.amount == (2, 2) and not found.some else None


def _told(line: Line, at: int) -> Noun | None:
    """What "they" or "all of them" are that lie so."""
    here = at - 1
    while line.kind(here) in (Kind.COVERED, Kind.STOP, Kind.GROUP) and line.text(here) not in ("they", "it"):
        here -= 1
    it = here - (line.kind(here) is Kind.WORD)
    if line.text(it) == "it" and (it == 0 or line.text(it - 1) in (",", "and", ";")):
        names = {noun.name: noun for noun in line.nouns if noun.at < it and not noun.denied}
        if not names and line.told is not None and not line.told.plural:
            return replace(line.told, at=it, first=it)
        only = next(iter(names.values())) if len(names) == 1 else None
        return only if only and not only.plural else None
    if line.kind(here) is not Kind.PRONOUN or line.text(here) not in ("they", "them"):
        return None
    before = [noun for noun in line.nouns if noun.at < here and noun.plural and not noun.denied]
    if before or line.told is None:
        return before[-1] if before else None
    return replace(line.told, at=here, first=here)  # it stands in a sentence before


def _some_of_them(line: Line, at: int) -> Noun | None:
    """The tugs in ``tugs on a river, all of them left of the bridge``, or as many as a number tells."""
    found = _told(line, at + 3)
    if found is None or leads_away(line, found) or is_had(line, found):
        return None
    if line.text(at) in ("all", "both", "each"):
        return found
    one = line.kind(at) is Kind.AMOUNT
    return replace(found, first=at, amount=line.parts[at].value, some=True) if one else None


def is_near(line: Line, subject: Noun, at: int) -> bool:
    """Whether only a verb stands between a thing and what it is on: boats float on, cars are parked on."""
    between = [line.kind(here) for here in range(subject.at + 1, at)]
    return len(between) <= 4 and set(between) <= _BETWEEN_SUBJECT


def _is_other(line: Line, here: int, at: int, *, said: bool) -> bool:
    if line.kind(here) is Kind.AMOUNT:
        return not said or here + 1 == at or line.text(here + 1) in lists()["saying"]
    return line.text(here) in _AT and not said


def had(line: Line, at: int) -> tuple[Noun, Noun] | None:
    """In ``the shed has a tank on its right`` shed and tank."""
    thing = line.noun_at(at - 1)
    owner = line.noun_at(thing.first - 2 - (line.text(thing.first - 1) == "the")) if thing else None
    if (
        thing
        and not thing.denied
        and line.text(thing.first - 1 - (line.text(thing.first - 1) == "the")) == "with"
    ):
        owners = antecedents(line, at, several=line.text(at + 1) == "them", but=thing.name)
        return (owners[0], thing) if len(owners) == 1 else None  # planes with the terminal above them
    if thing is None or owner is None or thing.denied or owner.denied or thing.name == owner.name:
        return None
    return (owner, thing) if line.text(owner.at + 1) in ("has", "have") else None


def objects(line: Line, at: int, subject: str = "") -> tuple[list[Noun], int]:
    """The things that one behind a relation may be, by a pronoun several, and where it ends.

    Args:
        subject: the name of what lies at it.
    """
    that = line.text(at + 1) in ("that", "this") and (
        line.text(at + 2) in ("a", "an", "is", ",", "") or line.kind(at + 2) is Kind.AMOUNT
    )
    if line.text(at + 1) in ("it", "them", "these", "those") or that:
        several = line.text(at + 1) in ("them", "these", "those")
        return antecedents(line, at, several=several, but=subject), at + 1
    thing = line.object(at) or line.noun_behind(at)
    verbs = {*lists()["saying"], "there", "there's"} - {"all", "both", "each"}
    if thing and any(line.text(n) in verbs for n in range(at + 1, thing.at)):
        return [], at  # underneath there's a road
    return ([thing], thing.at) if thing and not thing.denied else ([], at)


def denies(line: Line, at: int) -> bool:
    """Whether a word makes the opposite of what is said behind it."""
    text = line.text(at)
    not_so = (text, line.text(at + 1)) in (("far", "from"), ("rather", "than"), ("instead", "of"))
    return text in lists()["not"] or text.endswith("n't") or not_so
