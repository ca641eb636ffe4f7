"""How many tokens a text has in CLIP's vocabulary, without torch: what a model cuts is counted, not guessed.

The vocabulary is the file that open_clip brings (byte pairs of Radford et al., 2021). Only the file is read;
open_clip itself takes ten seconds to import.
"""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

CONTEXT = 77  # tokens that CLIP reads of a text, with those of its start and its end
_VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
_MERGES = 49152 - 256 - 2  # entries of the vocabulary that are pairs
_PARTS = r"""<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
_PLAIN = re.compile(r"[A-Za-z0-9 .,:;!?()'\"/%-]*")  # nothing of it needs mending
_SPECIAL = frozenset(["<start_of_text>", "<end_of_text>"])


@cache
def clip_tokens() -> Callable[[str], int] | None:
    """What counts the tokens of a text as open_clip's ``SimpleTokenizer`` makes them, start and end included.

    Returns:
        None where open_clip is not installed.
    """
    found = find_spec("open_clip")
    places = found.submodule_search_locations if found else None
    file = Path(places[0]) / _VOCABULARY if places else None
    if file is None or not file.is_file():
        return None
    import ftfy  # open_clip needs these two: they are there with it
    import regex

    parts = regex.compile(_PARTS, regex.IGNORECASE)
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")[1 : _MERGES + 1]
    ranks = {(first, second): rank for rank, (first, second) in enumerate(line.split() for line in lines)}

    @lru_cache(maxsize=1 << 16)
    def pieces(word: str) -> int:
        return 1 if word in _SPECIAL else _pieces(word, ranks)

    def count(text: str) -> int:
        if not _PLAIN.fullmatch(text):
            text = html.unescape(html.unescape(ftfy.fix_text(text)))
        return 2 + sum(map(pieces, parts.findall(" ".join(text.split()).lower())))

    return count


def _pieces(word: str, ranks: dict[tuple[str, str], int]) -> int:
    """The number of byte-pair pieces of a word: the pair of the lowest rank is joined until none is known."""
    alphabet = _alphabet()
    letters = [alphabet[byte] for byte in word.encode()]
    letters[-1] += "</w>"
    while len(letters) > 1:
        pair = min(pairwise(letters), key=lambda p: ranks.get(p, len(ranks)))
        if pair not in ranks:
            break
        joined: list[str] = []
        for letter in letters:
            # a joined pair does not take part again: "aaa" with the pair "a a" gives "aa", "a"
            if joined and (joined[-1], letter) == pair:
                joined[-1] += letter
            else:
                joined.append(letter)
        letters = joined
    return len(letters)


@cache
def _alphabet() -> tuple[str, ...]:
    """A printable letter for each byte, as the vocabulary spells it."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    letters = {byte: chr(byte) for byte in printable} | {b: chr(256 + n) for n, b in enumerate(others)}
    return tuple(letters[byte] for byte in range(256))
