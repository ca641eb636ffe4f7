"""English: plurals, articles, number words, lists, sentences; and a fixed choice among wordings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import inflect

# glass, bus, tennis, canvas, lens, rhinos: singular in spite of the s
_SIZES = ("big", "large", "long", "short", "small", "tall", "tiny")
_NOT_PLURAL = ("ss", "us", "is", "as", "ns", "os")
# a full stop before a capital or a digit ends a sentence, unless it stands behind one of these or an initial
_STOP = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W_a-z])")
_ABBREVIATIONS = frozenset(
    [
        "approx",
        "ca",
        "cf",
        "dr",
        "e.g",
        "est",
        "fig",
        "i.e",
        "incl",
        "mr",
        "mrs",
        "mt",
        "no",
        "resp",
        "st",
        "vs",
    ]
)

# the beginning of a sentence that says whom it means only after the one before it
REFERS = re.compile(
    r"(it|they|them|this|that|these|those|its|their|both|each|one|some|others?|the others?)\b", re.I
)


@cache
def _inflect() -> inflect.engine:
    import typeguard

    # inflect has typeguard compile its functions again, with checks of types: a second or two a process;
    # what another thread imports meanwhile goes without them, too, and nothing here rests on such checks
    checked = typeguard.typechecked
    typeguard.typechecked = lambda function: function  # type: ignore[assignment]
    try:
        import inflect  # here, as processes that only read shards do not need it
    finally:
        typeguard.typechecked = checked

    return inflect.engine()


@lru_cache(maxsize=4096)
def plural(noun: str) -> str:
    """``tennis court`` → ``tennis courts``; the noun must be singular."""
    return str(_inflect().plural_noun(noun))


@lru_cache(maxsize=4096)
def singular(noun: str) -> str:
    """``cars`` → ``car``; a noun that is not a regular plural comes back as it is."""
    if not noun.endswith("s") or noun.endswith(_NOT_PLURAL):
        return noun
    one = _inflect().singular_noun(noun)
    return str(one) if one and plural(str(one)) == noun else noun


@lru_cache(maxsize=4096)
def with_article(noun: str) -> str:
    """``airport`` → ``an airport``."""
    return str(_inflect().a(noun))


@lru_cache(maxsize=256)
def with_look(look: str, noun: str) -> str:
    """``long white vehicles``: a size stands before a colour."""
    size, _, rest = noun.partition(" ")
    if look and rest and size in _SIZES:
        return f"{size} {look} {rest}"
    return f"{look} {noun}" if look else noun


def number(n: int) -> str:
    """Numbers up to twelve as words, larger ones as digits."""
    return str(_inflect().number_to_words(str(n))) if 0 <= n <= 12 else str(n)


def enumerate_(items: Sequence[str], last: str = "and", *, serial: bool = False) -> str:
    """``a, b and c``; with a comma before the last, ``a and b, and c``, where items would run together."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])}{',' if serial else ''} {last} {items[-1]}"


def sentence(clause: str) -> str:
    """The clause with a capital and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


def split_sentences(text: str) -> list[str]:
    """The sentences of an English text; "approx. 3", "0.5 m", "e.g. Paris" and "J. Smith" stay whole."""
    return [sentence for _, sentence in placed_sentences(text)]


def placed_sentences(text: str) -> list[tuple[int, str]]:
    """As `split_sentences`, each with the place where it begins."""
    ends = []
    start = 0
    for stop in _STOP.finditer(text):
        word = text[start : stop.start()].split()[-1].strip("(.!?")
        if word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper()):
            continue
        ends.append(start := stop.end())
    spans = zip([0, *ends], [*ends, len(text)], strict=True)
    pieces = ((start, text[start:end]) for start, end in spans)
    return [(start + len(raw) - len(raw.lstrip()), raw.strip()) for start, raw in pieces if raw.strip()]


def choose(wordings: Sequence[str], seed: str, kind: str) -> str:
    """One of the wordings, always the same for a sample and a kind of sentence."""
    digest = hashlib.blake2b(f"{seed}\0{kind}".encode(), digest_size=8).digest()
    return wordings[int.from_bytes(digest) % len(wordings)]
