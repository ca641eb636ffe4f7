"""Faults of form that a merge of given texts has when the model loses its thread."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from mpgi_ray.engines.base import Fault
from mpgi_ray.rules.english import split_sentences
from mpgi_ray.rules.lexicon import lexicon
from mpgi_ray.rules.measured.colours import THING_COLOURS
from mpgi_ray.truth.lists import lists

_TWICE = re.compile(r"\b([a-z]{4,}) \1\b", re.I)  # a third third; "that that" is seldom right, either
_LEAKED = re.compile(
    r"\b(?:annotat\w+|described as|according to|the facts?\b|perspectives?"
    r"|the attributes (?:are|show|dominate)|the layout (?:shows|dominates|is mostly))\b",
    re.I,
)
_KINDS = r"(?:image|picture|photo(?:graph)?|view|scene|area|frame)"
_OF_WHOLE = re.compile(rf"\b(?:the|this) (?:{_KINDS}|surfaces?|layout) (?:is|are)\b")
_COLOURS = "|".join((*THING_COLOURS, "gray", "tan", "olive", "beige"))
# there are four cars here are red; but not: there are cars and there is a bus
_CLAUSE = r"(?:(?!\b(?:and|or|but|while|where\w*|which|that|as)\b)[^.,;])*"
_NONSENSE = re.compile(
    # the harbour is an image of a harbour, the image is a grey band
    rf"\b(?:the|this) (?:(?!{_KINDS}\b)\w+ ){{1,3}}is an? (?:\w+ )?(?:image|picture|photo(?:graph)?|view)\b"
    rf"|\b(?:the|this) {_KINDS} is an? (?:\w+ )?(?:{_COLOURS})(?:-\w+)? (?:band|margin|patch)\b"
    # the pond is a pond, the golf course shows a golf course
    r"|\b(?:the|this) (\w+(?: \w+)?) (?:is|shows|contains|has) an? \1\b"
    # a bridge with a grey bridge
    rf"|\b(?:a|an|the|one) (\w{{3,}}) with (?:a|an|one) (?:(?:{_COLOURS}) )?\2\b(?! (?!and\b)\w)"
    r"|\b(?:the|this) (\w{3,}) \w+ (?:is|shows) an? \3\b(?=[.,;]| with\b)"  # the road junction is a road
    rf"|\b(?:there (?:is|are)|{_KINDS} (?:shows|has|contains)) {_CLAUSE}\b(?:here|there) (?:is|are)\b"
    # the helicopter sampling distance
    r"|\b(?!(?:ground|the|a|spatial|pixel|with)\b)\w+ sampling distance\b"
    # which a pixel does
    r"|\b(?:area|band|part|patch)s? measur\w+ [\d.]+ m(?:et\w+)? on the ground|\bground is measured\b"
    r"|(?<!taken from )(?<!seen from )\b(?:in|by|of|with|on) the air\b"
    r"(?! ?(?:base|field|strip|port|cond|force|term|side))",
    re.I,
)
_ENDS = (".", "!", "?", '."', ".'", ".)")


def merged_fault(text: str) -> Fault | None:
    """What no writer of a caption does, and what people's captions, which end anyhow, need not keep to."""
    if not text.rstrip().endswith(_ENDS):
        return Fault("unfinished", f"the text ends in {text.rstrip()[-20:]!r}, expected a full stop")
    told = (_OF_WHOLE.sub("the image is", sentence.lower()) for sentence in split_sentences(text))
    sentence, times = Counter(told).most_common(1)[0]
    if times > 1:
        return Fault("repetition", f"{sentence[:60]!r} is said {times} times")
    if twice := _TWICE.search(text):
        return Fault("repetition", f"{twice[0]!r}")
    if leaked := _LEAKED.search(text):
        return Fault("meta", f"the text talks of what it was made from ({leaked[0]!r})")
    if nonsense := _NONSENSE.search(text):
        return Fault("format", f"{nonsense[0]!r} says nothing that one could see")
    if "…" in text or "..." in text:
        return Fault("unfinished", "the text leaves something out ('…')")
    if "(s)" in text:
        return Fault("format", "the text leaves open whether it is one or several ('(s)')")
    if mass := _article_of_mass().search(text):
        return Fault("format", f"{mass[0]!r}: expected no article, or what it is a part of")
    if turned := _turned().search(text):
        return Fault("format", f"a thing is covered by a share ({turned[0]!r}), expected that it covers one")
    return None


@cache
def _article_of_mass() -> re.Pattern[str]:
    """``the golf course is a bare soil, grass and trees``."""
    return re.compile(rf"\b(?:is|are) an? (?:{'|'.join(sorted(lexicon()['mass']))})\b(?=[.,;]| and\b)", re.I)


@cache
def _turned() -> re.Pattern[str]:
    shares = "|".join(sorted(map(re.escape, lists()["shares"]), key=len, reverse=True))
    return re.compile(rf"covered by (?:{shares}) of\b", re.I)
