"""What the licence of a source allows to publish, read from the sentence that its samples carry.

Such a sentence (``annotation.licence``) is what a preset or a person wrote: the rules read words, not law.

- **Texts** about pictures go out unless the licence forbids it: it allows no derived works (captions may be
  taken for such), no redistribution, or use by a closed group alone ("academic use only"), which nobody can
  pass on to the public. A licence that is not stated, or that names a purpose without "only", forbids nothing
  by its words.
- **Pictures** are works of others. They go out only where an open licence is named and nothing in the
  sentence forbids it. Where a sentence says apart what holds for images and for other things, as in
  ``images: CC0; captions: none stated``, that of the images decides.
"""

from __future__ import annotations

import re

_GROUP = "(?:academic|research|scientific|educational|personal|internal)"
_FORBIDS = {
    "no derived works": r"\bND\b|no[- ]?deriv",
    "no redistribution": r"\b(?:no|not|without|never|prohibits?|forbids?)\b[^;.,]*\b(?:re)?distribut"
    r"|(?:re)?distribution[^;.,]*\b(?:not|prohibited|forbidden)\b|\bnot be (?:shared|passed on)"
    r"|all rights reserved|\bproprietary\b|\bconfidential\b",
    "use by a closed group alone": rf"\b{_GROUP}\b[^;.]*\bonly\b|\bonly\b[^;.]*\b{_GROUP}\b",
}
_OPEN = re.compile(
    r"\bCC[- ]?0\b|\bCC[- ]BY\b|creative commons (?:attribution|zero)|\bpublic domain\b|\bMIT\b|\bApache\b"
    r"|\bBSD\b|\bODbL\b|\bODC[- ](?:BY|ODbL)\b|\bPDDL\b|\bCDLA\b|\bopen government licen[cs]e\b|\bOGL\b",
    re.IGNORECASE,
)
_OF_IMAGES = re.compile(r"\s*(?:images?|imagery|pictures?|photos?)\b", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"\s*(?:object |class )?(?:captions?|texts?|labels?|annotations?|outlines?|boxes|masks?)\b", re.IGNORECASE
)
NOT_OPEN = "no licence that lets pictures be shared"


def forbids_texts(licence: str | None) -> str | None:
    """Why texts about the pictures of a source may not be published; None if nothing forbids it."""
    said = licence or ""
    return next((why for why, words in _FORBIDS.items() if re.search(words, said, re.IGNORECASE)), None)


def forbids_pictures(licence: str | None) -> str | None:
    """Why the pictures of a source may not be published; None if its licence lets them be shared."""
    if why := forbids_texts(licence):
        return why
    parts = (licence or "").split(";")
    images = [part for part in parts if _OF_IMAGES.match(part)]
    # what is said of all of it, where nothing is said of images
    said = images or [part for part in parts if not _OF_OTHERS.match(part)]
    return None if any(map(_OPEN.search, said)) else NOT_OPEN
