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


def leads_away(line: Line, noun: Noun) -> bool:
    """The road in ``trucks on the road at the bottom``: the part may be that of the trucks."""
    here = noun.first - 1
    while here >= 0 and line.text(here) not in LEADING_AWAY and _is_filler(line, here):
        here -= 1
    if here < 0:
        return False
    word, definite = line.text(here), line.text(here + 1) == "the"
    if word == "of":
        all_of = line.text(here - 1) in ("all", "both", "most", "some", "each", "none", "half")
        all_of |= line.text(here - 1) in lists()["bits"]  # the edge of a roof
        counted = line.kind(here - 1) in (Kind.GROUP, Kind.AMOUNT, Kind.SHARE)
        return not (noun.amount or all_of or counted)
    if noun.amount and not definite:
        return False
    if word == "with" and noun.plural and line.text(noun.at + 1) in lists()["singular"]:
        return True  # a pool with marked lanes lies at the bottom
    edged = word in ("with", "by") and line.text(here - 1).endswith("ed")  # a lake fringed with trees
    return word in LEADING_AWAY or edged or (word == "with" and definite) or line.kind(here) is Kind.RELATION


def is_parted(line: Line, noun: Noun) -> bool:
    """``A road separates the houses from the sheds on the right``, and not ``far from the sheds``."""
    at = next((n for n in (noun.first - 1, noun.first - 2) if line.text(n) == "from"), 0)
    return at > 0 and line.text(at - 1) not in ("away", "far", "apart", "separate", "off")


def tells_where(line: Line, at: int) -> bool:
    """Whether a noun that has no name here only tells where something is: sheds below the tracks."""
    here = at - 1
    while line.kind(here) in (Kind.WORD, Kind.COLOUR) and line.text(here) != "of":
        here -= 1
    here -= line.text(here) in ("the", "a", "an", "its", "their")
    return line.text(here) in LEADING_AWAY or line.kind(here) is Kind.RELATION


def _is_filler(line: Line, at: int) -> bool:
    return line.parts[at].kind in STEPPED_OVER or line.text(at) in ("the", "a", "an")
