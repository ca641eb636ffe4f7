"""What a sentence says of how things lie to each other, of their sizes and of which are more."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_EVERY = frozenset(("all", "every", "confined", "restricted"))
_ONLY = frozenset(("only", "exclusively", "solely"))
_SIDES = ("left_of", "right_of", "above", "below", "between")
_AT = ("on", "in", "at", "along", "across", "by", "from", "with", "around", "over")
_NOT = ("not", "never", "nor", "nowhere", "neither", "hardly", "scarcely", "rarely", "no")
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
        if word in _SIDES and (fronted := _fronted(line, at)):
            thing, subject = fronted
            yield from _relation(line, at, subject, thing, word)
        if part.text in ("on", "in") and (subject := _subject(line, at, "on")):
            thing = line.noun_behind(at) if _is_near(line, subject, at) else None
            if thing and not thing.amount and not line.parts[thing.at].plural:
                yield from _relation(line, at, subject, thing, "on")
        if part.text == "between" and (subject := _subject(line, at, "between")):
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
    before = [line.text(here) for here in range(max(0, min(subject.first, at) - 5), subject.first)]
    between = range(subject.first, max(subject.at, at))
    return any(word in _NOT and word != "no" for word in before) or any(
        line.kind(here) is Kind.DENIAL or line.text(here) in _NOT for here in between
    )


def _subject(line: Line, at: int, word: str) -> Noun | None:
    """The thing of which a relation speaks; none where it may be one that has no name here.

    ``Three trucks, one above the bridge``, ``trucks on a quay above the bridge``.
    """
    found = line.subject(at) or _told(line, at)
    if found is not None and word in (*_SIDES, "near"):
        said = (
            line.text(at - 1) in lists()["saying"]
        )  # what a verb before it says is said of the clause's first thing
        if leads_away(line, found):
            found = line.first_thing(found, leads_away) if said else None
        elif any(_is_other(line, here, at, said=said) for here in range(found.at + 1, at)):
            found = None
    return None if found is None or found.denied else found


def _fronted(line: Line, at: int) -> tuple[Noun, Noun] | None:
    """``West of the road lie two sheds``, ``to the left of it, a tank stands``: road and sheds."""
    begins = at == 0 or line.ends_clause(at - 1)
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
    return before[-1] if before else line.told


def _is_near(line: Line, subject: Noun, at: int) -> bool:
    """Whether only a verb stands between a thing and what it is on: boats float on, cars are parked on."""
    between = [line.kind(here) for here in range(subject.at + 1, at)]
    return len(between) <= 4 and set(between) <= {Kind.WORD, Kind.COVERED, Kind.GROUP, Kind.STOP}


def _is_other(line: Line, here: int, at: int, *, said: bool) -> bool:
    if line.kind(here) is Kind.AMOUNT:
        return not said or here + 1 == at or line.text(here + 1) in lists()["saying"]
    return line.text(here) in _AT and not said


def is_every(line: Line, noun: Noun) -> bool:
    """``all of the cars``, ``both``, ``confined to the left``, ``on the left only``."""
    after = range(noun.at + 1, noun.at + 7)
    near = {line.text(here) for here in (*range(noun.at - 5, noun.at), *after)}
    if near & _EVERY or line.text(noun.first) == "both":
        return True
    beside = [{line.text(n - 1), line.text(n + 1)} for n in after if line.kind(n) is Kind.PLACE]
    return any(words & _ONLY for words in beside)


def is_most(line: Line, noun: Noun) -> bool:
    """``the wagons are in the lower left``, ``trees are concentrated at the top``; no other part is named."""
    places = [here for here in range(len(line.parts)) if line.kind(here) is Kind.PLACE]
    if len(places) != 1 or not noun.at < places[0] or noun.amount:
        return False
    words = {line.text(here) for here in range(noun.at + 1, places[0])}
    gathered = words & {*lists()["gathering"]}
    stops = {line.text(n) for n in range(noun.at + 1, places[0]) if line.kind(n) in (Kind.STOP, Kind.COVERED)}
    if words - gathered - stops - {*lists()["placed"], *lists()["saying"], "mostly", "mainly"}:
        return False
    if line.kind(places[0] + 1) not in (None, Kind.MARK) or line.text(places[0] + 1) == ",":
        return False  # and elsewhere
    here = noun.at - 1
    while line.kind(here) is Kind.COLOUR:
        here -= 1
    share = line.parts[here - 2] if here > 1 and line.text(here - 1) == "of" else None
    if share and share.kind is Kind.SHARE:
        return bool(share.value[0] > 0.5)
    the = noun.plural and line.text(here) == "the" and line.text(here - 1) != "of"
    begins = here < 0 or line.ends_clause(here)
    said = words & {"are", "have", "stand", "lie"}
    return bool(gathered and (the or begins)) or bool(said and the)


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
