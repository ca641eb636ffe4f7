"""What texts say of the colours of a picture: their shares and places, without the things that have them.

``About half of the picture is grey-green``, ``dark parts lie at the top``. Merges are held against their
sources only: a colour's borders are not sharp enough to contradict a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.claim import Amount
from mpgi_ray.truth.lists import Name
from mpgi_ray.truth.pieces import Kind, Piece, pieces
from mpgi_ray.truth.places import Region

_DARKNESS = {"dark": "dark", "darker": "dark", "deep": "dark"}
_DARKNESS |= dict.fromkeys(("light", "lighter", "pale", "bright"), "light")
TONES = ("tan", "olive", "reddish", "dusty", "pink", "gray")  # beside the colours of things
AREAS = (
    "area",
    "areas",
    "parts",
    "part",
    "band",
    "bands",
    "margin",
    "ground",
    "patches",
    "patch",
    "region",
    "regions",
)
_NOTED = 0.14  # the least share of a colour of which a picture may mostly be, beside others
_BETWEEN = (
    "of",
    "the",
    "this",
    "is",
    "are",
    "it",
    "on",
    "in",
    "looks",
    "appears",
    "what",
    "seen",
    "rest",
    "a",
    "an",
)
_OF_PLACE = ("of", "the", "this", "that", "which", "is", "are")


@dataclass(frozen=True)
class Tone:
    """A colour, ``grey green``, with its share or its place; neither where the picture is mostly of it.

    Attributes:
        shade: ``dark``, ``light`` or nothing.
    """

    name: str
    shade: str
    start: int
    end: int
    share: Amount | None = None
    region: Region | None = None

    def is_told_by(self, source: Tone) -> bool:
        if self.name != source.name:
            return False
        if self.share:
            return source.share is not None and _shared(self.share, source.share)
        if self.region:
            return source.region is not None and self.region.is_like(source.region)
        return source.region is None and (source.share is None or source.share[0] >= _NOTED)


def untold(text: str, sources: Iterable[str], names: Mapping[str, Name]) -> list[tuple[int, int]]:
    """Where a text says of colours what no source does."""
    claimed = list(tones(text, names))
    if not claimed:
        return []
    told = [tone for source in sources for tone in tones(source, names)]
    shaded = {(tone.name, tone.shade) for tone in told}
    found = []
    for tone in claimed:
        known = (tone.name, tone.shade) in shaded  # dark grey is not what grey and light grey parts cover
        same = [one for one in told if not tone.shade or one.shade == (tone.shade if known else "")]
        if not any(map(tone.is_told_by, same)):
            found.append((tone.start, tone.end))
    return found


def tones(text: str, names: Mapping[str, Name]) -> Iterator[Tone]:
    """The colours of a text, each as often as it has a share or a place."""
    for at, sentence in placed_sentences(text):
        yield from _of_sentence(joined(pieces(sentence, at, names)))


def joined(parts: Sequence[Piece]) -> list[Piece]:
    """The pieces of a sentence, the words of a colour as one whose value is its name."""
    found: list[Piece] = []
    here = 0
    while here < len(parts):
        end = here
        while end < len(parts) and is_tone(parts[end]):
            end += 1
        words = [str(part.value or part.text) for part in parts[here:end] if part.text not in _DARKNESS]
        if words:
            shade = next((_DARKNESS[part.text] for part in parts[here:end] if part.text in _DARKNESS), "")
            found.append(Piece(Kind.COLOUR, shade, " ".join(words), parts[here].start, parts[end - 1].end))
        here = max(end, here + 1)
        if not words:
            found.append(parts[here - 1])
    return found


def is_tone(part: Piece) -> bool:
    return part.kind is Kind.COLOUR or part.text in (*_DARKNESS, *TONES)


def _of_sentence(parts: Sequence[Piece]) -> Iterator[Tone]:
    for at, part in enumerate(parts):
        if part.kind in (Kind.SHARE, Kind.LEADING):
            share = part.value if part.kind is Kind.SHARE else None
            region = None if share else _named_before(parts, at)
            for colour in _behind(parts, at) or _before(parts, at):
                start, end = min(colour.start, part.start), max(colour.end, part.end)
                yield Tone(colour.value, colour.text, start, end, share, region)
        elif part.kind is Kind.PLACE:
            for colour in _lying(parts, at):
                yield Tone(colour.value, colour.text, colour.start, part.end, region=part.value)


def _behind(parts: Sequence[Piece], at: int) -> list[Piece]:
    """The colours in ``about half of the image is grey and green``."""
    here = at + 1
    while here < len(parts) and (parts[here].kind is Kind.PICTURE or parts[here].text in _BETWEEN):
        here += 1
    found = _list(parts, here)
    after = here + 2 * len(found) - 1
    named = after < len(parts) and parts[after].kind is Kind.THING  # about a third green fields
    return [] if named else found


def _named_before(parts: Sequence[Piece], at: int) -> Region | None:
    """The part of the picture in ``a central part of the image that is mostly grey``."""
    here = at - 1
    while here > 0 and (parts[here].kind is Kind.PICTURE or parts[here].text in _OF_PLACE):
        here -= 1
    told = any(parts[n].text in ("that", "which", "is", "are") for n in range(here + 1, at))
    return parts[here].value if told and here >= 0 and parts[here].kind is Kind.PLACE else None


def _before(parts: Sequence[Piece], at: int) -> list[Piece]:
    """The colours in ``grey parts and green parts each cover about half``."""
    here = at - 1
    while here >= 0 and (parts[here].kind is Kind.COVERS or parts[here].text in ("each", "both")):
        here -= 1
    return _list_back(parts, here) if here < at - 1 else []


def _lying(parts: Sequence[Piece], at: int) -> list[Piece]:
    """The colours of the areas that are said to lie in a part of the picture."""
    for here in range(at - 1, -1, -1):
        part = parts[here]
        if part.text in AREAS:
            return _list_back(parts, here)
        if part.kind in (Kind.THING, Kind.PLACE, Kind.MARK, Kind.COLOUR) or part.text == "and":
            return []
    return []


def _list(parts: Sequence[Piece], here: int) -> list[Piece]:
    found = []
    while here < len(parts) and parts[here].kind is Kind.COLOUR:
        found.append(parts[here])
        joined = here + 2 < len(parts) and parts[here + 1].text in (",", "and")
        here += 2 if joined and parts[here + 2].kind is Kind.COLOUR else len(parts)
    return found


def _list_back(parts: Sequence[Piece], here: int) -> list[Piece]:
    found: list[Piece] = []
    while here >= 0:
        if parts[here].kind is Kind.COLOUR:
            found.append(parts[here])
        elif parts[here].text not in (*AREAS, ",", "and", "a", "an", "the"):
            break
        elif here > 1 and parts[here].text in ("a", "an", "the") and parts[here - 2].kind is Kind.COLOUR:
            break  # the sheds are white, a grey area lies
        here -= 1
    return found


def _shared(a: Amount, b: Amount) -> bool:
    """Whether two shares may be one: most of the narrower lies in the other."""
    (low, high), (least, most) = ((x, 1.0 if y is None else y) for x, y in (a, b))
    return min(high, most) - max(low, least) >= 0.5 * min(high - low, most - least)
