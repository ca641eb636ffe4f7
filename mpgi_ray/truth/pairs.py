"""What a sentence says of how things lie to each other, of their sizes and of which are more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.antecedents import antecedents
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import is_flanking, is_had, leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.subjects import (
    SIDES,
    begin,
    denies,
    fronted,
    had,
    is_near,
    is_no_head,
    objects,
    on_ground,
    pair_of,
    subject_of,
)
from mpgi_ray.truth.wholes import is_every, is_of_all

_ARE = ("are", "lie", "stand", "sit")
_OF_SIDE = {"left": "left_of", "west": "left_of", "right": "right_of", "east": "right_of"}
_OF_SIDE |= {"north": "above", "upper": "above", "top": "above", "south": "below", "lower": "below"}
_ORDERS = {
    ("from", "left", "to", "right"): "left_of",
    ("from", "right", "to", "left"): "right_of",
    ("from", "west", "to", "east"): "left_of",
    ("from", "east", "to", "west"): "right_of",
    ("from", "top", "to", "bottom"): "above",
    ("from", "bottom", "to", "top"): "below",
    ("from", "north", "to", "south"): "above",
    ("from", "south", "to", "north"): "below",
}
_EDGES = ("edge", "side", "shore", "bank", "border", "margin")


def relations(line: Line) -> Iterator[Claim]:
    """The claims of how things lie to each other; none of what is denied."""
    yield from _in_order(line)
    for at, part in enumerate(line.parts):
        if part.kind is Kind.PLACE:
            yield from _on_own_side(line, at)
            yield from _flanking(line, at)
        if part.kind is Kind.RELATION and line.text(at + 1) in ("it", "them") and (own := had(line, at)):
            owner, thing = own  # the shed has a tank below it
            start = line.parts[owner.first].start
            yield Claim(About.RELATION, thing.name, start, part.end, other=owner.name, word=part.value)
        word = part.value if part.kind is Kind.RELATION else _compared(line, at)
        each_other = line.text(at + 1) in ("each", "one") and line.text(at + 2) in ("other", "another")
        if word in ("near", "beside") and each_other and (pair := pair_of(line, at)):
            start = line.parts[pair.first].start
            yield Claim(About.ARRANGEMENT, pair.name, start, part.end, amount=pair.amount, word="beside")
        if word == "nearer":
            yield from _nearer(line, at)
        elif word:
            yield from _said(line, at, word)
        if part.text in ("on", "in"):
            yield from _on(line, at)
        if part.text in ("at", "along", "by"):
            yield from _at_edge(line, at)
        if part.text == "between":
            yield from _between(line, at)


def _said(line: Line, at: int, word: str) -> Iterator[Claim]:
    """What a relation says: of the thing before it, or of the one behind if the clause begins with it."""
    if line.text(at + 1) == "which":  # a road, to the left of which a shed stands
        first = begin(line, at)
        owner, inner = line.subject(first - (line.text(first - 1) == ",")), line.noun_behind(at + 1)
        if owner and inner and word in SIDES and not (owner.denied or inner.denied):
            yield from _relation(line, at, inner, [owner], word)
        return
    _, end = objects(line, at)
    if word in SIDES and (behind := fronted(line, at, end)):
        things, _ = objects(line, at, behind.name)
        yield from _relation(line, at, behind, things, word)
        return
    subject = subject_of(line, at, word)
    if subject is None and word in SIDES and (ground := on_ground(line, at)):
        subject = replace(ground, amount=None)
    if subject is not None:
        things, _ = objects(line, at, subject.name)
        yield from _relation(line, at, subject, things, word)
    elif word in SIDES and line.text(at - 1) in _ARE:
        for one in line.pair(at - 1) or ():  # the tanks and the shed are left of it
            yield from _relation(line, at, one, objects(line, at, one.name)[0], word)


def _on(line: Line, at: int) -> Iterator[Claim]:
    """``Boats float on the water``."""
    subject = subject_of(line, at, "on")
    thing = line.noun_behind(at) if subject and is_near(line, subject, at) else None
    if subject and thing and not thing.amount and not line.parts[thing.at].plural:
        boat = not {"vessel", "boat"}.isdisjoint((subject.name, *lexicon.hypernyms(subject.name)))
        yield from _relation(line, at, subject, [thing], "afloat" if boat else "on")


def _at_edge(line: Line, at: int) -> Iterator[Claim]:
    """``Trucks stand at the water's edge``, ``along the road``."""
    thing = line.noun_behind(at)
    edge = thing is not None and not thing.plural and line.text(thing.at + 1) in _EDGES
    if thing is None or not (edge or line.text(at) == "along"):
        return
    if subject := subject_of(line, at, "beside"):
        yield from _relation(line, at, subject, [thing], "beside")


def _relation(line: Line, at: int, subject: Noun, things: Sequence[Noun], word: str) -> Iterator[Claim]:
    things = [thing for thing in things if not thing.denied]
    told = word != "elsewhere"  # what lies in front of a thing is not what a picture tells
    if not told or not things or is_denied(line, subject, at) or subject.name in (t.name for t in things):
        return
    first = begin(line, at)
    before = line.text(first - (3 if line.text(first - 1) == "them" else 1))
    claim = Claim(
        About.RELATION,
        subject.name,
        line.parts[min(subject.first, at)].start,
        line.parts[at].end,
        word=word,
        amount=subject.amount,
        some=subject.plural or bool(subject.amount),
        every=is_every(line, subject) or before in ("all", "both", "each"),
    )
    end = line.parts[max(subject.at, at, things[0].at if len(things) == 1 else at)].end
    read = [replace(claim, other=o.name, end=end, of_all=is_of_all(line, o)) for o in things]
    yield replace(read[0], or_else=tuple(read[1:]))


def _on_own_side(line: Line, at: int) -> Iterator[Claim]:
    """``A road with sheds on its left``, ``to its north lie two houses``."""
    words = line.text(at).split(" ")
    own = next((word for word in ("its", "their") if word in words), None)
    first = next((part.kind for part in line.parts[:at] if part.kind in (Kind.THING, Kind.PICTURE)), None)
    found = {_OF_SIDE[word] for word in (w.removesuffix("ern") for w in words) if word in _OF_SIDE}
    if own is None or len(found) != 1 or first is Kind.PICTURE:
        return
    word = found.pop()
    subject = fronted(line, at, at) or line.noun_at(at - 1) or subject_of(line, at, word)
    if subject is not None and not subject.denied:
        things = antecedents(line, at, several=own == "their", but=subject.name)
        yield from _relation(line, at, subject, things, word)


def _flanking(line: Line, at: int) -> Iterator[Claim]:
    """``A road flanked by houses on the left and by tanks on the right``."""
    thing = line.noun_at(at - 1)
    found = {_OF_SIDE[word] for word in line.text(at).split(" ") if word in _OF_SIDE}
    if thing is None or len(found) != 1 or not is_flanking(line, thing):
        return
    verb = next(n for n in range(at) if line.text(n) in lists()["flanked"])
    owner = line.subject(verb)
    if owner and not owner.denied and not leads_away(line, owner):
        yield from _relation(line, at, thing, [owner], found.pop())


def _between(line: Line, at: int) -> Iterator[Claim]:
    """``trucks stand between the planes and the terminal``, ``between the sheds``."""
    first = line.noun_behind(at)
    if first is None or first.denied:
        return
    sided = first.at + (line.kind(first.at + 1) is Kind.PLACE)  # between the pond on the left and the road
    joined = line.text(sided + 1) == "and"
    after = line.text(first.at + 1)
    alone = line.kind(first.at + 1) in (None, Kind.MARK, Kind.COVERED) or after in lists()["saying"]
    of_kind = first if first.plural and alone else None
    second = line.noun_behind(sided + 1) if joined else of_kind
    place = next((n for n in (first.at + 2, first.at + 3) if line.kind(n) is Kind.PLACE), 0) if joined else 0
    of_picture = place and line.text(place + 1) == "of" and line.kind(place + 3) is Kind.PICTURE
    end = place + 3 * bool(of_picture) or (second.at if second else first.at)
    gap = line.text(at - 1) in lists()["gaps"] and line.text(at - 2) in ("the", "a")
    at -= 2 + (line.text(at - 3) in ("in", "on", "within", "into")) if gap else 0
    subject = subject_of(line, at, "between") or fronted(line, at, end)
    if subject is not None and of_kind and is_had(line, subject):
        subject = line.first_thing(subject, is_no_head)  # a river with boats bends between fields
    if subject is None or is_denied(line, subject, at):
        return
    sides = {_OF_SIDE[word] for word in line.text(place).split(" ") if word in _OF_SIDE} if place else set()
    if len(sides) == 1:  # between the road and the left edge
        yield from _relation(line, at, subject, [first], sides.pop())
    elif second is not None and not second.denied and not place:
        names = {subject.name, first.name, second.name}
        if subject.name not in (first.name, second.name) and len(names) == 2 + joined:
            start, end = line.parts[min(subject.first, at)].start, line.parts[max(end, subject.at)].end
            claim = Claim(About.RELATION, subject.name, start, end, other=first.name, word="between")
            yield replace(claim, third=second.name)


def _nearer(line: Line, at: int) -> Iterator[Claim]:
    """``The houses are nearer to the pond than to the shed``."""
    thing = line.noun_behind(at + (line.text(at + 1) == "to"))
    than = next((n for n in range(thing.at + 1, thing.at + 3) if line.text(n) == "than"), 0) if thing else 0
    other = line.noun_behind(than + (line.text(than + 1) == "to")) if than else None
    subject = subject_of(line, at, "nearer")
    if not (thing and other and subject) or is_denied(line, subject, at):
        return
    if len({subject.name, thing.name, other.name}) == 3 and line.kind(other.at + 1) in (None, Kind.MARK):
        start, end = line.parts[min(subject.first, at)].start, line.parts[other.at].end
        claim = Claim(About.RELATION, subject.name, start, end, other=thing.name, word="nearer")
        yield replace(claim, third=other.name)


def _in_order(line: Line) -> Iterator[Claim]:
    """``From left to right: two houses, a road, three tanks``."""
    said = " ".join(line.text(n) for n in range(6)).removeprefix("seen ").split(" ")
    order = next((word for words, word in _ORDERS.items() if tuple(said[:4]) == words), None)
    verbs = {",", ":", "there", "you", "we", "one", *lists()["seeing"]}
    if order is None or not line.nouns:
        return
    begins = next((n for n in range(1, line.nouns[0].first) if line.text(n) in verbs), 0)
    for before, noun in pairwise(line.nouns if begins else ()):
        between = {line.text(n) for n in range(before.at + 1, noun.first)}
        if not between <= {",", "and", "then", "the", "a", "finally"}:
            return
        if not (before.denied or noun.denied or before.name == noun.name):
            start, end = line.parts[before.first].start, line.parts[noun.at].end
            yield Claim(About.RELATION, before.name, start, end, other=noun.name, word=order)


def is_denied(line: Line, subject: Noun, at: int) -> bool:
    """``the houses are not right of the road``, ``not all of the tanks are``."""
    before = range(max(0, min(subject.first, at) - 5), subject.first)
    if any(denies(line, here) and line.text(here) != "no" for here in before):
        return True
    return any(
        line.kind(here) is Kind.DENIAL or denies(line, here)
        for here in range(subject.first, max(subject.at, at))
    )


def _compared(line: Line, at: int) -> str:
    """``more`` for the "than" in "more cars than trucks", the "as" in "twice as many cars as trucks"."""
    thing = line.noun_at(at - 1)
    first = thing.first - 1 if thing and thing.first < thing.at else at - 2
    before = line.text(first)
    if thing and line.text(at) == "as" and before == "as many":
        return {"twice": "more", "times": "more", "half": "fewer"}.get(line.text(first - 1), "")
    before = "fewer" if before == "less" else before  # less water than grass
    return before if line.text(at) == "than" and thing and before in ("more", "fewer") else ""
