"""Parts of a picture that texts name, and what lies in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mpgi_ray.data.box import Box

_NEAR = 0.04  # of the picture's sides: borders of its parts are not sharp
_RELATIVE = 0.62  # of the picture: the reach of what lies to the right, or above, of something perhaps
_OVERLAP = 0.2  # of a box's area that lies in a part: less is no touch
_PREPOSITION = (
    r"(?:in|at|on|near|along|to|toward|towards|within|across|from|around|into|by|against|onto|inside|down|up|"
    r"close to|cut off by|cut by|occupies|occupy|fills|fill|covers|cover|lines|spans|"
    r"flanks|hugs|dots|frames|reaches|crowds|crowd|dominates|dominate)"
)
_FAR = r"(?:(?:far|very|extreme|outer|whole|entire|whole of the|exact|immediate|absolute|dead) )*"
_NOUN = (
    r"corner|half|part|side|edge|portion|area|third|quarter|quadrant|section|border|margin|region|end|rim|"
    r"boundary|strip|zone|fringe|reaches|arm|approach road|approach|branch"
)
_OWN = (  # the picture's lower edge
    r"(?:the |this )?(?:picture|image|scene|frame|view|photo) "
    r"(?=upper |lower |left |right |top |bottom |north|south|east|west)"
)
_PLACE = re.compile(
    rf"(?P<before>{_PREPOSITION} )?(?:the |its |their |our |your |{_OWN})?{_FAR}"
    rf"(?:(?P<v>upper|top|lower|bottom|topmost|bottommost|north(?:ern)?|south(?:ern)?)"
    rf"(?: ?(?P<h>left|right|central|middle|center|centre|west(?:ern)?|east(?:ern)?))?"
    rf"(?: hand| most)?(?: (?P<n>{_NOUN}))?"
    rf"|(?P<h2>left|right|leftmost|rightmost|west(?:ern)?|east(?:ern)?)(?: hand)?(?: (?P<n2>{_NOUN}))?"
    rf"|(?P<m>middle|center|centre|central|heart)(?: (?P<n3>part|portion|area|region|section|third|zone))?"
    rf"|(?P<r>edges|borders|margins|periphery|perimeter|rim|outskirts|edge|border|margin|corners|sides))\b"
)
_ARMS = {"arm", "approach road", "approach", "branch"}  # of a crossing, which need not lie in the middle
_OF_MIDDLE = re.compile(
    r"(?:just |well |a little |slightly |far )?(?:to the )?"
    r"(left|right|above|below|east|west|north|south)(?: of)? "
    r"(?:the )?(?:image |picture )?(?:centre|center|middle)\b"
    r"(?! of the (?!image|picture|photo|scene|frame|view))"
)
_MIDDLE_OF = re.compile(
    rf"(?:{_PREPOSITION} )?(?:the )?(?:middle|center|centre|half ?way along|half ?way down)(?: of)? (?:the )?"
    r"(upper|top|lower|bottom|left|right|north(?:ern)?|south(?:ern)?|west(?:ern)?|east(?:ern)?)"
    r"(?: hand)? (?:edge|border|margin|side|rim)\b"
)
_HOLDING = re.compile(
    r"(?: of (?:the|this) \w+)? (?:holds?|contains?|has|have|shows?|belongs? to|"
    r"(?:is|are) (?:occupied|filled|taken up|taken|lined|covered|dominated|bordered|given over|"
    r"full|crowded|packed|all|mostly|mainly)(?: by| with| of| to)?)\b"
)
_BARE = re.compile(  # three sheds above; and not above and below the road
    r"(above|below|underneath|beneath)(?= [,;.)]|$| there\b| is | are | lies? | stands? | sits? | runs? "
    r"| and (?!below|above|left|right|to |around|beside))"
)
_LEVEL = re.compile(
    r"(high(?:er)?(?: up)?|low(?:er)?(?: down)?) in the "
    r"(?:picture|image|frame|scene|view|photo|photograph)\b(?! than\b)"
)
_SIDES = {"left": "left_of", "west": "left_of", "righ": "right_of", "east": "right_of"}
_SIDES |= {"uppe": "above", "top": "above", "topm": "above", "nort": "above"}
_SIDES |= {"lowe": "below", "bott": "below", "sout": "below"}
_TO = ("to the ", "to its ", "to their ")
_NARROW = {"edge", "border", "margin", "end", "rim", "boundary", "strip", "fringe"}

_LEFT, _RIGHT, _UPPER, _LOWER = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1), Box(0, 0, 1, 0.5), Box(0, 0.5, 1, 1)
_HALVES = {"left": _LEFT, "west": _LEFT, "right": _RIGHT, "east": _RIGHT}
_HALVES |= {"above": _UPPER, "north": _UPPER, "below": _LOWER, "south": _LOWER}

_MIDDLES = {"left_of": Box(0, 0.2, 0.34, 0.8), "right_of": Box(0.66, 0.2, 1, 0.8)}
_MIDDLES |= {"above": Box(0.2, 0, 0.8, 0.34), "below": Box(0.2, 0.66, 0.8, 1)}


@dataclass(frozen=True)
class Region:
    """A part of a picture, in shares of its width and height; of a ``rim`` what lies outside of the box.

    Attributes:
        side: of "to the left" and "above", the relation to another thing that may be meant: ``left_of``.
    """

    box: Box
    rim: bool = False
    side: str = ""

    def touches(self, thing: Box) -> bool:
        """Whether one could say that a thing lies there: a fifth of its box does, or it fills half of it."""
        shared = _shared(self.box, thing)
        inside = shared / thing.area if thing.area else float(self.holds(thing))
        return (1 - inside if self.rim else inside) >= _OVERLAP or shared >= 0.5 * self.box.area

    def holds(self, thing: Box) -> bool:
        """Whether the middle of a thing lies there."""
        x, y = thing.middle
        inside = self.box.x1 <= x <= self.box.x2 and self.box.y1 <= y <= self.box.y2
        return inside != self.rim

    def is_like(self, other: Region) -> bool:
        """Whether two ways to name a part of a picture mean about the same: on the left, in the left half."""
        shared = _shared(self.box, other.box)
        if self.rim and other.rim:
            return True
        return self.rim == other.rim and shared > 0.6 * (self.box.area + other.box.area - shared)

    def is_apart(self, other: Region) -> bool:
        """Whether nothing of one lies in the other."""
        if self.rim or other.rim:
            inner, outer = (other, self) if self.rim else (self, other)
            return not inner.rim and _shared(inner.box, outer.box) == inner.box.area
        return _shared(self.box, other.box) == 0

    def wider(self, by: float = _NEAR) -> Region:
        """With what lies so near that one may say it, too."""
        by = -by if self.rim else by
        x1, y1 = (0.0 if low == 0 else max(0.0, low - by) for low in self.box[:2])
        x2, y2 = (1.0 if high == 1 else min(1.0, high + by) for high in self.box[2:])
        return Region(Box(x1, y1, x2, y2), self.rim)

    def cells(self, least: float = 0.3) -> tuple[int, ...]:
        """The cells of the 3×3 grid of which a third or so belongs to it, or another share."""
        found = []
        for cell in range(9):
            x, y = cell % 3 / 3, cell // 3 / 3
            share = 9 * _shared(self.box, Box(x, y, x + 1 / 3, y + 1 / 3))
            if (1 - share if self.rim else share) > least:
                found.append(cell)
        return tuple(found)

    @property
    def half(self) -> Region:
        """The half of the picture that is nearer to it than the other one; of an edge or a corner."""
        x1, y1, x2, y2 = self.box
        low, high = (0.0 if x1 < 1 - x2 else 0.5, 0.0 if y1 < 1 - y2 else 0.5), (x1 + x2, y1 + y2)
        across, down = abs(high[0] - 1) > 0.01, abs(high[1] - 1) > 0.01
        left, top = (low[0] if across else 0.0), (low[1] if down else 0.0)
        return Region(Box(left, top, left + 0.5 if across else 1.0, top + 0.5 if down else 1.0))


MIDDLE = Region(Box(0.25, 0.25, 0.75, 0.75))
_BAND = Region(Box(0, 0.25, 1, 0.75))  # four in a row across the middle


def region_at(words: str) -> tuple[int, Region] | None:
    """The part that some words begin to name, and how many words do; None if they name none.

    Args:
        words: in small letters, one space apart.
    """
    if beside := _OF_MIDDLE.match(words):
        return len(beside[0].split()), Region(_HALVES[beside[1]])
    if edge := _MIDDLE_OF.match(words):
        return len(edge[0].split()), Region(_MIDDLES[_SIDES[edge[1][:4]]])
    if bare := _BARE.match(words):
        return 1, _on_side("above" if bare[1] == "above" else "below")
    if level := _LEVEL.match(words):
        upper = level[1].startswith("high")
        return len(level[0].split()), Region(_UPPER if upper else _LOWER)
    found = _PLACE.match(words)
    if found is None:
        return None
    noun = found["n"] or found["n2"] or found["n3"]
    alone = found["m"] or found["r"] or (found["v"] and found["h"]) or found["h2"]
    holding = bool(alone and _HOLDING.match(words, found.end()))  # the centre holds a car
    if not (noun or found["before"] or (found["v"] and found["h"]) or holding):
        return None
    compass = (found["v"] or found["h2"] or "").startswith(("north", "south", "west", "east"))
    told = found["before"] or ""
    if compass and not (noun or holding or told.startswith(("in", "at")) or words.startswith(_TO)):
        return None  # towards the north is a direction
    if found["r"]:
        return len(found[0].split()), Region(Box(0.25, 0.25, 0.75, 0.75), rim=True)
    if found["m"]:
        return len(found[0].split()), _BAND if found["before"] == "across " else MIDDLE
    down, across = found["v"], found["h"] or found["h2"]
    reach = (
        0.34
        if noun in _NARROW
        else 0.62
        if noun in _ARMS
        else 0.42
        if noun in (None, "corner", "third")
        else 0.5
    )
    if noun == "side" and (found["before"] or "").startswith(("along", "lines", "flanks", "hugs")):
        reach = 0.42
    if noun is None and found["before"] == "to " and down and across:
        reach = _RELATIVE
    elif noun is None and found["before"] == "to ":
        return len(found[0].split()), _on_side(_SIDES[(down or across)[:4]])
    x1, x2, y1, y2 = 0.0, 1.0, 0.0, 1.0
    if down:
        y1, y2 = (0.0, reach) if down.startswith(("upper", "top", "north")) else (1 - reach, 1.0)
    if across:
        left, right = across.startswith(("left", "west")), across.startswith(("right", "east"))
        x1, x2 = (0.0, reach) if left else (1 - reach, 1.0) if right else (0.2, 0.8)
    return len(found[0].split()), Region(Box(x1, y1, x2, y2))


def _on_side(side: str) -> Region:
    """Where things lie "to the left" of something, or of the middle of the picture."""
    boxes = {
        "left_of": Box(0, 0, _RELATIVE, 1),
        "right_of": Box(1 - _RELATIVE, 0, 1, 1),
        "above": Box(0, 0, 1, _RELATIVE),
        "below": Box(0, 1 - _RELATIVE, 1, 1),
    }
    return Region(boxes[side], side=side)


def _shared(a: Box, b: Box) -> float:
    return max(0.0, min(a.x2, b.x2) - max(a.x1, b.x1)) * max(0.0, min(a.y2, b.y2) - max(a.y1, b.y1))
