"""How many there are of a class, and of which of two classes there are more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from mpgi_ray.data.instructions import Turn
from mpgi_ray.instruct.known import Candidate, Known
from mpgi_ray.instruct.open_names import alike
from mpgi_ray.instruct.words import counted, forms, say
from mpgi_ray.rules.english import number

COUNT, MORE = "count", "comparison"


def asked(known: Known, each: int) -> Iterator[Candidate]:
    """Numbers of classes that are exact, zeros, and at least how many there are of others."""
    facts = known.facts
    exact = {c.name: c.total for c in facts.counted if c.exact}
    for name in known.drawn(exact, each, COUNT):
        yield _exact(known, name, exact[name])
    for name in known.drawn(facts.absent, 1, f"{COUNT} none"):
        yield _exact(known, name, 0)
    least = {c.name: c.total for c in facts.counted if c.countable and not c.exact}
    for name in known.drawn(least, each, f"{COUNT} least"):
        n, seed = least[name], f"{known.seed}/{name}"
        truth = {"names": [name], "told": False, **({"least": n} if n else {})}
        slots = forms(facts, name) | {
            "amount": counted(facts, name, n),
            "number": number(n),
            "verb": "is" if n == 1 else "are",
        }
        answer = say(COUNT, "least" if n else "untold", seed, **slots)
        yield Candidate(_turn(known, name, answer, truth), name, "untold", _follow(seed))
    for name in known.undecided(1, f"{COUNT} untold"):
        answer = say(COUNT, "untold", f"{known.seed}/{name}", **forms(facts, name))
        yield Candidate(_turn(known, name, answer, {"names": [name], "told": False}), name, "untold")


def more_asked(known: Known, each: int) -> Iterator[Candidate]:
    """Pairs of classes whose numbers are exact, one of them zero at most; and pairs of others."""
    facts = known.facts
    exact = {c.name: c.total for c in facts.counted if c.exact}
    pairs = {"|".join(pair): pair for pair in combinations(sorted(exact), 2) if not alike(*pair)}
    zeros = known.drawn((n for n in facts.absent if not any(alike(n, o) for o in exact)), 1, f"{MORE} none")
    pairs |= {
        f"{name}|{zero}": (name, zero) for zero in zeros for name in known.drawn(exact, 1, f"{MORE} one")
    }
    for about in known.drawn(pairs, each, MORE):
        yield _compared(known, *_turned(known, about, pairs[about]), exact)
    unsure = [c.name for c in facts.counted if c.countable and not c.exact]
    open_ = {"|".join(pair): pair for pair in combinations(sorted(unsure), 2) if not alike(*pair)}
    for about in known.drawn(open_, 1, f"{MORE} untold"):
        first, second = _turned(known, about, open_[about])
        seed = f"{known.seed}/{about}"
        slots = {"first": facts.several(first), "second": facts.several(second)}
        truth = {"names": [first, second], "told": False}
        turn = Turn(MORE, say(MORE, "ask", seed, **slots), say(MORE, "untold", seed, **slots), truth=truth)
        yield Candidate(turn, about, "untold")


def _exact(known: Known, name: str, n: int) -> Candidate:
    facts, seed = known.facts, f"{known.seed}/{name}"
    slots = forms(facts, name) | {
        "amount": counted(facts, name, n),
        "number": number(n),
        "digits": str(n),
        "verb": "is" if n == 1 else "are",
    }
    answer = say(COUNT, "answer" if n else "none", seed, **slots)
    turn = _turn(known, name, answer, {"names": [name], "count": n})
    return Candidate(turn, name, str(n), _follow(seed) if n else "")


def _turn(known: Known, name: str, answer: str, truth: dict[str, object]) -> Turn:
    question = say(COUNT, "ask", f"{known.seed}/{name}", **forms(known.facts, name))
    return Turn(COUNT, question, answer, truth=truth)


def _follow(seed: str) -> str:
    return say(COUNT, "follow", seed)


def _turned(known: Known, about: str, pair: tuple[str, str]) -> tuple[str, str]:
    """The pair in an order that says nothing of the answer."""
    first, second = known.drawn(pair, 2, f"{MORE} {about}")
    return first, second


def _compared(known: Known, first: str, second: str, exact: dict[str, int]) -> Candidate:
    facts, about = known.facts, "|".join(sorted((first, second)))
    seed = f"{known.seed}/{about}"
    i, j = exact.get(first, 0), exact.get(second, 0)
    slots = {"first": facts.several(first), "second": facts.several(second), "number": number(i)}
    more, fewer = (first, second) if i > j else (second, first)
    slots |= {"more": facts.several(more), "fewer": facts.several(fewer)}
    slots |= {"larger": counted(facts, more, max(i, j)), "smaller": counted(facts, fewer, min(i, j))}
    slots["verb"] = "is" if max(i, j) == 1 else "are"
    form = "equal" if i == j else "answer" if i and j else "none"
    answer = say(MORE, form, seed, **slots)
    truth = {"names": [first, second], "counts": [i, j]}
    told = "equal" if i == j else more  # by the class: its place in the question is drawn
    return Candidate(Turn(MORE, say(MORE, "ask", seed, **slots), answer, truth=truth), about, told)
