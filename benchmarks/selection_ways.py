"""The ways of choosing among texts that `selection_value.py` compares, as rules of `mpgi curate --select`.

Two questions are asked, each with ways of its own; one of them, the leader, says how many texts the others
keep.

``truth``, where the pictures are annotated:

- ``all``: every text, with its errors;
- ``random``: about as many of them as ``truth+score`` keeps, by chance;
- ``score``: as many, the best of each perspective by the score of a CLIP that was trained on ``all``;
- ``truth``: those of which the annotation contradicts no claim;
- ``truth+score`` (the leader): of these the best share of each perspective by that score;
- ``true``: the texts in which nothing was planted, which only the benchmark knows: the upper bound.

``learned``, where nobody annotated them: ``all``, ``random`` and ``score`` as before, and ``learned`` (the
leader), the best share of each perspective by a scorer that learned from preferences about other scenes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Rules = list[dict[str, Any]]
WAYS: Mapping[str, tuple[str, ...]] = {
    "truth": ("all", "random", "score", "truth", "truth+score", "true"),
    "learned": ("all", "random", "score", "learned"),
}
LEADER = {"truth": "truth+score", "learned": "learned"}


def rules(way: str, share: float, keep: float) -> Rules:
    """The rules of a way.

    Args:
        share: of all texts that the leader keeps.
        keep: the leader's own share, of each perspective.
    """
    best = {"name": "low_score", "by": "clip", "within": ["name"], "at_least": 1}
    false = {"name": "false_claim", "drop": "contradicted > 0"}
    return {
        "random": [{"name": "chance", "top": share, "by": "hash(sample_id || name)", "at_least": 1}],
        "score": [best | {"top": share}],
        "truth": [false],
        "truth+score": [false, best | {"top": keep}],
        "true": [{"name": "planted", "drop": "planted > 0"}],
        "learned": [best | {"by": "learned", "top": keep}],
    }[way]
