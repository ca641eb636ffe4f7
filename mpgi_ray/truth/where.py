"""Which thing of a sentence is said to lie in a part of the picture."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.fronted import is_aside, is_fronted, is_inverted
from mpgi_ray.truth.joined import LIE, all_of, aside, is_said_plainly, is_set, is_so, joined
from mpgi_ray.truth.leading import (
    is_beside,
    is_between,
    is_driven_on,
    is_flanking,
    is_held,
    is_parted,
    is_past,
    is_shadow,
    is_unnamed,
    leads_away,
    tells_where,
)
from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.listed import goes_on, is_last, listed_with
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.of_picture import is_nearer, is_of_picture, is_of_scene, is_of_site, is_of_some, is_of_way
from mpgi_ray.truth.pieces import Kind
from mpgi_ray.truth.places import Region

_OF_SITE = 0.15  # of the picture: a site need not fill it
_OF_WAY = 0.24  # of the picture: a road may end far from its border
_FULL = (
    *("full", "filled", "lined", "covered", "crowded", "packed", "taken"),
    *("occupied", "bordered", "dominated", "given"),
)
_FINDING = ("and", "find", "see", "spot", "notice")  # you will find it on the left
_AFTER_BARE = ("in", "at", "on", "near", "along", *LIE, "of", "more", "and")
_BESIDE_BARE = (Kind.PLACE, Kind.COLOUR, None, Kind.MARK, Kind.PATTERN)


def owners(line: Line) -> Iterator[tuple[int, Region]]:
    """For each part of the picture the thing, or what stands for it, that is said to lie there.

    Of parts in a list, as in "at the top, on the left and in the centre", each belongs to it.
    """
    taken: set[int] = set()
    others: set[int] = set()  # from which something leads away
    owner: int | None = None
    for at, part in enumerate(line.parts):
        if part.kind is not Kind.PLACE:
            continue
        if not is_of_picture(line, at) or is_of_some(line, at):
            if line.text(at).startswith("from"):
                others.add(at)
            continue
        if listed := goes_on(line, at, others):
            owner = owner if is_last(line, at) or (owner is not None and owner > at) else None
        else:
            fronted = is_fronted(line, at) and not is_aside(line, at)
            fronted |= is_inverted(line, at)
            owner = _behind(line, at) if fronted else _before(line, at)
        if owner is not None and (listed or owner not in taken):
            scene = is_of_site(line, at) or ("its" in line.text(at) and is_of_scene(line, at))
            region = part.value.wider(_OF_SITE) if scene else part.value
            region = region.wider(_OF_WAY) if is_of_way(line, at) else region
            region = region.half if is_nearer(line, at) else region
            denied = (
                found := line.noun_at(owner)
            ) is not None and found.denied  # no shed, a roof on the right
            for thing in (owner, *(() if denied else listed_with(line, at, owner))):
                taken.add(thing)
                yield thing, region


def _before(line: Line, at: int) -> int | None:
    """The thing, or the bare number, that stands before a part of the picture in its clause."""
    colon = at - 1 - (line.text(at - 1) == "only")
    if line.text(colon) == ":" and line.noun_at(colon - 1):
        return colon - 1  # houses: top right, houses: only at the top
    if [line.text(at - n) for n in (3, 2, 1)] == [":", "present", ","] and line.noun_at(at - 4):
        return at - 4  # water: present, along the bottom edge
    if line.text(at).split(" ")[0] in lists()["filling"] and line.text(at - 1) == "and":
        return joined(line, at)  # the water meets the sand and fills the lower part
    if line.text(at - 1) in LIE and line.text(at - 2) == "and":
        return joined(line, at - 1)
    verb = next((n for n in (at - 3, at - 4) if line.text(n) in lists()["bordering"]), at)
    if verb < at and _is_of_site_alone(line, verb, at):
        subject = line.subject(verb)  # water borders the yard at the bottom
        return subject.at if subject and lexicon.is_mass(subject.name) else None
    between = at  # where words between commas begin that are stepped over
    for here in range(at - 1, -1, -1):
        part = line.parts[here]
        if part.text == "," and here < between:
            between = aside(line, here)
        if here >= between and between < at:
            continue
        if whole := all_of(line, here):
            return whole.at
        if part.kind is Kind.COVERS and line.text(here - 1) == "and":
            return joined(line, here)
        room = line.kind(here + 2) is Kind.GROUP or line.text(here + 2) in lists()["rooms"]
        stretch = line.text(here + 1) == "the" and room and here + 3 == at
        if part.kind is Kind.COVERS and stretch:
            subject = line.subject(here)  # crops cover the strip at the top
            return subject.at if subject else None
        if part.kind is Kind.COVERS and here == at - 1 - (line.text(at - 1) in ("only", "just")):
            subject = line.subject(here)
            if subject and subject.plural and part.text.endswith("s"):  # grass with trees fills it
                subject = line.first_thing(subject, leads_away) or subject
            return subject.at if subject else None
        if part.kind is Kind.SHARE and here + 1 < at and line.text(here + 1) == "of":
            continue  # fills most of the upper left
        if part.kind is Kind.COVERS and line.kind(here + 1) is Kind.SHARE:
            subject = line.subject(here)
            return subject.at if subject else None
        if line.ends_clause(here) or part.kind in (Kind.PLACE, Kind.COVERS, Kind.SHARE):
            return None
        if part.text in lists()["parting"] or part.text in ("what", "former", "latter"):
            return None
        of = "of" in (line.text(here - 1), line.text(here - 2))
        before = line.noun_at(here - 1)
        is_verb = before is not None and before.plural  # rowing boats float
        unknown = part.kind is Kind.WORD and lexicon.is_noun(part.text.removesuffix("s"))
        unknown &= not is_shadow(line, here)
        unknown &= not (part.text in lists()["rooms"] and line.kind(here - 2) is Kind.COVERS)
        if unknown and not of and not is_verb and not tells_where(line, here):
            return None
        if part.kind is Kind.GROUP and line.text(here + 1) != "of" and is_unnamed(line, here - 1):
            return None  # and a green strip on the right
        if part.text in ("other", *lists()["ordinals"]) and line.text(here - 1) == "the":
            return here if _is_bare(line, here) or line.text(here + 1) == "one" else None
        if part.text == "one" and line.text(here - 1) == "other":
            continue
        if part.text in ("one", "ones") and line.kind(here - 1) in (Kind.COLOUR, Kind.WORD):
            return None  # a brown one
        said = line.text(here + 1).endswith("ed") or line.text(here + 1) in lists()["placed"]
        if part.text == "," and said and before is not None:
            return here - 1  # seven arrays, mounted in the upper third
        if part.text in (",", "and") and line.kind(here + 1) in (Kind.WORD, Kind.COLOUR):
            return None  # another thing, whose name is not known, or what else the first one does
        noun = line.noun_at(here)
        if noun is None and part.kind is Kind.THING and not is_said_plainly(line, here):
            return None  # with taxi roads on the left
        if noun and (is_held(line, noun) or is_set(line, here, at) or is_so(line, noun, at)):
            return here
        if (is_unnamed(line, here) and not is_shadow(line, here + 1)) or (
            noun and (is_parted(line, noun) or is_beside(line, noun, at))
        ):
            return None
        if noun and (is_past(line, noun) or (here == at - 1 and is_flanking(line, noun))):
            return None
        if noun and here == at - 1 and is_driven_on(line, noun):
            return None
        if noun and here == at - 1 and is_between(line, noun):
            return None
        if noun and not leads_away(line, noun):
            return here
        if part.text == "one" and line.text(here - 1) in lists()["ordinals"]:
            return here - 1  # the second one stands on the left
        if part.text == "both" and line.text(here - 1) in LIE and line.noun_at(here - 2):
            return here - 2  # the two are both at the top
        if part.kind is Kind.AMOUNT and _is_bare(line, here):
            return here
        if part.text == "one" and line.kind(here + 1) is Kind.WORD and line.text(here + 1) != "of":
            return None  # and one apart at the far left
        if part.kind is Kind.PRONOUN:
            begins = here == 0 or line.ends_clause(here - 1) or line.text(here - 1) in _FINDING
            if part.text == "it" and not begins:
                return None  # a track runs past it on the left
            of = line.text(here - 1) == "of"
            if part.text == "them" and not of:
                continue
            return here - 2 if of and line.kind(here - 2) is Kind.AMOUNT else here
    return None


def _is_of_site_alone(line: Line, verb: int, at: int) -> bool:
    """Whether nothing but a site, or the picture, stands between a verb and a part of the picture."""
    words = [line.text(n) for n in range(verb + 1, at)]
    named = {*lists()["sites"], *lists()["picture"]}
    return len(words) in (2, 3) and words[0] in ("the", "this") and words[-1] in named


def _behind(line: Line, at: int) -> int | None:
    """The first thing behind a part of the picture with which a clause begins."""
    for here in range(at + 1, len(line.parts)):
        if line.kind(here) is Kind.PLACE and line.text(here - 1) == "," and here == at + 2:
            continue  # at the top, on the left, a shed
        if line.parts[here].kind is Kind.PLACE or (
            line.turns(here) and (line.text(here), here) != (":", at + 1)
        ):
            return None
        if line.text(here) == "," and line.text(here + 1) == "and":
            return None
        if line.kind(here) is Kind.RELATION and line.text(here - 1) == "and":
            return None  # a strip, and next to it some trees
        if (noun := line.noun_at(here)) and noun.denied:
            return here
        if noun and not (
            line.kind(here + 1) in (Kind.MARK, None)
            and leads_away(line, noun)
            and not _is_full(line, noun, at)
        ):
            return here
    return None


def _is_full(line: Line, noun: Noun, at: int) -> bool:
    """``The right half is crowded with vans``, ``the western edge is lined by water``."""
    words = [line.text(n) for n in range(at + 1, noun.first)]
    verbs = [word for word in words if word in _FULL]
    return bool(verbs) and words[:1] in (["is"], ["are"]) and words[-1:] in (["by"], ["with"], ["of"], ["to"])


def _is_bare(line: Line, at: int) -> bool:
    """Whether a number stands for things that were named before: ``five in the centre``."""
    after = line.text(at + 1)
    kind = line.kind(at + 1)
    coloured = next((n for n in range(at + 1, at + 4) if line.kind(n) is not Kind.COLOUR), at)
    if kind is Kind.COLOUR and line.kind(coloured) is Kind.GROUP:
        return False  # seven brown rows
    if any(noun.first == at for noun in line.nouns) or line.text(at - 1) == "(":
        return False
    return kind in _BESIDE_BARE or after in _AFTER_BARE or after.endswith(("ing", "ed"))
