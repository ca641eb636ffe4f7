"""An oracle for the texts of rules and engine: the claims that the original annotation alone proves false.

It reads the kinds of sentences that they write, and those that `planted_errors` makes of them, with patterns
of its own. A claim is false only if the table in docs/truth.md says so under any reading: what it does not
read, and what is open, is no false claim. No code is shared with `mpgi_ray.truth` or `gather`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from planted_known import Known
from planted_reader import reader_of, sentences
from planted_words import (
    ARRANGED,
    CELLS,
    COLOUR,
    FAR,
    FILLED,
    HOLDS,
    KIN,
    NUMBER,
    PLACE,
    SHARE,
    SIDE,
    arranged,
    cells_of,
    limits,
    share,
    touches,
    value,
)


def false_claims(text: str, known: Known) -> list[str]:
    """What the annotation proves false in a text, a line each; none where it cannot tell."""
    found: list[str] = []
    told: set[str] = set()  # classes that were named before: "two of them" are no count of all
    last: str | None = None  # what "they" are
    for sentence in sentences(text):
        about = _Sentence(sentence, known, told, last)
        found += about.false()
        nouns = about.nouns
        told |= {label for _, _, label in nouns}
        last = nouns[-1][2] if nouns else last
    return found


class _Sentence:
    """One sentence of a text; see `false_claims`."""

    def __init__(self, text: str, known: Known, told: set[str], last: str | None) -> None:
        self.text, self.known, self.told, self.last = text, known, told, last
        self.read = reader_of(known)
        found = re.finditer(self.read.noun, text, re.IGNORECASE)
        self.nouns = [(m.start(), m.end(), self.read.label[m[0].lower()]) for m in found]

    def false(self) -> Iterator[str]:
        yield from self.counts()
        yield from self.presences()
        yield from self.positions()
        yield from self.covers()
        yield from self.colours()
        yield from self.arrangements()
        yield from self.relations()

    def counts(self) -> Iterator[str]:
        told = set(self.told)
        for m in self.read.mention.finditer(self.text):
            label = self.read.label[m["noun"].lower()]
            things, exhaustive = self.known.things.get(label, ()), label in self.known.exhaustive
            place = self.place_of(m)
            if m["no"] or (m["many"] and not m["m"]):
                continue
            low, high = limits(m["bound"], value(m["n"] or m["m"]), bool(m["more"] or m["least"]))
            possible = sum(any(touches(t.box, p) for p in place) for t in things) if place else len(things)
            if place and low and things and not possible:
                yield f"no {label} lies {' or '.join(place)}"
            elif exhaustive and low > possible and label not in self.known.surfaces() and not self.kin(label):
                yield f"{possible} {label} at most {' or '.join(place)}, not {low} or more"
            of_all = m["look"] is None or label in self.known.colours
            sure = sum(t.whole for t in things)
            if high < sure and self.free(m) and label not in told and of_all:
                yield f"{sure} {label} at least, not {high:g} or fewer"
            told.add(label)
        for m in re.finditer(rf"\b({NUMBER}) ({PLACE})", self.text):  # "two on the left and one at the top"
            about = self.before(m.start())
            if about in self.known.exhaustive and about in self.known.things:
                possible = sum(touches(t.box, m[2]) for t in self.known.things[about])
                if value(m[1]) > possible:
                    yield f"{possible} {about} at most {m[2]}, not {m[1]}"

    def free(self, m: re.Match[str]) -> bool:
        """Whether a number is one of all in the picture, under any reading: no place, predicate or part."""
        rest = self.text[m.end() :]
        ends = re.match(r"[.,;]| and\b| in (?:the|this) image\b", rest)
        return bool(ends) and not re.search(rf"{PLACE}|{SIDE}|{ARRANGED}| in the ", rest) and not self.side(m)

    def place_of(self, m: re.Match[str]) -> list[str]:
        """The parts of the picture that a number is told of, all together."""
        verb = "(?: (?:lies?|is|are|stands?|can be (?:found|seen)))?"
        rest = re.match(
            rf"{verb}(?: {ARRANGED})?{verb} {PLACE}(?:(?:, | and ){PLACE})*", self.text[m.end() :]
        )
        if rest and self.text.startswith(", among other places", m.end() + rest.end()):
            return []
        return re.findall(PLACE, rest[0]) if rest else self.side(m)

    def side(self, m: re.Match[str]) -> list[str]:
        """The centre or the edges, of a sentence that is divided into these."""
        parts = list(re.finditer(SIDE, self.text))
        behind = self.text.startswith("The image has")  # "... in its centre"
        fitting = [p for p in parts if (p.start() >= m.end() if behind else p.end() <= m.start())]
        if not fitting:
            return []
        one = fitting[0] if behind else fitting[-1]
        return ["near the centre" if "centre" in one[0] else "near the edges"]

    def presences(self) -> Iterator[str]:
        placed = re.search(rf"{PLACE}|{SIDE}", self.text)
        for start, end, label in self.nouns:
            if self.denied(start, end):  # "no cars at the top" and "no cars are red" leave others
                cover = self.known.cover.get(label)
                there = any(t.whole for t in self.known.things.get(label, ())) or (
                    cover and cover.fraction >= 0.01
                )
                free = re.match(
                    r"[.,;]| (?:and|nor)\b| (?:is|are) (?:missing|visible)\b| in the image\b", self.text[end:]
                )
                if there and free and not placed:
                    yield f"there is {label}"
            elif label in self.known.exhaustive and not self.there(label) and not self.kin(label):
                yield f"there is no {label}"

    def denied(self, start: int, end: int) -> bool:
        before = rf"(?:\b(?:no|without|neither)(?: {COLOUR})?|\bneither .* nor) $"
        missing = r" (?:is|are) (?:missing|absent)\b"
        return bool(re.search(before, self.text[:start], re.IGNORECASE) or re.match(missing, self.text[end:]))

    def there(self, label: str) -> bool:
        return bool(self.known.things.get(label)) or label in self.known.cover or label in self.known.present

    def kin(self, label: str) -> bool:
        return any(self.there(other) for other in KIN.get(label, ()))

    def before(self, at: int) -> str | None:
        """The class that a phrase is about: the noun before it, or what "they" are."""
        nouns = [label for start, _, label in self.nouns if start < at]
        return nouns[-1] if nouns else self.last if re.match("(?:They|It) ", self.text) else None

    def positions(self) -> Iterator[str]:
        found = [(m.start(), m[0]) for m in re.finditer(PLACE, self.text)]
        for filled in re.finditer(FILLED, self.text):
            parts = re.findall(rf"the ({'|'.join(CELLS)})\b", filled[0])
            found += [(filled.start(), f"in the {part}") for part in parts]
        for at, place in found:
            label = self.before(at)
            if label is None or re.search(rf"{COLOUR} (?:area|band|parts|spots?)", self.text):
                continue
            if things := self.known.things.get(label):
                if not any(touches(t.box, place) for t in things):
                    yield f"no {label} lies {place}"
            elif (cover := self.known.cover.get(label)) and (cells := cells_of(place)):
                unmarked = (
                    0.0 if label in self.known.exhaustive else sum(self.known.nothing.cells[i] for i in cells)
                )
                if sum(cover.cells[i] for i in cells) + unmarked == 0:
                    yield f"no {label} lies {place}"

    def covers(self) -> Iterator[str]:
        if m := re.search(rf"dominated by ({self.read.noun})", self.text, re.IGNORECASE):
            label = self.read.label[m[1].lower()]
            most = self.most(label)
            more = [o for o, c in self.known.cover.items() if o != label and c.fraction > most + 0.12]
            if more and self.marked(label):
                yield f"{more[0]} covers more than {label}"
        if not re.search(r"\b(?:covers?|takes? up)\b", self.text):
            return
        start = 0
        for m in re.finditer(SHARE, self.text):
            low, high = share(m[0])
            for label in (label for at, _, label in self.nouns if start <= at < m.start()):
                there = self.known.cover.get(label)
                fraction = there.fraction if there else 0.0
                if self.marked(label) and (fraction > high or self.most(label) < low):
                    yield f"{label} covers {fraction:.0%}, not {m[0]}"
            start = m.end()

    def marked(self, label: str) -> bool:
        """Whether a mask tells the cover of a class; one of which it marks only some may be anywhere."""
        return bool(self.known.cover) and (label in self.known.cover or label in self.known.exhaustive)

    def most(self, label: str) -> float:
        """The largest share that a class may have."""
        there = self.known.cover.get(label)
        open_ = 0.0 if label in self.known.exhaustive else self.known.nothing.fraction
        return (there.fraction if there else 0.0) + open_

    def colours(self) -> Iterator[str]:
        found = [(m["look"], m["noun"]) for m in self.read.mention.finditer(self.text) if m["look"]]
        if len({label for _, _, label in self.nouns}) == 1:
            noun = self.text[self.nouns[0][0] : self.nouns[0][1]]
            predicate = rf"\b(?:is|are) ({COLOUR})(?=,| and\b|\.)"
            partly = " of the " in self.text[: self.nouns[0][0]]  # "two of the cars are white"
            found += [(m[1], noun) for m in re.finditer(predicate, self.text) if not partly]
        for colour, noun in found:
            label = self.read.label[noun.lower()]
            if colour in FAR.get(self.known.colours.get(label, ""), ()):
                yield f"{label} is {self.known.colours[label]}, not {colour}"

    def arrangements(self) -> Iterator[str]:
        for m in re.finditer(ARRANGED, self.text):
            label = self.before(m.start())
            things = self.known.things.get(label or "", ())
            if (
                len(things) > 2
                and all(t.whole for t in things)
                and not arranged(m[0], things, self.known.size)
            ):
                yield f"{label} is not {m[0]}"

    def relations(self) -> Iterator[str]:
        for pattern, holds in HOLDS.items():
            phrase = pattern.format(*[f"({self.read.noun})"] * 2)
            for m in re.finditer(phrase, self.text, re.IGNORECASE):
                first, last = (self.known.things.get(self.read.label[m[i].lower()], ()) for i in (1, 2))
                if first and last and not any(holds(a, b) for a in first for b in last):
                    yield f"of no pair: {m[0]}"
