"""Things that a sentence names only to tell where another thing is: the road in ``trucks on the road``."""

from __future__ import annotations

from mpgi_ray.truth.line import STEPPED_OVER, Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

# a noun behind one of these is not what the rest of the clause speaks of
LEADING_AWAY = frozenset(
    ("on", "in", "at", "along", "across", "over", "under", "above", "below", "around", "by", "from")
) | frozenset(
    (
        "of",
        "to",
        "through",
        "into",
        "between",
        "beyond",
        "past",
        "among",
        "inside",
        "outside",
        "against",
        "off",
    )
)


_DOWN, _ACROSS = ("above", "below"), ("left", "right")
SINGLE_SIDES = (
    *_DOWN,
    *(f"{across}_of" for across in _ACROSS),
    *(f"{down}_{across}" for down in _DOWN for across in _ACROSS),
)
_SIZES = ("larger", "smaller", "longer", "shorter", "no_larger", "alike", "more", "fewer")


def leads_away(line: Line, noun: Noun) -> bool:
    """The road in ``trucks on the road at the bottom``: the part may be that of the trucks."""
    here = noun.first - 1
    while here >= 0 and line.text(here) not in LEADING_AWAY and _is_filler(line, here):
        here -= 1
    if here < 0:
        return False
    word, definite = line.text(here), line.text(here + 1) == "the"
    if line.kind(here) is Kind.RELATION and line.parts[here].value in _SIZES:
        return line.text(noun.at + 1) in lists()["saying"]  # but longer than the pier on the left
    if word == "of":
        all_of = line.text(here - 1) in ("all", "both", "most", "some", "each", "none", "half")
        bit = line.text(here - 1) in lists()["bits"] and noun.name not in lists()["ways"]
        all_of |= bit  # the edge of a roof
        counted = line.kind(here - 1) in (Kind.GROUP, Kind.AMOUNT, Kind.SHARE)
        return not (noun.amount or all_of or counted)
    if noun.amount and not definite:
        return False
    if word == "with" and noun.plural and line.text(noun.at + 1) in lists()["singular"]:
        return True  # a pool with marked lanes lies at the bottom
    edged = word in ("with", "by") and line.text(here - 1).endswith("ed")  # a lake fringed with trees
    return (
        word in LEADING_AWAY
        or edged
        or (word == "with" and definite and line.text(here - 1) != ",")
        or line.kind(here) is Kind.RELATION
    )


def is_held(line: Line, noun: Noun) -> bool:
    """The tents in ``the clearing with the tents lies in the upper left``: they lie where it does."""
    here = noun.at - 1
    while _is_filler(line, here) or line.text(here) in ("its", "their") or line.kind(here) is Kind.AMOUNT:
        here -= 1
    held = line.text(here) == "with" and line.text(here - 1) in lists()["holding"]
    return held and noun.plural and line.text(noun.at + 1) in (*lists()["singular"], "occupies", "fills")


def is_had(line: Line, noun: Noun) -> bool:
    """The lanes in ``a pool with marked lanes``."""
    here = noun.first - 1
    while line.kind(here) in (Kind.WORD, Kind.COLOUR) or line.text(here) in ("a", "an", "the"):
        here -= 1
    return line.text(here) == "with"


def is_parted(line: Line, noun: Noun) -> bool:
    """``A road separates the houses from the sheds on the right``, and not ``far from the sheds``."""
    at = next((n for n in (noun.first - 1, noun.first - 2) if line.text(n) in ("from", "with")), 0)
    before = line.text(at - 1) if at else ""
    if line.text(at) == "with":  # they have nothing to do with the sheds on the right
        return line.kind(at - 1) is Kind.STOP or before in (
            "aligned",
            "level",
            "parallel",
            "connected",
            "linked",
            "compared",
        )
    return at > 0 and before not in ("away", "far", "apart", "separate", "off")


def is_beside(line: Line, noun: Noun, place: int) -> bool:
    """``Trucks south of the sheds on the right``: nobody can say which of them are on the right."""
    before = line.parts[noun.first - 1 - (line.text(noun.first - 1) == "the")] if noun.first else None
    sided = before is not None and before.kind is Kind.RELATION and before.value in SINGLE_SIDES
    between = {line.text(here) for here in range(noun.at, place)}
    return sided and between.isdisjoint((",", *lists()["saying"]))


def is_between(line: Line, noun: Noun) -> bool:
    """The sheds in ``between the road on the left and the sheds on the right``: left and right of another."""
    here = noun.first - 1
    while here >= 0 and _is_filler(line, here) and line.text(here) not in ("between", "and"):
        here -= 1
    if line.text(here) == "between":
        return line.kind(noun.at + 1) is Kind.PLACE and line.text(noun.at + 2) == "and"
    first = line.noun_at(here - 2) if line.text(here) == "and" else None
    return first is not None and is_between(line, first)


def is_past(line: Line, noun: Noun) -> bool:
    """``The road runs past the houses on the right``: which of them lies there?"""
    at = noun.first - 1 - (line.text(noun.first - 1) == "the")
    return line.text(at) == "past"


def is_driven_on(line: Line, noun: Noun) -> bool:
    """``A car drives on the road in the upper right``: the road, perhaps, on which it is elsewhere."""
    words = [line.text(noun.first - n) for n in (3, 2, 1)]
    driven = words[0] in ("drives", "drive", "driving", "travels", "travelling", "moves", "moving")
    return driven and words[1] in ("on", "along") and words[2] == "the" and noun.name in lists()["ways"]


def is_flanking(line: Line, noun: Noun) -> bool:
    """``A road flanked by houses on the left``: they are left of it."""
    at = noun.first - 1 - (line.text(noun.first - 1) == "the")
    return (
        line.text(at) in ("by", "with")
        and (line.text(at - 1).endswith("ed") or line.text(at - 1) in ("and", ","))
        and any(line.text(n) in lists()["flanked"] for n in range(at))
    )


def is_shadow(line: Line, at: int) -> bool:
    """``A jet casting a long shadow is parked on the left``: the shadow is the jet's."""
    end = next((n for n in range(at, at + 3) if line.text(n) in ("shadow", "shadows")), None)
    return end is not None and any(line.text(end - n).startswith(("cast", "throw")) for n in range(1, 5))


def is_unnamed(line: Line, at: int) -> bool:
    """Whether a piece begins to name a thing that has no name here: ``with a round hatch``."""
    while line.kind(at) in (Kind.WORD, Kind.COLOUR) and line.text(at) != "of":
        at -= 1
    if line.text(at) not in ("a", "an") or line.noun_at(at + 1):
        return False
    before = line.text(at - 1)
    beside = line.kind(at - 1) is Kind.RELATION and line.parts[at - 1].value not in (*SINGLE_SIDES, *_SIZES)
    told = beside or before in LEADING_AWAY
    makes = before in ("form", "forms", "make", "makes", "is", "are")  # trees form a screen on the left
    return not (told or makes)


def tells_where(line: Line, at: int) -> bool:
    """Whether a noun that has no name here only tells where something is: sheds below the tracks."""
    here = at - 1
    while line.kind(here) in (Kind.WORD, Kind.COLOUR) and line.text(here) != "of":
        here -= 1
    here -= line.text(here) in ("the", "a", "an", "its", "their")
    return line.text(here) in LEADING_AWAY or line.kind(here) is Kind.RELATION


def _is_filler(line: Line, at: int) -> bool:
    return line.parts[at].kind in STEPPED_OVER or line.text(at) in ("the", "a", "an")
