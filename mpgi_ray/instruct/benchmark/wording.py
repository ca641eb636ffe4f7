"""The words of questions. All questions of a group have the same, so that none is told by its words."""

from __future__ import annotations

from collections.abc import Sequence

from mpgi_ray.rules.english import choose

# by `Candidate.form`; its names stand in braces
_WORDINGS = {
    "presence": ("Which of these can be seen in the picture?", "Which of these does the picture show?"),
    "count": ("How many {0} are in the picture?", "What is the number of {0} in the picture?"),
    "comparison": (
        "Are there more {0} or more {1} in the picture?",
        "Which are there more of in the picture: {0} or {1}?",
    ),
    "cell": ("Where in the picture {be} {0}?", "In which part of the picture {be} {0}?"),
    "half": ("In which half of the picture {be} {0}?", "Which half of the picture {be} {0} in?"),
    "relation": ("Where {be} {0}, seen from {1}?", "In which direction from {1} {be} {0}?"),
    "colour": ("What colour {be} {0}?", "Which of these is the colour of {0}?"),
    "classification": (
        "What kind of scene does the picture show?",
        "Which of these describes the whole picture best?",
    ),
    "share": (
        "About how much of the picture is covered by {0}?",
        "What share of the picture is covered by {0}?",
    ),
}


def ask(form: str, names: Sequence[str], single: bool, seed: str) -> str:
    """A question.

    Args:
        names: what it names.
        single: whether the first of them is one thing.
        seed: chooses among the wordings.
    """
    return choose(_WORDINGS[form], seed, form).format(*names, be="is" if single else "are")
