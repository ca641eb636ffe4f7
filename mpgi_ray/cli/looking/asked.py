"""What was asked of ``mpgi inspect``, and what a kind of folder offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Asked:
    """The path, and what the options say of it.

    Attributes:
        rejects: how many rows; None if they were not asked for.
        cards: pictures, groups or pairs of a page.
        samples, against: of the folder of a report; None if they were not asked for.
        beside: folders and files whose panels a report has, or that know more of a sample, by their options
            without the dashes.
    """

    path: str
    rejects: int | None
    cards: int
    samples: int | None
    against: str | None
    beside: dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What can be shown of a kind.

    Attributes:
        text: prints it.
        record: the same as one JSON object.
        html: writes a page and returns its name; None if there is none.
        rejects: whether rows are listed that were left out.
    """

    text: Callable[[Asked, Console], None]
    record: Callable[[Asked], dict[str, Any]]
    html: Callable[[Asked, str], str] | None = None
    rejects: bool = False
