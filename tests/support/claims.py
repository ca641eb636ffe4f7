"""What English texts on a picture claim of its things: numbers and places. No code is shared with the rules.

A sentence is read completely, or it is of a kind that claims neither; any other is an error, as nobody can
tell whether it is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from support import sentence_kinds as kinds


@dataclass(frozen=True)
class Claim:
    """So many of a class, in the whole image or in places together: cells, halves, ``central``, ``edges``.

    ``way`` is how all of them are arranged, ``spread`` the least number of cells that hold some.
    """

    name: str
    number: int
    at_least: bool
    places: tuple[str, ...] = ()
    way: str | None = None
    spread: int = 0


@dataclass(frozen=True)
class Beside:
    """The only one of a class is left of, or above, the only one of another."""

    first: str
    last: str
    axis: str


class Reader:
    """Reads the sentences of one text in order: "the cars" are those that it told with their number."""

    def __init__(self) -> None:
        self._told: dict[str, Claim] = {}
        self._last: Claim | None = None  # what "they" are

    def read(self, text: str) -> Iterator[tuple[str, list[Claim | Beside]]]:
        """Each sentence with its claims.

        Raises:
            ValueError: a sentence of a kind that is not known here.
        """
        for sentence in re.split(r"(?<=\.) (?=[A-Z])", text):
            try:
                yield sentence, self._claims(sentence[0].lower() + sentence[1:])
            except ValueError as error:
                raise ValueError(f"{sentence!r} is not read ({error}): teach the reader its kind") from error

    def _claims(self, text: str) -> list[Claim | Beside]:
        text = kinds.SIZED.sub(r"\2 \1 \3", text)
        if kinds.UNCLAIMED.fullmatch(text) and not re.search(rf"\b{kinds.NOUN}\b", text):
            return []
        if (m := kinds.LISTING.fullmatch(text)) and (alone := kinds.ALONE.fullmatch(m["items"])):
            claim = _amount(re.fullmatch(kinds.AMOUNT, alone["subject"]))
            self._told[claim.name] = claim
            return [*self._stands(alone["subject"], alone["rest"])]
        if (m := kinds.LISTING.fullmatch(text)) and (all_ := kinds.ALL.fullmatch(m["items"])):
            place = _place(all_["place"])
            claims = [claim for item in _listed(kinds.ITEM, all_["items"]) for claim in _placed(item)]
            self._told |= {claim.name: claim for claim in claims if not claim.places and not claim.way}
            return [*claims, *(replace(claim, places=(place,)) for claim in claims if not claim.places)]
        if m := kinds.LISTING.fullmatch(text):
            claims = [claim for item in _listed(kinds.ITEM, m["items"]) for claim in _placed(item)]
            self._told |= {c.name: c for c in claims if not c.places and not c.way}
            return [*claims]
        if m := next((m for kind in kinds.SPLIT if (m := kind.fullmatch(text))), None):
            return [
                replace(_amount(item), places=(place,))
                for place, items in m.groupdict().items()
                for item in (_listed(kinds.ITEM, items) if items else [])
            ]
        if m := kinds.SHARED.fullmatch(text):
            return [_amount(m)]
        if m := kinds.NEAR.fullmatch(text):
            return [_one_of(m["a"], m["many_a"]), _one_of(m["b"], m["many_b"])]
        if m := kinds.MOST_LIE.fullmatch(text):
            subjects = re.findall(rf"(most|several) of (them|the {kinds.NOUN})", m["items"])
            return [
                claim
                for word, one in subjects
                for claim in self._stands("they" if one == "them" else one, f"{word} of them {m['cells']}")
            ]
        if m := kinds.INCLUDE.fullmatch(text):
            numbers = [2 if one["n"] else 1 for one in _listed(kinds.ONES, m["items"])]
            return [Claim(kinds.SINGULAR[m["noun"]], sum(numbers), True)]
        if m := kinds.SOME.fullmatch(text):  # nothing has two colours
            items = _listed(kinds.OF_COLOUR, m["items"])
            name = kinds.SINGULAR[items[0]["noun"]]
            most = self._told[name].number // 2 + 1 if name in self._told else 2
            numbers = [_value(i["n"]) if i["n"] else most if i["most"] else 3 for i in items]
            return [Claim(name, sum(numbers), True)]
        if m := kinds.LOOKS.fullmatch(text):
            return [claim for one in _subjects(m["subject"]) if (claim := self._subject(one))]
        if m := kinds.ALL_LIE.fullmatch(text):
            amount = self._subject(m["subject"] or "they")
            cells = _listed(kinds.IN_CELL, f"{m['n']} {m['cells']}")
            return [*_in_cells(amount, replace(amount, number=1, at_least=True), cells)]
        if m := kinds.STANDS.fullmatch(text):
            return [claim for one in _subjects(m["subject"]) for claim in self._stands(one, m["rest"])]
        if m := kinds.SIZES.fullmatch(text):
            return [_of_all(m["a"]), _of_all(m["b"])]
        if m := kinds.ASIDE.fullmatch(text):
            a, b = kinds.SINGULAR[m["a"] or m["d"]], kinds.SINGULAR[m["b"] or m["c"]]
            axis = "x" if (m["first"] or m["last"]) in ("to the left of", "to the right of") else "y"
            return [Claim(a, 1, False), Claim(b, 1, False), Beside(a, b, axis)]
        raise ValueError("no such kind")

    def _subject(self, text: str) -> Claim | None:
        """The amount of a subject; None for "a car" and "cars", which have none."""
        text = text.removesuffix(" in the image")
        if text in ("it", "they"):
            if self._last is None or (self._last.number == 1) != (text == "it"):
                raise ValueError(f"{text!r} refers to {self._last}")
            return self._last
        if m := re.fullmatch(rf"(?:the )?{kinds.AMOUNT}", text):
            return _amount(m)
        if m := re.fullmatch(rf"each ({kinds.NOUN})", text):
            return self._told[kinds.SINGULAR[m[1]]]
        if m := re.fullmatch(rf"the ({kinds.NOUN})", text):
            told = self._told.get(kinds.SINGULAR[m[1]])
            if told is None and not self._told:  # a perspective begins with it
                told = _of_all(m[1])
            if told is None or m[1] not in _forms(told):
                raise ValueError(f"{text!r} refers to {told}")
            self._last = told
            return told
        if re.fullmatch(rf"(?:an? )?{kinds.NOUN}", text):
            return None
        raise ValueError(f"{text!r} is no subject")

    def _stands(self, subject: str, rest: str) -> Iterator[Claim]:
        amount = self._subject(subject)
        one = amount or Claim(kinds.SINGULAR[re.sub("^an? ", "", subject)], 1, True)
        one = replace(one, number=1, at_least=True)
        self._last, before = amount or one, self._last
        if few := re.search(
            rf"(?:^|, )((?:several|many|most) of them (?:{kinds.CELL}|{kinds.ALONG}).*)$", rest
        ):
            yield from self._few(few[1])
            rest = rest[: few.start()]
        self._last = before
        how = kinds.HOW.match(rest)
        told = amount and how and (how["arranged"] or not how[0].endswith(", "))  # "at the top, on the left"
        rest = rest[how.end() :] if told else rest
        if amount and not kinds.IN_CELL.match(rest):
            yield amount
        if told:
            yield from _where(amount, how)
        if rest in ("", "visible"):
            return
        if rest in ("in every part of the image", "spread over the whole image"):
            yield from (replace(one, places=(cell,)) for cell in kinds.CELLS)
        elif rest.startswith("spread over"):
            yield replace(one, spread=6 if "most" in rest else 5)
        elif most := kinds.MOSTLY.fullmatch(rest):
            yield replace(one, number=(amount or one).number // 2 + 1, places=(f"{most[1]} half",))
        else:
            yield from _in_cells(amount, one, _listed(kinds.IN_CELL, rest))

    def _few(self, text: str) -> Iterator[Claim]:
        """``several of them on the left and at the top``: together, and one at least in each."""
        if self._last is None:
            raise ValueError("nobody knows of which")
        word, _, places = text.partition(" of them ")
        found = _listed(kinds.IN_CELL, places)
        cells = [c for m in found for c in (kinds.SIDES[m["side"]] if m["side"] else [_place(m["cell"])])]
        least = {"several": 3, "many": 6, "most": self._last.number // 2 + 1}[word]
        one = replace(self._last, number=1, at_least=True)
        yield from (replace(one, places=(cell,)) for cell in cells)
        yield replace(one, number=least, places=tuple(cells))


def _subjects(text: str) -> list[str]:
    """``two vans`` and ``three boats`` of ``two vans and three boats``; what is no such list as it is."""
    try:
        return [item[0] for item in _listed(kinds.SUBJECT, text)]
    except ValueError:
        return [text]


def _forms(told: Claim) -> tuple[str, ...]:
    """The words for it: ``car`` of one, ``cars`` of more."""
    one, several = next(forms for forms in kinds.NAMES.values() if told.name in forms)
    return (one,) if told.number == 1 else (several,)


def _one_of(noun: str, many: str | None) -> Claim:
    """``the van``, which is one, or one of two vans at least."""
    one, several = next(forms for forms in kinds.NAMES.values() if noun in forms)
    if noun != (several if many else one):
        raise ValueError(f"{noun!r} has the wrong number")
    return Claim(one, 2 if many else 1, True)


def _in_cells(amount: Claim | None, one: Claim, cells: list[re.Match]) -> Iterator[Claim]:
    """With numbers in each cell, which stand for all; or at least one in each."""
    places = tuple(_place(cell["cell"]) for cell in cells)
    numbers = [_value(cell["n"]) for cell in cells if cell["n"]]
    if not numbers:
        yield from (replace(one, places=(place,)) for place in places)
        if amount:
            yield replace(amount, places=places)
        return
    if amount and not cells[0]["n"]:  # "two cars lie at the top and one on the left"
        numbers = [amount.number, *numbers]
        amount = replace(amount, number=sum(numbers))
    if amount is None or amount.at_least or len(numbers) != len(cells) or sum(numbers) != amount.number:
        raise ValueError(f"{numbers} are not {amount}")
    yield amount
    yield from (replace(amount, number=n, places=(p,)) for n, p in zip(numbers, places, strict=True))


def _listed(item: re.Pattern, text: str) -> list[re.Match]:
    """The items of ``a, b and c``, which are all that the text has."""
    found, at = [], 0
    while match := item.match(text, at):
        found.append(match)
        if match.end() == len(text):
            return found
        if not (between := kinds.SEPARATOR.match(text, match.end())):
            break
        at = between.end()
    raise ValueError(f"{text[at:]!r} is not understood")


def _value(number: str) -> int:
    return kinds.WORDS.index(number) if number in kinds.WORDS else int(number)


def _amount(m: re.Match) -> Claim:
    if m["vague"]:
        return Claim(kinds.SINGULAR[m["noun3"]], {"several": 4, "many": 13}.get(m["vague"], 1), True)
    at_least = bool(m["least"] or m["least2"])
    number = _value(m["n"] or m["n2"]) + (m["least"] == "more than ")
    return Claim(kinds.SINGULAR[m["noun"] or m["noun2"]], number, at_least)


def _placed(m: re.Match) -> Iterator[Claim]:
    """The claims of an item: none if it is of pixels alone."""
    if m["noun"] or m["noun2"] or m["noun3"]:
        yield _amount(m)
        yield from _where(_amount(m), m)


def _where(amount: Claim, m: re.Match) -> Iterator[Claim]:
    """The claims of an arrangement and of the place where all lie."""
    if m["place"]:
        yield replace(amount, places=(_place(m["place"]),))
    match m["arranged"]:
        case None:
            return
        case "along the borders of the image":
            yield replace(amount, places=("edges",))
        case way if way.startswith("in two groups"):
            halves = ("left half", "right half") if "left" in way else ("top half", "bottom half")
            yield from (replace(amount, number=2, at_least=True, places=(half,)) for half in halves)
        case way:
            yield replace(amount, way=way)


def _place(phrase: str) -> str:
    place = re.sub("^(?:in|on|at|around|near|towards) the ", "", phrase)
    if side := re.fullmatch("on the (left|right) side|towards the (top|bottom)", phrase):
        return f"{side[1] or side[2]} half"
    return "central" if phrase in ("around the centre", "across the centre", "near the centre") else place


def _of_all(noun: str) -> Claim:
    """Of "the cars" there are two or more, and of "the car" there is one; "the aircraft" may be both."""
    forms = next(forms for forms in kinds.NAMES.values() if noun in forms)
    if forms[0] == forms[1]:
        return Claim(noun, 1, True)
    return Claim(forms[0], 1, False) if noun == forms[0] else Claim(forms[0], 2, True)
