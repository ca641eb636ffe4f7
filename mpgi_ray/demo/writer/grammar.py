"""Sentences to claims and back: one table of frames serves both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random

from mpgi_ray.demo.writer.classes import plain
from mpgi_ray.demo.writer.frames import GIVEN
from mpgi_ray.demo.writer.own import OWN
from mpgi_ray.demo.writer.words import (
    NUMBER,
    PLACES,
    capital,
    is_plural,
    number,
    plural,
    singular,
    small,
    split_list,
    value,
)

PLACE = (
    rf"(?:{'|'.join(way for ways in PLACES.values() for way in reversed(ways))}|in every part of the image)"
)
_AREA = rf"the (?:{'|'.join(PLACES)})"
_TEXT = r"""[^.;:"]+?"""
_COLOUR = (
    r"(?:(?:light|dark|pale|lighter|darker|reddish|dusty) )*"
    r"(?:black|grey|white|red|orange|brown|beige|tan|yellow|olive|green|blue|purple|pink)"
    r"(?:-(?:brown|green|blue|purple))?"
)
_SLOTS = {
    "metres": r"[\d.]+",
    "quoted": r"""[^"]+""",
    "share": r"(?:about|almost|nearly|most|a|all)\b[a-z ]*?",
    "place": PLACE,
    "places": rf"{PLACE}(?:(?:, | and ){PLACE})*",
    "areas": rf"{_AREA}(?:(?:, | and ){_AREA})*",
    "first": rf"{NUMBER} (?!or more ){_TEXT}",
    "spots": rf"{PLACE}(?:(?:, | and ){NUMBER} {PLACE})*",
    "parts": rf"{NUMBER} (?:lies? )?{PLACE}(?:(?:, | and ){NUMBER} {PLACE})+",
    "colour": _COLOUR,
    "ground": _COLOUR,
    "pattern": rf"(?:in (?:a|{NUMBER}) |close together|along |far apart )[a-z ]*?",
    "direction": r"(?:horizontal|vertical|diagonal)ly",
    "form": r"""(?:small|large|elongated|round|about [\d.]+ m)\b[^;:"]*?""",
    "things": r"""[^;:"]+?""",
}
_PLACED = ("place", "places", "spots", "parts")
_LISTS = ("items", "centre", "edge", "places", "areas", "spots")
_PART = re.compile(r"\{(\w+)\}|\[(\w+)\|(\w+)\]")
_NAME = {way: name for name, ways in PLACES.items() for way in ways}


@dataclass(frozen=True)
class Claim:
    """What one sentence tells: its kind and the words in the slots of its frame."""

    kind: str
    slots: Mapping[str, str]

    @cached_property
    def key(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """Equal for claims that tell the same, by whatever names, numerals and ways to say where."""
        if self.kind == "parted":
            return _summed(self).key
        return self.kind, frozenset((slot, _canonical(slot, text)) for slot, text in self.slots.items())


@dataclass(frozen=True)
class Frame:
    """One way to say the claims of a kind."""

    kind: str
    form: str

    @cached_property
    def _anchor(self) -> str:
        """The longest of its own words: no sentence without them fits it."""
        return max(_PART.sub("\0", self.form).split("\0"), key=len).lower()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        body, end = "", 0
        for part in _PART.finditer(self.form):
            body += re.escape(self.form[end : part.start()])
            slot = part[1]
            body += f"(?P<{slot}>{_SLOTS.get(slot, _TEXT)})" if slot else f"(?:{part[2]}|{part[3]})"
            end = part.end()
        return re.compile(body + re.escape(self.form[end:]), re.IGNORECASE)

    @cached_property
    def _subject(self) -> tuple[str, bool]:
        """The slot that the verb agrees with, and whether the verb stands before it."""
        names = [part[1] for part in _PART.finditer(self.form)]
        if None not in names:
            return "", False
        verb = names.index(None)
        before = [name for name in names[:verb] if name not in _PLACED]
        return (before[-1], False) if before else (names[verb + 1], True)

    def read(self, sentence: str) -> Claim | None:
        """The claim, if the sentence fits the frame."""
        if self._anchor not in sentence.lower():
            return None
        match = self._pattern.fullmatch(sentence)
        return Claim(self.kind, {k: small(text) for k, text in match.groupdict().items()}) if match else None

    def say(self, claim: Claim) -> str:
        """The claim as a sentence."""
        slot, verb_first = self._subject  # "there is one shed and two vans"
        subject = claim.slots.get(slot, "")
        several = is_plural(split_list(subject)[0] if verb_first else subject)
        fill = lambda part: claim.slots[part[1]] if part[1] else part[3] if several else part[2]  # noqa: E731
        return capital(_PART.sub(fill, self.form))


@dataclass(frozen=True)
class Change:
    """What makes a sentence false, or that it was left out.

    Attributes:
        identity: of the sentence among what is told of the same image; empty for one that was left out.
        kind: of the fault.
        before: what is true, in the words of the true answer.
        after: what is claimed in its place.
        sentence: as written.
    """

    identity: str
    kind: str
    before: str
    after: str
    sentence: str = ""


@dataclass(frozen=True)
class Told:
    """A sentence; its claim and frame are None where the writer does not understand it.

    Attributes:
        false: what is false in it.
    """

    text: str
    claim: Claim | None = None
    frame: Frame | None = None
    false: Change | None = None

    def changed(self, **slots: str) -> Told:
        """The same sentence with other words in its slots."""
        assert self.claim is not None
        assert self.frame is not None
        claim = Claim(self.claim.kind, {**self.claim.slots, **slots})
        text = self.frame.say(claim)
        false = self.false if self.false and self.false.after in text else None
        return Told(text, claim, self.frame, false)


_GIVEN = tuple(Frame(kind, form) for kind, forms in GIVEN.items() for form in forms)
FRAMES = {kind: tuple(Frame(kind, form) for form in forms) for kind, forms in OWN.items()}
# of the kinds, the stricter come first in `GIVEN`; of a kind, the frames with more words of their own
_ORDER = ["parted", *GIVEN, *OWN]
_ALL = tuple(
    sorted(
        (*_GIVEN, *(f for own in FRAMES.values() for f in own)),
        key=lambda f: (_ORDER.index(f.kind), -len(_PART.sub("", f.form))),
    )
)


@lru_cache(maxsize=16384)
def read(sentence: str) -> Told:
    """The sentence with its claim, as far as a frame fits."""
    for frame in _ALL:
        claim = frame.read(sentence)
        if claim:
            return Told(sentence, claim, frame)
    return Told(sentence)


def tell(kind: str, slots: Mapping[str, str], rng: Random) -> Told:
    """A claim in one of the writer's own frames."""
    frame = rng.choice(FRAMES[kind])
    claim = Claim(kind, slots)
    return Told(frame.say(claim), claim, frame)


def ways(where: str) -> tuple[str, ...]:
    """All ways to say where something lies: those of a place, else the given one alone."""
    return PLACES[_NAME[where.lower()]] if where.lower() in _NAME else (where,)


def places(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The places in a slot, each with its name."""
    for match in re.finditer(rf"{PLACE}|(?<=the )(?:{'|'.join(PLACES)})", text):
        name = _NAME.get(match[0], match[0])
        if name in PLACES:
            yield match, name


def parted(claim: Claim) -> Claim:
    """A claim of ``spots`` with the sum of its numbers before them."""
    n, noun = claim.slots["first"].split(" ", 1)
    parts = f"{n} {claim.slots['spots']}"
    total = sum(value(n[0]) for n in re.finditer(NUMBER, parts))
    return Claim("parted", {"subject": f"{number(total)} {plural(singular(noun))}", "parts": parts})


def _summed(claim: Claim) -> Claim:
    """The claim of ``spots`` that one with a sum says, too."""
    n, spots = re.sub(r" lies? ", " ", claim.slots["parts"]).split(" ", 1)
    noun = claim.slots["subject"].split(" ", 1)[-1]
    first = f"{n} {singular(noun) if value(n) == 1 else noun}"
    return Claim("spots", {"first": first, "spots": spots})


def _canonical(slot: str, text: str) -> str:
    text = re.sub(PLACE, lambda way: ways(way[0])[0], plain(text.lower()))
    text = re.sub(r"\bno fewer than\b", "at least", text)
    text = re.sub(r"(?<![\d.])\d{1,2}(?![\d.])(?! m\b)", lambda n: number(int(n[0])), text)
    return ", ".join(sorted(split_list(text))) if slot in _LISTS else text
