"""Which surface covers more: ``covers a bigger share of this satellite picture than the roads``."""

from __future__ import annotations

from collections.abc import Iterator

from mpgi_ray.truth.claim import About, Claim
from mpgi_ray.truth.leading import leads_away
from mpgi_ray.truth.line import Line
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind

_MORE = {"more", "bigger", "larger", "greater"}
_LESS = {"less", "smaller", "lesser"}
_FAR = 10  # pieces between a verb and "than"


def compared_shares(line: Line) -> Iterator[Claim]:
    """The claims of shares that are compared over words that no list of phrases foresees."""
    verbs = lists()["compared"]["verbs"]
    for than in range(2, len(line.parts)):
        verb = next((n for n in range(than - 2, max(-1, than - _FAR), -1) if line.text(n) in verbs), None)
        if line.text(than) != "than" or verb is None:
            continue
        words = {line.text(n) for n in range(verb + 1, than)}
        pictured = any(line.kind(n) is Kind.PICTURE for n in range(verb + 1, than))
        subject, other = line.subject(verb), line.noun_behind(than)
        if not pictured or not (words & (_MORE | _LESS)) or any(verb < one.at < than for one in line.nouns):
            continue
        if subject and other and not (subject.denied or other.denied or leads_away(line, subject)):
            start, end = line.parts[subject.first].start, line.parts[other.at].end
            word = "larger" if words & _MORE else "smaller"
            yield Claim(About.RELATION, subject.name, start, end, other=other.name, word=word)
