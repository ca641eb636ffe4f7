"""What scores texts: scorers, each a small class that opens once what it needs.

A module in `mpgi_ray.curate.scorers` is one scorer that a user can choose by its name. Its class ``Scorer``
holds the settings, with their types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mpgi_ray.curate.choice import Choice, load
from mpgi_ray.curate.select import Captioned
from mpgi_ray.data.final import CAPTIONS, people_of
from mpgi_ray.data.sample import Sample
from mpgi_ray.errors import RecipeError

_SCORERS = "mpgi_ray.curate.scorers"
PLACE = ("shard", "index", "key", "sample_id", "name", "number", "text_hash")  # the columns of every table


@dataclass(frozen=True, slots=True)
class Named:
    """A text of a sample.

    Attributes:
        name: its perspective; ``captions`` for those that people wrote.
        number: 0 for a text that a model wrote; of people's the position among those that are not blank.
    """

    name: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample with the texts that are scored, one at least."""

    sample: Sample
    texts: tuple[Named, ...]


Value = float | str  # a figure, or a short code that says why there is none: texts are counted under it
Score = Callable[[Sequence[Shown]], Iterable[Sequence[Value]]]


class Scorer(Protocol):
    """A scorer and its settings. It is sent to other processes, and must not change."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its figures, which are those of the table's columns."""

    def made_by(self) -> tuple[str, str]:
        """The model, empty if there is none, and its revision; both are a part of the job's identity.

        Raises:
            InputError: the model is not there.
        """

    def open(self, gpu: bool) -> Score:
        """Load what it needs, once a replica.

        Returns:
            What scores the samples of a shard: for each text, in order, a value a column. It may be called
            for many shards, and answers from their samples alone.
        """

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Its settings, which are a part of the job's identity; a `Config` has this."""


def load_scorers(chosen: Sequence[Choice]) -> list[Scorer]:
    """The scorers, in their order.

    Raises:
        RecipeError: there is no such scorer, a setting of it is wrong, or a column would be there twice.
    """
    scorers: list[Scorer] = [load(choice, "scorer", _SCORERS) for choice in chosen]
    columns = Counter((*PLACE, *(name for scorer in scorers for name in scorer.columns)))
    if twice := [name for name, number in columns.items() if number > 1]:
        raise RecipeError(
            f"there would be two columns {twice[0]!r}: name each scorer once, or give one of two models a "
            "name of its own, as in clip:model=MODEL,column=clip_large"
        )
    return scorers


def shown(captioned: Captioned, names: Sequence[str]) -> Shown:
    """A sample with its texts, in the order of their names.

    Args:
        names: of the texts that models wrote.
    """
    written = {row.perspective: row.text for row in captioned.captions}
    texts = [Named(name, 0, written[name]) for name in names if name in written]
    people = (Named(CAPTIONS, n, text) for n, text in enumerate(people_of(captioned.sample)))
    return Shown(captioned.sample, (*texts, *people))
