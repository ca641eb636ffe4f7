"""What a selection decided, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mpgi_ray.data.text import clean_name, shortened

_SHOWN = 160  # characters of a text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule did.

    Attributes:
        name: of the rule.
        seen: texts that no rule before had dropped.
        dropped: of these.
        unknown: of those it saw, texts of which its expression gives nothing.
        pictures: that lost their last text by it.
    """

    name: str
    seen: int
    dropped: int
    unknown: int
    pictures: int

    def __str__(self) -> str:
        unknown = f", {self.unknown:,} without a value" if self.unknown else ""
        return (
            f"{self.name}: {self.seen:,} texts seen, {self.dropped:,} dropped{unknown}; "
            f"{self.pictures:,} pictures lost their last text"
        )


@dataclass(frozen=True, slots=True)
class Selected:
    """What all rules did, in their order.

    Attributes:
        texts: of the samples that passed the filters.
        kept: of these.
        pictures: samples that passed the filters.
        pictures_kept: of these, those with a text that is kept.
    """

    texts: int
    kept: int
    pictures: int
    pictures_kept: int
    rules: tuple[Outcome, ...]

    def __str__(self) -> str:
        return (
            f"the rules keep {self.kept:,} of {self.texts:,} texts, of {self.pictures_kept:,} of "
            f"{self.pictures:,} pictures"
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A text that a rule dropped.

    Attributes:
        values: what the rule looked at, by column, and its expression's value as ``by``.
    """

    shard: str
    key: str
    name: str
    number: int
    values: dict[str, Any]
    text: str

    def __str__(self) -> str:
        number = f" {self.number}" if self.number else ""
        values = ", ".join(f"{name} {_shown(value)}" for name, value in self.values.items())
        told = f" ({values})" if values else ""  # chance looks at nothing
        text = shortened(clean_name(self.text), _SHOWN)
        return f"{self.shard}/{self.key} {self.name}{number}{told}: {text}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, with examples of what each rule dropped."""

    selected: Selected
    examples: tuple[tuple[Example, ...], ...]

    def lines(self) -> Iterator[str]:
        """It, for a person: rules with their examples, then what is left."""
        for rule, examples in zip(self.selected.rules, self.examples, strict=True):
            yield str(rule)
            yield from (f"    {example}" for example in examples)
        yield str(self.selected)


def _shown(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
