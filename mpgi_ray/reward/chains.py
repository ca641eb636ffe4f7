"""Lists of what can be compared in part: in each of them every one is better than all that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator


def chains(number: int, better: Callable[[int, int], bool]) -> Iterator[tuple[int, ...]]:
    """Lists of two or more of the items 0, 1, …, best first.

    Every item that is better or worse than another one is in a list at least; those that are alike, or of
    which it is not known, are never in the same.

    Args:
        better: whether the first is better than the second; never both ways round.
    """
    used: Counter[int] = Counter()
    for first in range(number):
        if used[first]:
            continue
        chain = [first]
        for item in sorted((one for one in range(number) if one != first), key=lambda one: (used[one], one)):
            above = [better(one, item) for one in chain]
            below = [better(item, one) for one in chain]
            place = sum(above)
            # better than those that follow, worse than those before: raters may prefer in a circle
            if all(above[:place]) and all(below[place:]):
                chain.insert(place, item)
        if len(chain) > 1:
            used.update(chain)
            yield tuple(chain)
