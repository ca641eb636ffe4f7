"""One error at a time for a text of rules or engine: a generator for each kind, of what is changed into what.

Whether the changed text is false is for `planted_oracle` to say; a change may well leave it true, or open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from planted_known import Known
from planted_reader import reader_of, sentences
from planted_words import (
    ARRANGED,
    BOUNDS,
    CELLS,
    COLOUR,
    FAR,
    FILLED,
    MASS,
    NUMBER,
    PLACE,
    SHARE,
    SHARES,
    SIDE,
    WORDS,
    value,
)

Change = tuple[int, int, str]  # from, to, and what stands there instead

_AT = {"top": "at", "bottom": "at", "left": "on", "right": "on"}
_CELLS = [f"{_AT.get(cell, 'in')} the {cell}" for cell in CELLS]
_HALVES = [f"in the {side} half" for side in _AT] + ["on the left side", "on the right side"]
_PLACES = (*_CELLS, *_CELLS, *_HALVES, "around the centre", "near the edges")
_WAYS = (
    *(f"in a {way} row" for way in ("horizontal", "vertical", "diagonal")),
    "close together",
    "far apart over most of the image",
)
_ABSENT = (
    "There are no {many} in the image.",
    "No {one} is visible.",
    "{Many} are missing.",
    "The image shows no {many}.",
)
_PRESENT = (
    "There is also {a_one} in the image.",
    "{A_one} can be seen.",
    "Two {many} are visible.",
    "The image shows {many}, too.",
)
_VERB = re.compile(r" (?:is|lies|stands|points|can) ")


def number(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another number, in digits or as a word; a bound may go."""
    for m in reader_of(known).mention.finditer(text):
        if not m["n"] and not m["m"]:
            continue
        n = value(m["n"] or m["m"])
        numbers = (n - 2, n - 1, n + 1, n + 2, n + 3, n + 7, 2 * n, n // 2)
        new = rng.choice([k for k in numbers if k > 0 and k != n])
        if m["m"]:
            yield m.start("least") if m["least"] else m.start("m"), m.end("m"), str(new)
        elif _may_be(text, m, new):
            kept = f"{m['bound']} " if m["bound"] and rng.random() < 0.3 else ""
            yield _amount(known, m, f"{kept}{_said(new)}", new)
    for m in re.finditer(rf"(?:\b(?:and|,|:) )({NUMBER}) (?={PLACE})", text):
        yield m.start(1), m.end(1), _said(value(m[1]) + rng.choice((1, 2, 3, 5)))


def bound(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """A bound that is moved, or stands where a number did."""
    for m in reader_of(known).mention.finditer(text):
        if not m["n"]:
            continue
        n, words = value(m["n"]), rng.choice(BOUNDS)
        low, high = (n + 1, n + 6) if words in BOUNDS[:3] else (1 + (words == "fewer than"), max(2, n - 1))
        if _may_be(text, m, new := rng.randint(low, high)):
            yield _amount(known, m, f"{words} {_said(new)}", new)


def other_class(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """A class called by the name of another one, as often one that is there."""
    read = reader_of(known)
    for m in re.finditer(read.noun, text, re.IGNORECASE):
        label = read.label[m[0].lower()]
        begin, end = text.rfind(". ", 0, m.start()) + 1, text.find(".", m.end())
        beside = {read.label[n[0].lower()] for n in re.finditer(read.noun, text[begin:end], re.IGNORECASE)}
        # "six cars and two cars" says nobody
        others = [c for c in known.names if c not in beside and _kind(known, c) == _kind(known, label)]
        if rng.random() < 0.5:
            others = [c for c in others if c in known.things or c in known.cover] or others
        article = re.search(r"\ban? $", text[: m.start()], re.IGNORECASE)
        if not others or (article and m[0].lower() != known.names[label][0]):
            continue
        one, many = known.names[label][:2]
        new = known.names[rng.choice(others)][int(one != m[0].lower() == many)]
        start = article.start() if article else m.start()
        yield start, m.end(), _cased(text[start], _a(new) if article else new)


def denied(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """What is there is denied: in its place, or in a sentence of its own."""
    for m in reader_of(known).mention.finditer(text):
        if m["n"] and not _VERB.match(text, m.end()):
            forms = known.names[reader_of(known).label[m["noun"].lower()]]
            yield m.start(), m.end(), _cased(m[0], f"no {forms[1]}")
    there = sorted({c for c in (*known.things, *known.cover, *known.present) if c in known.names})
    absent = sorted(known.names.keys() - set(there))
    for label in there:
        one, many = known.names[label][:2]
        told = rng.choice(_ABSENT).format(one=one, many=many, Many=_cased("A", many))
        told = f"There is no {one} in the image." if label in MASS else told
        if absent and label not in MASS and rng.random() < 0.2:
            told = f"The image shows neither {many} nor {known.names[rng.choice(absent)][1]}."
        yield len(text), len(text), f" {told}"


def added(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """What is not there is added: behind what is there, or in a sentence of its own."""
    absent = [c for c in known.names if c not in {*known.things, *known.cover, *known.present}]
    for label in rng.sample(sorted(absent), min(2, len(absent))):
        one, many = known.names[label][:2]
        a_one = one if label in MASS else _a(one)
        templates = _PRESENT[:2] if label in MASS else _PRESENT
        said = rng.choice(templates).format(one=one, many=many, a_one=a_one, A_one=_cased("A", a_one))
        yield len(text), len(text), f" {said}"
        for m in reader_of(known).mention.finditer(text):
            if m["n"] and label not in MASS and re.match(r"\.| in the image", text[m.end() :]):
                told = _a(one) if rng.random() < 0.5 else f"{rng.choice(WORDS[2:6])} {many}"
                yield m.end(), m.end(), f" and {told}"


def position(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another part of the picture: cells, halves, centre or edges."""
    for m in re.finditer(PLACE, text):
        yield m.start(), m.end(), rng.choice([place for place in _PLACES if place != m[0]])
    for m in re.finditer(FILLED, text):
        for cell in re.finditer(rf"the ({'|'.join(CELLS)})\b", m[0]):
            start = m.start() + cell.start(1)
            yield start, start + len(cell[1]), rng.choice([c for c in CELLS if c != cell[1]])
    start = 0
    for sentence in sentences(text):  # "the centre of the image holds two cars"
        if re.search(SIDE, sentence):
            yield start, start + len(sentence), _turned(sentence)
        start += len(sentence) + 1


def cover(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another share, in words or per cent; or a class that dominates."""
    start = 0
    for sentence in sentences(text):
        if re.search(r"\b(?:covers?|takes? up)\b", sentence):
            for m in re.finditer(SHARE, sentence):
                words = rng.choice([told for told in SHARES if told not in (m[0], "a part")])
                told = words if rng.random() < 0.8 else f"{rng.randint(1, 19) * 5} %"
                yield start + m.start(), start + m.end(), _cased(m[0], told)
        start += len(sentence) + 1
    for label in known.cover:
        one, many = known.names[label][:2]
        yield len(text), len(text), f" The image is dominated by {one if label in MASS else many}."


def colour(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another colour of things, none that people mix up with it."""
    for m in reader_of(known).mention.finditer(text):
        if m["look"] in FAR:
            yield m.start("look"), m.end("look"), rng.choice(FAR[m["look"]])
    for m in re.finditer(rf"\b(?:is|are) ({COLOUR})(?=,| and\b|\.)", text):
        if m[1] in FAR:
            yield m.start(1), m.end(1), rng.choice(FAR[m[1]])


def arrangement(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another arrangement."""
    for m in re.finditer(ARRANGED, text):
        yield m.start(), m.end(), rng.choice([way for way in _WAYS if way != m[0]])


def relation(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Two classes of a comparison change places."""
    noun = reader_of(known).noun
    words = "to the left of|above|much larger than|far smaller than"
    for m in re.finditer(rf"[Tt]he ({noun}) ((?:is|are) (?:{words}) the|has the) ({noun})", text):
        singular = (known.names[reader_of(known).label[m[i].lower()]][0] == m[i] for i in (1, 3))
        if len(set(singular)) == 1:
            yield m.start(1), m.end(3), f"{m[3]} {m[2]} {m[1]}"


KINDS: dict[str, Callable[[str, Known, Random], Iterator[Change]]] = {
    "number": number,
    "bound": bound,
    "class": other_class,
    "denial": denied,
    "addition": added,
    "position": position,
    "cover": cover,
    "colour": colour,
    "arrangement": arrangement,
    "relation": relation,
}


def _kind(known: Known, label: str) -> tuple[bool, bool]:
    """Whether it is told without an article, and whether it is a thing: only the same can be exchanged."""
    surface = label in MASS or label in known.cover or label == "tree canopy"
    return label in MASS, label in known.things or not surface


def _turned(sentence: str) -> str:
    """Centre and edges change places."""
    swaps = {
        "The centre of the image holds": "The edges of the image hold",
        "The edges of the image hold": "The centre of the image holds",
        "its edges hold": "its centre holds",
        "in its centre": "near its edges",
        "near its edges": "in its centre",
        "In its centre": "Near its edges",
    }
    return re.sub("|".join(swaps), lambda m: swaps[m[0]], sentence)


def _may_be(text: str, m: re.Match[str], new: int) -> bool:
    """Whether the sentence stays English with another number; of several there is never one."""
    if (value(m["n"]) == 1) == (new == 1):
        return True
    begin = text.rfind(". ", 0, m.start()) + 1
    verb = _VERB.search(text, m.end(), m.end() + 8)
    return new > 1 and not verb and not re.search(r"there is", text[begin : m.start()], re.IGNORECASE)


def _amount(known: Known, m: re.Match[str], told: str, n: int) -> Change:
    """The mention with another number."""
    noun = known.names[reader_of(known).label[m["noun"].lower()]][int(n != 1)]
    return m.start(), m.end("noun"), _cased(m[0], f"{told} {m['look'] + ' ' if m['look'] else ''}{noun}")


def _said(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _cased(like: str, words: str) -> str:
    return words[0].upper() + words[1:] if like[0].isupper() else words
