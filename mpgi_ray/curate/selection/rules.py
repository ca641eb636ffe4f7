"""The kinds of rules, and what each drops, as SQL over the table ``judged``.

``judged`` has a row for each text that no rule before has dropped: its number ``_id`` in the order of the
set, ``_picture``, a random ``_tie``, what else a rule asks for, and ``_value``, which the rule's expression
gives. Each rule ranks in a total order, so what it drops depends neither on the order of rows nor on threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mpgi_ray.config import Config

Expression = Annotated[str, Field(min_length=1, max_length=2000)]
# best first; a text without a value comes last, and chance decides between equal ones
_BEST_FIRST = "_value DESC NULLS LAST, _tie, _id"


class Rule(Config):
    """What all rules have.

    Attributes:
        name: the reason of the texts that it drops.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)

    hidden: ClassVar[tuple[str, ...]] = ()  # columns that no expression can name
    type: ClassVar[str] = "DOUBLE"  # of the value

    @property
    def expression(self) -> tuple[str, str] | None:
        """The key of its SQL expression, and the expression."""
        return None

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns by whose values it groups."""
        return ()

    def gone(self) -> str:
        """A query of the numbers of the texts that it drops."""
        raise NotImplementedError


class Drop(Rule):
    """Drop the texts of which a condition is true; those of which it says nothing stay."""

    drop: Expression
    type: ClassVar[str] = "BOOLEAN"

    @property
    def expression(self) -> tuple[str, str]:
        return "drop", self.drop

    def gone(self) -> str:
        return "SELECT _id FROM judged WHERE _value"


class Ranking(Rule):
    """What ranks texts, those first of which an expression gives the highest number.

    Attributes:
        by: the expression; without one, chance decides.
    """

    by: Expression | None = None

    @property
    def expression(self) -> tuple[str, str] | None:
        return None if self.by is None else ("by", self.by)


class Top(Ranking):
    """Keep the best share of the texts of each group, of n texts ⌈share × n⌉.

    Attributes:
        at_least: so many texts of each picture stay in any case, its best ones.
    """

    by: Expression
    top: float = Field(gt=0, le=1)
    within: tuple[str, ...] = ()
    at_least: int = Field(default=0, ge=0)

    @property
    def groups(self) -> tuple[str, ...]:
        return self.within

    def gone(self) -> str:
        # exact: 0.1 × 30 is more than 3 in binary numbers
        share = Fraction(str(self.top))
        most = f"(among::HUGEINT * {share.numerator} + {share.denominator - 1}) // {share.denominator}"
        among = f"count(*) OVER ({_partition(self.within)}) AS among"
        own = f"row_number() OVER ({_partition(('_picture',))} ORDER BY {_BEST_FIRST}) AS own"
        ranked = _ranked(self.within, f", {among}, {own}")
        return f"SELECT _id FROM ({ranked}) WHERE place > {most} AND own > {self.at_least}"


class Distinct(Ranking):
    """Keep one of the texts that are equal without case, spaces and punctuation, in the set or a picture."""

    distinct: Literal["set", "picture"]
    hidden: ClassVar[tuple[str, ...]] = ("_same",)

    def gone(self) -> str:
        equal = ("_same",) if self.distinct == "set" else ("_same", "_picture")
        return f"SELECT _id FROM ({_ranked(equal)}) WHERE place > 1"


class Texts(Ranking):
    """Keep at most so many texts of each picture."""

    texts: int = Field(ge=1)

    def gone(self) -> str:
        return f"SELECT _id FROM ({_ranked(('_picture',))}) WHERE place > {self.texts}"


class Pictures(Ranking):
    """Keep at most so many pictures of each group; a picture is as good as its best text."""

    pictures: int = Field(ge=1)
    per: tuple[Literal["source", "scene", "split", "shard"], ...] = ()
    hidden: ClassVar[tuple[str, ...]] = ("_lot",)

    @property
    def groups(self) -> tuple[str, ...]:
        return self.per

    def gone(self) -> str:
        per = "".join(f", any_value({quoted(name)}) AS {quoted(name)}" for name in self.per)
        best = "max(_value) AS _value, any_value(_lot) AS _lot, min(_tie) AS _tie, min(_id) AS _id"
        pictures = f"SELECT _picture, {best}{per} FROM judged GROUP BY _picture"
        # exact duplicates have one lot, but texts of their own
        order = f"{_partition(self.per)} ORDER BY _value DESC NULLS LAST, _lot, _tie, _id"
        ranked = f"SELECT _picture, row_number() OVER ({order}) AS place FROM ({pictures})"
        return f"SELECT _id FROM judged SEMI JOIN ({ranked} QUALIFY place > {self.pictures}) USING (_picture)"


KINDS: dict[str, type[Rule]] = {
    "drop": Drop,
    "top": Top,
    "distinct": Distinct,
    "texts": Texts,
    "pictures": Pictures,
}


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _ranked(groups: Sequence[str], further: str = "") -> str:
    """The texts with their places within groups, from 1."""
    window = f"{_partition(groups)} ORDER BY {_BEST_FIRST}"
    return f"SELECT _id, row_number() OVER ({window}) AS place{further} FROM judged"


def _partition(groups: Sequence[str]) -> str:
    return f"PARTITION BY {', '.join(map(quoted, groups))}" if groups else ""
