"""The classes of generated scenes as the writer knows them: their names, other names, and close relations."""

from __future__ import annotations

import re
from collections.abc import Collection

from mpgi_ray.demo.writer.words import article, plural

# all that a scene may show and label
CLASSES = (
    "airplane", "apartment block", "barge", "barn", "basketball court", "bridge", "bus", "cabin", "car",
    "factory hall", "football pitch", "grain silo", "helicopter", "house", "motorboat", "parasol",
    "pressure vessel", "railway wagon", "rowing boat", "sailboat", "shed", "shipping container",
    "solar array", "storage tank", "tank wagon", "tennis court", "tent", "terminal", "truck", "tugboat",
    "van", "warehouse",
)  # fmt: skip
# another name says the same, and is no other class's
OTHER_NAMES = {
    "airplane": "plane", "apartment block": "apartment building", "cabin": "hut", "car": "automobile",
    "factory hall": "factory building", "football pitch": "soccer field", "grain silo": "silo",
    "house": "home", "motorboat": "powerboat", "parasol": "beach umbrella", "railway wagon": "rail wagon",
    "rowing boat": "rowboat", "sailboat": "sailing boat", "shipping container": "cargo container",
    "solar array": "photovoltaic array", "truck": "lorry", "tugboat": "tug", "bare soil": "bare earth",
    "cropland": "farmland", "grass": "grassland",
}  # fmt: skip
# of each of these, one may be called by the other's name without being quite untrue
_RELATED = (
    {"tank wagon", "railway wagon"}, {"tugboat", "motorboat", "barge"}, {"storage tank", "pressure vessel"},
    {"cabin", "house", "shed", "barn", "apartment block"}, {"warehouse", "factory hall", "shed", "barn"},
    {"motorboat", "rowing boat", "sailboat"}, {"van", "car", "truck"}, {"bus", "van"},
)  # fmt: skip

_FORMS = {form: name for name in (*CLASSES, *OTHER_NAMES) for form in (name, plural(name))}
_OTHER = {form: name for name, other in OTHER_NAMES.items() for form in (other, plural(other))}
_NAME = re.compile(
    rf"(\ban? )?\b({'|'.join(sorted(map(re.escape, (*_FORMS, *_OTHER)), key=len, reverse=True))})\b"
)


def renamed(text: str, names: Collection[str]) -> str:
    """The text with the other names of some classes."""

    def rename(match: re.Match[str]) -> str:
        name = _FORMS.get(match[2], "")
        return _like(match, name, OTHER_NAMES[name]) if name in names and name in OTHER_NAMES else match[0]

    return _NAME.sub(rename, text)


def plain(text: str) -> str:
    """The text with the first name of every class."""
    return _NAME.sub(lambda m: _like(m, OTHER_NAMES[n], n) if (n := _OTHER.get(m[2])) else m[0], text)


def class_of(noun: str) -> str:
    """The class that a noun in any form and by any name stands for; the noun itself if it is unknown."""
    return _FORMS.get(noun) or _OTHER.get(noun, noun)


def unlike(name: str, said: Collection[str]) -> list[str]:
    """Classes other than those that are said, which are plainly not the one that is named."""
    related = set().union(*(group for group in _RELATED if name in group))
    return [other for other in CLASSES if other not in said and other not in related]


def _like(match: re.Match[str], before: str, after: str) -> str:
    form = after if match[2] == before else plural(after)
    return article(form) if match[1] else form
