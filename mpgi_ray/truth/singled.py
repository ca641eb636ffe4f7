"""Who says ``the truck`` of a picture with several trucks, and has not singled one out before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mpgi_ray.rules import Facts
from mpgi_ray.rules.english import placed_sentences
from mpgi_ray.truth.lists import Name
from mpgi_ray.truth.pieces import Kind, Piece, pieces

# what follows a whole name: "the truck depot" is no truck
_SPOKEN_OF = (Kind.COVERED, Kind.COVERS, Kind.STOP, Kind.PLACE, Kind.RELATION, Kind.GROUP, Kind.MARK)


def singled_out(
    text: str, sources: Sequence[str], facts: Facts, names: Mapping[str, Name]
) -> list[tuple[int, int]]:
    """Where a text speaks of one of several things as if it were the only one, and no source does."""
    several = {one.name for one in facts.counted if one.total > 1}
    claimed = list(_definite(text, names, several))
    told = {name for source in sources for name, _, _ in _definite(source, names, several)} if claimed else ()
    return [(start, end) for name, start, end in claimed if name not in told]


def _definite(text: str, names: Mapping[str, Name], several: set[str]) -> Iterator[tuple[str, int, int]]:
    known = set[str]()  # of which one was told of
    for start, sentence in placed_sentences(text) if several else ():
        parts = pieces(sentence, start, names)
        for at, part in enumerate(parts):
            if part.kind is not Kind.THING or part.value not in several:
                continue
            first = _first(parts, at)
            one_of = parts[first].text == "the" and first > 1 and parts[first - 2].value == (1, 1)
            if part.plural and not one_of:
                continue
            if part.plural or parts[first].text != "the":
                known.add(part.value)
            elif part.value not in known and (at + 1 == len(parts) or parts[at + 1].kind in _SPOKEN_OF):
                yield part.value, parts[first].start, part.end


def _first(parts: Sequence[Piece], at: int) -> int:
    """Where the phrase of a thing begins: ``the`` in ``the long white truck``."""
    while at and parts[at - 1].kind in (Kind.COLOUR, Kind.WORD):
        at -= 1
    return at - (at > 0 and parts[at - 1].kind in (Kind.STOP, Kind.AMOUNT))
