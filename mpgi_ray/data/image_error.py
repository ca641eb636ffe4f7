"""Why a picture cannot be used."""

from __future__ import annotations


class ImageError(ValueError):
    """A picture that cannot be used; ``reason`` is a short code, the message one line for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


NOTHING = "no_data"  # the reason of what `nothing_there` says


def nothing_there() -> ImageError:
    """What is said of a picture that would be black all over."""
    return ImageError(NOTHING, "none of its pixels holds data: nodata, alpha or mask hides all of them")


def only(value: float) -> ImageError:
    """What is said of a picture of more than 8 bits that has nothing to stretch."""
    return ImageError("one_value", f"all its values are {value:g}, so there is nothing to see in it")
