"""Numbers and shares in words and digits, with their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from mpgi_ray.truth.claim import Amount
from mpgi_ray.truth.lists import lists

_LONGEST = 5  # words of a share
_UNITS = frozenset(
    ["m", "metre", "metres", "meter", "meters", "km", "px", "pixels", "pixel", "cm", "feet", "ft", "degrees"]
)
_EMPHASIS = ("mere", "good", "full", "rough")  # a mere quarter
_PARTS = {"thirds": 3, "quarters": 4, "fifths": 5, "sixths": 6, "sevenths": 7, "eighths": 8, "ninths": 9}
_PARTS |= {
    "tenths": 10,
    "twelfths": 12,
    "sixth": 6,
    "eighth": 8,
    "twelfth": 12,
    "fifteenth": 15,
    "twentieth": 20,
}
_WHERE = ("under", "over")  # a single bridge
_BEHIND = {"at most": "most", "at the most": "most", "or fewer": "most", "or less": "most"}
_BEHIND |= {"at least": "least", "at the least": "least", "or more": "least"}
_MARGIN = 1.5, 0.1  # of a share in per cent: what nobody would dispute is within a factor, or this much of it


@cache
def _first_words() -> frozenset[str]:
    """With which numbers and shares begin that are not written in digits: most words of a text are none."""
    listed = (phrase for name in ("bounds", "amounts", "shares") for phrase in lists()[name])
    return frozenset(phrase.split(" ")[0] for phrase in listed) | {"a", "an", "between", *_EMPHASIS}


@cache
def _first_of_bounds() -> frozenset[str]:
    return frozenset(phrase.split(" ")[0] for phrase in lists()["bounds"])


def fraction_at(words: list[str], at: int) -> tuple[int, Amount] | None:
    """A share in words, with or without a bound before it."""
    if words[at] not in _first_words() and not words[at][0].isdigit():
        return None
    for skipped in range(5 if words[at] in _first_of_bounds() else 1):
        kind = lists()["bounds"].get(" ".join(words[at : at + skipped]), "exactly")
        if skipped and kind == "exactly":
            continue
        for length in range(min(_LONGEST, len(words) - at - skipped), 0, -1):
            said = words[at + skipped : at + skipped + length]
            phrase = " ".join(word for word in said if word not in _EMPHASIS)
            if phrase in lists()["shares"] and said[-1] not in _EMPHASIS:
                low, high = lists()["shares"][phrase]
                return skipped + length, _one_sided(low, high, kind)
            if (
                length == 2
                and (part := _PARTS.get(said[1]))
                and (said[0] in ("a", "an") or said[0].isdigit())
            ):
                number = 1.0 if said[0][0] == "a" else float(said[0])
                low, high = _share(min(1.0, number / part), "exactly")
                return skipped + length, _one_sided(low, 1.0 if high is None else high, kind)
    return None


def _one_sided(low: float, high: float, kind: str) -> Amount:
    if kind in ("least", "above"):
        return low, 1.0
    return (0.0, high) if kind in ("most", "below") else (low, high)


def amount_at(words: list[str], at: int) -> tuple[int, tuple[float, float | None], bool] | None:
    """A number with its bound, in per cent or not."""
    if words[at] not in _first_words() and not words[at][0].isdigit():
        return None
    only = words[at] in ("just", "only")  # three or four
    if ranged := _range_at(words, at + only) if at + only < len(words) else None:
        return ranged[0] + only, *ranged[1:]
    bounds: dict[str, str] = lists()["bounds"]
    length = next(
        (n for n in range(4, 0, -1) if at + n < len(words) and " ".join(words[at : at + n]) in bounds), 0
    )
    kind = bounds[" ".join(words[at : at + length])] if length else "exactly"
    if kind == "above" and _is_negated(words, at):
        kind = "most"
    here = at + length
    inner = bounds.get(words[here]) if length and here + 1 < len(words) else None
    if inner:  # only about nine
        kind, here = inner, here + 1
    amounts: dict[str, list[float | None]] = lists()["amounts"]
    if here >= len(words):
        return None
    if words[here][0].isdigit() and " ".join(words[here : here + 2]) not in amounts:  # two dozen
        number, end = float(words[here]), here + 1
        if words[end : end + 2] == ["per", "cent"] or words[end : end + 1] in (["%"], ["percent"]):
            end += 2 if words[end] == "per" else 1
            return end - at, _share(number / 100, kind), True
        if (end < len(words) and words[end] in _UNITS) or not number.is_integer():
            return None
        if " ".join(words[end : end + 2]) in ("or more", "and more"):
            return end + 2 - at, (number, None), False
        if words[end : end + 2] == ["or", "so"]:
            return end + 2 - at, bounded(number, "about"), False
        if trailing := bound_behind(words[end : end + 3]):
            return end + trailing[0] - at, bounded(number, trailing[1]), False
        return end - at, bounded(number, kind), False
    for n in range(4, 0, -1):
        phrase = " ".join(words[here : here + n])
        if n <= len(words) - here and phrase in amounts:
            least, most = amounts[phrase]
            bound = length and most is not None and most == least and not (least == 1 and words[at] in _WHERE)
            known = kind if bound else "exactly"
            if words[here + n : here + n + 2] == ["or", "so"]:
                return here + n + 2 - at, bounded(float(least or 0), "about"), False
            amount = (float(least or 0), most) if known == "exactly" else bounded(float(least or 0), known)
            return here + n - at, amount, False
    return None


def _is_negated(words: Sequence[str], at: int) -> bool:
    """``there can't be more than two``, ``nothing more than two``."""
    for word in reversed(words[max(0, at - 3) : at]):
        if word in ("not", "nothing", "never", "cannot") or word.endswith("n't"):
            return True
        if word not in ("be", "is", "are", "have", "has", "see", "find", "contain", "hold", "any"):
            return False
    return False


def bound_behind(words: Sequence[str]) -> tuple[int, str] | None:
    """How many words are a bound that follows its number, as in ``two at the most``, and which."""
    for length in (3, 2):
        if kind := _BEHIND.get(" ".join(words[:length])):
            return length, kind
    return None


def _range_at(words: list[str], at: int) -> tuple[int, tuple[float, float | None], bool] | None:
    """``eight to ten``, ``between eight and ten``, ``five or six``, ``8-10``; in per cent or not."""
    first = at + (words[at] == "between")
    joins = ("and",) if first > at else ("to", "or", "–", "—")
    second = first + 1 + (words[first + 1 : first + 2] != [] and words[first + 1] in joins)
    numbers = [words[n] for n in (first, second) if n < len(words) and words[n].isdigit()]
    if len(numbers) < 2 or (first > at and second == first + 1):
        return None
    low, high = map(float, numbers)
    if low >= high:
        return None
    end = second + 1
    if words[end : end + 2] == ["per", "cent"] or words[end : end + 1] in (["%"], ["percent"]):
        end += 2 if words[end] == "per" else 1
        return end - at, (_share(low / 100, "exactly")[0], _share(high / 100, "exactly")[1]), True
    return None if end < len(words) and words[end] in _UNITS else (end - at, (low, high), False)


def bounded(number: float, kind: str) -> Amount:
    """The least and most of a number with a bound: ``least``, ``above``, ``most``, ``below`` or ``about``."""
    slack = max(1.0, 0.2 * number)
    return {
        "least": (number, None),
        "above": (number + 1, None),
        "most": (0.0, number),
        "below": (0.0, number - 1),
        "about": (number - slack, number + slack),
    }.get(kind, (number, number))


def _share(share: float, kind: str) -> tuple[float, float | None]:
    factor, more = _MARGIN
    return _one_sided(min(share / factor, share - more), max(share * factor, share + more), kind)
