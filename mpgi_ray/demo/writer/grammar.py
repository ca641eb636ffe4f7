"""Sentences to claims and back: one table of frames serves both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random

from mpgi_ray.demo.writer.frames import GIVEN, OWN
from mpgi_ray.demo.writer.words import (
    NUMBER,
    PLACES,
    capital,
    is_plural,
    join_list,
    small,
    split_list,
)

_PLACE = (
    rf"(?:{'|'.join(way for ways in PLACES.values() for way in reversed(ways))}|in every part of the image)"
)
_AREA = rf"the (?:{'|'.join(PLACES)})"
_TEXT = r"""[^.;:"]+?"""
_SLOTS = {
    "metres": r"[\d.]+",
    "quoted": r"""[^"]+""",
    "share": r"(?:about|almost|nearly|most|a|all)\b[a-z ]*?",
    "place": _PLACE,
    "places": rf"{_PLACE}(?:(?:, | and ){_PLACE})*",
    "areas": rf"{_AREA}(?:(?:, | and ){_AREA})*",
    "first": rf"{NUMBER} (?!or more ){_TEXT}",
    "spots": rf"{_PLACE}(?:(?:, | and ){NUMBER} {_PLACE})*",
    "pattern": rf"(?:in (?:a|{NUMBER}) |close together|along |far apart )[a-z ]*?",
    "direction": r"(?:horizontal|vertical|diagonal)ly",
    "form": r"""(?:small|large|elongated|round|about [\d.]+ m)\b[^;:"]*?""",
    "things": r"""[^;:"]+?""",
}
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
        """Equal for claims that tell the same, whatever the order of their lists and the way to say where."""
        return self.kind, frozenset((slot, _canonical(slot, text)) for slot, text in self.slots.items())


@dataclass(frozen=True)
class Frame:
    """One way to say the claims of a kind."""

    kind: str
    form: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        body, end = "", 0
        for part in _PART.finditer(self.form):
            body += re.escape(self.form[end : part.start()])
            slot = part[1]
            body += f"(?P<{slot}>{_SLOTS.get(slot, _TEXT)})" if slot else f"(?:{part[2]}|{part[3]})"
            end = part.end()
        return re.compile(body + re.escape(self.form[end:]), re.IGNORECASE)

    def read(self, sentence: str) -> Claim | None:
        """The claim, if the sentence fits the frame."""
        match = self._pattern.fullmatch(sentence)
        return Claim(self.kind, {k: small(text) for k, text in match.groupdict().items()}) if match else None

    def say(self, claim: Claim) -> str:
        """The claim as a sentence."""
        parts = list(_PART.finditer(self.form))
        subject = claim.slots[next(part[1] for part in parts if part[1])]
        verb_first = not parts[0][1]  # "there is one shed and two vans"
        several = is_plural(split_list(subject)[0] if verb_first else subject)
        fill = lambda part: claim.slots[part[1]] if part[1] else part[3] if several else part[2]  # noqa: E731
        return capital(_PART.sub(fill, self.form))


@dataclass(frozen=True)
class Told:
    """A sentence; its claim and frame are None where the writer does not understand it."""

    text: str
    claim: Claim | None = None
    frame: Frame | None = None

    def changed(self, **slots: str) -> Told:
        """The same sentence with other words in its slots."""
        assert self.claim is not None
        assert self.frame is not None
        claim = Claim(self.claim.kind, {**self.claim.slots, **slots})
        return Told(self.frame.say(claim), claim, self.frame)


_GIVEN = tuple(Frame(kind, form) for kind, forms in GIVEN.items() for form in forms)
_OWN = {kind: tuple(Frame(kind, form) for form in forms) for kind, forms in OWN.items()}
# of the kinds, the stricter come first in `GIVEN`
_ALL = tuple(
    sorted((*_GIVEN, *(f for own in _OWN.values() for f in own)), key=lambda f: list(GIVEN).index(f.kind))
)


@lru_cache(maxsize=8192)
def read(sentence: str) -> Told:
    """The sentence with its claim, as far as a frame fits."""
    for frame in _ALL:
        claim = frame.read(sentence)
        if claim:
            return Told(sentence, claim, frame)
    return Told(sentence)


def retell(told: Told, rng: Random) -> Told:
    """The claim in other words; a sentence that is not understood as it is."""
    if told.claim is None:
        return told
    frame = rng.choice(_OWN[told.claim.kind])
    slots = dict(told.claim.slots)
    for slot in ("place", "places", "spots"):
        if slot in slots:
            slots[slot] = re.sub(_PLACE, lambda way: rng.choice(ways(way[0])), slots[slot])
    for slot in ("items", "centre", "edge"):
        if slot in slots and rng.random() < 0.5:
            slots[slot] = join_list(split_list(slots[slot])[::-1])
    claim = Claim(told.claim.kind, slots)
    return Told(frame.say(claim), claim, frame)


def ways(where: str) -> tuple[str, ...]:
    """All ways to say where something lies: those of a place, else the given one alone."""
    return PLACES[_NAME[where.lower()]] if where.lower() in _NAME else (where,)


def places(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The places in a slot, each with its name."""
    for match in re.finditer(rf"{_PLACE}|(?<=the )(?:{'|'.join(PLACES)})", text):
        name = _NAME.get(match[0], match[0])
        if name in PLACES:
            yield match, name


def _canonical(slot: str, text: str) -> str:
    text = re.sub(_PLACE, lambda way: ways(way[0])[0], text.lower())
    return ", ".join(sorted(split_list(text))) if slot in _LISTS else text
