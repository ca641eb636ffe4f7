"""Nouns that name nothing in a picture: what things are like, what there is room for, one's point of view."""

from __future__ import annotations

from mpgi_ray.rules import lexicon
from mpgi_ray.truth.line import STEPPED_OVER, Line, Noun
from mpgi_ray.truth.pieces import Kind

_NOT_THESE = (("rather", "than"), ("instead", "of"), ("opposed", "to"), ("place", "of"))
_SPOKEN_TO = ("child", "pupil", "student", "person")


def is_likened(line: Line, noun: Noun) -> bool:
    """``in a row like taxis``, ``room for cars``, ``cars could park``, the cabin in ``boats with cabins``."""
    if noun.at == 0 and line.text(1) == "," and noun.name in _SPOKEN_TO:
        return True  # children, look at the vans
    if line.text(noun.at + 1) in ("could", "would", "might") and line.text(noun.at + 2) != "be":
        return True
    clause = next((n + 1 for n in range(noun.first - 1, -1, -1) if line.text(n) in (",", ";")), 0)
    if line.text(clause) == "if":  # if there were cars
        return True
    before = noun.first - 1
    while line.text(before) != "for" and (
        line.kind(before) in STEPPED_OVER or line.text(before) in ("a", "an", "the")
    ):
        before -= 1
    if any(line.text(n) == "be" and line.text(n + 1) in ("it", "they") for n in range(before - 5, before)):
        return True  # be it a barge or a boat
    if [line.text(before - n) for n in (1, 0)] == ["to", "be"]:
        return line.text(before - 2) in ("used", "were", "was", "are", "ought")  # there used to be
    after = [line.text(noun.at + n) for n in (1, 2, 3)]
    if noun.first == noun.at and after[0] in ("have", "has") and after[1:] == ["not", "been"]:
        return True  # where and how they have not been set up nobody can tell
    if _is_viewpoint(line, noun, before):
        return True
    if line.text(before) == "for":
        return line.text(before - 1) not in (",", "except", "save", "but", "apart", "vain")
    if (
        line.text(before) in ("is", "are")
        and not noun.denied
        and any(line.kind(n) is Kind.DENIAL for n in range(max(0, before - 5), before))
    ):
        return True  # none of the boats is a barge
    if (line.text(before - 1), line.text(before)) in _NOT_THESE or line.text(before) == "unlike":
        return True  # boats rather than barges
    if any((line.text(n), line.text(n + 1)) == ("as", "if") for n in range(noun.first)):
        return True  # as if a school were leaving
    if line.text(before) in ("like", "resembling"):
        return noun.plural or before < noun.at - 1  # and not a fountain-like pond
    if noun.name != "cabin" or line.text(before) not in ("with", "whose", "their", "its"):
        return False
    things = [part.value for part in line.parts[:before] if part.kind is Kind.THING]
    return any({"vessel", "vehicle"} & {thing, *lexicon.hypernyms(thing)} for thing in things)


def _is_viewpoint(line: Line, noun: Noun, before: int) -> bool:
    """The helicopter in ``seen from the helicopter``: the picture is taken from it."""
    flies = "aircraft" in (noun.name, *lexicon.hypernyms(noun.name)) and not noun.plural
    things = any(part.kind is Kind.THING for part in line.parts[: noun.first])
    ours = line.text(before + 1) in ("our", "my") or line.text(before) in ("our", "my")
    return flies and (ours or (line.text(before) in ("from", "aboard") and not things))
