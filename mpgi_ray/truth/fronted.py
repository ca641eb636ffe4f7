"""Whether a clause begins with a part of the picture, or has it between commas."""

from __future__ import annotations

from mpgi_ray.truth.joined import LIE
from mpgi_ray.truth.leading import LEADING_AWAY
from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_WHOLE = ("the whole", "the entire")
_LOOKING = ("if", "you", "look", "looking", "looks", "we", "when", "only")  # at a part of the picture


def is_fronted(line: Line, at: int) -> bool:
    """Whether a clause begins with this part of the picture."""
    if line.text(at).split(" ")[0] in lists()["filling"]:
        return False
    cleft = " ".join(line.text(n) for n in range(at)) in ("it is", "it's")
    if cleft and line.text(at + 1) in ("that", "where"):
        return True  # it is on the left that the boats lie
    for here in range(at - 1, -1, -1):
        if line.ends_clause(here) or line.text(here) in (",", "and"):
            return True
        if line.text(here) in LIE or line.text(here) in lists()["placed"]:
            return False  # two are red and lie in the upper left
        before = line.text(here) in (*_WHOLE, *lists()["how_far"], *_LOOKING)
        before |= line.text(here) in lists()["set"] and (
            line.text(at + 1) == "," or (here == 0 and line.text(at + 1) in LIE)
        )
        if line.parts[here].kind not in (Kind.STOP, Kind.LEADING) and not before:
            return False
    return True


def is_inverted(line: Line, at: int) -> bool:
    """``Between the sheds in the upper left stands a crane``."""
    first = next((n + 1 for n in range(at - 1, -1, -1) if line.ends_clause(n)), 0)
    begins = line.text(first) in LEADING_AWAY or line.kind(first) in (Kind.RELATION, Kind.PLACE)
    new = line.text(at + 2) in ("a", "an") or line.kind(at + 2) is Kind.AMOUNT
    return begins and new and line.text(at + 1) in LIE


def is_aside(line: Line, at: int) -> bool:
    """``A shed, upper right corner.``: nothing else may lie there."""
    here = at + 1
    if line.text(here) == "of":
        here += 3
    colon = at - 1 - (line.text(at - 1) == "only")
    if line.text(colon) == ":" and line.noun_at(colon - 1) and line.text(here) in ("", ".", ";"):
        return True  # houses: only at the top
    acts = line.kind(here + 1) in (Kind.COVERS, Kind.COVERED) or line.text(here + 1) in lists()["saying"]
    acts |= line.kind(here + 1) is Kind.WORD and line.text(here + 1).endswith("s")
    if line.text(at - 1) == "," == line.text(here) and line.noun_at(at - 2) and acts:
        return True  # the water, on the left, meets the sand
    after = line.text(here) in ("", ".", ";") or (line.text(here) == "," and line.ends_clause(here))
    return line.text(at - 1) == "," and after and line.text(at - 2) not in ("and", "with")
