"""What the licence of a source allows to publish, read from the sentence that its samples carry.

Such a sentence (``annotation.licence``) is what a preset or a person wrote: the rules read words, not law.

- **Texts** about pictures go out unless the licence forbids it: it allows no derived works (captions may be
  taken for such), no redistribution, or use by a closed group alone ("academic use only"), which nobody can
  pass on to the public. A licence that is not stated, or that names a purpose without "only", forbids nothing
  by its words.
- **Pictures** are works of others. They go out only where an open licence is named, its clause does not doubt
  it ("not in the public domain"), and nothing in the sentence forbids it. Where a sentence says apart what
  holds for images and for other things, as in ``images: CC0; captions: none stated``, that of the images
  decides.
"""

from __future__ import annotations

import re

_GROUP = "(?:academic|research|scientific|educational|personal|internal)"
_ALONE = r"(?:only|solely|exclusively|strictly|(?:restricted|limited) to)"
_FORBIDS = {
    "no derived works": r"\bND\b|no[- ]?deriv",
    "no redistribution": r"\b(?:no|not|without|never|prohibits?|forbids?)\b[^;.,]*"
    r"\b(?:(?:re)?distribut|shar(?:e|ed|ing)\b)"
    r"|\b(?:(?:re)?distribut|shar(?:ed|ing)\b)[^;.,]*\b(?:not|only|permission|prohibited|forbidden)\b"
    r"|\bnot be passed on|all rights reserved|\bproprietary\b|\bconfidential\b",
    "use by a closed group alone": rf"\b{_GROUP}\b[^;.]*\b{_ALONE}(?!\w)|\b{_ALONE}\b[^;.]*\b{_GROUP}\b",
}
_OPEN = re.compile(
    # MIT is a place, too, and a word of other languages
    r"^\W*(?:\w+:)?\W*(?:MIT|Apache)\W*$|\b(?:MIT|Apache)[- ]licen[cs]e|\bunder (?:the )?MIT\b"
    r"|\bApache[- ]v?[12]\b"
    r"|\bCC[- ]?0\b|\bCC[- ]BY\b|creative commons (?:attribution|zero)|\bpublic domain\b|\bBSD\b"
    r"|\bODbL\b|\bODC[- ](?:BY|ODbL)\b|\bPDDL\b|\bCDLA\b|\bopen government licen[cs]e\b|\bOGL\b",
    re.IGNORECASE,
)
_DOUBTED = re.compile(r"\b(?:not?|non|never|nor)\b(?![- ]?commercial)|\b(?:unknown|unclear)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;,]|\.(?!\d)")
_OF_IMAGES = re.compile(r"\s*(?:images?|imagery|pictures?|photos?)\b", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"\s*(?:object |class )?(?:captions?|texts?|labels?|annotations?|outlines?|boxes|masks?|code|software)\b",
    re.IGNORECASE,
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
    return None if any(_opens(clause) for part in said for clause in _CLAUSE.split(part)) else NOT_OPEN


def _opens(clause: str) -> bool:
    """Whether it names an open licence, and does not say that it does not hold."""
    return bool(_OPEN.search(clause)) and not _DOUBTED.search(clause)
