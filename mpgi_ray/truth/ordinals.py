"""Numbers that other numbers tell: of a sixth beside five, of ``two are buses``."""

from __future__ import annotations

from mpgi_ray.truth.line import Line, Noun
from mpgi_ray.truth.lists import lists
from mpgi_ray.truth.pieces import Kind


def is_one_of_more(line: Line, noun: Noun) -> bool:
    """``Five jets wait here while a sixth stands apart``: there are six."""
    number = int(noun.amount[0]) if noun.amount and noun.amount[0] == noun.amount[1] else 0
    ordinals = lists()["ordinals"][number : number + 1] if number > 1 else []
    after = range(noun.at + 1, len(line.parts))
    return any(line.text(n).split(" ")[-1] in ordinals and line.text(n + 1) != "of" for n in after)


def told_as(line: Line, noun: Noun) -> None:
    """``Of the eight vehicles, only two are buses``."""
    number = noun.first - 2
    ends = line.kind(noun.at + 1) in (None, Kind.MARK) or line.text(noun.at + 1) in ("and", "while")
    bare = noun.plural and not noun.denied and noun.amount is None and line.text(noun.first - 1) == "are"
    number -= 2 * ((line.text(number - 1), line.text(number)) == ("of", "them"))
    owned = any(one.first <= number <= one.at for one in line.nouns)
    if bare and ends and line.kind(number) is Kind.AMOUNT and not owned:
        noun.amount, noun.first = line.parts[number].value, number
        noun.some = not line.text(number).startswith(("only", "just", "exactly"))
