"""What makes the second window of a picture look unlike the first: colours, sharpness, noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

# the shares of pictures and the ranges are CMID's; how strong the noise is, it does not say
_JITTERED, _NOISY, _SOLARISED, _GREY = 0.8, 0.6, 0.2, 0.2
_BRIGHTNESS, _CONTRAST, _COLOUR, _HUE = 0.4, 0.4, 0.2, 0.1
_BLUR = 0.1, 2.0  # px, of pictures of `_SIDE`
_SIDE = 224
_NOISE = 12.0  # of 255

Pixels = NDArray[np.uint8]


def altered(pixels: Pixels, draw: Callable[[str], float]) -> Pixels:
    """Another look of a picture, (3, height, width).

    Args:
        draw: gives a number in [0, 1) for each name.
    """
    picture = Image.fromarray(pixels.transpose(1, 2, 0))
    if draw("jitter") < _JITTERED:
        for enhance, most in (
            (ImageEnhance.Brightness, _BRIGHTNESS),
            (ImageEnhance.Contrast, _CONTRAST),
            (ImageEnhance.Color, _COLOUR),
        ):
            picture = enhance(picture).enhance(1 + most * (2 * draw(enhance.__name__) - 1))
        picture = _turned(picture, _HUE * (2 * draw("hue") - 1))
    radius = _BLUR[0] + (_BLUR[1] - _BLUR[0]) * draw("blur")
    picture = picture.filter(ImageFilter.GaussianBlur(radius * picture.width / _SIDE))
    if draw("noise") < _NOISY:
        chance = np.random.default_rng(int(draw("noise seed") * 2**48))
        picture = Image.fromarray(_noisy(np.asarray(picture), chance))
    if draw("solarise") < _SOLARISED:
        picture = ImageOps.solarize(picture)
    if draw("grey") < _GREY:
        picture = picture.convert("L").convert("RGB")
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))


def _turned(picture: Image.Image, share: float) -> Image.Image:
    """The picture with its hues turned by a share of the circle."""
    hue, saturation, value = picture.convert("HSV").split()
    turned = (np.asarray(hue).astype(int) + round(share * 256)) % 256
    bands = (Image.fromarray(turned.astype(np.uint8)), saturation, value)
    return Image.merge("HSV", bands).convert("RGB")


def _noisy(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    noise = chance.normal(0, _NOISE, pixels.shape)
    return (pixels + noise).clip(0, 255).astype(np.uint8)
