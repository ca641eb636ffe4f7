"""What a map has in the middle of a picture, and what lies in it and around it, in words.

After the titles of SkyScript (Wang et al., 2024), which name the central object and what surrounds it, and
the features of LHRS-Align (Muhtar et al., 2024); what is central is found in `mpgi_ray.ingest.central`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mpgi_ray.data.map_view import Central
from mpgi_ray.rules import lexicon
from mpgi_ray.rules.english import enumerate_, with_article
from mpgi_ray.rules.tags import tag_phrase

_SOME = "at least one "


@dataclass(frozen=True)
class Setting:
    """The central feature in words.

    Attributes:
        central: ``a park``.
        through: whether it runs through the middle, as a road does.
        within: what lies in it: ``ponds``.
        around: what lies around it: ``houses``, ``a main road``.
        surrounded: whether that is so on most sides; if not, it is near.
        tags: the phrases of tags (`tags.tag_phrase`) that are told by this.
    """

    central: str
    through: bool
    within: tuple[str, ...]
    around: tuple[str, ...]
    surrounded: bool
    tags: tuple[str, ...]

    @property
    def plural(self) -> bool:
        """Whether it is spoken of as several: ``dunes``."""
        return lexicon.is_plural(self.central)

    @property
    def whole(self) -> str:
        """``a park with ponds``."""
        return self.central + (f" with {enumerate_(self.within)}" if self.within else "")

    @property
    def beside(self) -> str:
        """``surrounded by houses and a main road``; empty if nothing is."""
        if not self.around:
            return ""
        return f"{'surrounded by' if self.surrounded else 'near'} {enumerate_(self.around)}"

    @property
    def phrase(self) -> str:
        """``a park with ponds in the centre, surrounded by houses``."""
        if self.through:
            return f"{self.central} that {'run' if self.plural else 'runs'} through the centre"
        return ", ".join(filter(None, (f"{self.whole} in the centre", self.beside)))


def setting_of(central: Central | None, gsd: float | None) -> Setting | None:
    """The words for a central feature; None without one, and for one that does not show.

    Args:
        gsd: ground sampling distance in metres per pixel: what is too small to show at it is left out.
    """
    phrase = tag_phrase(central.tag, gsd) if central else None
    if central is None or phrase is None:
        return None
    within, around = _seen(central.within, gsd), _seen(central.around, gsd)
    return Setting(
        central=_several(phrase, 1),
        through=central.through,
        within=tuple(_several(*one) for one in within.items()),
        around=tuple(_several(*one) for one in around.items()),
        # what does not show may be all that lies on one of the sides
        surrounded=central.surrounded and len(around) == len(central.around),
        tags=(phrase, *within, *around),
    )


def _seen(tags: Iterable[tuple[str, int]], gsd: float | None) -> dict[str, int]:
    """The phrases of tags that show, each with the number of its features."""
    told: dict[str, int] = {}
    for tag, number in tags:
        if phrase := tag_phrase(tag, gsd):
            told[phrase] = told.get(phrase, 0) + number
    return told


def _several(phrase: str, number: int) -> str:
    """``at least one house`` of one feature is ``a house``; of more it is ``houses``."""
    name = re.sub(rf"^({_SOME}|an? )", "", phrase)
    if number > 1 and name != phrase:
        return lexicon.several(name)
    return with_article(name) if phrase.startswith(_SOME) else phrase
