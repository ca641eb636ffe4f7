"""Groups of copies, and which copy stays, whatever the order; texts that occur more than once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpgi_ray.curate.duplicates.components import components, kept_of
from mpgi_ray.curate.duplicates.texts import TextCounts, count_texts, digests, normalised

PAIRS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25)


def groups(pairs: list[tuple[int, int]], names: list[int], annotated: list[int]) -> dict[int, int]:
    """Which picture stays for each, by name; the row of a picture is its place among the names."""
    row = {name: place for place, name in enumerate(names)}
    links = np.array([(row[a], row[b]) for a, b in pairs], np.int64).reshape(-1, 2)
    order = [-np.array([annotated[name] for name in names]), np.array(names)]
    kept = kept_of(components(len(names), links), order)
    return {name: names[kept[row[name]]] for name in names}


@given(pairs=PAIRS, names=st.permutations(range(20)), data=st.data())
def test_groups_and_the_kept_copy_do_not_depend_on_the_order(
    pairs: list[tuple[int, int]], names: list[int], data: st.DataObject
) -> None:
    annotated = data.draw(st.lists(st.integers(0, 3), min_size=20, max_size=20))
    found = groups(pairs, list(range(20)), annotated)
    mixed = [(b, a) for a, b in reversed(pairs)]
    assert groups(mixed, names, annotated) == found
    assert all(found[a] == found[b] for a, b in pairs)
    for name, kept in found.items():
        assert found[kept] == kept
        assert (-annotated[kept], kept) <= (-annotated[name], name)


def test_texts_are_counted_within_and_across_pictures() -> None:
    captions = [["A red car.", "a  RED car", "Two ships"], ["a red car!"], [" …", "A lake."]]
    texts = [digests(one) for one in captions]
    pictures = np.repeat(np.arange(3), [len(one) for one in texts])
    counts = count_texts(pictures, np.array([one for some in texts for one in some], np.int64))
    assert counts == TextCounts(texts=5, distinct=3, repeated_within=1, shared=1, pictures_sharing=2)
    assert normalised("A — red\ncar_Ｘ") == "a red car x"
    assert count_texts(np.empty(0, np.int64), np.empty(0, np.int64)) == TextCounts()
