"""How much of the picture a sentence says that something covers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import PARTS, Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind, Piece
from mpgi_ray.truth.sharing import picture_behind, sharing, trailing
from mpgi_ray.truth.told_shares import told_share

_PICTURES = ("image", "picture", "photo", "photograph", "frame", "scene", "view", "tile")
_REST = ("rest", "remainder", "remaining")  # of the picture: what is said of it is said of a part
_COMPASS = ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
_BEYOND = ("beyond", "behind", "along", "around", "beside", "below", "above", "past")
_ASIDES = ("all", "mostly", "mainly", "which", "whose", "with", "dear", "listeners", "pupils", "children")
_ONLY = ("only", "just", "merely", "at", "a", "mere", "good", "full")  # between a comma and a share
_CUT = ("cut", "split", "laid", "strewn", "grown", "run", "seen", "set", "made", "rough", "flat", "calm")
_SHOWS = ("shows", "show", "carries", "carry", "bears", "bear")
_CLAIMING = (Kind.SHARE, Kind.DOMINATES, Kind.DOMINATED, Kind.LEADING)


def covers(line: Line) -> Iterator[Claim]:
    for at, part in enumerate(line.parts):
        if part.kind not in _CLAIMING or _is_of_part(line, at):
            continue
        if part.kind is Kind.SHARE and line.text(at - 1) in ("not", "else"):
            continue  # not the whole image is grass
        if part.text == "most" and line.text(at - 1) == "the":
            subject = line.subject(at - 2) if line.kind(at - 2) is Kind.COVERS else None
            among = any(line.text(n) in ("of", "among") for n in range(at))
            if subject and not (subject.denied or subject.amount or among):
                yield Claim(About.DOMINANCE, subject.name, part.start, part.end)
            continue  # covers the most
        if part.kind is Kind.SHARE and (listed := sharing(line, at)):
            for noun in listed:
                yield Claim(About.COVER, noun.name, part.start, part.end, amount=part.value)
        elif part.kind is Kind.SHARE:
            found = list(_share(line, at, part))
            found = found or list(trailing(line, at))
            found = found or list(told_share(line, at))
            yield from found or _lone(line, at)
        elif part.kind in (Kind.DOMINATES, Kind.DOMINATED, Kind.LEADING):
            subject = _leading(line, at) if part.kind is Kind.DOMINATES else line.object(at)
            # "mostly empty bays" are many that are empty
            how = (
                part.kind is Kind.LEADING and subject and not _is_surface(subject) and subject.first > at + 1
            )
            if subject is not None and not (subject.denied or subject.amount or how):
                yield Claim(About.DOMINANCE, subject.name, part.start, part.end)


def _leading(line: Line, at: int) -> Noun | None:
    """What dominates: grass in ``grass is the largest surface``, and the other way round."""
    if line.parts[at].text.startswith(("the ", "by far ")):
        of_picture = line.text(at + 1) == "of" and line.kind(at + 3) is Kind.PICTURE
        verb = at + 1 + 3 * of_picture
        if line.text(at).endswith((" part", " share", " portion")) and not of_picture:
            return None  # the largest part of a lake
        if line.text(verb) in ("is", "being", ":"):
            return line.object(verb)
        if line.text(at - 1) not in ("is", "are", "being", "remains", "forms", "form"):
            return None
    if line.text(at).startswith(tuple(lists()["largest"])):  # dominant surface: grass
        return line.object(at + 1) if line.text(at + 1) == ":" and at == 0 else None
    return line.subject(at)


def _is_of_part(line: Line, at: int) -> bool:
    """Whether a share is one of a part of the picture: the lower half is mostly grass."""
    dominates = line.kind(at) is Kind.DOMINATES
    if dominates and line.text(at + 1) == "for":
        return True  # the main surface for cars
    if dominates and (line.kind(at + 1) is Kind.PLACE or line.text(at + 2) in PARTS):
        return True
    after = [here for here in (at + 1, at + 2, at + 3) if line.kind(here) is Kind.PLACE]
    if after and all(line.text(here) in ("of", "the") for here in range(at + 1, after[0])):
        return True
    if line.text(at + 1) == "of" and any(line.text(at + n) in PARTS for n in (2, 3)):
        return True
    if line.text(at + 1) == "of" and any(line.text(at + n) in _COMPASS for n in (2, 3, 4)):
        return True  # much of the northeast
    if line.kind(at - 1) is Kind.COVERS and line.text(at + 1) == "of" and line.noun_behind(at + 1):
        return True  # the trees hide half of the shed
    if line.text(at + 1) == "else" or any(line.text(at + n) in _REST for n in (1, 2, 3)):
        return True
    of_picture = line.text(at + 1) == "of" and line.text(at + 3) in _PICTURES
    for here in range(at - 1, -1, -1):
        if line.text(here).removesuffix("'s") in _REST:
            return True
        if of_picture and line.kind(here) is Kind.PLACE:
            return False
        if line.ends_clause(here):
            return False
        if line.kind(here) is Kind.PLACE:
            return True
    return False


def _is_number(part: Piece, noun: Noun) -> bool:
    """``about a third fields``, and not ``most bays``, which are many and need cover little."""
    return noun.plural and part.text.split(" ")[-1] not in ("most", "all", "any", "majority", "much")


def _goes_on(line: Line, noun: Noun | None) -> bool:
    """Whether further things follow in a list or with it."""
    return noun is not None and line.text(noun.at + 1) in (",", "and", "with")


def _is_surface(noun: Noun | None) -> bool:
    """Grass that is spread over half of the picture covers it; cars and aircraft do not."""
    if noun is None or lexicon.is_mass(noun.name):
        return True
    return not noun.plural and lexicon.several(noun.name) != noun.name


def _behind_aside(line: Line, end: int) -> Noun | None:
    """The river in ``the river, which carries barges, takes up``, ``…, crossed by bridges, fills``."""
    for at in range(end):
        after = line.text(at + 1)
        if line.text(at) == "," and (after in _ASIDES or after.endswith(("ed", "ing")) or after in _CUT):
            return line.noun_at(at - 1)
    return None


def _only_thing(line: Line, end: int) -> Noun | None:
    """The grass in ``grass is a minor element, making up a tenth``."""
    first = next((n + 1 for n in range(end - 1, -1, -1) if line.ends_clause(n)), 0)
    nouns = [noun for noun in line.nouns if first <= noun.first < end]
    only = len(nouns) == 1 and not nouns[0].denied and not leads_away(line, nouns[0])
    return nouns[0] if only and line.text(end + 1).split(" ")[0].endswith("ing") else None


def _apposed(line: Line, at: int) -> Noun | None:
    """``Water, well over half of the frame``, ``cropland is marginal, under a tenth of the view``.

    The one thing of its clause, of which nothing else may be said.
    """
    if (aside := line.noun_at(at - 2)) and (line.text(at - 1), line.text(at + 1)) == ("(", ")"):
        return None if aside.denied or not _is_surface(aside) else aside  # grass (40 %)
    picture = picture_behind(line, at)
    verb = at - 1 - (line.text(at - 1) in _ONLY)
    if picture is not None and line.text(verb) in ("is", "are"):  # grass is only a third of the picture
        found = line.subject(verb)
        return found if found and found.at == verb - 1 and lexicon.is_mass(found.name) else None
    if picture is None or not _ends(line, picture + 1):
        return None
    mark = at - 1
    while line.text(mark) in _ONLY:
        mark -= 1
    if line.text(mark) not in (",", ":", "("):
        return None
    begins = (n + 1 for n in range(mark - 1, -1, -1) if line.turns(n) or line.kind(n) is Kind.SHARE)
    first = next(begins, 0)
    nouns = [noun for noun in line.nouns if first <= noun.at < mark]
    if len(nouns) != 1 or nouns[0].denied or any(line.kind(n) is Kind.PRONOUN for n in range(first, mark)):
        return None
    return None if leads_away(line, nouns[0]) else nouns[0]


def _joined(line: Line, at: int) -> Noun | None:
    """The pond in ``the pond is small and takes up a tenth``, if its number agrees with the verb's."""
    first = next((n + 1 for n in range(at - 3, -1, -1) if line.ends_clause(n)), 0)
    nouns = [noun for noun in line.nouns if first <= noun.first < at - 2]
    if not nouns or leads_away(line, nouns[0]) or nouns[0].denied or nouns[0].amount:
        return None
    several = not line.text(at - 1).split(" ")[0].endswith("s")
    return nouns[0] if nouns[0].plural == several else None


def _lone(line: Line, at: int) -> Iterator[Claim]:
    """The only thing of a clause: ``woodland survives as a fringe amounting to a tenth of the image``."""
    first = next((n + 1 for n in range(at - 1, -1, -1) if line.ends_clause(n)), 0)
    nouns = [noun for noun in line.nouns if first <= noun.at < at]
    told = (Kind.SHARE, Kind.PRONOUN, Kind.PLACE, Kind.DENIAL, Kind.RELATION)
    if len(nouns) != 1 or any(line.kind(n) in told for n in range(first, at)):
        return
    (only,), share = nouns, line.parts[at]
    if _is_surface(only) and not (only.denied or only.amount) and picture_behind(line, at):
        yield Claim(About.COVER, only.name, share.start, share.end, amount=share.value)


def _ends(line: Line, at: int) -> bool:
    """Whether nothing is said of a share that ends here: ``half of the view, in the south``."""
    return line.kind(at) in (None, Kind.MARK, Kind.PLACE) or line.text(at) in ("in", "at")


def _tells(line: Line, at: int) -> bool:
    """Whether a verb tells what a share is of, and not by whom the picture was taken."""
    taken = line.text(at) == "taken by" and line.text(at - 1) not in ("is", "are", "being")
    return (line.kind(at) is Kind.COVERED and not taken) or line.text(at) in _SHOWS


def _share(line: Line, at: int, part: Piece) -> Iterator[Claim]:
    subject = None
    aside = line.text(at - 2) == "," and (_behind_aside(line, at - 2) or _only_thing(line, at - 2))
    if line.kind(at - 1) is Kind.COVERS and line.text(at - 2) in ("and", ",") and not aside:
        first = _joined(line, at) if line.text(at - 2) == "and" else None
        if first is not None and picture_behind(line, at) is not None:
            yield Claim(About.COVER, first.name, part.start, part.end, amount=part.value)
        return  # lawns surround the junction and cover half of it
    much = part.text.startswith(("the lion's", "the larger", "the bigger", "the greater", "the bulk"))
    if line.text(at - 1) in ("take", "takes") and picture_behind(line, at) is None and not much:
        return  # takes a quarter turn
    verb = next((n for n in (1, 2) if line.kind(at - n) is Kind.COVERS), None)
    if verb is not None:
        subject = line.subject(at - verb)
        if subject and line.text(subject.first - 1 - (line.text(subject.first - 1) == "the")) in _BEYOND:
            subject = line.first_thing(subject, leads_away)  # the water beyond the wall makes up half
        between = range(subject.at, at - verb) if subject else ()
        if any(line.text(n) in ("its", "whose") and line.text(n + 1) != "own" for n in between):
            subject = None  # beside the water, its apron filling most of the picture
        if line.text(at - verb - 1) == ",":
            subject = _behind_aside(line, at - verb - 1) or _only_thing(line, at - verb - 1)
        if subject is None and line.kind(at - verb - 1) is Kind.PRONOUN and at - verb - 1 == 0:
            subject = line.told  # it covers most of the image
        if subject is None and (both := line.pair(at - verb)):
            first, last = both
            claim = Claim(About.COVER, first.name, part.start, part.end, amount=part.value)
            if "each" in (line.text(at + n) for n in range(1, 6)):
                yield from (claim, replace(claim, name=last.name))
            else:
                yield replace(claim, other=last.name)
    else:
        verbs = (n for n in range(1, 7) if _tells(line, at + n))
        after = next(verbs, None)
        direct = after == 1 or line.text(at + 1) in ("of", "the", "this")  # and not a third one
        direct |= line.kind(at + 1) is Kind.PICTURE and part.text.endswith(("whole", "entire"))
        if after is not None and direct and all(line.text(at + n) != "," for n in range(1, after)):
            subject = line.object(at + after)
            if line.text(at + after) in _SHOWS and _goes_on(line, subject):
                return  # the whole image shows grass and trucks
            if ground := lists()["grounds"].get(line.text(at + after + 1)):
                yield Claim(About.COVER, ground, part.start, part.end, amount=part.value)
                return  # half of the image is paved
        elif (noun := line.noun_at(at + 1)) and (_is_number(part, noun) or lexicon.is_mass(noun.name)):
            subject = noun  # about a third grass, and not a third car
        else:
            subject = _apposed(line, at)
    scattered = verb is not None and line.text(at - verb).startswith("spread") and not _is_surface(subject)
    some = subject is not None and subject.amount is not None
    apart = some and subject is not None and not 1 <= at - (verb or 0) - subject.at <= 2
    apart |= some and picture_behind(line, at) is None
    if subject is not None and not scattered and not apart:
        yield Claim(About.COVER, subject.name, part.start, part.end, amount=part.value, some=some)
