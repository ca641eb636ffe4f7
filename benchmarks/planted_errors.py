"""One error at a time for a text of rules or engine: a generator for each kind, of what is changed into what.

Whether the changed text is false is for `planted_oracle` to say; a change may well leave it true, or open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from planted_known import Known
from planted_oracle import reader_of, sentences
from planted_words import (
    ARRANGED,
    BOUNDS,
    CELLS,
    COLOUR,
    FAR,
    FILLED,
    NUMBER,
    PLACE,
    SHARE,
    SHARES,
    SIDE,
    WORDS,
    value,
)

Change = tuple[int, int, str]  # from, to, and what stands there instead

_MASS = {
    "water",
    "grass",
    "cropland",
    "bare soil",
    "sand",
    "gravel",
    "pavement",
    "road",
    "vegetation",
    "land",
    "agriculture",
    "barren",
    "forest",
    "impervious surface",
    "low vegetation",
    "arbor_woodland",
    "artificial_grassland",
    "dry_cropland",
    "industrial_land",
    "irrigated_land",
    "natural_grassland",
    "shrub_land",
    "traffic_land",
    "bare-soil",
    "chaparral",
    "sea",
}
_CELL = [
    f"{'at' if cell in ('top', 'bottom') else 'on' if cell in ('left', 'right') else 'in'} the {cell}"
    for cell in CELLS
]
_HALF = [f"in the {side} half" for side in ("left", "right", "top", "bottom")] + [
    "on the left side",
    "on the right side",
]
_WIDE = ["around the centre", "near the edges"]
_WAYS = (
    "in a horizontal row",
    "in a vertical row",
    "in a diagonal row",
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
        new = rng.choice(
            [k for k in {n - 2, n - 1, n + 1, n + 2, n + 3, n + 7, 2 * n, n // 2} if k > 0 and k != n]
        )
        if m["m"]:
            yield m.start("least") if m["least"] else m.start("m"), m.end("m"), str(new)
        elif _may_grow(text, m, n, new):
            start = m.start("bound") if m["bound"] and rng.random() < 0.7 else m.start("n")
            yield (
                start,
                m.end("noun"),
                _cased(text[start], f"{_said(new)} {_look(m)}{_noun(known, m['noun'], new)}"),
            )
    for m in re.finditer(rf"(?:\b(?:and|,|:) )({NUMBER}) (?={PLACE})", text):
        yield m.start(1), m.end(1), _said(value(m[1]) + rng.choice((1, 2, 3, 5)))


def bound(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """A bound that is moved, or stands where a number did."""
    for m in reader_of(known).mention.finditer(text):
        if not m["n"]:
            continue
        n, words = value(m["n"]), rng.choice(BOUNDS)
        new = (
            n + rng.randint(1, 6)
            if words in BOUNDS[:3]
            else rng.randint(1 + (words == "fewer than"), max(2, n - 1))
        )
        if not _may_grow(text, m, n, new):
            continue
        start = m.start("bound") if m["bound"] else m.start("n")
        yield (
            start,
            m.end("noun"),
            _cased(text[start], f"{words} {_said(new)} {_look(m)}{_noun(known, m['noun'], new)}"),
        )


def other_class(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """A class called by the name of another one, as often one that is there."""
    read = reader_of(known)
    here = [c for c in known.names if c in known.things or c in known.cover]
    for m in re.finditer(read.noun, text, re.IGNORECASE):
        label = read.label[m[0].lower()]
        article = re.search(r"\ban? $", text[: m.start()], re.IGNORECASE)
        others = [
            c
            for c in known.names
            if c != label
            and (c in _MASS) == (label in _MASS)
            and _is_thing(known, c) == _is_thing(known, label)
        ]
        begin, end = text.rfind(". ", 0, m.start()) + 1, text.find(".", m.end())
        beside = {read.label[n[0].lower()] for n in re.finditer(read.noun, text[begin:end], re.IGNORECASE)}
        others = [c for c in others if c not in beside]  # "six cars and two cars" says nobody
        if rng.random() < 0.5:
            others = [c for c in others if c in here] or others
        if not others or m[0].lower() not in known.names[label][:2] + known.names[label][2:]:
            continue
        forms = known.names[rng.choice(sorted(others))]
        plural = m[0].lower() == known.names[label][1] != known.names[label][0]
        new = forms[1] if plural else forms[0]
        if article:
            yield article.start(), m.end(), _cased(text[article.start()], _a(new))
        else:
            yield m.start(), m.end(), _cased(m[0], new)


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
        told = (
            f"There is no {one} in the image."
            if label in _MASS
            else rng.choice(_ABSENT).format(one=one, many=many, Many=_cased("A", many))
        )
        if absent and label not in _MASS and rng.random() < 0.2:
            told = f"The image shows neither {many} nor {known.names[rng.choice(absent)][1]}."
        yield len(text), len(text), f" {told}"


def added(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """What is not there is added: behind what is there, or in a sentence of its own."""
    absent = [c for c in known.names if not (c in known.things or c in known.cover or c in known.present)]
    if not absent:
        return
    for label in rng.sample(sorted(absent), min(2, len(absent))):
        one, many = known.names[label][:2]
        a_one = one if label in _MASS else _a(one)
        templates = _PRESENT[:2] if label in _MASS else _PRESENT
        said = rng.choice(templates).format(one=one, many=many, a_one=a_one, A_one=_cased("A", a_one))
        yield len(text), len(text), f" {said}"
        for m in reader_of(known).mention.finditer(text):
            if m["n"] and label not in _MASS and re.match(r"\.| in the image", text[m.end() :]):
                yield (
                    m.end(),
                    m.end(),
                    rng.choice((f" and {_a(one)}", f" and {rng.choice(WORDS[2:6])} {many}")),
                )


def position(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another part of the picture: cells, halves, centre or edges."""
    for m in re.finditer(PLACE, text):
        new = rng.choice([p for p in (*_CELL, *_CELL, *_HALF, *_WIDE) if p != m[0]])
        yield m.start(), m.end(), new
    for m in re.finditer(FILLED, text):
        for cell in re.finditer(rf"the ({'|'.join(CELLS)})\b", m[0]):
            start = m.start() + cell.start(1)
            yield start, start + len(cell[1]), rng.choice([c for c in CELLS if c != cell[1]])
    start = 0
    for sentence in sentences(text):  # "the centre of the image holds two cars"
        if len(re.findall(SIDE, sentence)) > 0:
            yield start, start + len(sentence), _turned(sentence)
        start += len(sentence) + 1


def cover(text: str, known: Known, rng: Random) -> Iterator[Change]:
    """Another share, in words or per cent; or a class that dominates."""
    start = 0
    for sentence in sentences(text):
        if re.search(r"\b(?:covers?|takes? up)\b", sentence):
            for m in re.finditer(SHARE, sentence):
                shares = [s for s in SHARES if s != m[0] and s != "a part"] + [
                    f"{rng.randint(1, 19) * 5} %"
                ] * 4
                yield start + m.start(), start + m.end(), _cased(m[0], rng.choice(shares))
        start += len(sentence) + 1
    for label in known.cover:
        one, many = known.names[label][:2]
        yield len(text), len(text), f" The image is dominated by {one if label in _MASS else many}."


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


def _is_thing(known: Known, label: str) -> bool:
    return label in known.things or not (label in _MASS or label in known.cover or label == "tree canopy")


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


def _may_grow(text: str, m: re.Match[str], old: int, new: int) -> bool:
    """Whether the sentence stays English with another number."""
    if (old == 1) == (new == 1):
        return True
    begin = text.rfind(". ", 0, m.start()) + 1
    return (
        not _VERB.match(text, m.end())
        and not re.search(r"\bthere is|\bare\b", text[begin : m.start()], re.IGNORECASE)
        and not _VERB.search(text, m.end(), m.end() + 8)
        and old == 1
        and not text[m.end() :].startswith(" are ")
    )


def _noun(known: Known, noun: str, n: int) -> str:
    return known.names[reader_of(known).label[noun.lower()]][int(n != 1)]


def _look(m: re.Match[str]) -> str:
    return f"{m['look']} " if m["look"] else ""


def _said(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _cased(like: str, words: str) -> str:
    return words[0].upper() + words[1:] if like[0].isupper() else words
