"""Numbers and bounds that stand behind their noun."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.amounts import bound_behind, bounded
from mpgi_ray.truth.claim import Amount
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_COUNTING = (
    *("i", "we", "you", "one", "count", "counted", "there", "are", "make", "it"),
    *("they", "their", "number", "is"),
)
_IN_PICTURE = ("in", "on", "of", "the", "this", "here", "aerial", "visible", "seen", "present")
_BOUNDS = {"below": "below", "under": "below", "exceeds": "above", "above": "above", "over": "above"}
_BOUNDS |= {
    "lower": "below",
    "smaller than": "below",
    "higher": "above",
    "greater": "above",
    "larger than": "above",
}


def number_aside(line: Line, noun: Noun) -> None:
    """``many cars (25)``, ``cars: 25``, ``the cars, four in number``, ``the number of cars is four``."""
    told = noun.at + 2
    if line.kind(noun.first - 2) is Kind.GROUP and line.text(noun.first - 1) == "of":
        return  # rows of cars: three
    before, after = line.text(told - 1), line.text(told + 1)
    told += (before, line.text(told)) == ("(", "n")
    after = line.text(told + 1)
    ends = line.kind(told + 1) in (None, Kind.MARK)
    if before in ("count", "number", "total") and line.text(told) in (":", "is") and noun.amount is None:
        noun.amount = line.parts[told + 1].value if line.kind(told + 1) is Kind.AMOUNT else None
        noun.plural |= noun.amount is not None  # helicopter count: five
    if is_number_of(line, noun):
        _number_of(line, noun)
    says = (
        (before, after) == ("(", ")")
        or (before in (":", "number", "numbering", "total") and (ends or is_of_all(line, told + 1)))
        or (before == "," and after == "in" and line.text(told + 2) in ("number", "all", "total"))
        or (before in (",", "(", "are") and is_of_all(line, told + 1))
        or (before == "numbering")
        or (before == "," and [line.text(told + n) for n in (1, 2, 3)] == ["of", "them", ","])
        or (
            before in ("is", "are")
            and line.text(noun.first - 2) == "number"
            and line.text(noun.first - 1) == "of"
        )
    )
    begins = noun.first == 0 or line.text(noun.first - 1) in (";", ":", ".")
    listed = begins and before == "," and (ends and after != ",")  # barns, two; silos, four
    says |= before == "," == after and _is_bound(line, told) and line.noun_behind(told + 1) is None
    says |= listed or (begins and _is_of_them(line, told, ("", ";", ".")))
    digits = line.kind(noun.at + 1) is Kind.AMOUNT and line.text(noun.at + 1).isdigit()
    if begins and digits and noun.plural and noun.amount is None and line.kind(told) in (None, Kind.MARK):
        noun.amount = line.parts[noun.at + 1].value  # motorboats 6, horizontal
    if (
        says
        and line.kind(told) is Kind.AMOUNT
        and noun.plural
        and not noun.denied
        and (noun.amount is None or noun.amount[1] is None)
    ):
        noun.amount = _counted_aloud(line, told)
    at = _counted_after(line, noun) or _told_after(line, noun)
    if at and noun.plural and not noun.denied and noun.amount is None:
        noun.amount, noun.some = line.parts[at].value, False


def is_number_of(line: Line, noun: Noun) -> bool:
    """``the number of cars``, ``count of cars``."""
    of = noun.first - 1 - (line.text(noun.first - 1) == "the")
    return line.text(of) == "of" and line.text(of - 1) in ("number", "count", "tally", "total")


def _number_of(line: Line, noun: Noun) -> None:
    """``the number of cars does not exceed four``, ``… is below four``, ``count of cars here: four``."""
    if line.kind(noun.at + 1) is Kind.AMOUNT:
        noun.amount = line.parts[noun.at + 1].value
        return
    the = noun.first - 3
    if line.text(the) == "the" and line.text(the - 1) == "is" and line.kind(the - 2) is Kind.AMOUNT:
        noun.amount = line.parts[the - 2].value
    after = noun.at + 1
    while line.text(after) in _IN_PICTURE or line.kind(after) is Kind.PICTURE:
        after += 1  # the number of cars in this view is
    verb = after + (line.text(after) in ("is", ":"))
    if (after > noun.at + 1 or line.text(after) == ":") and verb > after and line.kind(verb) is Kind.AMOUNT:
        noun.amount = line.parts[verb].value if line.kind(verb + 1) in (None, Kind.MARK) else noun.amount
    kind = _BOUNDS.get(line.text(verb))
    told = verb + 1 + (line.text(verb + 1) == "than")
    if kind and line.kind(told) is Kind.AMOUNT and line.kind(told + 1) in (None, Kind.MARK):
        noun.amount = bounded(line.parts[told].value[0], kind)


def is_of_all(line: Line, at: int) -> bool:
    """Whether words behind a number say that it is of all: ``in total``, ``to be exact``."""
    said = " ".join(line.text(at + n) for n in range(4))
    return f"{said} ".startswith(tuple(f"{words} " for words in lists()["exactly"]))


def _counted_after(line: Line, noun: Noun) -> int | None:
    """Where the number is in ``cars are parked here, just two``, ``cars in a lot, five to be exact``."""
    mark = next((n for n in range(noun.at + 1, noun.at + 7) if line.kind(n) is Kind.MARK), 0)
    told = (Kind.THING, Kind.PLACE, Kind.RELATION, Kind.AMOUNT, Kind.SHARE, Kind.GROUP, Kind.COVERS)
    if not mark or line.text(mark) == "." or any(line.kind(n) in told for n in range(noun.at + 1, mark)):
        return None
    if any(one.plural for one in line.nouns if one.at < noun.at) or line.kind(noun.first - 1) is Kind.GROUP:
        return None
    if line.text(noun.first - 1) == "of" and line.kind(noun.first - 2) is Kind.GROUP:
        return None
    number = mark + 1
    while line.text(number) in _COUNTING:
        number += 1
    they = any(line.text(n) in ("they", "their") for n in range(mark, number))
    if line.kind(number) is not Kind.AMOUNT or any(one.first == number for one in line.nouns):
        return None
    only = line.text(number).startswith(
        ("only", "just", "exactly", "no more", "at most", "more than", "over ", "at least", "fewer", "less")
    )
    ends = line.kind(number + 1) in (None, Kind.MARK) and line.text(number + 1) not in (",", ":")
    return number if is_of_all(line, number + 1) or ((only or they) and ends) else None


def _told_after(line: Line, noun: Noun) -> int | None:
    """Where the number is in ``boats on the beach, nine of them``, ``boats on the beach: nine``."""
    if leads_away(line, noun) or any(one.at < noun.at and one.plural for one in line.nouns):
        return None
    for at in range(noun.at + 1, len(line.parts)):
        if line.turns(at) and line.text(at) != ":":
            return None
        if line.kind(at) in (Kind.GROUP, Kind.PLACE, Kind.AMOUNT) or _is_other(line, at):
            return None
        of_them = (line.text(at + 2), line.text(at + 3)) == ("of", "them")
        end = at + 2 + 2 * of_them
        colon = line.text(at) == ":" and noun.first == 0
        said = colon or (line.text(at) in (",", "–", "—") and of_them)
        if said and line.kind(at + 1) is Kind.AMOUNT:
            return at + 1 if line.text(end) in ("", ".", ";", ")") else None
    return None


def _is_other(line: Line, at: int) -> bool:
    """Whether further things are named, of which the number may be."""
    word = line.kind(at) is Kind.WORD and line.text(at).endswith("s") and lexicon.is_noun(line.text(at)[:-1])
    return word or (line.kind(at) is Kind.THING and line.parts[at].plural)


def _is_bound(line: Line, at: int) -> bool:
    """``at most three``."""
    return line.kind(at) is Kind.AMOUNT and (line.parts[at].value[1] is None or line.parts[at].value[0] == 0)


def _is_of_them(line: Line, at: int, ends: tuple[str, ...]) -> bool:
    """The "five of them" in ``sheds, five of them``."""
    of_them = line.text(at - 1) == "," and [line.text(at + 1), line.text(at + 2)] == ["of", "them"]
    return of_them and line.text(at + 3) in ends


def _counted_aloud(line: Line, at: int) -> Amount | None:
    """The last number of ``one, two, three … seven``, or the only one; None if the counting goes on."""
    amount: Amount = line.parts[at].value
    own = {noun.first for noun in line.nouns}
    here = at
    while amount[0] == 1 or here > at:
        further = here + 1
        while line.text(further) in (",", ".", "and"):
            further += 1
        if line.kind(further) is not Kind.AMOUNT or further in own:
            break
        here = further
    if here == at:
        return amount
    ends = line.text(here + 1) in ("", ".", ";", "!", ")") and line.text(here + 2) != "."
    last = line.parts[here].value[1]
    return (last, last) if ends and last is not None else None


def bound_aside(line: Line, noun: Noun) -> None:
    """``Two tanks at most``, ``two tanks or more``; ``six cars and trucks in all`` are no six cars."""
    if noun.amount is None:
        return
    trailing = bound_behind([line.text(noun.at + n) for n in (1, 2, 3)])
    if trailing and noun.amount[0] == noun.amount[1]:
        noun.amount = bounded(noun.amount[0], trailing[1])
    other = line.noun_at(noun.at + 2) if line.text(noun.at + 1) in ("and", "or") else None
    if other and other.plural and not other.amount and other.first == other.at:
        kinds = {*lexicon.hypernyms(other.name)} & {*lexicon.hypernyms(noun.name)}
        said = " ".join(line.text(other.at + n) for n in (1, 2, 3))
        if kinds or any(said.startswith(total) for total in lists()["totals"]):
            noun.amount = None
