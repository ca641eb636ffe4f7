"""Whether two things lie to each other as a text says."""

from __future__ import annotations

from collections.abc import Callable

from mpgi_ray.data.box import Box

_ASIDE = 0.05  # of the picture: middles that lie nearer are on no side of each other
_APART = 0.45  # of the picture: things with such a gap are not near


def _gap(a: Box, b: Box) -> float:
    return max(a.x1 - b.x2, b.x1 - a.x2, a.y1 - b.y2, b.y1 - a.y2, 0.0)


def _beyond(first: float, second: float) -> bool | None:
    """Whether the second is larger; None if they are too near to say."""
    return None if abs(second - first) < _ASIDE else second > first


# in shares of the picture; None where one could say both
HOLDS: dict[str, Callable[[Box, Box], bool | None]] = {
    "near": lambda a, b: True if _gap(a, b) < 0.1 else (False if _gap(a, b) > _APART else None),
    "left_of": lambda a, b: _beyond(a.middle[0], b.middle[0]),
    "right_of": lambda a, b: _beyond(b.middle[0], a.middle[0]),
    "above": lambda a, b: _beyond(a.middle[1], b.middle[1]),
    "below": lambda a, b: _beyond(b.middle[1], a.middle[1]),
    "elsewhere": lambda a, b: None,  # what the picture alone does not tell
    "larger": lambda a, b: True if a.area > 1.5 * b.area else (False if 1.5 * a.area < b.area else None),
    "smaller": lambda a, b: True if b.area > 1.5 * a.area else (False if 1.5 * b.area < a.area else None),
}
