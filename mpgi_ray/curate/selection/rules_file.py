"""The rules file of a selection: read, and held against the columns of the scores that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mpgi_ray.config import Config, named, nearest, parse, read_yaml
from mpgi_ray.curate.selection.database import connected, create_texts, sealed
from mpgi_ray.curate.selection.expression import columns_of, require_type
from mpgi_ray.curate.selection.offered import STANDING, TAKEN
from mpgi_ray.curate.selection.rules import KINDS, Rule
from mpgi_ray.curate.selection.scored import Scores
from mpgi_ray.data.storage import absolute
from mpgi_ray.errors import RecipeError

_PACKAGE = "mpgi_ray.curate.selection"


class _File(Config):
    scores: tuple[Annotated[str, AfterValidator(absolute)], ...] = ()
    rules: tuple[dict[str, Any], ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Selection:
    """Rules, and what they ask for.

    Attributes:
        rules: in their order.
        scores: folders of `mpgi score`.
        used: of each rule, the columns that it names.
    """

    rules: tuple[Rule, ...]
    scores: tuple[Scores, ...]
    used: tuple[tuple[str, ...], ...]

    @property
    def needed(self) -> frozenset[str]:
        """The scores that a rule uses."""
        there = {name for scores in self.scores for name in scores.columns}
        return frozenset(there & {name for names in self.used for name in names})

    def identity(self) -> dict[str, Any]:
        """What tells this selection from others."""
        return {
            "rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in self.rules],
            "scores": [scores.content for scores in self.scores],
        }


def read_rules(file: str) -> Selection:
    """The rules of a file, given by its path or by the name of a shipped one.

    Raises:
        RecipeError: the file, or a rule, is wrong; the message names the rule.
        InputError: a folder of scores is none, or is not finished.
    """
    path = named("rules file", file, _PACKAGE)
    told = parse(_File, read_yaml(path), str(path))
    rules = tuple(_rule(values, f"{path}: rule {place}") for place, values in enumerate(told.rules, 1))
    twice = [name for name, count in Counter(rule.name for rule in rules).items() if count > 1]
    if twice:
        raise RecipeError(f"{path}: two rules are called {twice[0]!r}: give each a name of its own")
    scores = tuple(Scores.of(folder) for folder in told.scores)
    known = [*STANDING.names, *_score_names(scores, str(path))]
    with closing(connected()) as connection:
        create_texts(connection, known)
        sealed(connection)
        used = tuple(_used(connection, rule, known, f"{path}: rule {rule.name!r}") for rule in rules)
    return Selection(rules, scores, used)


def _rule(values: Mapping[str, Any], where: str) -> Rule:
    if isinstance(name := values.get("name"), str):
        where = f"{where}, {name[:60]!r}"
    kinds = [kind for kind in KINDS if kind in values]
    if len(kinds) != 1:
        found = " and ".join(kinds) or ", ".join(map(str, values)) or "nothing"
        raise RecipeError(f"{where}: expected one of {', '.join(KINDS)}, found {found}")
    return parse(KINDS[kinds[0]], values, where)


def _score_names(scores: tuple[Scores, ...], where: str) -> list[str]:
    names: dict[str, str] = {name.lower(): "" for name in TAKEN}  # SQL knows no case
    found = []
    for of in scores:
        for name in of.columns:
            if (before := names.get(name.lower())) is not None:
                other = f"{before} have" if before else "every text has"
                raise RecipeError(
                    f"{where}: the scores in {of.folder} have a column {name}, as {other}: score again with "
                    "the setting `column` of the scorer"
                )
            names[name.lower()] = of.folder
            found.append(name)
    return found


def _used(connection: Any, rule: Rule, known: list[str], where: str) -> tuple[str, ...]:
    try:
        for name in rule.groups:
            if name not in known:
                raise nearest("column", name, known)
        if rule.expression is None:
            return rule.groups
        key, expression = rule.expression
        where = f"{where}: {key}"
        named = columns_of(connection, expression, known)
        require_type(connection, expression, "texts", rule.type)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error}") from error
    return tuple(dict.fromkeys((*named, *rule.groups)))
