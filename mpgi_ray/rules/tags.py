"""The words for map tags: what shows of them from above, and up to which ground sampling distance.

A tag that the lexicon does not know is left unsaid, because nobody has checked that it shows.
"""

from __future__ import annotations

from collections.abc import Mapping

from mpgi_ray.rules.lexicon import lexicon


def visible_tags(tags: dict[str, str], gsd: float | None = None) -> tuple[str, ...]:
    """Phrases for those map tags that show from above; several values of a key are split at ``;``.

    Args:
        gsd: ground sampling distance in metres per pixel: what is too small to show at it is left out.
    """
    phrases: dict[str, None] = {}  # an ordered set
    for key, values in tags.items():
        for value in values.split(";"):
            if phrase := tag_phrase(f"{key}={value.strip()}", gsd):
                phrases[phrase] = None
    return tuple(phrases)


def tag_phrase(tag: str, gsd: float | None = None) -> str | None:
    """What one map tag, ``key=value``, says of what shows from above; None if it does not show."""
    key, _, value = tag.partition("=")
    wordings: dict[str, str] = lexicon()["tags"].get(key, {})
    phrase = wordings.get(value) or (wordings.get("*") if value not in ("no", "") else None)
    return phrase if phrase and (gsd is None or gsd <= _coarsest(key, value)) else None


def telling_tag(tags: Mapping[str, str]) -> str | None:
    """The one of a feature's map tags that says best what shows of it, as ``key=value``; None if none shows.

    A tennis court is a pitch, too, and a water tower a building: the more special keys are the later ones of
    the lexicon.
    """
    told = [f"{key}={value.strip()}" for key in lexicon()["tags"] for value in tags.get(key, "").split(";")]
    shown = [tag for tag in told if tag_phrase(tag)]
    special = [tag for tag in shown if tag.partition("=")[2] in lexicon()["tags"][tag.partition("=")[0]]]
    return next(reversed(special or shown), None)


def _coarsest(key: str, value: str) -> float:
    """Metres a pixel at which what a map tag names still shows; of any size where nothing is said of it."""
    told: dict[str, float] = lexicon()["coarsest"].get(key, {})
    return told.get(value, told.get("*", float("inf")))
