"""Sentences as a paragraph, as models write it, and a paragraph as sentences again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

from mpgi_ray.demo.writer.grammar import Told, read
from mpgi_ray.demo.writer.words import COUNT, capital, sentences, small, split_list, value

# words beside those of the sources: connections between sentences
GLUE = frozenset(
    ("also", "in", "addition", "besides", "while", "and", "the", "image", "shows", "a", "an", "they", "it")
)
LINKS = ("Also, ", "In addition, ", "Besides, ")
OPENINGS = ("Here, ", "In this picture, ", "From this height, ", "Moreover, ")
_LINK = re.compile("|".join((*LINKS, *OPENINGS)))
_STARTS_WITH_NAME = re.compile(r"[A-Z]{2}|I\b")
_OPENED = re.compile(r"(?:In|From|Here|Overall|Against|Next|Looking|Compared|Left|To|As)\b")
_PRONOUN = re.compile(r"(?:They|It) (?!is not)")


def connect(told: Sequence[Told], rng: Random, *, links: Sequence[str], joins: bool, pronouns: bool) -> str:
    """The sentences as a paragraph; one with something false in it stands as it is.

    Args:
        links: words to begin a sentence with.
        joins: of two sentences by a word between them.
        pronouns: for what the sentence before is about.
    """
    parts: list[str] = []
    subject = ""  # what "they" are
    for i, one in enumerate(told):
        free = not one.false and not _STARTS_WITH_NAME.match(one.text)
        follows = pronouns and free and subject and one.claim and one.claim.slots.get("subject") == subject
        point = rng.random()
        if follows and one.text.startswith(capital(subject)) and point < 0.6:
            parts.append(f"{'It' if value(subject.split()[0]) == 1 else 'They'}{one.text[len(subject) :]}")
        elif links and free and i and point < 0.12 and not _OPENED.match(one.text):
            parts.append(f"{rng.choice(links)}{small(one.text)}")
        elif joins and free and i and point < 0.4 and ", while " not in parts[-1]:
            parts[-1] = f"{parts[-1].removesuffix('.')}, while {small(one.text)}"
        else:
            parts.append(one.text)
        subject = "" if one.false else _subject(one)
    return " ".join(parts)


def parse(text: str) -> Iterator[Told]:
    """The sentences of a paragraph, without openings and with nouns for pronouns."""
    subject = ""
    for sentence in sentences(text):
        sentence = capital(_LINK.sub("", sentence, count=1)) if _LINK.match(sentence) else sentence
        if subject and (match := _PRONOUN.match(sentence)):
            sentence = f"{capital(subject)} {sentence[match.end() :]}"
        one = read(sentence)
        yield one
        subject = _subject(one)


def _subject(one: Told) -> str:
    """What a pronoun in the next sentence stands for: some number of things, as far as it is told."""
    if one.claim is None:
        return ""
    text = one.claim.slots.get("subject") or one.claim.slots.get("items", "")
    return text if len(split_list(text)) == 1 and COUNT.fullmatch(text) else ""
