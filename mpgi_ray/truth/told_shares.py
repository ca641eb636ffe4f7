"""Shares of the picture told without a verb that covers: ``water: 30 %``, ``grass on half of the area``."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.sharing import picture_behind

_ENDS = (None, Kind.MARK)
_SPREADING = ("over", "on", "across")  # grass on half of the picture
_CONFINED = ("confined", "restricted", "reduced", "limited", "shrunk")  # to a tenth of the picture
_IS = (
    "is",
    "are",
    "found",
    "seen",
    "lies",
    "lie",
    "extends",
    "extend",
    "stretches",
    "stretch",
    "spread",
    "spreads",
    "there",
    "there's",
)
_ONLY = (
    "only",
    "just",
    "merely",
    "at",
    "a",
    "mere",
    "about",
    "roughly",
    "around",
    "some",
    "nearly",
    "almost",
)
_SEEN = (
    "taken",
    "taken by",
    "seen",
    "captured",
    "recorded",
    "shown",
    "here",
)  # of the picture taken by a satellite
_SHARES = ("share", "proportion", "portion", "percentage", "coverage")
_FRONTED = ("covering", "occupying", "with", "at", "making", "filling", "taking")


def told_share(line: Line, at: int) -> Iterator[Claim]:
    """The claim of a share whose thing no verb of covering names."""
    readings = (_catalogued, _spread, _named, _fronted, _acting)
    noun = next(filter(None, (read(line, at) for read in readings)), None)
    if noun is not None and not noun.denied and not noun.amount and _is_ground(noun):
        yield Claim(
            About.COVER, noun.name, line.parts[at].start, line.parts[at].end, amount=line.parts[at].value
        )


def _is_ground(noun: Noun) -> bool:
    """What has no number, and may well be measured by its area."""
    return lexicon.is_mass(noun.name) or noun.name in (*lists()["also"]["water"], *lists()["grounded"])


def _ends(line: Line, at: int) -> bool:
    """Whether nothing tells of what a share is but the picture."""
    picture = picture_behind(line, at)
    after = at + 1 if picture is None else picture + 1
    if picture is None and (line.text(at + 1), line.text(at + 2)) == ("of", "it"):
        after = at + 3
    return line.kind(after) in _ENDS or line.text(after) in ("and", "while", *_SEEN)


def _catalogued(line: Line, at: int) -> Noun | None:
    """``water: 30 %``, ``Water 30 %, pavement half``: the entry of a list."""
    here = at - 1
    while line.text(here) in _ONLY:
        here -= 1
    here -= line.text(here) in (":", "–", "—", "=")
    noun = line.noun_at(here)
    before = noun.first - 1 if noun else 0
    begins = before < 0 or line.text(before) in (",", ";", ":", ".", "and", "(")
    whole = picture_behind(line, at) is not None or "%" in _number(line, at, here)
    return noun if noun and begins and _ends(line, at) and whole else None


def _number(line: Line, at: int, noun: int) -> str:
    """With a sign of a share behind a colon, or in per cent: ``water half of it`` is none."""
    text = line.text(at).replace("percent", "%").replace("per cent", "%")
    return "%" if line.text(noun + 1) in (":", "–", "—", "=") else text


def _spread(line: Line, at: int) -> Noun | None:
    """``grass on half of the picture``, ``water over a third of it``, ``grass is confined to a tenth``."""
    prep = at - 1
    while line.text(prep) in ("only", "just", "merely", "about"):
        prep -= 1
    if line.text(prep) == "of" and line.kind(prep - 1) in (Kind.SHARE, Kind.GROUP):
        prep -= 2 + (line.text(prep - 2) in ("a", "an"))  # to a sliver of under five per cent
    confined = line.text(prep) == "to" and line.text(prep - 1) in _CONFINED
    if not (confined or line.text(prep) in _SPREADING) or not _ends(line, at):
        return None
    here = prep - 1 - confined
    while line.text(here) in _IS or (confined and line.text(here) in ("is", "are", "be", "only")):
        here -= 1
    noun = line.noun_at(here)
    if noun is None or leads_away(line, noun):
        return None
    whole = picture_behind(line, at) is not None or line.text(at + 2) == "it"
    earlier = any(line.kind(n) is Kind.SHARE for n in range(noun.first))
    return noun if whole or earlier or "%" in line.text(at) else None


def _named(line: Line, at: int) -> Noun | None:
    """``the share of water is 30 %``, ``water's share is a third``."""
    verb = at - 1
    while line.text(verb) in ("only", "just", "about", "roughly", "at", "to", "some", "around"):
        verb -= 1
    if line.text(verb) not in ("is", ":", "amounts", "stands", "comes", "equals", "reaches"):
        return None
    noun = line.noun_at(verb - 1)
    if noun and line.text(noun.first - 1) == "of" and line.text(noun.first - 2) in _SHARES:
        return noun
    behind = line.text(verb - 1) in _SHARES
    return line.noun_at(verb - 2) if behind and line.text(verb - 1) != "portion" else None


def _fronted(line: Line, at: int) -> Noun | None:
    """``covering half of the image, grass lies at the bottom``, ``at 50 %, grass comes first``."""
    first = at - 1 - (line.text(at - 1) == "up")
    if first < 0 or line.text(first) not in (*_FRONTED, "making up", "taking up"):
        return None
    if first > 0 and line.text(first - 1) not in (".", ";"):
        return None
    picture = picture_behind(line, at)
    comma = (picture or at) + 1
    if line.text(comma) != ",":
        return None
    noun = line.noun_behind(comma)
    return noun if noun and line.acts(noun) else None


def _acting(line: Line, at: int) -> Noun | None:
    """``grass has half of the surface``, ``grass contributes a third of the picture``."""
    earlier = any(line.kind(n) in (Kind.SHARE, Kind.DOMINATES) for n in range(at))
    if (picture_behind(line, at) is None and not earlier) or not _ends(line, at):
        return None
    verb = at - 1 - (line.text(at - 1) in ("only", "just", "about", "to", "roughly"))
    noun = line.noun_at(verb - 1)
    before = noun.first - 1 - (line.text(noun.first - 1) == "the") if noun else 0
    begins = before < 0 or (earlier and line.text(before) in ("and", ",", ";", "while", "whereas"))
    return noun if begins and line.text(verb) in lists()["having_share"] else None
