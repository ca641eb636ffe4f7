"""Prose on what a picture looks like, from its mean colours: the answer to a perspective without facts."""

from __future__ import annotations

import base64
import io
from collections import Counter
from functools import lru_cache
from random import Random

from PIL import Image, ImageStat

_TONES = {
    "pale grey": (208, 208, 204), "mid grey": (142, 142, 140), "dark grey": (74, 76, 78),
    "whitish": (240, 240, 238), "blackish": (26, 28, 32), "olive green": (112, 124, 72),
    "deep green": (52, 82, 46), "fresh green": (122, 168, 84), "sandy": (220, 202, 158),
    "tan": (172, 142, 106), "earth brown": (118, 88, 62), "slate blue": (60, 98, 122),
    "bright blue": (72, 128, 200), "brick red": (178, 70, 56), "straw yellow": (206, 186, 96),
}  # fmt: skip
_GRID = 12


class BadPicture(ValueError):
    """The picture cannot be decoded."""


@lru_cache(maxsize=64)
def tones(url: str) -> tuple[tuple[str, ...], float, float]:
    """The tones of a picture, most frequent first, its brightness and its contrast (0 to 1).

    Args:
        url: a data URL.

    Raises:
        BadPicture: not a data URL, or not a picture.
    """
    head, _, data = url.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise BadPicture(f"expected the picture as a base64 data URL, got {url[:40]!r}")
    try:
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            image.draft("RGB", (64, 64))
            grid = image.convert("RGB").resize((_GRID, _GRID), Image.Resampling.BOX)
    except Exception as error:  # Pillow and its decoders raise almost any exception on a damaged picture
        raise BadPicture(f"the picture cannot be decoded: {error}") from error
    raw = grid.tobytes()
    named = Counter(_tone(raw[i], raw[i + 1], raw[i + 2]) for i in range(0, len(raw), 3))
    stat = ImageStat.Stat(grid.convert("L"))
    return tuple(tone for tone, _ in named.most_common(3)), stat.mean[0] / 255, stat.stddev[0] / 255


@lru_cache(maxsize=65536)
def _tone(red: int, green: int, blue: int) -> str:
    return min(
        _TONES,
        key=lambda tone: sum((a - b) ** 2 for a, b in zip(_TONES[tone], (red, green, blue), strict=True)),
    )


def describe(url: str, perspective: str, rng: Random) -> list[str]:
    """Two to four sentences on the ground's character (``scene``), its looks (``attributes``), or both."""
    (first, *rest), brightness, contrast = tones(url)
    light = "bright" if brightness > 0.6 else "dim" if brightness < 0.35 else "neither bright nor dim"
    scene = [
        rng.choice(
            (
                f"The ground is largely {first}{_beside(rest)}.",
                f"A largely {first} surface dominates{_beside(rest)}.",
                f"Seen as a whole, the land is {first} for the most part{_beside(rest)}.",
            )
        ),
        rng.choice(
            (
                "Its parts blend into one fairly uniform cover.",
                "The cover is fairly uniform, and boundaries are soft.",
            )
            if contrast < 0.1
            else (
                "Distinct areas meet along clear boundaries, so the cover is mixed.",
                "The cover is mixed, and its parts are plainly set apart.",
            )
        ),
        rng.choice((f"The scene appears {light}.", f"On average it is {light}.")),
    ]
    attributes = [
        rng.choice(
            (
                f"The prevailing tone is {first}{_beside(rest)}.",
                f"Mostly {first} tones can be seen{_beside(rest)}.",
            )
        ),
        rng.choice(
            ("Tonal differences are faint.", "Textures are subdued and tones lie close to each other.")
            if contrast < 0.1
            else ("Tonal differences are strong.", "Light and shaded surfaces stand out against each other.")
        ),
    ]
    if len(rest) > 1:
        attributes.append(
            rng.choice((f"Traces of {rest[1]} add some variety.", f"Some patches show a {rest[1]} tone."))
        )
    return (
        scene if perspective == "scene" else attributes if perspective == "attributes" else scene + attributes
    )


def _beside(rest: list[str]) -> str:
    return f", next to {rest[0]} areas" if rest else ""
