"""How many tokens CLIP reads of a text, estimated."""

from __future__ import annotations

import math
import re

TOKENS = 75  # that CLIP reads, beside its marks for start and end
_WORD = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")
_QUOTED = re.compile(r'"[^"]*"?')


def estimated_tokens(text: str) -> int:
    """About as many tokens as CLIP's tokenizer makes of an English text, rarely fewer; without its two marks.

    An estimate, so that a text is the same where CLIP's vocabulary is installed and where it is not. No word
    has more tokens than bytes, and a quoted label, a code or another script may have as many.
    """
    quoted = "".join(_QUOTED.findall(text))
    return len(quoted.encode()) + sum(map(_pieces, _WORD.findall(_QUOTED.sub(" ", text))))


def _pieces(word: str) -> int:
    if not word.isascii() or not (word.islower() or word.istitle()):
        return len(word.encode())
    return math.ceil(len(word) / 3) if len(word) > 6 else 1
