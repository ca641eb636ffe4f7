"""What a sentence says of how things lie to each other, of their sizes and of which are more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.wholes import is_every

_SIDES = ("left_of", "right_of", "above", "below", "between")
_SIZES = ("larger", "longer", "smaller")
_AT = ("on", "in", "at", "along", "across", "by", "from", "with", "around", "over")
_ARE = ("are", "lie", "stand", "sit")
_OWN_SIDES = {f"{word} its {side}": f"{side}_of" for word in ("on", "to") for side in ("left", "right")}


def relations(line: Line) -> Iterator[Claim]:
    """The claims of how things lie to each other; none of what is denied."""
    for at, part in enumerate(line.parts):
        side = _OWN_SIDES.get(part.text) if part.kind is Kind.PLACE else None
        if part.kind is Kind.RELATION and line.text(at + 1) in ("it", "them"):
            side = part.value
        if side and (had := _had(line, at)):  # the shed has a tank below it
            owner, own = had
            start = line.parts[owner.first].start
            yield Claim(About.RELATION, own.name, start, part.end, other=owner.name, word=side)
        word = part.value if part.kind is Kind.RELATION else _compared(line, at)
        if line.text(at - 1) == "," and line.text(at + 1) in ("it", "them"):
            continue  # "on the right of it a shed"
        each_other = line.text(at + 1) in ("each", "one") and line.text(at + 2) in ("other", "another")
        if word == "near" and each_other and (pair := _pair(line, at)):
            start = line.parts[pair.first].start
            yield Claim(About.ARRANGEMENT, pair.name, start, part.end, amount=pair.amount, word="beside")
        if word and (subject := _subject(line, at, word)) and (thing := line.object(at)):
            yield from _relation(line, at, subject, thing, word)
        if word in _SIDES and (subject := _on_ground(line, at)) and (thing := line.object(at)):
            yield from _relation(line, at, replace(subject, amount=None), thing, word)
        if word in _SIDES and line.text(at - 1) in _ARE and (thing := line.object(at)):
            for one in line.pair(at - 1) or ():  # the tanks and the shed are left of it
                yield from _relation(line, at, one, thing, word)
        if word in _SIDES and (fronted := _fronted(line, at)):
            thing, subject = fronted
            yield from _relation(line, at, subject, thing, word)
        if part.text in ("on", "in") and (subject := _subject(line, at, "on")):
            thing = line.noun_behind(at) if _is_near(line, subject, at) else None
            if thing and not thing.amount and not line.parts[thing.at].plural:
                yield from _relation(line, at, subject, thing, "on")
        if part.text == "between" and (subject := _subject(line, at, "between") or _inverted(line, at)):
            yield from _between(line, subject, at)


def _relation(line: Line, at: int, subject: Noun, thing: Noun, word: str) -> Iterator[Claim]:
    told = word != "elsewhere"  # what lies in front of a thing is not what a picture tells
    if told and not _is_denied(line, subject, at) and not thing.denied and subject.name != thing.name:
        yield Claim(
            About.RELATION,
            subject.name,
            line.parts[subject.first].start,
            line.parts[thing.at].end,
            other=thing.name,
            word=word,
            amount=subject.amount,
            some=subject.plural or bool(subject.amount),
            every=is_every(line, subject) or line.text(at - 1) in ("all", "both", "each"),
        )


def _inverted(line: Line, at: int) -> Noun | None:
    """The shed in ``between the road and the tanks stands a shed``."""
    begins = at == 0 or line.ends_clause(at - 1)
    after = range(at + 1, min(at + 12, len(line.parts)))
    verb = next((n for n in after if line.text(n) in lists()["saying"]), None)
    if not begins or verb is None or any(line.kind(n) in (Kind.MARK, Kind.PLACE) for n in range(at, verb)):
        return None
    new = line.text(verb + 1) in ("a", "an") or line.kind(verb + 1) is Kind.AMOUNT
    subject = line.noun_behind(verb) if new else None
    return None if subject is None or subject.denied else subject


def _between(line: Line, subject: Noun, at: int) -> Iterator[Claim]:
    """``trucks stand between the planes and the terminal``."""
    first = line.noun_behind(at)
    second = line.noun_behind(first.at + 1) if first and line.text(first.at + 1) == "and" else None
    if first is None or second is None or first.denied or second.denied or _is_denied(line, subject, at):
        return
    if len({subject.name, first.name, second.name}) == 3:
        start, end = line.parts[subject.first].start, line.parts[second.at].end
        yield Claim(
            About.RELATION,
            subject.name,
            start,
            end,
            other=first.name,
            third=second.name,
            word="between",
        )


def _is_denied(line: Line, subject: Noun, at: int) -> bool:
    """``the houses are not right of the road``, ``not all of the tanks are``."""
    before = range(max(0, min(subject.first, at) - 5), subject.first)
    if any(_denies(line, here) and line.text(here) != "no" for here in before):
        return True
    return any(
        line.kind(here) is Kind.DENIAL or _denies(line, here)
        for here in range(subject.first, max(subject.at, at))
    )


def _denies(line: Line, at: int) -> bool:
    text = line.text(at)
    not_so = (text, line.text(at + 1)) in (("far", "from"), ("rather", "than"), ("instead", "of"))
    return text in lists()["not"] or text.endswith("n't") or not_so


def _subject(line: Line, at: int, word: str) -> Noun | None:
    """The thing of which a relation speaks; none where it may be one that has no name here.

    ``Three trucks, one above the bridge``, ``trucks on a quay above the bridge``.
    """
    found = (_told(line, at) if word in _SIZES else None) or line.subject(at) or _told(line, at)
    if found is not None and word in _SIZES and leads_away(line, found):
        told = line.text(at - 1) in lists()["saying"]  # the trucks on the road are each larger
        found = line.first_thing(found, leads_away) if told else None
    if found is not None and word in (*_SIDES, "near"):
        said = (
            line.text(at - 1) in lists()["saying"]
        )  # what a verb before it says is said of the clause's first thing
        if leads_away(line, found):
            found = line.first_thing(found, leads_away) if said else None
        elif any(_is_other(line, here, at, said=said) for here in range(found.at + 1, at)):
            found = None
    return None if found is None or found.denied else found


def _on_ground(line: Line, at: int) -> Noun | None:
    """The bus in ``a bus is on the road above the bridge``: of the road it lies on that part."""
    ground = line.noun_at(at - 1)
    named = ground is not None and not line.parts[ground.at].plural and not ground.amount
    if not named and line.text(at - 1) not in lists()["holding"]:
        return None
    here = (ground.first if ground else at - 1) - 1
    while line.text(here) in ("the", "a", "an") or line.kind(here) in (Kind.WORD, Kind.COLOUR):
        here -= 1
    thing = line.subject(here) if line.text(here) in ("on", "in") else None
    near = thing and not thing.denied and not leads_away(line, thing) and _is_near(line, thing, here)
    return thing if near else None


def _fronted(line: Line, at: int) -> tuple[Noun, Noun] | None:
    """``West of the road lie two sheds``, ``to the left of it, a tank stands``: road and sheds."""
    first = at - (line.text(at - 1) in (*lists()["placed"], "directly", "just", "immediately", "right"))
    begins = first == 0 or line.ends_clause(first - 1)
    thing = line.noun_behind(at) if begins else None
    if thing is None or thing.denied:
        return None
    here = thing.at + 1
    here += line.text(here) == ","
    here += line.text(here) == "there"
    if here > thing.at + 1 or line.text(here) in lists()["saying"]:
        here += line.text(here) in lists()["saying"]
        subject = line.noun_behind(here - 1)
        listed = subject is not None and line.text(subject.at + 1) in (",", "and", "or")
        return None if subject is None or subject.denied or listed else (thing, subject)
    return None


def _pair(line: Line, at: int) -> Noun | None:
    """The two things that are said to be next to each other."""
    found = line.subject(at)
    return found if found and not found.denied and found.amount == (2, 2) and not found.some else None


def _told(line: Line, at: int) -> Noun | None:
    """What "they" or "all of them" are that lie so."""
    here = at - 1
    while line.kind(here) in (Kind.COVERED, Kind.STOP, Kind.GROUP) and line.text(here) != "they":
        here -= 1
    if line.kind(here) is not Kind.PRONOUN or line.text(here) not in ("they", "them"):
        return None
    before = [noun for noun in line.nouns if noun.at < here and noun.plural and not noun.denied]
    if before or line.told is None:
        return before[-1] if before else None
    return replace(line.told, at=here, first=here)  # it stands in a sentence before


def _is_near(line: Line, subject: Noun, at: int) -> bool:
    """Whether only a verb stands between a thing and what it is on: boats float on, cars are parked on."""
    between = [line.kind(here) for here in range(subject.at + 1, at)]
    verbs = {Kind.WORD, Kind.COVERED, Kind.GROUP, Kind.STOP, Kind.PATTERN}
    return len(between) <= 4 and set(between) <= verbs


def _is_other(line: Line, here: int, at: int, *, said: bool) -> bool:
    if line.kind(here) is Kind.AMOUNT:
        return not said or here + 1 == at or line.text(here + 1) in lists()["saying"]
    return line.text(here) in _AT and not said


def _compared(line: Line, at: int) -> str:
    """``more`` or ``fewer`` for the "than" in "more cars than trucks"; else empty."""
    thing = line.noun_at(at - 1)
    before = line.text(thing.first - 1 if thing and thing.first < thing.at else at - 2)
    return before if line.text(at) == "than" and thing and before in ("more", "fewer") else ""


def _had(line: Line, at: int) -> tuple[Noun, Noun] | None:
    """In ``the shed has a tank on its right`` shed and tank."""
    thing = line.noun_at(at - 1)
    owner = line.noun_at(thing.first - 2 - (line.text(thing.first - 1) == "the")) if thing else None
    if thing is None or owner is None or thing.denied or owner.denied or thing.name == owner.name:
        return None
    return (owner, thing) if line.text(owner.at + 1) in ("has", "have") else None
