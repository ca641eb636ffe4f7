"""Names of colours: of every pixel of a picture, as readers call it, and of one thing with wide margins.

``named_colours.csv`` holds how readers named 676 areas of aerial pictures and 157 swatches of the colours in
between: a line for each that one of them judged, with the name that is best, those that a strict reader would
let pass, and tempting ones that most would call wrong. Readers were multimodal language models that saw no
values. A pixel has the name that the lines near its colour vote for.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import scipy  # its parts are imported when they are first used, so only by processes that measure

from mpgi_ray.rules.measured.light import Floats, luminance, to_lab

COLOURS = (
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "olive", "green", "blue-green",
    "blue", "purple", "grey-brown", "grey-green", "grey-blue", "grey-purple", "tan", "reddish brown",
    "dusty pink",
)  # fmt: skip
_LEVELLESS = ("black", "white", "beige", "tan", "dusty pink")  # never dark or light
_LEVELS = ("dark ", "", "light ")
_SAME = {"light brown": "tan"}
_ACCEPTED, _WRONG = 0.7, -0.5  # votes of a line for what passes and for what is wrong; the best name has 1
_LEAFY = 0.1  # of green, by which red is less, as blue is, too: woods in shade are not called black
_BLACK = 0.1  # luma below which readers said black of everything else; few areas are so dark
_LIT = 0.2  # of the brightest channel, beyond which nothing is called black: it has a tinge, or is dark grey
_REACH = 3.0  # of a line's vote, in Lab; half of L counts, as lightness changes a name less than hue does
_VOTERS = 32  # the nearest lines; those farther away hardly count
_STEPS = 32  # of each channel, for which names are kept
# colour of a thing -> least and largest hue, saturation and value of HSV; between them no name is given
_THINGS = (
    ("red", (345, 372), (0.50, 1), (0.35, 1)),
    ("orange", (20, 36), (0.65, 1), (0.70, 1)),
    ("brown", (12, 36), (0.35, 0.75), (0.25, 0.58)),
    ("yellow", (43, 62), (0.50, 1), (0.65, 1)),
    ("beige", (24, 52), (0.16, 0.32), (0.66, 0.95)),
    ("green", (80, 165), (0.28, 1), (0.16, 0.85)),
    ("blue", (200, 248), (0.38, 1), (0.34, 1)),
    ("purple", (268, 318), (0.30, 1), (0.25, 1)),
    ("white", (0, 360), (0, 0.10), (0.84, 1)),
    ("grey", (0, 360), (0, 0.12), (0.34, 0.64)),
    ("black", (0, 360), (0, 0.30), (0, 0.19)),
)
THING_COLOURS = tuple(name for name, *_ in _THINGS)
Ids = npt.NDArray[np.int16]


def thing_colours(rgb: Floats) -> npt.NDArray[np.bool_]:
    """Which pixels have which colour of `THING_COLOURS`, (colours, pixels); between two names they have none.

    Args:
        rgb: (pixels, 3), from 0 to 1.
    """
    red, green, blue = rgb[:, 0], rgb[:, 1], rgb[:, 2]
    value = rgb.max(axis=1)
    chroma = value - rgb.min(axis=1)
    hue, saturation = _hue(red, green, blue, value, chroma), chroma / np.maximum(value, 1e-6)
    named = np.empty((len(_THINGS), len(rgb)), dtype=bool)
    for i, (_, (low, high), (least, most), (dark, light)) in enumerate(_THINGS):
        named[i] = ((hue >= low) & (hue <= high)) | (hue + 360 <= high)
        named[i] &= (saturation >= least) & (saturation <= most) & (value >= dark) & (value <= light)
    return named


def tones(rgb: Floats) -> Ids:
    """The tone of each pixel, an index of `TONES`.

    Args:
        rgb: (…, 3), from 0 to 1.
    """
    red, green, blue = np.moveaxis(np.minimum((rgb * _STEPS).astype(np.intp), _STEPS - 1), -1, 0)
    named: Ids = _named()[red, green, blue]
    return named


def judged() -> list[Mapping[str, str]]:
    """What readers judged, a line each: ``seen`` (an area or a swatch), its channels, and the names."""
    text = resources.files(__package__).joinpath("named_colours.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def learned(lines: Sequence[Mapping[str, str]]) -> Ids:
    """The tone of every colour, by its steps of red, green and blue.

    Args:
        lines: as `judged` gives them.
    """
    channels = [[int(line[channel]) / 255 for channel in ("red", "green", "blue")] for line in lines]
    near = scipy.spatial.cKDTree(_weighed(np.array(channels, dtype=np.float32)))
    votes = np.stack([_votes(line) for line in lines])
    side = (np.arange(_STEPS, dtype=np.float32) + 0.5) / _STEPS
    named = []
    for red in side:  # plane by plane: all at once would take much memory
        plane = np.stack(np.meshgrid(red, side, side, indexing="ij"), axis=-1).reshape(-1, 3)
        away, voters = near.query(_weighed(plane), k=_VOTERS)
        weights = np.exp((away[:, :1] ** 2 - away**2) / (2 * _REACH**2))
        told = np.einsum("pl,plcv->pcv", weights, votes[voters])
        told, leafy = told.round(4), _is_leafy(plane)  # sums differ a little by machine, and names must not
        black = told[:, COLOURS.index("black")]
        black[luminance(plane) < _BLACK] = np.inf
        black[leafy | (plane.max(axis=1) > _LIT)] = -np.inf
        best = told.sum(axis=2).argmax(axis=1)
        named.append(best * len(_LEVELS) + told[np.arange(len(best)), best].argmax(axis=1))
    return np.stack(named).reshape(_STEPS, _STEPS, _STEPS).astype(np.int16)


def _is_leafy(rgb: Floats) -> npt.NDArray[np.bool_]:
    red, green, blue = np.moveaxis(rgb, -1, 0)
    leafy: npt.NDArray[np.bool_] = (green - red >= _LEAFY * green) & (green > blue)
    return leafy


@cache
def _named() -> Ids:
    return learned(judged())


def _votes(line: Mapping[str, str]) -> Floats:
    """The votes of a line, (colours, levels); a colour has one vote, however many of its levels pass."""
    votes = np.zeros((len(COLOURS), len(_LEVELS)), dtype=np.float32)
    for value, kind in ((_WRONG, "wrong"), (_ACCEPTED, "accepted"), (1.0, "best")):
        for name in (_SAME.get(one, one) for one in line[kind].split("|") if one):
            level = next((i for i, one in enumerate(_LEVELS) if one and name.startswith(one)), 1)
            votes[COLOURS.index(plain(name)), level] = value
    passes = votes.max(axis=1, keepdims=True) > 0  # then a level that is wrong says nothing of the colour
    votes = np.where(passes, votes.clip(0), votes)
    size = np.abs(votes)
    shared: Floats = (
        votes * size.max(axis=1, keepdims=True) / np.maximum(size.sum(axis=1, keepdims=True), 1e-6)
    )
    return shared


def _weighed(rgb: Floats) -> Floats:
    return to_lab(rgb) * np.array([0.5, 1, 1], dtype=np.float32)


def plain(tone: str) -> str:
    """``dark green`` → ``green``."""
    return tone.removeprefix("dark ").removeprefix("light ")


# pixels of a colour's neighbours belong to an area that has it: bounds run through what is one to the eye
_BESIDE = {
    "green": ("grey-green", "olive"),
    "grey-green": ("green", "olive"),
    "olive": ("green", "grey-green"),
    "blue": ("grey-blue", "blue-green"),
    "grey-blue": ("blue",),
    "blue-green": ("blue", "green", "grey-green"),
    "beige": ("tan", "grey-brown", "dusty pink"),
    "dusty pink": ("beige", "tan", "reddish brown", "grey-brown"),
    "tan": ("beige", "orange", "brown", "dusty pink"),
    "orange": ("tan",),
    "brown": ("reddish brown", "grey-brown", "tan", "beige"),
    "grey-brown": ("brown", "beige", "reddish brown"),
    "reddish brown": ("brown", "red", "grey-brown", "dusty pink"),
    "red": ("reddish brown",),
    "purple": ("grey-purple",),
    "grey-purple": ("purple",),
}


@cache
def alike(tone: str) -> npt.NDArray[np.bool_]:
    """Which of `TONES` are the same colour or one beside it, dark or light; ``alike(tone)[ids]`` of pixels.

    Beside what is dark lie dark grey and black.
    """
    colours = (plain(tone), *_BESIDE.get(plain(tone), ()))
    dim = ("dark grey", "black") if tone.startswith("dark ") else ()
    return np.array([plain(other) in colours or other in dim for other in TONES])


@cache
def near(tone: str) -> npt.NDArray[np.bool_]:
    """As `alike`, with what half of an area so called may be: grey beside the greyish, all pale or dark."""
    pale = ("white", "light grey", "beige")
    wider: tuple[str, ...] = pale if tone in pale else ()
    wider = ("dark grey", "grey", "light grey") if plain(tone).startswith("grey-") else wider
    wider = tuple(other for other in TONES if other.startswith("dark ")) if tone == "black" else wider
    found: npt.NDArray[np.bool_] = alike(tone) | np.array([other in wider for other in TONES])
    return found


def _tone(colour: str, level: int) -> str:
    return colour if colour in _LEVELLESS else f"{_LEVELS[level]}{colour}"


TONES = tuple(_tone(colour, level) for colour in COLOURS for level in range(len(_LEVELS)))


def _hue(red: Floats, green: Floats, blue: Floats, peak: Floats, chroma: Floats) -> Floats:
    safe = np.maximum(chroma, 1e-6)
    sixths = np.where(
        peak == red,
        ((green - blue) / safe) % 6,
        np.where(peak == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    degrees: Floats = (60 * sixths).astype(np.float32)
    return degrees
