"""Test sets by the names of their folders: what each is for, and what papers say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from mpgi_ray.config import Config, named, parse, read_yaml
from mpgi_ray.data.storage import Storage, absolute
from mpgi_ray.errors import InputError
from mpgi_ray.evaluate.protocol import Protocol

_SHIPPED = "mpgi_ray.evaluate.suites"


class Published(Config):
    """Figures of a model as a paper prints them.

    Attributes:
        paper: where they stand.
        note: what a reader must know to compare with them.
        protocol: of retrieval.
        templates: the sentences of classes by name.
        figures: by the names that rows of an evaluation have.
    """

    model: str
    note: str = ""
    protocol: Protocol | None = None
    templates: str = ""
    figures: dict[str, float]
    paper: str

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        told: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        figures: dict[str, Any] = told.pop("figures")
        paper = told.pop("paper")
        return {**told, **figures, "paper": paper}


class PublishedTables(Config):
    """Published figures, by the table that they stand under."""

    retrieval: tuple[Published, ...] = ()
    zero_shot: tuple[Published, ...] = ()
    localization: tuple[Published, ...] = ()

    @model_validator(mode="after")
    def _protocols(self) -> Self:
        if nameless := [row.model for row in self.retrieval if row.protocol is None]:
            raise ValueError(
                f"figures of retrieval of {nameless[0]} tell no protocol: expected protocol: a or b, as "
                "figures of two protocols cannot be compared"
            )
        return self


class KnownSet(Config):
    """A test set.

    Attributes:
        other_names: of its folder.
        texts: what retrieval asks for; none in sets that are asked for their classes.
        protocols: of retrieval.
        split: the one that is asked about, if the shards have it.
        images: how many pictures the published figures are of.
        localization: whether it is AIR-SLT, as its authors publish it, in place of final shards.
    """

    other_names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    protocols: tuple[Protocol, ...] = Field((Protocol.A,), min_length=1)
    split: str | None = None
    images: int | None = None
    localization: bool = False
    published: PublishedTables = PublishedTables()

    def published_rows(self) -> dict[str, list[dict[str, Any]]]:
        """The published figures as rows, by table."""
        return {name: [row.row() for row in rows] for name, rows in self.published if rows}


class Suite(Config):
    """Test sets by name."""

    sets: dict[str, KnownSet] = Field(min_length=1)

    @classmethod
    def load(cls, name: str) -> Suite:
        """A shipped suite by its name, or a YAML file.

        Raises:
            RecipeError: there is none, or it is wrong.
        """
        path = named("suite", name, _SHIPPED)
        return parse(cls, read_yaml(path), str(path))

    def find(self, folder: str) -> FoundSets:
        """The sets whose folders lie in a folder; a name may be in any case, and signs do not count.

        Raises:
            InputError: there is none, or a set is there twice.
        """
        there = sorted({name.partition("/")[0] for name in Storage(absolute(folder)).list("")})
        names = {_plain(one): name for name, known in self.sets.items() for one in (name, *known.other_names)}
        places: dict[str, str] = {}
        for entry in there:
            if (name := names.get(_plain(entry))) is None:
                continue
            if name in places:
                raise InputError(
                    f"{folder} holds {name} twice, as {places[name]} and as {entry}: move one of them away"
                )
            places[name] = entry
        if not places:
            raise InputError(
                f"there is no set of the suite in {folder}: expected a folder of final shards for each set, "
                f"called {', '.join(self.sets)}"
            )
        return FoundSets(
            {name: f"{folder.rstrip('/')}/{places[name]}" for name in self.sets if name in places},
            tuple(name for name in self.sets if name not in places),
            tuple(entry for entry in there if entry not in places.values()),
        )


@dataclass(frozen=True, slots=True)
class FoundSets:
    """What a folder holds of a suite.

    Attributes:
        places: the folder of each set.
        missing: sets that are not there.
        unknown: what lies beside them.
    """

    places: Mapping[str, str]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        lacking = {"not there": self.missing, "left out, as no set of it": self.unknown}
        told = (f"; {what}: {', '.join(names)}" for what, names in lacking.items() if names)
        return f"{', '.join(self.places)}{''.join(told)}"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
